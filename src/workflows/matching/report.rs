//! What a run of matching came to.

use serde::Serialize;

use super::decide::{Change, Changes};
use crate::model::status::ReviewStatus;

/// Counts of one run; with a dry run, of what it would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct MatchReport {
    /// Members with an approved selfie who were compared.
    pub members: u64,
    pub selfies: u64,
    /// Members with an approved selfie who were not compared: no consent that is enough.
    pub blocked: u64,
    /// Approved selfies whose vector is of another model.
    pub other_model: u64,
    /// Photos whose faces were compared with everybody.
    pub photos: u64,
    pub faces: u64,
    /// Selfies that were compared with earlier faces.
    pub new_selfies: u64,
    /// New tags, by decision.
    pub confirmed: u64,
    pub pending: u64,
    /// Tags of photoctl's own that nobody decided about: found differently, and not found any more.
    pub changed: u64,
    pub removed: u64,
    pub unchanged: u64,
    /// Tags that a photo of the same camera from the same moments confirmed, or made doubtful.
    pub raised: u64,
    pub lowered: u64,
    /// Pairs that a person decided about; they were left alone.
    pub decided: u64,
    /// Decisions of the web application that were found on the way.
    pub decided_elsewhere: u64,
    /// Photos that nobody has looked at for faces yet.
    pub not_looked_at: u64,
    /// Photos that were looked at and whose faces are not kept: new selfies are not compared with them.
    pub not_kept: u64,
}

impl MatchReport {
    /// What changes. A photo may be compared twice in a run, with new members too: what stays is counted by whoever
    /// knows that.
    pub(super) fn add(&mut self, changes: &Changes) {
        for change in &changes.all {
            match change {
                Change::New { status: ReviewStatus::Confirmed, .. } => self.confirmed += 1,
                Change::New { .. } => self.pending += 1,
                Change::Other { .. } => self.changed += 1,
                Change::Gone { .. } => self.removed += 1,
            }
        }
    }
}
