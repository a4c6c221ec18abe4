//! Many selfies: several users at once, each with a transaction of their own, and the selfies of a user one after the
//! other, since each is judged beside those before it.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use serde_json::json;
use tokio::task::JoinSet;

use crate::batch::progress::Outcome;
use crate::batch::{Cancel, ItemEvent, Progress};
use crate::db::selfies::Resemblance;
use crate::error::{Error, Exit, Kind, Result};
use crate::model::ids::{SelfieId, UserId};
use crate::model::selfie::Reason;
use crate::model::status::SelfieStatus;
use crate::workflows::photos::job::{exit_of, stops_all};

/// What became of one selfie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemStatus {
    Approved,
    Pending,
    Rejected,
    /// The consent is missing or not enough: nothing was looked at, nothing is kept.
    Blocked,
    /// The same picture was judged before. What came of it then is in the reason.
    AlreadyPresent,
    Failed,
}

/// One selfie of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Item {
    pub id: Option<SelfieId>,
    pub user_id: Option<UserId>,
    /// The file, or the key in the store.
    pub file: String,
    pub status: ItemStatus,
    /// Codes and words for a selfie, a sentence for what failed.
    pub reason: Option<String>,
    /// Codes of what was allowed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<Reason>,
    /// Other members whom the face resembles.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resembles: Vec<Resemblance>,
    /// Of a failure: from the closed list of error codes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<&'static str>,
    #[serde(skip)]
    pub(super) exit: Exit,
    #[serde(skip)]
    pub(super) stops: bool,
}

impl Item {
    #[must_use]
    pub fn new(file: impl Into<String>, user: Option<UserId>, status: ItemStatus) -> Self {
        let exit = match status {
            ItemStatus::Approved | ItemStatus::AlreadyPresent => Exit::Ok,
            _ => Exit::SomeFailed,
        };
        Self {
            id: None,
            user_id: user,
            file: file.into(),
            status,
            reason: None,
            allowed: Vec::new(),
            resembles: Vec::new(),
            code: None,
            exit,
            stops: false,
        }
    }

    /// Of a judged selfie.
    pub(super) fn judged(file: impl Into<String>, user: UserId, id: SelfieId, status: SelfieStatus) -> Self {
        let status = match status {
            SelfieStatus::Approved => ItemStatus::Approved,
            SelfieStatus::Pending => ItemStatus::Pending,
            SelfieStatus::Rejected => ItemStatus::Rejected,
        };
        Self { id: Some(id), ..Self::new(file, Some(user), status) }
    }

    /// Of a selfie that could not be worked on. A missing consent is no failure of ours.
    #[must_use]
    pub fn failed(file: impl Into<String>, user: Option<UserId>, error: &Error) -> Self {
        if error.kind() == Kind::ConsentRequired {
            let reason = Some(error.message().to_owned());
            return Self { reason, ..Self::new(file, user, ItemStatus::Blocked) };
        }
        let mut reason = error.message().to_owned();
        if let Some(hint) = error.hints().first() {
            reason = format!("{reason}; {hint}");
        }
        Self {
            reason: Some(reason),
            code: Some(error.kind().code()),
            exit: exit_of(error),
            stops: stops_all(error),
            ..Self::new(file, user, ItemStatus::Failed)
        }
    }

