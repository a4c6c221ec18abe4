//! What a run makes of one photo: which tags are written, changed or taken away, and which stay because somebody
//! decided.

use std::collections::BTreeMap;

use super::assign::{Candidate, Fixed, assign};
use super::crowd::Crowd;
use crate::model::ids::{TagId, UserId};
use crate::model::matching::{Outcome, Thresholds};
use crate::model::status::{ReviewStatus, Verdict};
use crate::model::tag::{Found, PairState};

/// A change of one tag.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A tag that was not there.
    New { user: UserId, status: ReviewStatus, found: Found },
    /// One of photoctl's own that nobody decided about is found differently now.
    Other { user: UserId, row: TagId, status: ReviewStatus, found: Found },
    /// One of photoctl's own that nobody decided about is not found any more.
    Gone { user: UserId, row: TagId },
}

/// What is to change in one photo.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    pub all: Vec<Change>,
    /// Tags that are as they should be.
    pub unchanged: u64,
    /// People in it whose tags somebody decided about.
    pub decided: u64,
}

/// Decides for one photo. `states` holds every pair of it that anything is known of; members outside of the crowd were
/// not compared, and nothing of theirs is touched.
#[must_use]
pub fn decide(
    faces: &[Candidate],
    states: &BTreeMap<UserId, PairState>,
    crowd: &Crowd,
    engine: &str,
    thresholds: &Thresholds,
) -> Changes {
    let mut changes = Changes::default();
    let fixed = fixed(states, engine);
    changes.decided = (fixed.excluded.len() + fixed.present.len()) as u64;
    let assigned = assign(faces, &fixed, thresholds);
    for (user, found) in &assigned {
        let status = match found.outcome(thresholds) {
            Outcome::Confirmed => ReviewStatus::Confirmed,
            Outcome::Pending => ReviewStatus::Pending,
            Outcome::Nothing => continue,
        };
        let state = states.get(user);
        match state.and_then(|state| state.row) {
            None => {
                let status = match state.and_then(|state| state.verdict) {
                    // A person confirmed it once, and the row went with its photo.
                    Some(Verdict::Confirmed | Verdict::Added) => ReviewStatus::Confirmed,
                    // A person wanted it to be looked at once more.
                    Some(Verdict::Reopened) => ReviewStatus::Pending,
                    _ => status,
                };
                changes.all.push(Change::New { user: *user, status, found: *found });
            }
            // What a photo beside it turned is left so; `context` looks at it afterwards.
            Some(row) if !is_other(state, found) && (row.status == status || is_turned(state)) => {
                changes.unchanged += 1;
            }
            Some(row) => {
                changes.all.push(Change::Other { user: *user, row: row.id, status, found: *found });
            }
        }
    }
    for (user, state) in states {
        let ours = state.is_open() && state.mark.as_ref().is_some_and(|mark| mark.engine == engine);
        let Some(row) = state.row.filter(|_| ours) else { continue };
        if crowd.includes(*user) && !assigned.iter().any(|(other, _)| other == user) {
            changes.all.push(Change::Gone { user: *user, row: row.id });
        }
    }
    changes
}

/// Whether the tag was found by another face, or with a score that is told apart as it is stored.
fn is_other(state: Option<&PairState>, found: &Found) -> bool {
    let Some(mark) = state.and_then(|state| state.mark.as_ref()) else { return true };
    mark.ordinal != Some(found.ordinal) || (mark.score - found.score).abs() > 1e-5
}

fn is_turned(state: Option<&PairState>) -> bool {
    state.and_then(|state| state.mark.as_ref()).is_some_and(|mark| mark.context.is_some())
}

/// What people decided, and what others hold: both are left alone.
fn fixed(states: &BTreeMap<UserId, PairState>, engine: &str) -> Fixed {
    let mut fixed = Fixed::default();
    for (user, state) in states {
        let area = state.mark.as_ref().and_then(|mark| mark.area);
        let foreign = state.mark.as_ref().is_none_or(|mark| mark.engine != engine);
        match (state.verdict, state.row) {
            (Some(Verdict::Rejected | Verdict::Removed), _) => {
                fixed.excluded.insert(*user);
            }
            // Decided and there; or there, and another program's or another engine's.
            (Some(_), Some(_)) => {
                fixed.present.insert(*user, area);
            }
            (None, Some(_)) if foreign => {
                fixed.present.insert(*user, area);
            }
            // Somebody wanted to look at it again and the row is gone: what a run finds is to be looked at.
            _ => {}
        }
    }
    fixed
}
