//! The pictures of what lies on the desk: fetched, decoded and cut out, and kept as long as there is room.

use std::io::Cursor;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use tokio::sync::Semaphore;

use super::Item;
use super::cache::Cache;
use crate::error::{Error, Kind, Result};
use crate::imaging::{self, Limits};
use crate::model::face::FaceBox;
use crate::model::ids::{SelfieId, TagId};
use crate::model::pixels::Pixels;
use crate::objects::{StorageKey, Store};

/// Largest object that is fetched, in bytes: an original where the preview shows too little.
const OBJECT_BYTES_MOST: u64 = 80_000_000;

/// Room for fetched previews and selfies, and for what was cut out of them.
const FETCHED_BYTES: usize = 32_000_000;
const READY_BYTES: usize = 64_000_000;

/// A face of fewer pixels in the preview is cut out of the original.
const FACE_PX_LEAST: f32 = 64.0;

/// Longest sides of what is shown.
const FACE_PX: u32 = 640;
const WHOLE_PX: u32 = 1600;

/// Pictures that are decoded at the same time: an original takes hundreds of megabytes.
const AT_ONCE: usize = 2;

/// Colour of the box around a face.
const BOX: [u8; 3] = [255, 210, 0];

/// What is to be seen of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum View {
    /// The face with what is around it.
    Face,
    /// Nothing but the face.
    Close,
    /// The face and who stands beside it.
    Wide,
    /// All of the photo, with a box around the face.
    Whole,
    /// The person's selfie.
    Selfie,
}

/// Fetches pictures. Cheap to clone; clones share what is kept.
#[derive(Clone)]
pub struct Shelf {
    store: Store,
    kept: Arc<Kept>,
}

struct Kept {
    fetched: Mutex<Cache<String, Bytes>>,
    ready: Mutex<Cache<Name, Arc<Pixels>>>,
    decoding: Semaphore,
}

/// A picture by what it is of: a selfie serves all tags of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    Tag(TagId, View),
    Selfie(SelfieId),
}

impl View {
    /// The name of this view of an item. `None`: there is no selfie.
    #[must_use]
    pub fn of(self, item: &Item) -> Option<Name> {
        match self {
            View::Selfie => item.selfie.as_ref().map(|(id, _)| Name::Selfie(*id)),
            view => Some(Name::Tag(item.tag.id, view)),
        }
    }
}

impl Shelf {
    #[must_use]
    pub fn new(store: Store) -> Self {
        let kept = Kept {
            fetched: Mutex::new(Cache::new(FETCHED_BYTES)),
            ready: Mutex::new(Cache::new(READY_BYTES)),
            decoding: Semaphore::new(AT_ONCE),
        };
        Self { store, kept: Arc::new(kept) }
    }

    /// A picture of an item.
    ///
    /// # Errors
    /// A sentence for people: it is not in the store, or can not be decoded.
    pub async fn picture(&self, item: &Item, view: View) -> Result<Arc<Pixels>> {
        let name = view.of(item).ok_or_else(|| Error::new(Kind::NotFound, "there is no selfie"))?;
        if let Some(ready) = lock(&self.kept.ready).get(&name) {
            return Ok(ready);
        }
        let picture = match view {
            View::Selfie => self.selfie(item).await?,
            view => self.photo(item, view).await?,
        };
        let picture = Arc::new(picture);
        lock(&self.kept.ready).put(name, Arc::clone(&picture), picture.rgb().len());
        Ok(picture)
    }

    async fn selfie(&self, item: &Item) -> Result<Pixels> {
        let Some((_, key)) = &item.selfie else { return Err(Error::new(Kind::NotFound, "there is no selfie")) };
        let bytes = self.fetch(key).await?;
        self.decoded(bytes, |all| imaging::fit(&all, FACE_PX).map_err(Error::from)).await
    }

    async fn photo(&self, item: &Item, view: View) -> Result<Pixels> {
        let tag = &item.tag;
        let area = tag.area;
        // The preview is small and upright; the thumbnail shows too little of a face.
        let preview = [&tag.watermarked_key, &tag.thumbnail_key].into_iter().find_map(Option::as_ref);
        if let Some(key) = preview
            && let Ok(bytes) = self.fetch(key).await
        {
            let enough = move |all: Pixels| {
                let shown = area.is_none_or(|area| area.width * as_f32(all.width()) >= FACE_PX_LEAST);
                if shown || view == View::Whole { part(&all, area, view).map(Some) } else { Ok(None) }
            };
            if let Ok(Some(part)) = self.decoded(bytes, enough).await {
                return Ok(part);
            }
        }
        let bytes = self.fetch(&tag.storage_key).await?;
        self.decoded(bytes, move |all| part(&all, area, view)).await
    }

    async fn fetch(&self, key: &str) -> Result<Bytes> {
        if let Some(bytes) = lock(&self.kept.fetched).get(&key.to_owned()) {
            return Ok(bytes);
        }
        let bytes = self.store.get_bytes(&StorageKey::foreign(key)?, OBJECT_BYTES_MOST).await?;
        lock(&self.kept.fetched).put(key.to_owned(), bytes.clone(), bytes.len());
        Ok(bytes)
    }

