//! One transaction of a run: some photos, with everybody.

use std::collections::{BTreeMap, BTreeSet};

use super::assign::Candidate;
use super::compare::nearest;
use super::crowd::Crowd;
use super::decide::{Change, decide};
use super::run::{Matching, Photos, State};
use crate::db;
use crate::db::consented::{Asked, Consented};
use crate::db::faces::PhotoFace;
use crate::db::tags::{self, Written};
use crate::error::Result;
use crate::model::audit::{Action, Entity, Entry, Fields};
use crate::model::face::{Face, SAME_FACE};
use crate::model::ids::{PhotoId, SelfieId, TagId, UserId};
use crate::model::matching::LOCAL;
use crate::model::status::ReviewStatus;
use crate::model::tag::{Pair, PairState};
use crate::workflows::faces::look::Seen;

/// Faces that were just found and are not kept, and what was seen beside them.
type Passing<'a> = (Photos, &'a [(PhotoId, Seen)]);

impl Matching {
    /// Compares faces that were just found and are not kept; that the photos were looked at is.
    ///
    /// # Errors
    /// What the database says.
    pub async fn passing(&self, state: &mut State, seen: &[(PhotoId, Seen)]) -> Result<()> {
        let faces = |(photo, seen): &(PhotoId, Seen)| {
            let face = |(ordinal, face): (usize, &Face)| PhotoFace {
                photo: *photo,
                ordinal: i32::try_from(ordinal).unwrap_or(i32::MAX),
                found: face.found,
                vector: Some(face.vector.clone()),
            };
            (*photo, seen.faces.iter().enumerate().map(face).collect())
        };
        let found: Photos = seen.iter().map(faces).collect();
        let ids: Vec<PhotoId> = found.keys().copied().collect();
        self.batch(state, &ids, Some((found, seen))).await
    }

    /// One transaction: consents, then the photos, then what is known of their tags; everything is decided anew under
    /// these locks.
    ///
    /// Faces are those that are kept, or those that are `passing`.
    pub(super) async fn batch(&self, state: &mut State, ids: &[PhotoId], passing: Option<Passing<'_>>) -> Result<()> {
        let mut consented = self.consented(state).await?;
        let crowd = self.crowd(state, &mut consented).await?;
        let ids = tags::lock_photos(consented.conn(), ids).await?;
        let (mut photos, passing) = match passing {
            Some((found, seen)) => (found, seen),
            None => (self.kept_faces(&mut consented, &ids).await?, &[][..]),
        };
        let there: BTreeSet<PhotoId> = ids.iter().copied().collect();
        photos.retain(|photo, _| there.contains(photo));
        for (photo, _) in passing.iter().filter(|(photo, _)| there.contains(photo)) {
            // Whoever revoked while the picture was looked at is not compared.
            let areas = db::faces::withdrawn_areas(consented.conn(), *photo).await?;
            let faces = photos.entry(*photo).or_default();
            faces.retain(|face| !areas.iter().any(|area| area.overlap(&face.found.area) >= SAME_FACE));
        }
        let mut states = tags::of_photos(consented.conn(), &ids).await?;
        state.report.decided_elsewhere += tags::note_decided_elsewhere(consented.conn(), &mut states).await?;
        let mut of_photo: BTreeMap<PhotoId, BTreeMap<UserId, PairState>> = BTreeMap::new();
        for (pair, known) in states {
            of_photo.entry(pair.photo).or_default().insert(pair.user, known);
        }
        let none = BTreeMap::new();
        let mut changes = Vec::new();
        for (photo, faces) in self.compared(&photos, &crowd) {
            let known = of_photo.get(&photo).unwrap_or(&none);
            let decided = decide(&faces, known, &crowd, LOCAL, &self.thresholds);
            if state.counted.insert(photo) {
                state.report.photos += 1;
                state.report.faces += faces.len() as u64;
                state.report.unchanged += decided.unchanged;
                state.report.decided += decided.decided;
            }
            state.report.add(&decided);
            changes.extend(decided.all.into_iter().map(|change| (photo, change)));
        }
        state.crowd = Some(crowd);
        if self.dry_run {
            return consented.rollback().await;
        }
        for (photo, Seen { faces, poor }) in passing.iter().filter(|(photo, _)| there.contains(photo)) {
            let scan = db::faces::Scan { photo: *photo, model: self.model, faces, poor: *poor, kept: false };
            db::faces::store(consented.conn(), &scan).await?;
        }
        db::faces::mark_matched(consented.conn(), &ids, self.model).await?;
        self.write(&mut consented, &changes).await?;
        consented.commit().await
    }

