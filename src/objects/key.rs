//! Every path in the store is made here.

use std::fmt;

use uuid::Uuid;

use crate::error::{Error, Kind, Result};
use crate::model::digest::Sha256;
use crate::model::ids::{PhotoId, ProjectId, SelfieId, UserId};
use crate::model::status::PhotoObject;
use crate::model::text::quoted;

/// The key of one object, relative to the store's URL.
///
/// At most [`StorageKey::MAX_CHARS`] characters, never absolute, without `.` and `..` parts and without NUL.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StorageKey(String);

/// What an object under a photo's own path is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PhotoPart {
    Original,
    Watermarked,
    Thumbnail,
    /// The RAW beside a JPEG.
    Companion,
}

impl StorageKey {
    /// The width of the columns that hold keys (`varchar(512)`), in characters.
    pub const MAX_CHARS: usize = 512;

    /// `projects/<project>/photos/<photo>/original.<extension>`
    ///
    /// # Errors
    /// When the extension is not one to eight lowercase letters and digits.
    pub fn original(project: ProjectId, photo: PhotoId, extension: &str) -> Result<Self> {
        let extension = checked_extension(extension)?;
        Ok(Self(format!("{}original.{extension}", Self::photo_prefix(project, photo))))
    }

    /// `projects/<project>/photos/<photo>/watermarked.jpg`
    #[must_use]
    pub fn watermarked(project: ProjectId, photo: PhotoId) -> Self {
        Self(format!("{}watermarked.jpg", Self::photo_prefix(project, photo)))
    }

    /// `projects/<project>/photos/<photo>/thumbnail.jpg`
    #[must_use]
    pub fn thumbnail(project: ProjectId, photo: PhotoId) -> Self {
        Self(format!("{}thumbnail.jpg", Self::photo_prefix(project, photo)))
    }

    /// `projects/<project>/photos/<photo>/raw-<16 digits of its SHA-256>.<extension>`: the RAW beside a JPEG. Named by
    /// its content, so that two uploaders of one pair write the same key.
    ///
    /// # Errors
    /// As [`StorageKey::original`].
    pub fn companion(project: ProjectId, photo: PhotoId, sha256: &Sha256, extension: &str) -> Result<Self> {
        let extension = checked_extension(extension)?;
        let digits = hex::encode(&sha256.as_bytes()[..8]);
        Ok(Self(format!("{}raw-{digits}.{extension}", Self::photo_prefix(project, photo))))
    }

    /// `users/<user>/selfies/<selfie>.jpg`
    #[must_use]
    pub fn selfie(user: UserId, selfie: SelfieId) -> Self {
        Self(format!("users/{user}/selfies/{selfie}.jpg"))
    }

    /// `users/<user>/selfies/<selfie>-original.<extension>`: the file as it was given, where that is kept.
    ///
    /// # Errors
    /// As [`StorageKey::original`].
    pub fn selfie_original(user: UserId, selfie: SelfieId, extension: &str) -> Result<Self> {
        let extension = checked_extension(extension)?;
        Ok(Self(format!("users/{user}/selfies/{selfie}-original.{extension}")))
    }

    /// `.photoctl/probe-<id>`: written, read and deleted by a check of the store.
    #[must_use]
    pub fn probe(id: Uuid) -> Self {
        Self(format!(".photoctl/probe-{id}"))
    }

