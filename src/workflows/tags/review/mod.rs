//! The desk of a person who decides about pending tags: what lies on it, the pictures of it, and what they decided.

mod cache;
mod pictures;
mod scribe;
pub mod sheet;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use uuid::Uuid;

use crate::config::{Config, settings};
use crate::db::consented::{Asked, Consented};
use crate::db::tags::claims::{self, PendingTag, ReviewOrder};
use crate::db::tags::review::{self as rows, Waiting};
use crate::db::{Db, consents};
use crate::error::Result;
use crate::model::consent::{BIOMETRIC, Versions};
use crate::model::ids::{ProjectId, SelfieId, TagId, UserId};
use crate::workflows::setup::settings as project_settings;

pub use pictures::{Name, Shelf, View};
pub use scribe::{Given, Scribe, Undone};

/// Tags that are claimed at a time.
const BATCH: u32 = 200;

/// Most of one person at once.
const MOST: usize = 5_000;

/// One tag with all that is shown of it, but the pictures.
#[derive(Debug, Clone)]
pub struct Item {
    pub tag: PendingTag,
    pub project_name: String,
    /// The selfie beside it, and its key.
    pub selfie: Option<(SelfieId, String)>,
    /// The thresholds that hold in the project.
    pub confirm_at: Option<f32>,
    pub review_at: Option<f32>,
    pub margin: Option<f32>,
}

impl Item {
    /// 0 to 1: of the comparison, else what the row says.
    #[must_use]
    pub fn score(&self) -> f32 {
        self.tag.score.unwrap_or(self.tag.confidence / 100.0)
    }

    /// How near another answer is: somebody else, or nobody. The least is the most doubtful.
    #[must_use]
    pub fn certainty(&self) -> f32 {
        let nobody = self.score() - self.review_at.unwrap_or(0.0);
        self.tag.runner_up.as_ref().map_or(nobody, |other| nobody.min(self.score() - other.score))
    }

    /// The person in the project: what items are grouped by.
    #[must_use]
    pub fn group(&self) -> (ProjectId, UserId) {
        (self.tag.project, self.tag.pair.user)
    }
}

/// What was put on the desk.
#[derive(Debug, Default)]
pub struct Batch {
    /// By person, the doubtful ones first.
    pub items: Vec<Item>,
    /// Left out: their consent is not enough in the project.
    pub without_consent: u64,
}

/// Somebody who may be in a photo of the project.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub id: UserId,
    pub name: String,
    pub email: String,
}

/// The desk of one reviewer. Others do not see what lies on it.
pub struct Desk {
    db: Db,
    config: Config,
    by: Uuid,
    lease: Duration,
    wanted: Option<ProjectId>,
    /// Those that wait, in order; `None`: not looked yet.
    projects: Option<VecDeque<(ProjectId, String)>>,
}

impl Desk {
    #[must_use]
    pub fn new(db: Db, config: Config, lease: Duration, wanted: Option<ProjectId>) -> Self {
        Self { db, config, by: Uuid::new_v4(), lease, wanted, projects: None }
    }

    /// The next tags, claimed. None: nothing waits that nobody else has.
    ///
    /// # Errors
    /// What the database says.
    pub async fn next(&mut self) -> Result<Batch> {
        let mut looked = false;
        loop {
            let Some((project, name)) = self.projects.as_ref().and_then(VecDeque::front).cloned() else {
                if looked {
                    return Ok(Batch::default());
                }
                looked = true;
                self.projects = Some(self.waiting_projects().await?);
                continue;
            };
            let mut conn = self.db.conn().await?;
            let (by, lease) = (self.by, self.lease);
            let of_all = claims::Wanted { project: Some(project), user: None, limit: BATCH };
            let mut tags = claims::claim(&mut conn, of_all, by, lease, ReviewOrder::User).await?;
            // All of the last one: "all of this person" and "the doubtful ones first" are meant of them.
            while let Some(last) = tags.last().filter(|_| tags.len() % BATCH as usize == 0 && tags.len() < MOST) {
                let of_one = claims::Wanted { project: Some(project), user: Some(last.pair.user), limit: BATCH };
                let more = claims::claim(&mut conn, of_one, by, lease, ReviewOrder::User).await?;
                if more.is_empty() {
                    break;
                }
                tags.extend(more);
            }
            drop(conn);
            if tags.is_empty() {
                self.projects.as_mut().and_then(VecDeque::pop_front);
                continue;
            }
            let claimed: Vec<TagId> = tags.iter().map(|tag| tag.id).collect();
            let batch = match with_facts(&self.db, &self.config, project, &name, tags).await {
                Ok(batch) => batch,
                Err(error) => {
                    // What is not shown must not be kept from others. Where that fails, the lease runs out.
                    let _given_back = match self.db.conn().await {
                        Ok(mut conn) => claims::release(&mut conn, by, Some(&claimed)).await.is_ok(),
                        Err(_) => false,
                    };
                    return Err(error);
                }
            };
            if !batch.items.is_empty() || batch.without_consent > 0 {
                return Ok(batch);
            }
        }
    }

    /// The only project, where one is wanted.
    #[must_use]
    pub fn project(&self) -> Option<ProjectId> {
        self.wanted
    }

