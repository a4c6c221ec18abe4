//! Other thresholds for tags that nobody has decided.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::config::{Config, settings};
use crate::db::consented::{Asked, Consented};
use crate::db::{self, Db};
use crate::error::Result;
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::consent::Versions;
use crate::model::ids::{ProjectId, TagId, UserId};
use crate::model::matching::{LOCAL, Outcome, Thresholds};
use crate::model::project::Project;
use crate::model::status::ReviewStatus;
use crate::model::tag::{Pair, PairState};
use crate::workflows::matching::run;
use crate::workflows::setup::settings as project_settings;

/// What is to be another; the others are the project's.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Given {
    pub confirm: Option<f32>,
    pub review: Option<f32>,
    pub margin: Option<f32>,
}

/// What other thresholds change, or would change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Retuned {
    /// Pending ones that are confirmed now.
    pub confirmed: u64,
    /// Confirmed ones that wait for a person now.
    pub pending: u64,
    /// Those that are no tags any more.
    pub removed: u64,
    pub unchanged: u64,
    /// Left as they are: the user's consent is missing.
    pub without_consent: u64,
}

impl Retuned {
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.confirmed + self.pending + self.removed
    }
}

/// The thresholds: what is given, else the project's settings.
///
/// # Errors
/// When they contradict each other, or what the database says.
pub async fn thresholds(db: &Db, config: &Config, project: ProjectId, given: Given) -> Result<Thresholds> {
    let config = project_settings::of_project(&mut *db.conn().await?, config, project).await?;
    let now = run::thresholds(&config)?;
    Thresholds::new(
        given.confirm.unwrap_or(now.confirm),
        given.review.unwrap_or(now.review),
        given.margin.unwrap_or(now.margin),
    )
}

/// Judges all tags of a project that the engine made and nobody has decided by these thresholds, in one transaction.
/// What was decided in the web application meanwhile is noted and stays. A face is judged by the score that it had:
/// nothing is compared anew, so nothing new is found. Tags of users without consent are left alone.
///
/// A dry run does the same and takes it back.
///
/// # Errors
/// What the database says; nothing was written then.
pub async fn retune(
    db: &Db,
    author: &Author,
    config: &Config,
    project: &Project,
    thresholds: &Thresholds,
    dry_run: bool,
) -> Result<Retuned> {
    let mut tx = db.begin().await?;
    let config = project_settings::of_project(&mut tx, config, project.id).await?;
    let enough = config.get(settings::CONSENT_VERSIONS).map_or(Versions::Any, Versions::of);
    let pairs = db::tags::retune::undecided(&mut tx, project.id, LOCAL).await?;
    let users: BTreeSet<UserId> = pairs.iter().map(|pair| pair.user).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let asked = Asked { users: &users, enough: std::slice::from_ref(&enough) };
    let mut consented = Consented::check(tx, asked).await?;
    let photos: BTreeSet<_> = pairs.iter().map(|pair| pair.photo).collect();
    let photos: Vec<_> = photos.into_iter().collect();
    let there: BTreeSet<_> = db::tags::lock_photos(consented.conn(), &photos).await?.into_iter().collect();
    let pairs: Vec<Pair> = pairs.into_iter().filter(|pair| there.contains(&pair.photo)).collect();
    let mut states = db::tags::of_pairs(consented.conn(), &pairs).await?;
    let noted = db::tags::note_decided_elsewhere(consented.conn(), &mut states).await?;
    let plan = Plan::of(&states, &consented, thresholds);
    let done = plan.counts();
    if dry_run || (done.changes() == 0 && noted == 0) {
        consented.rollback().await?;
        return Ok(done);
    }
    plan.write(&mut consented, thresholds).await?;
    if done.changes() > 0 {
        let entry = plan.entry(project.id, thresholds, done);
        db::audit::append(consented.conn(), author, &entry).await?;
    }
    consented.commit().await?;
    Ok(done)
}

/// Which tag becomes what.
#[derive(Default)]
struct Plan {
    confirmed: Vec<(TagId, Pair)>,
    pending: Vec<(TagId, Pair)>,
    removed: Vec<(TagId, Pair)>,
    unchanged: Vec<Pair>,
    without_consent: u64,
}

impl Plan {
    fn of(states: &BTreeMap<Pair, PairState>, consented: &Consented, thresholds: &Thresholds) -> Self {
        let mut plan = Self::default();
        for (pair, state) in states {
            let (Some(row), Some(mark)) = (state.row, &state.mark) else { continue };
            if !state.is_open() || mark.engine != LOCAL {
                continue;
            }
            if !consented.allows(pair.user) {
                plan.without_consent += 1;
                continue;
            }
            let outcome = thresholds.outcome(mark.score, mark.runner_up.map(|(_, score)| score));
            match (outcome, row.status) {
                // A photo beside it turned the decision: the next run of matching looks at that by the new thresholds.
                (Outcome::Confirmed | Outcome::Pending, _) if mark.context.is_some() => plan.unchanged.push(*pair),
                (Outcome::Confirmed, ReviewStatus::Pending) => plan.confirmed.push((row.id, *pair)),
                (Outcome::Pending, ReviewStatus::Confirmed) => plan.pending.push((row.id, *pair)),
                (Outcome::Nothing, _) => plan.removed.push((row.id, *pair)),
                _ => plan.unchanged.push(*pair),
            }
        }
        plan
    }

    fn counts(&self) -> Retuned {
        Retuned {
            confirmed: self.confirmed.len() as u64,
            pending: self.pending.len() as u64,
            removed: self.removed.len() as u64,
            unchanged: self.unchanged.len() as u64,
            without_consent: self.without_consent,
        }
    }

    fn changed(&self) -> impl Iterator<Item = &(TagId, Pair)> {
        self.confirmed.iter().chain(&self.pending).chain(&self.removed)
    }

    async fn write(&self, consented: &mut Consented, thresholds: &Thresholds) -> Result<()> {
        let conn = consented.conn();
        db::tags::retune::set_status(conn, &self.confirmed, ReviewStatus::Confirmed).await?;
        db::tags::retune::set_status(conn, &self.pending, ReviewStatus::Pending).await?;
        db::tags::remove(conn, &self.removed).await?;
        let judged: Vec<Pair> = self.unchanged.iter().chain(self.changed().map(|(_, pair)| pair)).copied().collect();
        db::tags::retune::note_thresholds(conn, &judged, thresholds).await
    }

    fn entry(&self, project: ProjectId, thresholds: &Thresholds, done: Retuned) -> Entry {
        let number = |count: u64| i64::try_from(count).ok().filter(|count| *count > 0);
        let fields = Fields::new()
            .plain("confirm", None, Some(&thresholds.confirm.to_string()))
            .plain("review", None, Some(&thresholds.review.to_string()))
            .plain("margin", None, Some(&thresholds.margin.to_string()))
            .number("confirmed", None, number(done.confirmed))
            .number("pending", None, number(done.pending))
            .number("removed", None, number(done.removed));
        Entry::new(Entity::PhotoTag, Action::Retune)
            .in_project(project)
            .items(self.changed().map(|(id, _)| id.0))
            .fields(fields)
    }
}
