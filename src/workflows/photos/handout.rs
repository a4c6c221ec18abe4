//! What is handed out of a photo: its objects of one kind, what they are called, and what they have to be.

use crate::db::Db;
use crate::db::photos::orphans::{self, StoredCompanion};
use crate::db::photos::select::PhotoRecord;
use crate::error::{Error, Kind, Result};
use crate::model::digest::Sha256;
use crate::model::ids::PhotoId;
use crate::model::status::PhotoObject;

/// Digits of its hash that tell one RAW of a photo from another.
const HASH_DIGITS: usize = 8;

/// One object of a photo.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handout {
    pub photo: PhotoId,
    pub kind: PhotoObject,
    pub key: String,
    /// What people know the file by: the name on the card, else the key.
    pub name: String,
    /// Hash and bytes, where they are recorded.
    pub known: Option<(Sha256, u64)>,
    /// It was found gone, or other bytes in its place.
    pub lost: bool,
    /// Belongs into the file's name where the photo has several of this kind.
    pub mark: Option<String>,
}

/// The objects of that kind, at least one. Only RAWs can be several: a camera file that was changed and sent again.
///
/// # Errors
/// [`Kind::NotFound`] when the photo has none; those of the database.
pub async fn of(db: &Db, photo: &PhotoRecord, kind: PhotoObject) -> Result<Vec<Handout>> {
    if kind != PhotoObject::Raw {
        return own(photo, kind).map(|one| vec![one]);
    }
    let raws = orphans::companions(&mut *db.conn().await?, photo.id).await?;
    if raws.is_empty() {
        return Err(no_raw(photo.id));
    }
    let several = raws.len() > 1;
    Ok(raws.into_iter().map(|raw| beside(photo.id, raw, several)).collect())
}

/// There is no RAW beside this photo.
#[must_use]
pub fn no_raw(photo: PhotoId) -> Error {
    Error::new(Kind::NotFound, format!("photo {photo} has no RAW beside it"))
        .hint("photoctl photos upload --raw both stores a RAW beside its JPEG")
        .hint("a RAW that was uploaded without a JPEG is the photo's own file: --kind original")
}

fn own(photo: &PhotoRecord, kind: PhotoObject) -> Result<Handout> {
    let key = photo.key(kind).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("photo {} has no {kind} yet", photo.id))
            .hint("photoctl photos reprocess makes it")
    })?;
    let file = photo.file.as_ref();
    let known = file.and_then(|file| match kind {
        PhotoObject::Original => Some((file.sha256, file.size_bytes)),
        PhotoObject::Watermarked => file.watermarked_sha256.zip(file.watermarked_size_bytes),
        PhotoObject::Thumbnail => file.thumbnail_sha256.zip(file.thumbnail_size_bytes),
        PhotoObject::Raw => None,
    });
    Ok(Handout {
        photo: photo.id,
        kind,
        key: key.to_owned(),
        name: photo.name().to_owned(),
        known,
        lost: kind == PhotoObject::Original && file.is_some_and(|file| file.original_lost_at.is_some()),
        mark: None,
    })
}

fn beside(photo: PhotoId, raw: StoredCompanion, several: bool) -> Handout {
    let mark = raw.sha256.filter(|_| several).map(|sha256| {
        let mut digits = sha256.to_string();
        digits.truncate(HASH_DIGITS);
        digits
    });
    Handout {
        photo,
        kind: PhotoObject::Raw,
        key: raw.key,
        name: raw.original_name,
        known: raw.sha256.map(|sha256| (sha256, raw.size_bytes)),
        lost: raw.lost,
        mark,
    }
}