    /// Decodes on a thread that may block, and does there what is to be done with the pixels.
    async fn decoded<T: Send + 'static>(
        &self,
        bytes: Bytes,
        then: impl FnOnce(Pixels) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let _permit = self.kept.decoding.acquire().await;
        let work = tokio::task::spawn_blocking(move || decode(&bytes).and_then(then));
        work.await.map_err(|error| Error::new(Kind::Internal, "decoding was given up").with_source(error))?
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn decode(bytes: &[u8]) -> Result<Pixels> {
    let limits = Limits::default();
    let mut file = Cursor::new(bytes);
    let probe = imaging::probe(&mut file, Path::new("picture"), &limits)?;
    let Some(picture) = &probe.picture else {
        return Err(Error::new(Kind::BadFile, format!("{} files are not shown", probe.format)));
    };
    let inside = picture.read(&mut file)?;
    Ok(imaging::pixels(&inside, &probe, &limits)?)
}

/// What of a photo is shown.
fn part(all: &Pixels, area: Option<FaceBox>, view: View) -> Result<Pixels> {
    let around = match view {
        View::Close => 1.15,
        View::Face | View::Selfie => 1.9,
        View::Wide => 4.0,
        View::Whole => return Ok(boxed(imaging::fit(all, WHOLE_PX)?, area)),
    };
    let Some(area) = area else { return Ok(imaging::fit(all, FACE_PX)?) };
    let (wide, high) = (as_f32(all.width()), as_f32(all.height()));
    let side = (area.width * wide).max(area.height * high).max(8.0) * around;
    let (x, y) = ((area.left + area.width / 2.0) * wide, (area.top + area.height / 2.0) * high);
    let cut = all.crop(whole(x - side / 2.0), whole(y - side / 2.0), pixels(side), pixels(side));
    // A box beside the picture: whoever wrote it, all is shown.
    Ok(imaging::fit(cut.as_ref().unwrap_or(all), FACE_PX)?)
}

/// With a box around the face.
fn boxed(picture: Pixels, area: Option<FaceBox>) -> Pixels {
    let Some(area) = area else { return picture };
    let (width, height) = (picture.width(), picture.height());
    let (wide, high) = (as_f32(width), as_f32(height));
    let (left, right) = (whole(area.left * wide), whole((area.left + area.width) * wide));
    let (top, bottom) = (whole(area.top * high), whole((area.top + area.height) * high));
    let thick = i64::from(width.max(height) / 200 + 2);
    let mut rgb = picture.rgb().to_vec();
    let ys = (top - thick).max(0)..(bottom + thick).min(i64::from(height));
    for y in ys {
        for x in (left - thick).max(0)..(right + thick).min(i64::from(width)) {
            let inside = (left..right).contains(&x) && (top..bottom).contains(&y);
            let at = usize::try_from((y * i64::from(width) + x) * 3).unwrap_or(usize::MAX);
            if !inside && let Some(pixel) = rgb.get_mut(at..at.saturating_add(3)) {
                pixel.copy_from_slice(&BOX);
            }
        }
    }
    Pixels::new(width, height, rgb).unwrap_or(picture)
}

#[expect(clippy::cast_precision_loss, reason = "a side of at most 65,535 pixels")]
fn as_f32(side: u32) -> f32 {
    side as f32
}

/// A place of a picture, also of one that is nowhere near it: small enough to reckon on with.
#[expect(clippy::cast_possible_truncation, reason = "is cut to what an i32 holds")]
fn whole(place: f32) -> i64 {
    i64::from(place.round() as i32)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates; crop cuts to the picture")]
fn pixels(side: f32) -> u32 {
    side.round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture() -> Pixels {
        Pixels::new(100, 50, vec![9; 100 * 50 * 3]).expect("a picture")
    }

    #[test]
    fn the_face_is_in_the_middle_of_what_is_cut_out() {
        let area = FaceBox { left: 0.4, top: 0.4, width: 0.1, height: 0.2 };
        let face = part(&picture(), Some(area), View::Face).expect("a part");
        assert_eq!((face.width(), face.height()), (19, 19));
        let wide = part(&picture(), Some(area), View::Wide).expect("a part");
        assert_eq!((wide.width(), wide.height()), (40, 40), "no more than there is");
        for odd in [f32::NAN, f32::INFINITY, -5.0, 7.0] {
            let area = FaceBox { left: odd, ..area };
            assert!(part(&picture(), Some(area), View::Close).is_ok(), "{odd}");
            assert!(part(&picture(), Some(area), View::Whole).is_ok(), "{odd}");
        }
    }

    #[test]
    fn the_box_is_drawn_around_the_face() {
        let area = FaceBox { left: 0.4, top: 0.4, width: 0.1, height: 0.2 };
        let whole = part(&picture(), Some(area), View::Whole).expect("a picture");
        let at = |x: usize, y: usize| &whole.rgb()[(y * 100 + x) * 3..(y * 100 + x) * 3 + 3];
        assert_eq!((at(39, 25), at(45, 25), at(45, 19)), (&BOX[..], &[9, 9, 9][..], &BOX[..]));
    }
}
