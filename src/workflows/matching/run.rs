//! A run of matching over one project: new faces with all members, new selfies with all earlier faces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::compare::{Near, nearest};
use super::crowd::Crowd;
use super::report::MatchReport;
use crate::batch::{Cancel, Progress};
use crate::config::{Config, policy, settings};
use crate::db::faces::PhotoFace;
use crate::db::selfies::Version;
use crate::db::{self, Db};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Author;
use crate::model::consent::Versions;
use crate::model::ids::{PhotoId, ProjectId, SelfieId, UserId};
use crate::model::matching::Thresholds;

/// Photos of one transaction, at least and at most. It locks the consents of all members, so a revocation waits for as
/// long; and the more members there are, the more photos there have to be for the locks not to be most of the work.
const BATCH: (u64, u64) = (500, 2_000);

/// Members for each photo of a transaction, between the two bounds.
const MEMBERS_A_PHOTO: u64 = 5;

/// What matching in a project goes by.
pub struct Matching {
    pub db: Db,
    pub author: Author,
    pub project: ProjectId,
    pub model: &'static str,
    pub thresholds: Thresholds,
    pub enough: Versions,
    /// Within how many seconds photos of the same camera help to decide; `None`: they do not.
    pub context: Option<u32>,
    /// Whether faces of photos are kept now: those that are to go are not compared, also by a dry run before it.
    pub kept: bool,
    pub dry_run: bool,
    pub cancel: Cancel,
    pub progress: Arc<dyn Progress>,
}

/// The thresholds that a project's settings say.
///
/// # Errors
/// When one is no number, or they contradict each other.
pub fn thresholds(config: &Config) -> Result<Thresholds> {
    let share = |setting| {
        config.parse::<f32>(setting)?.ok_or_else(|| Error::new(Kind::Internal, format!("{} is not set", setting.key)))
    };
    Thresholds::new(share(settings::MATCH_CONFIRM)?, share(settings::MATCH_REVIEW)?, share(settings::MATCH_MARGIN)?)
}

/// Within how many seconds photos of the same camera help to decide, as a project's settings say.
///
/// # Errors
/// When it is no such time.
pub fn context(config: &Config) -> Result<Option<u32>> {
    let text = config.get(settings::MATCH_CONTEXT).unwrap_or("off");
    policy::context_seconds(text)
        .ok_or_else(|| Error::invalid("match_context is neither off nor whole seconds from 1s to 60s"))
}

/// The versions of the consent that are enough, as a project's settings say.
#[must_use]
pub fn enough(config: &Config) -> Versions {
    config.get(settings::CONSENT_VERSIONS).map_or(Versions::Any, Versions::of)
}

/// Faces of photos that are to be compared.
pub(super) type Photos = BTreeMap<PhotoId, Vec<PhotoFace>>;

/// What a run carries from batch to batch.
#[derive(Default)]
pub struct State {
    /// Whom faces are compared with, and which selfies that are: used again while they are the same.
    pub(super) crowd: Option<Crowd>,
    pub(super) selfies: BTreeSet<Version>,
    /// Selfies that every photo of this run was compared with.
    pub(super) throughout: Option<BTreeSet<Version>>,
    /// Photos that were compared before: they are counted once.
    pub(super) counted: BTreeSet<PhotoId>,
    pub report: MatchReport,
}

/// How many photos a transaction takes.
fn at_once(state: &State) -> usize {
    let photos = (state.report.members / MEMBERS_A_PHOTO).clamp(BATCH.0, BATCH.1);
    usize::try_from(photos).unwrap_or(usize::MAX)
}

impl Matching {
    /// Compares what is new: unmatched photos with everybody, then new selfies with everything. With `all`, every kept
    /// face with everybody. Stops between batches when the run is cancelled; the next one goes on.
    ///
    /// # Errors
    /// What the database says.
    pub async fn run(&self, state: State, all: bool, only: Option<&BTreeSet<UserId>>) -> Result<MatchReport> {
        let mut state = state;
        // Who may be compared is counted, and whoever may not loses the mark of having been, also where nothing is new.
        self.batch(&mut state, &[], None).await?;
        if self.kept && only.is_none() {
            self.new_faces(&mut state, all).await?;
        }
        self.new_selfies(&mut state, only).await?;
        self.look_beside(&mut state).await?;
        self.finish(state).await
    }

    async fn new_faces(&self, state: &mut State, all: bool) -> Result<()> {
        self.progress.phase("matching photos");
        let mut after = None;
        while !self.cancel.is_requested() {
            let mut conn = self.db.conn().await?;
            let limit = i64::try_from(at_once(state)).unwrap_or(i64::MAX);
            let ids = db::faces::unmatched(&mut conn, self.project, self.model, all, after, limit).await?;
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            drop(conn);
            self.progress.expect(ids.len() as u64, 0);
            self.batch(state, &ids, None).await?;
        }
        Ok(())
    }

