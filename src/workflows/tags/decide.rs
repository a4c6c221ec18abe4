//! Decisions of people about tags: all of a batch in one transaction, or none.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::config::{Config, settings};
use crate::db::consented::{Asked, Consented};
use crate::db::tags::NewDecision;
use crate::db::{self, Db, PgConnection, Tx};
use crate::error::Result;
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::consent::Versions;
use crate::model::face::FaceBox;
use crate::model::ids::{PhotoId, ProjectId, TagId, UserId};
use crate::model::status::{ReviewStatus, Verdict};
use crate::model::tag::{Pair, PairState};
use crate::workflows::setup::settings as project_settings;

/// One decision of a person.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ruling {
    pub pair: Pair,
    pub verdict: Verdict,
    /// The status that the person saw. `None`: it is not checked.
    pub seen: Option<ReviewStatus>,
    /// The face that the person spoke of, where they saw one.
    pub at: Option<FaceBox>,
    /// It is written only where the ruling before it stands.
    pub follows: bool,
}

/// What became of a [`Ruling`].
#[derive(Debug, Clone, PartialEq)]
pub enum Ruled {
    /// It stands now. The tag's id, where there is one afterwards.
    Done { tag: Option<TagId> },
    /// A person had decided it so before.
    Unchanged,
    /// Since the person looked, somebody else changed it to this; nothing was written.
    ChangedMeanwhile(PairState),
    /// The user does not allow that their face is looked for; nothing was written.
    NoConsent,
    /// The photo, the user or the tag is not there.
    Gone,
}

/// Decides all of these in one transaction. What was decided in the web application meanwhile is noted first, so that
/// nothing is written over a decision that was not seen.
///
/// That a face is somebody's ([`Verdict::Confirmed`]), and that it is to be asked again ([`Verdict::Reopened`]), is
/// said on the strength of a comparison of faces: it needs the user's active consent, in a version that is enough in
/// the photo's project. Naming somebody by hand ([`Verdict::Added`]) processes no face, and whoever withdrew their
/// consent must still be able to have a tag rejected or removed: these need none.
///
/// A dry run does the same and takes it back. The answers are in the order of `rulings`.
///
/// # Errors
/// What the database says; nothing was written then.
pub async fn rule(db: &Db, author: &Author, config: &Config, rulings: &[Ruling], dry_run: bool) -> Result<Vec<Ruled>> {
    let mut tx = db.begin().await?;
    let photos: BTreeSet<PhotoId> = rulings.iter().map(|ruling| ruling.pair.photo).collect();
    let photos: Vec<PhotoId> = photos.into_iter().collect();
    let projects = db::tags::projects_of(&mut tx, &photos).await?;
    let enough = versions(&mut tx, config, projects.values().copied().collect()).await?;
    let (mut consented, allowed) = consents(tx, rulings, &projects, &enough).await?;
    let conn = consented.conn();
    let there: BTreeSet<PhotoId> = db::tags::lock_photos(conn, &photos).await?.into_iter().collect();
    let pairs: BTreeSet<Pair> = rulings.iter().map(|ruling| ruling.pair).collect();
    let users = db::tags::live_users(conn, pairs.iter().map(|pair| pair.user)).await?;
    let known: Vec<Pair> = pairs.iter().copied().filter(|pair| there.contains(&pair.photo)).collect();
    let mut states = db::tags::of_pairs(conn, &known).await?;
    let noted = db::tags::note_decided_elsewhere(conn, &mut states).await?;
    let mut ruled = Vec::with_capacity(rulings.len());
    let mut written = Vec::new();
    for ruling in rulings {
        let stands = !ruling.follows || matches!(ruled.last(), Some(Ruled::Done { .. } | Ruled::Unchanged));
        let one = match states.get(&ruling.pair).filter(|_| stands) {
            None => Ruled::Gone,
            Some(state) => match verdict_on(ruling, state, &users, &allowed) {
                Some(refused) => refused,
                None => {
                    let Ruling { pair, verdict, at, .. } = *ruling;
                    let new = NewDecision { pair, verdict, at, actor: &author.actor };
                    let tag = db::tags::decide(conn, new, state).await?;
                    written.push((*ruling, state.clone()));
                    if pairs.len() < rulings.len() {
                        // The same pair may come again.
                        states.extend(db::tags::of_pairs(conn, &[pair]).await?);
                    }
                    Ruled::Done { tag }
                }
            },
        };
        ruled.push(one);
    }
    if dry_run || (written.is_empty() && noted == 0) {
        consented.rollback().await?;
        return Ok(ruled);
    }
    if !written.is_empty() {
        db::audit::append(consented.conn(), author, &entry(&written, &projects)).await?;
    }
    consented.commit().await?;
    Ok(ruled)
}

/// Which versions of the consent are enough in which project.
async fn versions(
    conn: &mut PgConnection,
    config: &Config,
    projects: BTreeSet<ProjectId>,
) -> Result<BTreeMap<ProjectId, Versions>> {
    let mut enough = BTreeMap::new();
    for project in projects {
        let config = project_settings::of_project(conn, config, project).await?;
        enough.insert(project, config.get(settings::CONSENT_VERSIONS).map_or(Versions::Any, Versions::of));
    }
    Ok(enough)
}