    fn outcome(&self) -> Outcome {
        match self.status {
            ItemStatus::Approved | ItemStatus::Pending => Outcome::Done,
            ItemStatus::AlreadyPresent => Outcome::Present,
            ItemStatus::Rejected => Outcome::Skipped,
            ItemStatus::Blocked => Outcome::Blocked,
            ItemStatus::Failed => Outcome::Failed,
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// In the order in which they were given.
    pub items: Vec<Item>,
    /// Not begun: interrupted, or nothing could succeed any more.
    pub not_begun: u64,
    pub exit: Exit,
}

impl Ended {
    #[must_use]
    pub fn count(&self, status: ItemStatus) -> u64 {
        self.items.iter().filter(|item| item.status == status).count() as u64
    }

    /// The users who have a selfie of this status in the run, each once.
    #[must_use]
    pub fn users(&self, status: ItemStatus) -> Vec<UserId> {
        let mut users: Vec<_> =
            self.items.iter().filter(|item| item.status == status).filter_map(|item| item.user_id).collect();
        users.sort_unstable();
        users.dedup();
        users
    }

    /// Puts in front what could not even be begun.
    pub fn add_first(&mut self, mut items: Vec<Item>) {
        self.exit = items.iter().fold(self.exit, |exit, item| exit.and(item.exit));
        items.append(&mut self.items);
        self.items = items;
    }
}

/// How a run goes.
#[derive(Clone)]
pub struct Scope {
    pub cancel: Cancel,
    pub progress: Arc<dyn Progress>,
    /// Users at once, at least 1.
    pub width: usize,
}

/// Does `work` for each selfie. Trouble with one is its item; the others go on.
///
/// # Errors
/// A defect of ours in the work.
pub async fn by_user<W, F, Fut>(scope: &Scope, works: Vec<(UserId, W)>, work: F) -> Result<Ended>
where
    W: Send + 'static,
    F: Fn(UserId, W) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Item> + Send + 'static,
{
    let all = works.len();
    scope.progress.expect(all as u64, 0);
    let mut users: BTreeMap<UserId, Vec<(usize, W)>> = BTreeMap::new();
    let mut order: Vec<UserId> = Vec::new();
    for (place, (user, one)) in works.into_iter().enumerate() {
        let own = users.entry(user).or_insert_with(|| {
            order.push(user);
            Vec::new()
        });
        own.push((place, one));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let mut waiting = order.into_iter().filter_map(|user| Some((user, users.remove(&user)?))).collect::<Vec<_>>();
    waiting.reverse();
    let mut running: JoinSet<Vec<(usize, Item)>> = JoinSet::new();
    let mut done: Vec<(usize, Item)> = Vec::with_capacity(all);
    loop {
        while running.len() < scope.width.max(1)
            && let Some((user, own)) = waiting.pop()
        {
            running.spawn(of_one_user(scope.clone(), Arc::clone(&stop), user, own, work.clone()));
        }
        let Some(joined) = running.join_next().await else { break };
        let items =
            joined.map_err(|error| Error::new(Kind::Internal, "a selfie's work ended badly").with_source(error));
        done.extend(items?);
    }
    done.sort_by_key(|(place, _)| *place);
    let mut exit = done.iter().fold(Exit::Ok, |exit, (_, item)| exit.and(item.exit));
    if scope.cancel.is_requested() {
        exit = exit.and(Exit::Interrupted);
    }
    let not_begun = all.saturating_sub(done.len()) as u64;
    Ok(Ended { items: done.into_iter().map(|(_, item)| item).collect(), not_begun, exit })
}

async fn of_one_user<W, F, Fut>(
    scope: Scope,
    stop: Arc<AtomicBool>,
    user: UserId,
    own: Vec<(usize, W)>,
    work: F,
) -> Vec<(usize, Item)>
where
    F: Fn(UserId, W) -> Fut,
    Fut: Future<Output = Item>,
{
    let mut items = Vec::with_capacity(own.len());
    for (place, one) in own {
        if scope.cancel.is_requested() || stop.load(Ordering::Relaxed) {
            break;
        }
        let item = work(user, one).await;
        if item.stops {
            stop.store(true, Ordering::Relaxed);
        }
        tell(scope.progress.as_ref(), &item);
        items.push((place, item));
    }
    items
}

fn tell(progress: &dyn Progress, item: &Item) {
    let event = ItemEvent {
        name: &item.file,
        outcome: item.outcome(),
        reason: item.reason.as_deref(),
        told_together: false,
        detail: Some(json!({"id": item.id, "user_id": item.user_id, "selfie": item.status, "code": item.code})),
    };
    progress.item(&event);
}
