//! One id type for each table, so that a photo's id can not be passed where a user's is meant.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::digest::Sha256;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }
        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.parse().map(Self)
            }
        }
    )+};
}

ids! {
    /// `operators.id`
    OperatorId,
    /// `photographers.id`
    PhotographerId,
    /// `users.id`
    UserId,
    /// `projects.id`
    ProjectId,
    /// `packages.id`
    PackageId,
    /// `photos.id`
    PhotoId,
    /// `selfies.id`
    SelfieId,
    /// `photo_tags.id`
    TagId,
    /// `qr_tokens.id`
    QrTokenId,
    /// `user_consents.id`
    ConsentId,
}

impl PhotoId {
    /// The id of a photo is its content: UUIDv5 of the file's SHA-256 (32 raw bytes) in the namespace of the
    /// project's id (RFC 9562, section 5.5). Uploading a file again can therefore not make a second photo.
    #[must_use]
    pub fn of_content(project: ProjectId, sha256: &Sha256) -> Self {
        Self(Uuid::new_v5(&project.0, sha256.as_bytes()))
    }
}

impl SelfieId {
    /// As a photo's: UUIDv5 of the file's SHA-256 in the namespace of the user's id. The same file again is the same
    /// selfie.
    #[must_use]
    pub fn of_content(user: UserId, sha256: &Sha256) -> Self {
        Self(Uuid::new_v5(&user.0, sha256.as_bytes()))
    }
}

impl TagId {
    /// One tag for a person in a photo: UUIDv5 of the user's id (16 raw bytes) in the namespace of the photo's.
    #[must_use]
    pub fn of_pair(photo: PhotoId, user: UserId) -> Self {
        Self(Uuid::new_v5(&photo.0, user.0.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn photo_id_depends_on_project_and_content_only() {
        let (a, b) = (ProjectId(Uuid::from_u128(1)), ProjectId(Uuid::from_u128(2)));
        let (x, y) = (Sha256::of(b"x"), Sha256::of(b"y"));
        assert_eq!(PhotoId::of_content(a, &x), PhotoId::of_content(a, &x));
        assert_ne!(PhotoId::of_content(a, &x), PhotoId::of_content(b, &x));
        assert_ne!(PhotoId::of_content(a, &x), PhotoId::of_content(a, &y));
    }
}
