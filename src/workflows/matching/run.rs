//! A run of matching over one project: new faces with all members, new selfies with all earlier faces.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::compare::{Near, nearest};
use super::crowd::Crowd;
use super::report::MatchReport;
use crate::batch::{Cancel, Progress};
use crate::config::{Config, policy, settings};
use crate::db::faces::PhotoFace;
use crate::db::{self, Db};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Author;
use crate::model::consent::Versions;
use crate::model::ids::{PhotoId, ProjectId, SelfieId, UserId};
use crate::model::matching::Thresholds;

/// Photos of one transaction. It holds the consents of all members, so a revocation waits for as long.
const BATCH: i64 = 500;

/// Photos whose vectors are read at once for new selfies.
const PAGE: i64 = 2_000;

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
    pub(super) selfies: Vec<(SelfieId, i64)>,
    /// Photos that were compared before: they are counted once.
    pub(super) counted: BTreeSet<PhotoId>,
    pub report: MatchReport,
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
        self.batch(&mut state, Photos::new(), &[]).await?;
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
            let ids = db::faces::unmatched(&mut conn, self.project, self.model, all, after, BATCH).await?;
            let Some(last) = ids.last() else { break };
            after = Some(*last);
            let mut photos: Photos = ids.iter().map(|id| (*id, Vec::new())).collect();
            for face in db::faces::of_photos(&mut conn, &ids, self.model).await? {
                photos.entry(face.photo).or_default().push(face);
            }
            drop(conn);
            self.progress.expect(ids.len() as u64, 0);
            self.batch(state, photos, &[]).await?;
        }
        Ok(())
    }

    /// Compares selfies that were not yet with every kept face, and decides anew about the photos where one is near.
    async fn new_selfies(&self, state: &mut State, only: Option<&BTreeSet<UserId>>) -> Result<()> {
        let mut conn = self.db.conn().await?;
        let done = db::selfies::matched(&mut conn, self.project, self.model).await?;
        drop(conn);
        self.progress.phase("matching selfies");
        let mut compared = BTreeSet::new();
        let mut after = None;
        loop {
            if self.cancel.is_requested() {
                return Ok(());
            }
            let mut consented = self.consented(state).await?;
            let enrolled = db::selfies::enrolled(&mut consented, self.project, self.model).await?;
            let is_new = |user: &UserId, selfie: &SelfieId| {
                !done.contains(selfie) && only.is_none_or(|only| only.contains(user))
            };
            let new: Vec<_> = enrolled.into_iter().filter(|one| is_new(&one.user, &one.selfie)).collect();
            if after.is_none() {
                compared = new.iter().map(|one| one.selfie).collect();
            } else {
                // Who came or went meanwhile was not compared with all of it.
                let still: BTreeSet<SelfieId> = new.iter().map(|one| one.selfie).collect();
                compared.retain(|selfie| still.contains(selfie));
            }
            if compared.is_empty() {
                return consented.rollback().await;
            }
            let crowd = Crowd::new(&consented, &new);
            let conn = consented.conn();
            let ids = match self.kept {
                true => db::faces::unmatched(conn, self.project, self.model, true, after, PAGE).await?,
                false => Vec::new(),
            };
            let Some(last) = ids.last().copied() else {
                state.report.new_selfies = compared.len() as u64;
                let selfies: Vec<SelfieId> = compared.into_iter().collect();
                if self.dry_run {
                    return consented.rollback().await;
                }
                db::selfies::mark_matched(consented.conn(), self.project, self.model, &selfies).await?;
                return consented.commit().await;
            };
            after = Some(last);
            let vectors = db::faces::vectors_of(consented.conn(), &ids, self.model).await?;
            let near = self.near(&vectors, &crowd);
            consented.rollback().await?;
            for chunk in near.chunks(usize::try_from(BATCH).unwrap_or(1)) {
                self.again(state, chunk).await?;
            }
        }
    }

    /// Photos in which a face is near enough to one of the crowd that something can come of it.
    fn near(&self, vectors: &[db::faces::StoredVector], crowd: &Crowd) -> Vec<PhotoId> {
        let values: Vec<f32> = vectors.iter().flat_map(|one| one.vector.as_slice().iter().copied()).collect();
        let floor = self.floor();
        let found = tokio::task::block_in_place(|| nearest(&values, crowd, floor));
        let reaches = |near: &Vec<Near>| near.first().is_some_and(|best| best.score >= floor);
        let photos = vectors.iter().zip(&found).filter(|(_, near)| reaches(near)).map(|(one, _)| one.photo);
        photos.collect::<BTreeSet<_>>().into_iter().collect()
    }

    async fn again(&self, state: &mut State, ids: &[PhotoId]) -> Result<()> {
        // A dry run wrote nothing, so everything would seem to be new once more.
        let left: Vec<PhotoId> =
            ids.iter().filter(|id| !self.dry_run || !state.counted.contains(id)).copied().collect();
        if left.is_empty() {
            return Ok(());
        }
        let mut photos: Photos = left.iter().map(|id| (*id, Vec::new())).collect();
        for face in db::faces::of_photos(&mut *self.db.conn().await?, &left, self.model).await? {
            photos.entry(face.photo).or_default().push(face);
        }
        self.batch(state, photos, &[]).await
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
