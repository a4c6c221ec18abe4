//! One decode makes all derivatives.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};

use super::colour::{self, Conversion, Profiles};
use super::decode::{self, Decoded, Target};
use super::error::{ImagingError, Reason};
use super::limits::Limits;
use super::overlay::Overlay;
use super::probe::Probe;
use super::recipe::Recipe;
use super::resize::{self, Resized};
use super::stamp::Stamp;
use super::ycc::Ycc;
use crate::model::pixels::Pixels;

/// Sizes for which a drawn watermark is kept. Cameras make pictures of one shape or two.
const OVERLAYS: usize = 4;

/// Makes derivatives by one recipe. Shared by all threads: what is worked out once is kept here.
pub struct Deriver {
    recipe: Recipe,
    limits: Limits,
    stamp: Option<Stamp>,
    note: Option<String>,
    overlays: Mutex<Vec<(usize, Option<Arc<Overlay>>)>>,
    profiles: Profiles,
}

/// What was made of one picture: progressive JPEGs in sRGB without metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derivatives {
    /// With the watermark.
    pub preview: Vec<u8>,
    /// Without.
    pub thumbnail: Vec<u8>,
    /// Size of the preview in pixels.
    pub preview_size: (u32, u32),
    /// Size of the thumbnail in pixels.
    pub thumbnail_size: (u32, u32),
    /// Oddities of the picture, as sentences: damaged parts, a profile that was ignored.
    pub notes: Vec<String>,
}

impl Deriver {
    /// Prepares a recipe.
    ///
    /// # Errors
    /// `BadWatermark` when its watermark cannot be used.
    pub fn new(recipe: Recipe, limits: Limits) -> Result<Self, ImagingError> {
        let (stamp, note) = match &recipe.watermark {
            Some(watermark) => {
                let (stamp, note) = Stamp::new(watermark)?;
                (Some(stamp), note)
            }
            None => (None, None),
        };
        Ok(Self { recipe, limits, stamp, note, overlays: Mutex::default(), profiles: Profiles::default() })
    }

    #[must_use]
    pub fn recipe(&self) -> &Recipe {
        &self.recipe
    }

    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// What the watermark cannot show as asked, as a sentence; to be said once a run.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// Most bytes that [`Deriver::derive`] takes besides the picture's own.
    #[must_use]
    pub fn decode_bytes(&self, probe: &Probe) -> u64 {
        probe.picture.as_ref().map_or(0, |picture| picture.decode_bytes(self.recipe.preview_px))
    }

    /// Makes the derivatives. `picture` holds the bytes of `probe.picture` (see [`super::Picture::read`]): the file
    /// itself, or the preview inside a RAW.
    ///
    /// # Errors
    /// What [`super::probe`] may say, found now because the bytes are others or only a whole pass shows it.
    pub fn derive(&self, picture: &[u8], probe: &Probe) -> Result<Derivatives, ImagingError> {
        // A defect that one file brings to light must not end a run over thousands.
        std::panic::catch_unwind(AssertUnwindSafe(|| self.run(picture, probe)))
            .unwrap_or_else(|_| Err(ImagingError::new(Reason::Internal, "a defect in handling this picture")))
    }

    fn run(&self, picture: &[u8], probe: &Probe) -> Result<Derivatives, ImagingError> {
        let Some(described) = &probe.picture else {
            return Err(ImagingError::new(Reason::Unsupported, format!("{} files are not decoded", probe.format)));
        };
        self.limits.check_bytes(self.decode_bytes(probe))?;
        let target = Target::Preview(self.recipe.preview_px);
        let decoded = decode::decode(picture, probe.format, described, target, &self.limits)?;
        let conversion = self.profiles.for_decoded(&decoded, described.adobe_rgb);
        let Decoded { samples, mut notes, .. } = decoded;
        let conversion = colour::usable(conversion, &mut notes);
        let (width, height) = resize::fit(described.decoded_width, described.decoded_height, self.recipe.preview_px);
        let resized = resize::resize(samples, width, height)?;
        let stored = convert(resized, &conversion, width as usize, height as usize)?;
        let upright = stored.turned(described.orientation);
        let stored_size = (width, height) == (described.decoded_width, described.decoded_height);
        self.finish(upright, stored_size, notes)
    }

