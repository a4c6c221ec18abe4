//! Photos of the same camera from the same moments help to decide: whoever turns away for one of them is still the same
//! person. Off where the setting `match_context` does not name a time.
//!
//! Only what is sure speaks: a tag that its own score or a person confirmed, never one that was itself turned by
//! another photo, so nothing is passed on from photo to photo. A face that resembles nobody is never tagged by it:
//! only what waits is confirmed, and what is confirmed is made to wait.

use std::collections::{BTreeMap, BTreeSet};

use super::run::{Matching, State};
use crate::db::consented::Consented;
use crate::db::tags::context::{self, Beside};
use crate::db::{self, tags};
use crate::error::Result;
use crate::model::audit::{Action, Entity, Entry, Fields};
use crate::model::ids::{PhotoId, TagId, UserId};
use crate::model::matching::{LOCAL, Outcome, Thresholds};
use crate::model::status::ReviewStatus;
use crate::model::tag::{Context, Mark, Pair, PairState};

/// Photos of one transaction.
const BATCH: i64 = 500;

/// What faces beside a tagged one make of it; `None`: its score decides alone.
///
/// A pending tag whose face nobody else is as near to is confirmed by a face of the same user that is at least
/// `thresholds.confirm` alike. A confirmed one waits for a person where a face that is at least as alike, and more than
/// the user's own selfie, is another user's, or is one that a person said is not theirs. The more alike face wins.
#[must_use]
pub fn turned(
    user: UserId,
    score: f32,
    runner_up: Option<f32>,
    beside: &[Beside],
    thresholds: &Thresholds,
) -> Option<(ReviewStatus, Context)> {
    let near = beside.iter().filter(|face| face.alike >= thresholds.confirm);
    let (same, other): (Vec<&Beside>, Vec<&Beside>) = near.partition(|face| face.user == user && !face.denied);
    let best = |faces: &[&Beside]| faces.iter().copied().copied().max_by(|a, b| a.alike.total_cmp(&b.alike));
    let (same, other) = (best(&same), best(&other));
    let clear = runner_up.is_none_or(|other| score - other >= thresholds.margin);
    let context = |face: Beside| Context { photo: face.photo, score: face.alike };
    match (thresholds.outcome(score, runner_up), same, other) {
        (Outcome::Pending, Some(same), other) if clear && other.is_none_or(|other| same.alike > other.alike) => {
            Some((ReviewStatus::Confirmed, context(same)))
        }
        (Outcome::Confirmed, same, Some(other))
            if other.alike > score && same.is_none_or(|same| other.alike > same.alike) =>
        {
            Some((ReviewStatus::Pending, context(other)))
        }
        _ => None,
    }
}

/// What is to become of tags.
#[derive(Default)]
struct Turns {
    confirmed: Vec<(TagId, Pair)>,
    pending: Vec<(TagId, Pair)>,
    notes: Vec<(Pair, Option<Context>)>,
}

impl Matching {
    /// Has photos from the same moments decide about tags that nobody decided; where the setting is off, takes back what
    /// they decided before. Tags whose faces are not kept any more stay as they are. A dry run does not look.
    pub(super) async fn look_beside(&self, state: &mut State) -> Result<()> {
        if self.dry_run {
            return Ok(());
        }
        let mut after = None;
        while !self.cancel.is_requested() {
            let mut consented = self.consented(state).await?;
            let (conn, turned) = (consented.conn(), self.context.is_none());
            let ids = context::photos(conn, self.project, (LOCAL, self.model), turned, after, BATCH).await?;
            let Some(last) = ids.last() else { return consented.rollback().await };
            after = Some(*last);
            self.turn(state, consented, &ids).await?;
        }
        Ok(())
    }

    async fn turn(&self, state: &mut State, mut consented: Consented, ids: &[PhotoId]) -> Result<()> {
        let there: BTreeSet<PhotoId> = tags::lock_photos(consented.conn(), ids).await?.into_iter().collect();
        let ids: Vec<PhotoId> = there.into_iter().collect();
        let mut states = tags::of_photos(consented.conn(), &ids).await?;
        let noted = tags::note_decided_elsewhere(consented.conn(), &mut states).await?;
        let beside = match self.context {
            Some(seconds) => context::beside(&mut consented, self.model, &ids, seconds).await?,
            None => BTreeMap::new(),
        };
        let turns = self.turns(&states, &beside, &consented);
        state.report.decided_elsewhere += noted;
        state.report.raised += turns.by_context(&turns.confirmed);
        state.report.lowered += turns.by_context(&turns.pending);
        if turns.notes.is_empty() && noted == 0 {
            return consented.rollback().await;
        }
        let conn = consented.conn();
        tags::retune::set_status(conn, &turns.confirmed, ReviewStatus::Confirmed).await?;
        tags::retune::set_status(conn, &turns.pending, ReviewStatus::Pending).await?;
        context::note(conn, &turns.notes).await?;
        let changed: Vec<TagId> = turns.confirmed.iter().chain(&turns.pending).map(|(id, _)| *id).collect();
        if !changed.is_empty() {
            let number = |tags: &[(TagId, Pair)]| i64::try_from(tags.len()).ok().filter(|count| *count > 0);
            let fields = Fields::new()
                .plain("model", None, Some(self.model))
                .number("context_seconds", None, self.context.map(i64::from))
                .number("confirmed", None, number(&turns.confirmed))
                .number("pending", None, number(&turns.pending));
            let entry = Entry::new(Entity::PhotoTag, Action::Match)
                .in_project(self.project)
                .items(changed.into_iter().map(|id| id.0))
                .fields(fields);
            db::audit::append(conn, &self.author, &entry).await?;
        }
        consented.commit().await
    }