    /// Compares selfies that were not yet with every kept face, and decides anew about the photos where one is near.
    /// Who comes while this goes on is compared by the next run.
    async fn new_selfies(&self, state: &mut State, only: Option<&BTreeSet<UserId>>) -> Result<()> {
        let done = db::selfies::matched(&mut *self.db.conn().await?, self.project, self.model).await?;
        let is_new = |one: &Version| !done.contains(&one.selfie) && only.is_none_or(|only| only.contains(&one.user));
        let mut new: BTreeSet<Version> = state.selfies.iter().filter(|one| is_new(one)).copied().collect();
        if new.is_empty() {
            return Ok(());
        }
        self.progress.phase("matching selfies");
        if !self.dry_run {
            // The web application may bring back what is deleted now, and knows nothing of who came meanwhile.
            let mut tx = self.db.begin().await?;
            db::faces::match_deleted_again(&mut tx, self.project, self.model).await?;
            tx.commit().await?;
        }
        // Where most of the crowd is new, nearly every photo shows one of them: to ask first costs more than it spares.
        let ask_first = new.len() * 2 < state.selfies.len();
        let mut after = None;
        loop {
            if self.cancel.is_requested() {
                return Ok(());
            }
            let limit = i64::try_from(BATCH.1).unwrap_or(i64::MAX);
            let mut ids = Vec::new();
            if self.kept {
                let mut conn = self.db.conn().await?;
                ids = db::faces::unmatched(&mut conn, self.project, self.model, true, after, limit).await?;
            }
            let Some(last) = ids.last().copied() else { break };
            after = Some(last);
            // Photos that this run has compared, with all of these among the others.
            if state.throughout.as_ref().is_some_and(|throughout| new.is_subset(throughout)) {
                ids.retain(|id| !state.counted.contains(id));
            }
            if ask_first && !ids.is_empty() {
                ids = self.near(state, &mut new, &ids).await?;
            }
            for chunk in ids.chunks(at_once(state)) {
                self.again(state, chunk).await?;
                // Who went meanwhile was not compared with all of it, also if they are back.
                new.retain(|one| state.selfies.contains(one));
            }
        }
        if self.dry_run {
            state.report.new_selfies = new.len() as u64;
            return Ok(());
        }
        let mut consented = self.consented(state).await?;
        let now = db::selfies::versions(&mut consented, self.project, self.model).await?;
        let compared: Vec<SelfieId> = new.intersection(&now).map(|one| one.selfie).collect();
        state.report.new_selfies = compared.len() as u64;
        if !self.kept && db::faces::any_kept(consented.conn(), self.project, self.model).await? {
            // They were to go and are still there: another setting may keep them yet.
            return consented.rollback().await;
        }
        db::faces::match_deleted_again(consented.conn(), self.project, self.model).await?;
        db::selfies::mark_matched(consented.conn(), self.project, self.model, &compared).await?;
        consented.commit().await
    }

    /// Photos in which a face is near enough to a new selfie that something can come of it. Whoever is not there any more
    /// is no longer new.
    async fn near(&self, state: &mut State, new: &mut BTreeSet<Version>, ids: &[PhotoId]) -> Result<Vec<PhotoId>> {
        let mut consented = self.consented(state).await?;
        let mut enrolled = db::selfies::enrolled(&mut consented, self.project, self.model).await?;
        let wanted: BTreeSet<SelfieId> = new.iter().map(|one| one.selfie).collect();
        enrolled.retain(|one| wanted.contains(&one.selfie));
        let there: BTreeSet<SelfieId> = enrolled.iter().map(|one| one.selfie).collect();
        new.retain(|one| there.contains(&one.selfie));
        let crowd = Crowd::new(&consented, &enrolled);
        let vectors = db::faces::vectors_of(consented.conn(), ids, self.model).await?;
        let values: Vec<f32> = vectors.iter().flat_map(|one| one.vector.as_slice().iter().copied()).collect();
        let floor = self.floor();
        let found = tokio::task::block_in_place(|| nearest(&values, &crowd, floor));
        consented.rollback().await?;
        let reaches = |near: &Vec<Near>| near.first().is_some_and(|best| best.score >= floor);
        let photos = vectors.iter().zip(&found).filter(|(_, near)| reaches(near)).map(|(one, _)| one.photo);
        Ok(photos.collect::<BTreeSet<_>>().into_iter().collect())
    }

    async fn again(&self, state: &mut State, ids: &[PhotoId]) -> Result<()> {
        // A dry run wrote nothing, so everything would seem to be new once more.
        let left: Vec<PhotoId> =
            ids.iter().filter(|id| !self.dry_run || !state.counted.contains(id)).copied().collect();
        if left.is_empty() {
            return Ok(());
        }
        self.batch(state, &left, None).await
    }

    /// What the run came to.
    ///
    /// # Errors
    /// What the database says.
    pub async fn finish(&self, state: State) -> Result<MatchReport> {
        let conn = &mut self.db.conn().await?;
        let never = db::faces::unscanned(conn, self.project, self.model, false).await?.len() as u64;
        let unkept = db::faces::unscanned(conn, self.project, self.model, true).await?.len() as u64;
        Ok(MatchReport { not_looked_at: never, not_kept: unkept.saturating_sub(never), ..state.report })
    }
}