    /// A key that somebody else wrote into a row.
    ///
    /// # Errors
    /// When no object can be meant: empty, absolute, too long, with NUL or with parts that leave the store.
    pub fn foreign(text: &str) -> Result<Self> {
        let refuse = |why: &str| {
            Err(Error::new(Kind::InvalidInput, format!("the storage key {} {why}", quoted(text)))
                .hint("correct the key in the row: it is a path inside the store, such as photos/1.jpg"))
        };
        if text.is_empty() {
            return refuse("is empty");
        }
        if text.chars().count() > Self::MAX_CHARS {
            return refuse("is longer than 512 characters");
        }
        if text.contains('\0') {
            return refuse("contains a NUL byte");
        }
        if text.starts_with('/') || text.starts_with('\\') {
            return refuse("is an absolute path");
        }
        if text.split(['/', '\\']).any(|part| part == ".." || part == ".") {
            return refuse("has . or .. parts, which could lead out of the store");
        }
        Ok(Self(text.to_owned()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Everything of a project's photos stands under this.
    #[must_use]
    pub fn photos_prefix(project: ProjectId) -> String {
        format!("projects/{project}/photos/")
    }

    /// Everything of one photo stands under this.
    #[must_use]
    pub fn photo_prefix(project: ProjectId, photo: PhotoId) -> String {
        format!("projects/{project}/photos/{photo}/")
    }

    /// What this key is, if it is one of a photo as made here. `None` for foreign keys.
    #[must_use]
    pub fn photo(&self) -> Option<(ProjectId, PhotoId, PhotoPart)> {
        let mut parts = self.0.split('/');
        let (Some("projects"), Some(project), Some("photos"), Some(photo), Some(name), None) =
            (parts.next(), parts.next(), parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let part = match name {
            "watermarked.jpg" => PhotoPart::Watermarked,
            "thumbnail.jpg" => PhotoPart::Thumbnail,
            name if name.starts_with("original.") => PhotoPart::Original,
            name if name.starts_with("raw-") => PhotoPart::Companion,
            _ => return None,
        };
        Some((project.parse().ok()?, photo.parse().ok()?, part))
    }

    /// The content type that an object of this name is stored with (IANA media types; RAW formats have none).
    #[must_use]
    pub fn content_type(&self) -> &'static str {
        let name = self.0.rsplit('/').next().unwrap_or_default();
        let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_ascii_lowercase());
        match extension.as_deref() {
            Some("jpg" | "jpeg") => "image/jpeg",
            Some("png") => "image/png",
            Some("dng" | "tif" | "tiff") => "image/tiff",
            Some("webp") => "image/webp",
            _ => "application/octet-stream",
        }
    }
}

impl From<PhotoObject> for PhotoPart {
    fn from(object: PhotoObject) -> Self {
        match object {
            PhotoObject::Original => PhotoPart::Original,
            PhotoObject::Raw => PhotoPart::Companion,
            PhotoObject::Watermarked => PhotoPart::Watermarked,
            PhotoObject::Thumbnail => PhotoPart::Thumbnail,
        }
    }
}

impl fmt::Display for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&quoted(&self.0))
    }
}

fn checked_extension(extension: &str) -> Result<&str> {
    let fits = (1..=8).contains(&extension.len())
        && extension.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if fits {
        return Ok(extension);
    }
    Err(Error::new(Kind::Internal, format!("{} is not an extension that keys can have", quoted(extension))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> (ProjectId, PhotoId) {
        (ProjectId(Uuid::from_u128(1)), PhotoId(Uuid::from_u128(2)))
    }

    #[test]
    fn paths_are_the_contract() {
        let (project, photo) = ids();
        let base = "projects/00000000-0000-0000-0000-000000000001/photos/00000000-0000-0000-0000-000000000002";
        let original = StorageKey::original(project, photo, "cr3").expect("a key");
        assert_eq!(original.as_str(), format!("{base}/original.cr3"));
        assert_eq!(StorageKey::watermarked(project, photo).as_str(), format!("{base}/watermarked.jpg"));
        assert_eq!(StorageKey::thumbnail(project, photo).as_str(), format!("{base}/thumbnail.jpg"));
        let raw = StorageKey::companion(project, photo, &Sha256::of(b"raw"), "nef").expect("a key");
        assert_eq!(raw.photo(), Some((project, photo, PhotoPart::Companion)));
        assert_eq!(original.photo(), Some((project, photo, PhotoPart::Original)));
        let selfie = StorageKey::selfie(UserId(Uuid::from_u128(3)), SelfieId(Uuid::from_u128(4)));
        assert_eq!(selfie.photo(), None);
        for bad in ["", "JPG", "jp g", "../x", "longextension"] {
            assert!(StorageKey::original(project, photo, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn foreign_keys_can_not_leave_the_store() {
        for good in ["photos/1.jpg", "a", "photos/..hidden..jpg", "Grüße/家.jpg", "a//b", ".x"] {
            assert_eq!(StorageKey::foreign(good).expect("a key").as_str(), good);
        }
        let long = "é".repeat(513);
        for bad in ["", "/etc/passwd", "..", "a/../b", "a/..", "./a", "a\\..\\b", "\\a", "a\0b", &long] {
            let error = StorageKey::foreign(bad).expect_err("refused");
            assert_eq!(error.kind(), Kind::InvalidInput);
        }
        assert!(StorageKey::foreign(&"é".repeat(512)).is_ok());
    }

    #[test]
    fn debug_does_not_move_the_cursor() {
        let key = StorageKey::foreign("a\u{1b}[2Jb").expect("a key");
        assert!(!format!("{key:?}").contains('\u{1b}'));
    }
}
