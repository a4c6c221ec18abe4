//! What is to be done with a content, given all photos that have it.

use crate::db::photos::known::KnownPhoto;
use crate::model::ids::ProjectId;
use crate::model::status::PhotoStatus;

/// What is to be done with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has it.
    New,
    /// It is stored, whole.
    Present(KnownPhoto),
    /// There is a row, but something is missing: an upload that was cut off, a lost original, no derivatives.
    Complete(KnownPhoto),
    /// It was deleted, and is to come back.
    Restore(KnownPhoto),
    /// It was deleted on purpose.
    Deleted(KnownPhoto),
    /// It is a photo of another project.
    Elsewhere(KnownPhoto),
}

/// What the run is about.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    pub project: ProjectId,
    pub derivatives: bool,
    pub restore: bool,
}

/// Judges by all photos of the same content, or with the id that this content has.
#[must_use]
pub fn decide<'a>(known: impl IntoIterator<Item = &'a KnownPhoto>, wanted: Wanted) -> Verdict {
    let (mut here, mut elsewhere): (Vec<&KnownPhoto>, Vec<&KnownPhoto>) =
        known.into_iter().partition(|photo| photo.project == wanted.project);
    // The best first, so that of several rows with one content always the same one counts.
    here.sort_by_key(|photo| (photo.deleted, !is_whole(photo, wanted), photo.is_companion, photo.photo));
    if let Some(&photo) = here.first() {
        let photo = photo.clone();
        return match photo.deleted {
            false if is_whole(&photo, wanted) => Verdict::Present(photo),
            false => Verdict::Complete(photo),
            true if wanted.restore => Verdict::Restore(photo),
            true => Verdict::Deleted(photo),
        };
    }
    elsewhere.sort_by_key(|photo| (photo.deleted, photo.photo));
    match elsewhere.into_iter().find(|photo| photo.is_companion || is_ready(photo)) {
        Some(photo) if !wanted.restore => Verdict::Elsewhere(photo.clone()),
        _ => Verdict::New,
    }
}

fn is_ready(photo: &KnownPhoto) -> bool {
    photo.status == PhotoStatus::Ready.as_str()
}

fn is_whole(photo: &KnownPhoto, wanted: Wanted) -> bool {
    // A RAW beside its JPEG is recorded only once it is stored, and has no derivatives of its own.
    !photo.original_lost && (photo.is_companion || (is_ready(photo) && (photo.has_derivatives || !wanted.derivatives)))
}

/// Whether the original has to be sent, or at least looked for.
#[must_use]
pub fn needs_original(photo: &KnownPhoto) -> bool {
    !is_ready(photo) || photo.original_lost
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::ids::PhotoId;

    const HERE: ProjectId = ProjectId(Uuid::from_u128(1));

    fn photo() -> KnownPhoto {
        KnownPhoto {
            photo: PhotoId(Uuid::from_u128(7)),
            sha256: None,
            project: HERE,
            project_name: "Fair".to_owned(),
            status: "ready".to_owned(),
            storage_key: "k".to_owned(),
            has_derivatives: true,
            deleted: false,
            original_lost: false,
            original_name: None,
            is_companion: false,
        }
    }

    fn verdict(known: &[KnownPhoto], restore: bool) -> Verdict {
        decide(known, Wanted { project: HERE, derivatives: true, restore })
    }

    #[test]
    fn a_whole_photo_is_present_whoever_made_it() {
        assert_eq!(verdict(&[], false), Verdict::New);
        assert!(matches!(verdict(&[photo()], false), Verdict::Present(_)));
        let deleted_too = KnownPhoto { deleted: true, ..photo() };
        assert!(matches!(verdict(&[deleted_too, photo()], false), Verdict::Present(_)));
    }

    #[test]
    fn what_lacks_something_is_completed() {
        for broken in [
            KnownPhoto { status: "processing".to_owned(), ..photo() },
            KnownPhoto { status: "failed".to_owned(), ..photo() },
            KnownPhoto { has_derivatives: false, ..photo() },
            KnownPhoto { original_lost: true, ..photo() },
        ] {
            assert!(matches!(verdict(&[broken], false), Verdict::Complete(_)));
        }
        let bare = KnownPhoto { has_derivatives: false, ..photo() };
        let no_derivatives = Wanted { project: HERE, derivatives: false, restore: false };
        assert!(matches!(decide(&[bare], no_derivatives), Verdict::Present(_)));
    }

    #[test]
    fn a_raw_beside_its_jpeg_is_whole_unless_it_was_lost() {
        let raw = KnownPhoto { is_companion: true, has_derivatives: false, status: "failed".to_owned(), ..photo() };
        assert!(matches!(verdict(std::slice::from_ref(&raw), false), Verdict::Present(_)));
        let lost = KnownPhoto { original_lost: true, ..raw };
        assert!(matches!(verdict(std::slice::from_ref(&lost), false), Verdict::Complete(_)));
        assert!(matches!(verdict(&[lost, photo()], false), Verdict::Present(_)));
    }

    #[test]
    fn nothing_comes_back_quietly() {
        let deleted = KnownPhoto { deleted: true, ..photo() };
        assert!(matches!(verdict(std::slice::from_ref(&deleted), false), Verdict::Deleted(_)));
        assert!(matches!(verdict(&[deleted], true), Verdict::Restore(_)));
        let elsewhere = KnownPhoto { project: ProjectId(Uuid::from_u128(2)), ..photo() };
        assert!(matches!(verdict(std::slice::from_ref(&elsewhere), false), Verdict::Elsewhere(_)));
        assert_eq!(verdict(std::slice::from_ref(&elsewhere), true), Verdict::New);
        let unfinished = KnownPhoto { status: "processing".to_owned(), ..elsewhere };
        assert_eq!(verdict(&[unfinished], false), Verdict::New);
    }
}