    fn turns(
        &self,
        states: &BTreeMap<Pair, PairState>,
        beside: &BTreeMap<Pair, Vec<Beside>>,
        consented: &Consented,
    ) -> Turns {
        let mut turns = Turns::default();
        for (pair, state) in states {
            let (Some(row), Some(mark)) = (state.row, &state.mark) else { continue };
            if !state.is_open() || !self.is_ours(mark) || !consented.allows(pair.user) {
                continue;
            }
            let runner_up = mark.runner_up.map(|(_, score)| score);
            let faces = beside.get(pair).map_or(&[][..], Vec::as_slice);
            let alone = match self.thresholds.outcome(mark.score, runner_up) {
                Outcome::Confirmed => ReviewStatus::Confirmed,
                Outcome::Pending => ReviewStatus::Pending,
                // By thresholds that were other ones: `tags retune` is for that.
                Outcome::Nothing => continue,
            };
            let found = turned(pair.user, mark.score, runner_up, faces, &self.thresholds);
            let (status, context) = found.map_or((alone, None), |(status, context)| (status, Some(context)));
            if context.is_none() && mark.context.is_none() {
                continue;
            }
            if row.status != status {
                match status {
                    ReviewStatus::Confirmed => turns.confirmed.push((row.id, *pair)),
                    _ => turns.pending.push((row.id, *pair)),
                }
            }
            if row.status != status || context != mark.context {
                turns.notes.push((*pair, context));
            }
        }
        turns
    }

    fn is_ours(&self, mark: &Mark) -> bool {
        mark.engine == LOCAL && mark.model.as_deref() == Some(self.model)
    }
}

impl Turns {
    /// How many of these were turned by another photo; the others are as their score says again.
    fn by_context(&self, tags: &[(TagId, Pair)]) -> u64 {
        let turned: BTreeSet<Pair> =
            self.notes.iter().filter(|(_, context)| context.is_some()).map(|(pair, _)| *pair).collect();
        tags.iter().filter(|(_, pair)| turned.contains(pair)).count() as u64
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ANA: UserId = UserId(Uuid::from_u128(1));
    const BO: UserId = UserId(Uuid::from_u128(2));

    fn beside(photo: u128, user: UserId, alike: f32) -> Beside {
        Beside { photo: PhotoId(Uuid::from_u128(photo)), user, alike, denied: false }
    }

    fn status(score: f32, runner_up: Option<f32>, faces: &[Beside]) -> Option<ReviewStatus> {
        let thresholds = Thresholds::new(0.45, 0.36, 0.05).expect("thresholds");
        turned(ANA, score, runner_up, faces, &thresholds).map(|(status, _)| status)
    }

    #[test]
    fn a_sure_face_of_the_same_person_confirms_what_waits() {
        assert_eq!(status(0.4, None, &[beside(1, ANA, 0.7)]), Some(ReviewStatus::Confirmed));
        assert_eq!(status(0.4, None, &[beside(1, ANA, 0.44)]), None, "not alike enough");
        assert_eq!(status(0.3, None, &[beside(1, ANA, 0.9)]), None, "resembles no selfie");
        assert_eq!(status(0.4, Some(0.38), &[beside(1, ANA, 0.9)]), None, "somebody else is as near");
        assert_eq!(status(0.4, None, &[beside(1, ANA, 0.7), beside(2, BO, 0.8)]), None, "more like another");
        assert_eq!(status(0.6, None, &[beside(1, ANA, 0.7)]), None, "needs no help");
    }

    #[test]
    fn a_face_of_another_makes_a_confirmed_one_wait() {
        assert_eq!(status(0.5, None, &[beside(1, BO, 0.7)]), Some(ReviewStatus::Pending));
        assert_eq!(status(0.8, None, &[beside(1, BO, 0.7)]), None, "the selfie is nearer");
        assert_eq!(status(0.5, None, &[beside(1, BO, 0.7), beside(2, ANA, 0.75)]), None, "more like themselves");
        let denied = Beside { denied: true, ..beside(1, ANA, 0.7) };
        assert_eq!(status(0.5, None, &[denied]), Some(ReviewStatus::Pending), "a person said that it is not her");
        assert_eq!(status(0.4, None, &[denied]), None);
    }
}