    /// The kept faces of photos.
    async fn kept_faces(&self, consented: &mut Consented, ids: &[PhotoId]) -> Result<Photos> {
        let mut photos: Photos = ids.iter().map(|id| (*id, Vec::new())).collect();
        for face in db::faces::of_photos(consented.conn(), ids, self.model).await? {
            photos.entry(face.photo).or_default().push(face);
        }
        Ok(photos)
    }

    /// The members' consents, held until the transaction ends.
    pub(super) async fn consented(&self, state: &mut State) -> Result<Consented> {
        let mut tx = self.db.begin().await?;
        let users = db::selfies::members_with_selfies(&mut tx, self.project).await?;
        let enough = [self.enough.clone()];
        let consented = Consented::check(tx, Asked { users: &users, enough: &enough }).await?;
        state.report.members = consented.users().count() as u64;
        state.report.blocked = users.len() as u64 - state.report.members;
        Ok(consented)
    }

    /// Whom faces are compared with now. What was read before is used again while it is the same.
    async fn crowd(&self, state: &mut State, consented: &mut Consented) -> Result<Crowd> {
        let versions = db::selfies::versions(consented, self.project, self.model).await?;
        if let Some(crowd) = state.crowd.take().filter(|_| state.selfies == versions) {
            return Ok(crowd);
        }
        let enrolled = db::selfies::enrolled(consented, self.project, self.model).await?;
        let crowd = Crowd::new(consented, &enrolled);
        state.report.selfies = enrolled.len() as u64;
        state.report.other_model = db::selfies::of_other_models(consented.conn(), self.project, self.model).await?;
        if !self.dry_run {
            let ids: Vec<SelfieId> = enrolled.iter().map(|one| one.selfie).collect();
            db::selfies::forget_matches(consented.conn(), self.project, self.model, &ids).await?;
        }
        state.throughout = match state.throughout.take() {
            Some(before) => Some(before.intersection(&versions).copied().collect()),
            None => Some(versions.clone()),
        };
        state.selfies = versions;
        Ok(crowd)
    }

    fn compared(&self, photos: &Photos, crowd: &Crowd) -> Vec<(PhotoId, Vec<Candidate>)> {
        let faces: Vec<&PhotoFace> = photos.values().flatten().filter(|face| face.vector.is_some()).collect();
        let values: Vec<f32> =
            faces.iter().filter_map(|face| face.vector.as_ref()).flat_map(|vector| *vector.values()).collect();
        let near = tokio::task::block_in_place(|| nearest(&values, crowd, self.floor()));
        let mut of_photo: BTreeMap<PhotoId, Vec<Candidate>> = photos.keys().map(|id| (*id, Vec::new())).collect();
        for (face, near) in faces.into_iter().zip(near) {
            let candidate = Candidate { ordinal: face.ordinal, area: face.found.area, near };
            of_photo.entry(face.photo).or_default().push(candidate);
        }
        of_photo.into_iter().collect()
    }

    /// Writes what was decided, and its audit entry last.
    async fn write(&self, consented: &mut Consented, changes: &[(PhotoId, Change)]) -> Result<()> {
        if changes.is_empty() {
            return Ok(());
        }
        let (mut rows, mut gone) = (Vec::new(), Vec::new());
        for (photo, change) in changes {
            let pair = |user: &UserId| Pair { photo: *photo, user: *user };
            match change {
                Change::New { user, status, found } => {
                    rows.push(Written { pair: pair(user), row: None, status: *status, found });
                }
                Change::Other { user, row, status, found } => {
                    rows.push(Written { pair: pair(user), row: Some(*row), status: *status, found });
                }
                Change::Gone { user, row } => gone.push((*row, pair(user))),
            }
        }
        tags::write(consented, &rows, LOCAL, self.model, &self.thresholds).await?;
        tags::remove(consented.conn(), &gone).await?;
        let of_row = |row: &Written<'_>| row.row.unwrap_or_else(|| TagId::of_pair(row.pair.photo, row.pair.user));
        let written = rows.iter().map(of_row).chain(gone.iter().map(|(id, _)| *id));
        let number = |count: usize| i64::try_from(count).ok().filter(|count| *count > 0);
        let status = |status| number(rows.iter().filter(|row| row.status == status).count());
        let fields = Fields::new()
            .plain("model", None, Some(self.model))
            .number("confirmed", None, status(ReviewStatus::Confirmed))
            .number("pending", None, status(ReviewStatus::Pending))
            .number("removed", None, number(gone.len()));
        let entry = Entry::new(Entity::PhotoTag, Action::Match)
            .in_project(self.project)
            .items(written.map(|id| id.0))
            .fields(fields);
        db::audit::append(consented.conn(), &self.author, &entry).await
    }

    /// From which similarity on all who resemble a face are known: below it nobody is tagged, and nobody is near
    /// enough to make a find doubtful.
    pub(super) fn floor(&self) -> f32 {
        self.thresholds.review.min(self.thresholds.confirm - self.thresholds.margin)
    }
}