/// Holds the consents of everybody whose consent counts, and tells which pairs they allow.
async fn consents(
    tx: Tx,
    rulings: &[Ruling],
    projects: &BTreeMap<PhotoId, ProjectId>,
    enough: &BTreeMap<ProjectId, Versions>,
) -> Result<(Consented, BTreeSet<Pair>)> {
    let counts = |ruling: &&Ruling| matches!(ruling.verdict, Verdict::Confirmed | Verdict::Reopened);
    let pairs: BTreeSet<Pair> = rulings.iter().filter(counts).map(|ruling| ruling.pair).collect();
    let users: BTreeSet<UserId> = pairs.iter().map(|pair| pair.user).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    // All at once first, in the one order that everybody locks in; then project by project under these locks.
    let mut consented = Consented::check(tx, Asked { users: &users, enough: &[Versions::Any] }).await?;
    let mut allowed = BTreeSet::new();
    for (project, versions) in enough {
        let here = || pairs.iter().filter(|pair| projects.get(&pair.photo) == Some(project));
        let users: BTreeSet<UserId> = here().map(|pair| pair.user).collect();
        let users: Vec<UserId> = users.into_iter().collect();
        if users.is_empty() {
            continue;
        }
        let asked = Asked { users: &users, enough: std::slice::from_ref(versions) };
        consented = consented.again(asked).await?;
        allowed.extend(here().filter(|pair| consented.allows(pair.user)).copied());
    }
    Ok((consented, allowed))
}

/// Why a ruling is not written. `None`: it is.
fn verdict_on(ruling: &Ruling, state: &PairState, users: &BTreeSet<UserId>, allowed: &BTreeSet<Pair>) -> Option<Ruled> {
    let needs_row = !matches!(ruling.verdict, Verdict::Rejected | Verdict::Added) || ruling.seen.is_some();
    if stands_already(ruling.verdict, state) {
        return Some(Ruled::Unchanged);
    }
    if (needs_row && state.row.is_none()) || (ruling.verdict == Verdict::Added && !users.contains(&ruling.pair.user)) {
        return Some(Ruled::Gone);
    }
    if ruling.seen.is_some() && ruling.seen != state.row.map(|row| row.status) {
        return Some(Ruled::ChangedMeanwhile(state.clone()));
    }
    let counts = matches!(ruling.verdict, Verdict::Confirmed | Verdict::Reopened);
    (counts && !allowed.contains(&ruling.pair)).then_some(Ruled::NoConsent)
}

/// Whether a person has said so before, and it is still so. What only a run confirmed is not: a person's word makes it
/// stay.
fn stands_already(verdict: Verdict, state: &PairState) -> bool {
    let status = state.row.map(|row| row.status);
    match verdict {
        Verdict::Confirmed | Verdict::Added => {
            status == Some(ReviewStatus::Confirmed)
                && matches!(state.verdict, Some(Verdict::Confirmed | Verdict::Added))
        }
        Verdict::Rejected => {
            status.is_none_or(|status| status == ReviewStatus::Rejected) && state.verdict == Some(Verdict::Rejected)
        }
        Verdict::Reopened => {
            status == Some(ReviewStatus::Pending) && matches!(state.verdict, None | Some(Verdict::Reopened))
        }
        Verdict::Removed => status.is_none() && state.verdict == Some(Verdict::Removed),
        Verdict::Undone => status.is_none() && state.verdict.is_none(),
    }
}

/// The entry of the audit log: one thing with what was decided, or how many were decided how.
fn entry(written: &[(Ruling, PairState)], projects: &BTreeMap<PhotoId, ProjectId>) -> Entry {
    let id = |ruling: &Ruling, state: &PairState| -> Uuid {
        state.row.map_or_else(|| TagId::of_pair(ruling.pair.photo, ruling.pair.user), |row| row.id).0
    };
    let mut entry = Entry::new(Entity::PhotoTag, Action::Decide);
    let of: BTreeSet<_> = written.iter().map(|(ruling, _)| projects.get(&ruling.pair.photo).copied()).collect();
    if let Some(Some(project)) = of.first().filter(|_| of.len() == 1) {
        entry = entry.in_project(*project);
    }
    if let [(ruling, state)] = written {
        let before = state.row.map(|row| row.status.as_str());
        let fields = Fields::new()
            .plain("photo_id", None, Some(&ruling.pair.photo.to_string()))
            .plain("user_id", None, Some(&ruling.pair.user.to_string()))
            .plain("status", before, None)
            .plain("decision", None, Some(ruling.verdict.as_str()));
        return entry.of(id(ruling, state)).fields(fields);
    }
    let mut counts: BTreeMap<Verdict, i64> = BTreeMap::new();
    for (ruling, _) in written {
        *counts.entry(ruling.verdict).or_default() += 1;
    }
    let fields = counts
        .into_iter()
        .fold(Fields::new(), |fields, (verdict, count)| fields.number(verdict.as_str(), None, Some(count)));
    entry.items(written.iter().map(|(ruling, state)| id(ruling, state))).fields(fields)
}