    /// Makes the derivatives, and answers all pixels of the picture too, from one decoding: for uploads that look for
    /// faces. The whole picture is decoded where [`Deriver::derive`] takes the smallest scale that will do, so the
    /// derivatives differ from that one's by what shrinking in one step or two differs (SSIM above 0.99).
    ///
    /// # Errors
    /// As [`Deriver::derive`].
    pub fn derive_with_pixels(&self, picture: &[u8], probe: &Probe) -> Result<(Derivatives, Pixels), ImagingError> {
        let pixels = super::pixels(picture, probe, &self.limits)?;
        std::panic::catch_unwind(AssertUnwindSafe(|| {
            let (width, height) = resize::fit(pixels.width(), pixels.height(), self.recipe.preview_px);
            let preview = super::fit(&pixels, self.recipe.preview_px)?;
            let upright = Ycc::from_rgb(width as usize, height as usize, preview.rgb());
            let in_full = (width, height) == (pixels.width(), pixels.height());
            self.finish(upright, in_full, Vec::new())
        }))
        .unwrap_or_else(|_| Err(ImagingError::new(Reason::Internal, "a defect in handling this picture")))
        .map(|made| (made, pixels))
    }

    /// Thumbnail and preview of a picture of the preview's size.
    fn finish(&self, mut upright: Ycc, stored_size: bool, mut notes: Vec<String>) -> Result<Derivatives, ImagingError> {
        let side = |side: usize| u32::try_from(side).unwrap_or(u32::MAX);
        let (width, height) = (side(upright.width), side(upright.height));
        let thumbnail_size = resize::fit(width, height, self.recipe.thumbnail_px);
        let mut small = if thumbnail_size == (width, height) {
            upright.clone()
        } else {
            resize::resize_ycc(&upright, thumbnail_size.0, thumbnail_size.1, stored_size)?
        };
        let thumbnail = small.encode(self.recipe.thumbnail_quality)?;
        drop(small);
        upright.sharpen(self.recipe.sharpen.min(32));
        if let Some(overlay) = self.overlay(upright.width.min(upright.height))? {
            overlay.apply(&mut upright);
        } else if self.stamp.is_some() {
            notes.push("the picture is too small for a watermark".to_owned());
        }
        let preview = upright.encode(self.recipe.preview_quality)?;
        Ok(Derivatives { preview, thumbnail, preview_size: (width, height), thumbnail_size, notes })
    }

    /// The watermark for pictures of this shorter side, drawn once. Others wait meanwhile: they want the same.
    fn overlay(&self, side: usize) -> Result<Option<Arc<Overlay>>, ImagingError> {
        let Some(stamp) = &self.stamp else { return Ok(None) };
        let mut overlays = self.overlays.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = overlays.iter().position(|(of, _)| *of == side) {
            let found = overlays.remove(at);
            let overlay = found.1.clone();
            overlays.push(found);
            return Ok(overlay);
        }
        let overlay = stamp.draw(side)?.map(Arc::new);
        if overlays.len() >= OVERLAYS {
            overlays.remove(0);
        }
        overlays.push((side, overlay.clone()));
        Ok(overlay)
    }
}

/// Makes the colours sRGB, at the size of the preview.
fn convert(resized: Resized, conversion: &Conversion, width: usize, height: usize) -> Result<Ycc, ImagingError> {
    let failed = |error: &dyn std::fmt::Display| {
        ImagingError::new(Reason::Internal, format!("converting colours failed: {error}"))
    };
    let transformed = |transform: &moxcms::Transform8BitExecutor, from: &[u8]| {
        let mut rgb = vec![0; width * height * 3];
        transform.transform(from, &mut rgb).map_err(|error| failed(&error))?;
        Ok(Ycc::from_rgb(width, height, &rgb))
    };
    match (resized, conversion) {
        (Resized::Ycc(picture), Conversion::Rgb(transform)) => transformed(transform.as_ref(), &picture.to_rgb()),
        (Resized::Ycc(picture), _) => Ok(picture),
        (Resized::Grey(mut grey), Conversion::Grey(table)) => {
            grey.iter_mut().for_each(|sample| *sample = table[usize::from(*sample)]);
            Ok(Ycc::grey(width, height, grey))
        }
        (Resized::Grey(grey), _) => Ok(Ycc::grey(width, height, grey)),
        (Resized::Rgb(rgb), Conversion::Rgb(transform)) => transformed(transform.as_ref(), &rgb),
        (Resized::Rgb(rgb), _) => Ok(Ycc::from_rgb(width, height, &rgb)),
        (Resized::Cmyk(ink), Conversion::Cmyk(transform)) => transformed(transform.as_ref(), &ink),
        (Resized::Cmyk(ink), _) => Ok(Ycc::from_rgb(width, height, &colour::plain_cmyk(&ink))),
    }
}
