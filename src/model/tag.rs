//! Tags: who is in a photo, what photoctl last wrote about it, and what people decided.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::face::FaceBox;
use super::ids::{PhotoId, SelfieId, TagId, UserId};
use super::matching::{Outcome, Thresholds};
use super::status::{ReviewStatus, TagSource, Verdict};

/// Somebody in a photo.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Pair {
    pub photo: PhotoId,
    pub user: UserId,
}

/// A row of `photo_tags`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TagRow {
    pub id: TagId,
    /// As it is stored: 0 to 100.
    pub confidence: f32,
    pub source: TagSource,
    pub status: ReviewStatus,
}

/// The face that a user was found by.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Found {
    pub ordinal: i32,
    pub area: FaceBox,
    /// Of the face with the best of the user's selfies, 0 to 1.
    pub score: f32,
    pub selfie: SelfieId,
    /// Who else of the project the face resembles most.
    pub runner_up: Option<(UserId, f32)>,
}

impl Found {
    #[must_use]
    pub fn outcome(&self, thresholds: &Thresholds) -> Outcome {
        thresholds.outcome(self.score, self.runner_up.map(|(_, score)| score))
    }

    /// As `photo_tags.confidence` holds it.
    #[must_use]
    pub fn confidence(&self) -> f32 {
        self.score * 100.0
    }
}

/// A photo of the same camera from the same moments that turned a decision.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Context {
    pub photo: PhotoId,
    /// Cosine of the two faces.
    pub score: f32,
}

/// What photoctl last wrote for a pair.
#[derive(Debug, Clone, PartialEq)]
pub struct Mark {
    /// `None`: there is to be no tag.
    pub status: Option<ReviewStatus>,
    pub engine: String,
    pub model: Option<String>,
    pub score: f32,
    pub ordinal: Option<i32>,
    pub area: Option<FaceBox>,
    pub selfie: Option<SelfieId>,
    pub runner_up: Option<(UserId, f32)>,
    pub thresholds: Option<Thresholds>,
    /// `None`: the score alone decided.
    pub context: Option<Context>,
    pub marked_at: DateTime<Utc>,
}

/// A decision that a person made.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Decision {
    pub verdict: Verdict,
    pub before: Option<String>,
    /// Found in the table, decided in the web application.
    pub by_web: bool,
    pub actor: Option<String>,
    pub at: DateTime<Utc>,
}

/// All that is known of a pair.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PairState {
    pub row: Option<TagRow>,
    pub mark: Option<Mark>,
    /// The latest decision of a person; it stands.
    pub verdict: Option<Verdict>,
}

impl PairState {
    /// What a person decided since photoctl last wrote, as the row tells it: any status but the one that was written,
    /// or a row that is gone. `None`: nothing.
    #[must_use]
    pub fn decided_elsewhere(&self) -> Option<Verdict> {
        let verdict = |row: &TagRow| match (row.status, row.source) {
            (ReviewStatus::Rejected, _) => Some(Verdict::Rejected),
            (ReviewStatus::Confirmed, TagSource::Manual) => Some(Verdict::Added),
            (ReviewStatus::Confirmed, TagSource::Auto) => Some(Verdict::Confirmed),
            (ReviewStatus::Pending, _) => Some(Verdict::Reopened),
        };
        match (&self.row, self.mark.as_ref().map(|mark| mark.status)) {
            (Some(row), Some(status)) if status == Some(row.status) => None,
            // A tag from before photoctl looked, that waits: nobody has decided it.
            (Some(row), None) if row.status == ReviewStatus::Pending => None,
            (Some(row), _) => verdict(row),
            (None, Some(Some(_))) => Some(Verdict::Removed),
            (None, _) => None,
        }
    }

    /// Whether a run may write about the pair: no person has decided it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.verdict.is_none()
    }
}