    async fn waiting_projects(&self) -> Result<VecDeque<(ProjectId, String)>> {
        let waiting = waiting(&self.db, self.wanted).await?;
        let mut projects: VecDeque<(ProjectId, String)> = VecDeque::new();
        for row in waiting.iter().filter(|row| row.pending > row.in_review) {
            if projects.back().is_none_or(|(id, _)| *id != row.project_id) {
                projects.push_back((row.project_id, row.project.clone()));
            }
        }
        Ok(projects)
    }

    /// What renews and gives back the claims: beside the desk, which may be waiting for the next tags.
    #[must_use]
    pub fn hold(&self) -> Hold {
        Hold { db: self.db.clone(), by: self.by, lease: self.lease }
    }
}

/// The claims of a desk.
#[derive(Clone)]
pub struct Hold {
    db: Db,
    by: Uuid,
    lease: Duration,
}

impl Hold {
    /// How often to renew.
    #[must_use]
    pub fn interval(&self) -> Duration {
        (self.lease / 4).max(Duration::from_millis(200))
    }

    /// Renews the lease. Returns what is still held: a tag that is gone, with a consent or a photo, is not.
    ///
    /// # Errors
    /// What the database says.
    pub async fn renew(&self) -> Result<BTreeSet<TagId>> {
        let conn = &mut self.db.conn().await?;
        Ok(claims::renew(conn, self.by, self.lease).await?.into_iter().collect())
    }

    /// Gives everything back.
    ///
    /// # Errors
    /// What the database says.
    pub async fn release(&self) -> Result<()> {
        let conn = &mut self.db.conn().await?;
        claims::release(conn, self.by, None).await.map(|_| ())
    }
}

/// What waits, of a project or of all.
///
/// # Errors
/// What the database says.
pub async fn waiting(db: &Db, project: Option<ProjectId>) -> Result<Vec<Waiting>> {
    rows::waiting(&mut *db.conn().await?, project).await
}

/// The live members of a project by name.
///
/// # Errors
/// What the database says.
pub async fn members(db: &Db, project: ProjectId) -> Result<Vec<Candidate>> {
    let conn = &mut db.conn().await?;
    let members = consents::of_members(conn, project, BIOMETRIC).await?;
    Ok(members.into_iter().map(|member| Candidate { id: member.id, name: member.name, email: member.email }).collect())
}

/// Tags of one project with what is shown of them. Those of users whose consent is not enough now are left out.
async fn with_facts(db: &Db, config: &Config, project: ProjectId, name: &str, tags: Vec<PendingTag>) -> Result<Batch> {
    let mut tx = db.begin().await?;
    let config = project_settings::of_project(&mut tx, config, project).await?;
    let enough = config.get(settings::CONSENT_VERSIONS).map_or(Versions::Any, Versions::of);
    let others = tags.iter().filter_map(|tag| tag.runner_up.as_ref()).map(|other| other.user);
    let users: BTreeSet<UserId> = tags.iter().map(|tag| tag.pair.user).chain(others).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    let asked = Asked { users: &users, enough: std::slice::from_ref(&enough) };
    let mut consented = Consented::check(tx, asked).await?;
    let wanted: BTreeSet<_> = tags.iter().map(|tag| (tag.pair.user, tag.selfie)).collect();
    let wanted: Vec<_> = wanted.into_iter().collect();
    let selfies = rows::selfies(consented.conn(), &wanted).await?;
    let allowed: BTreeSet<UserId> = consented.users().collect();
    consented.rollback().await?;
    let all = tags.len();
    let share = |setting| config.parse::<f32>(setting);
    let (confirm_at, review_at, margin) =
        (share(settings::MATCH_CONFIRM)?, share(settings::MATCH_REVIEW)?, share(settings::MATCH_MARGIN)?);
    // Whom a face resembles is told by a comparison as well: nobody is named by it who does not allow one.
    let nameless = |mut tag: PendingTag| {
        if let Some(other) = tag.runner_up.as_mut().filter(|other| !allowed.contains(&other.user)) {
            other.name = None;
        }
        tag
    };
    let items = tags.into_iter().filter(|tag| allowed.contains(&tag.pair.user)).map(nameless).map(|tag| Item {
        selfie: selfies.get(&(tag.pair.user, tag.selfie)).cloned(),
        project_name: name.to_owned(),
        tag,
        confirm_at,
        review_at,
        margin,
    });
    let items = by_person(items.collect());
    Ok(Batch { without_consent: (all - items.len()) as u64, items })
}

/// Together by person, in the order in which they came; within, the doubtful ones first.
fn by_person(mut items: Vec<Item>) -> Vec<Item> {
    let mut place: BTreeMap<(ProjectId, UserId), usize> = BTreeMap::new();
    for item in &items {
        let next = place.len();
        place.entry(item.group()).or_insert(next);
    }
    items.sort_by(|a, b| {
        let places = place.get(&a.group()).cmp(&place.get(&b.group()));
        places.then(a.certainty().total_cmp(&b.certainty())).then(a.tag.id.cmp(&b.tag.id))
    });
    items
}
