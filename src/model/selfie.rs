//! Selfies: why one is refused or waits, in a code for programs and in words for the guest.

use std::fmt::Write;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::face::FoundFace;
use super::ids::{SelfieId, UserId};
use super::status::SelfieStatus;

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $words:literal;)+) => {
        /// Why a selfie is not approved. Named as Amazon Rekognition names the reasons for which it does not index a
        /// face, where it has the reason.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, clap::ValueEnum)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        #[value(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum Reason { $($(#[$doc])* $variant),+ }

        impl Reason {
            /// Every reason, in the order of the documentation.
            pub const ALL: &[Reason] = &[$(Reason::$variant),+];

            /// The code, as it stands in `selfies.rejection_reason`.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            /// What the guest is told: what is wrong with the picture, and what to do.
            #[must_use]
            pub fn words(self) -> &'static str {
                match self { $(Self::$variant => $words),+ }
            }
        }
    };
}

reasons! {
    #[value(skip)]
    InvalidImage = "INVALID_IMAGE",
        "The file could not be read as a picture. Please send a photo as a JPEG or PNG file.";
    #[value(skip)]
    ImageTooLarge = "IMAGE_TOO_LARGE",
        "The picture is too large. Please send a smaller one.";
    /// The same picture of the same user stands under another id.
    #[value(skip)]
    Duplicate = "DUPLICATE",
        "This picture was sent before.";
    #[value(skip)]
    NoFace = "NO_FACE",
        "No face was found. Please take a photo of your face from the front.";
    /// Several faces, none of them much larger than the others: the largest is taken
    MultipleFaces = "MULTIPLE_FACES",
        "More than one face is in the picture. Please take a photo with nobody but you.";
    /// A face that cannot be seen clearly
    LowConfidence = "LOW_CONFIDENCE",
        "The face cannot be seen clearly. Please take a photo of your whole face, with nothing in front of it.";
    /// A face of less than 80 px
    SmallBoundingBox = "SMALL_BOUNDING_BOX",
        "The face is too small. Please come closer to the camera.";
    /// A blurred face
    LowSharpness = "LOW_SHARPNESS",
        "The picture is blurred. Please hold the camera still and clean its lens.";
    /// A dark face
    LowBrightness = "LOW_BRIGHTNESS",
        "The face is too dark. Please take the photo where there is more light.";
    /// A face that is too bright
    HighBrightness = "HIGH_BRIGHTNESS",
        "The face is too bright. Please take the photo without strong light on your face.";
    /// A face that is turned away
    ExtremePose = "EXTREME_POSE",
        "The face is turned away. Please look straight into the camera.";
    /// A face that resembles none of the user's approved selfies
    UnlikeOtherSelfies = "UNLIKE_OTHER_SELFIES",
        "The face does not look like that of your other selfies. Somebody will have a look at it.";
    /// A face that resembles another member of a project of the user's
    LikeAnotherUser = "LIKE_ANOTHER_USER",
        "The picture has to be looked at by a person before it can be used.";
    /// A person decided.
    #[value(skip)]
    Manual = "MANUAL",
        "The picture was refused.";
}

impl Reason {
    /// Whether `--allow` lets it pass: not where there is nothing to make a vector of.
    #[must_use]
    pub fn can_be_allowed(self) -> bool {
        !matches!(self, Self::InvalidImage | Self::ImageTooLarge | Self::Duplicate | Self::NoFace | Self::Manual)
    }

    /// Whether a person is to decide, rather than the picture be refused.
    #[must_use]
    pub fn is_doubt(self) -> bool {
        matches!(self, Self::UnlikeOtherSelfies | Self::LikeAnotherUser)
    }
}

/// What stands in `selfies.rejection_reason`: codes with commas between them, a colon, and the words for the guest.
/// `LOW_SHARPNESS, EXTREME_POSE: The picture is blurred. …` `detail` comes first among the words, where there is any.
#[must_use]
pub fn reason_text(reasons: &[Reason], detail: Option<&str>) -> Option<String> {
    let (first, _) = reasons.split_first()?;
    let mut text = reasons.iter().map(|reason| reason.code()).collect::<Vec<_>>().join(", ");
    let words = match detail {
        // What a person wrote stands for the words that say only that one decided.
        Some(detail) if *first == Reason::Manual => detail.to_owned(),
        Some(detail) => format!("{detail} {}", joined(reasons)),
        None => joined(reasons),
    };
    let _infallible = write!(text, ": {words}");
    Some(text)
}

fn joined(reasons: &[Reason]) -> String {
    reasons.iter().map(|reason| reason.words()).collect::<Vec<_>>().join(" ")
}

/// How a selfie is judged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Judgement {
    /// All that speaks against it and was not allowed.
    pub reasons: Vec<Reason>,
    /// What would speak against it, and was allowed.
    pub allowed: Vec<Reason>,
}

impl Judgement {
    #[must_use]
    pub fn status(&self) -> SelfieStatus {
        match self.reasons.as_slice() {
            [] => SelfieStatus::Approved,
            reasons if reasons.iter().all(|reason| reason.is_doubt()) => SelfieStatus::Pending,
            _ => SelfieStatus::Rejected,
        }
    }
}

/// A selfie, with what is known of it. Never its vector.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Selfie {
    pub id: SelfieId,
    pub user_id: UserId,
    pub user: String,
    pub email: String,
    pub status: String,
    /// Codes and words.
    pub reason: Option<String>,
    pub storage_key: String,
    /// The detector's confidence x 100.
    pub quality_score: Option<f32>,
    /// Whether faces of photos can be compared with it.
    pub has_vector: bool,
    pub created_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
    /// None of those that only the web application has seen.
    pub facts: Option<SelfieFacts>,
}

/// What was found out about a selfie when it was judged.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SelfieFacts {
    pub file_name: Option<String>,
    pub engine: String,
    pub model: String,
    /// Of the upright picture, in pixels.
    pub width: Option<i32>,
    pub height: Option<i32>,
    pub original_key: Option<String>,
    pub face: Option<FoundFace>,
    /// Codes of what somebody let pass.
    pub allowed: Vec<String>,
    pub judged_at: DateTime<Utc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubts_wait_and_faults_are_refused() {
        let status = |reasons: &[Reason]| Judgement { reasons: reasons.to_vec(), allowed: Vec::new() }.status();
        assert_eq!(status(&[]), SelfieStatus::Approved);
        assert_eq!(status(&[Reason::LikeAnotherUser, Reason::UnlikeOtherSelfies]), SelfieStatus::Pending);
        assert_eq!(status(&[Reason::LikeAnotherUser, Reason::LowSharpness]), SelfieStatus::Rejected);
    }

    #[test]
    fn a_reason_is_codes_and_words() {
        let text = reason_text(&[Reason::LowSharpness, Reason::ExtremePose], None).expect("a text");
        assert!(text.starts_with("LOW_SHARPNESS, EXTREME_POSE: The picture is blurred."), "{text}");
        assert_eq!(reason_text(&[Reason::Manual], Some("a dog")).as_deref(), Some("MANUAL: a dog"));
        assert_eq!(reason_text(&[], None), None);
    }
}
