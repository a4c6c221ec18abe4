//! The same work for many photos: so many at once, each with its outcome, until all are done or nothing can succeed.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream;
use serde::Serialize;
use serde_json::json;

use crate::batch::progress::Outcome;
use crate::batch::{Cancel, ItemEvent, Progress};
use crate::db::Db;
use crate::db::photos::select::{self, PhotoRecord};
use crate::error::{Error, Exit, Kind, Result};
use crate::model::ids::PhotoId;

/// Rows that are fetched at a time.
const CHUNK: usize = 500;

/// One thing that failed, as reports name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ItemFailed {
    /// The photo's id, or what was typed for it.
    pub r#ref: String,
    /// From the closed list of error codes.
    pub reason: &'static str,
    pub message: String,
    pub retryable: bool,
}

impl ItemFailed {
    #[must_use]
    pub fn new(r#ref: impl Into<String>, error: &Error) -> Self {
        let mut message = error.message().to_owned();
        if let Some(hint) = error.hints().first() {
            message = format!("{message}; {hint}");
        }
        Self { r#ref: r#ref.into(), reason: error.kind().code(), message, retryable: error.kind().retryable() }
    }
}

/// What a job has at its disposal.
#[derive(Clone)]
pub struct Job {
    pub db: Db,
    pub cancel: Cancel,
    pub progress: Arc<dyn Progress>,
    /// Photos at once, at least 1.
    pub width: usize,
}

/// What came of one photo.
pub trait Told {
    /// A sentence that goes with the outcome, where it needs one.
    fn reason(&self) -> Option<&str> {
        None
    }
}

impl<T: Told> Told for (Outcome, T) {
    fn reason(&self) -> Option<&str> {
        self.1.reason()
    }
}

/// How a run over many photos ended.
#[derive(Debug)]
pub struct Ended {
    pub failed: Vec<ItemFailed>,
    /// Photos that were not begun: interrupted, or nothing could succeed any more.
    pub not_begun: u64,
    pub exit: Exit,
}

impl Ended {
    /// Nothing was to be done.
    #[must_use]
    pub fn nothing() -> Self {
        Self { failed: Vec::new(), not_begun: 0, exit: Exit::Ok }
    }

    /// Adds something that failed outside of the run.
    pub fn fail(&mut self, r#ref: impl Into<String>, error: &Error) {
        self.exit = self.exit.and(exit_of(error));
        self.failed.push(ItemFailed::new(r#ref, error));
    }

    /// Joins the end of another run of the same job.
    pub fn add(&mut self, other: Ended) {
        self.exit = self.exit.and(other.exit);
        self.not_begun += other.not_begun;
        self.failed.extend(other.failed);
    }

    /// Whether everything was done.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failed.is_empty() && self.not_begun == 0
    }
}

impl Job {
    /// Does `work` for each photo of `ids`; `done` is told what it came to, one after the other. Photos that are gone
    /// meanwhile count as failed.
    ///
    /// # Errors
    /// Only when the rows can not be read; trouble with a photo is part of what is returned.
    pub async fn run<W, F, T>(&self, ids: &[PhotoId], work: W, mut done: impl FnMut(&PhotoRecord, &T)) -> Result<Ended>
    where
        W: Fn(PhotoRecord) -> F,
        F: Future<Output = Result<(Outcome, T)>>,
        T: Told,
    {
        self.progress.expect(ids.len() as u64, 0);
        let stop = AtomicBool::new(false);
        let slots = Slots::default();
        let source = stream::unfold((ids.chunks(CHUNK), VecDeque::new(), false), |(chunks, rows, broken)| {
            self.next(&stop, chunks, rows, broken)
        });
        let mut results = Box::pin(source)
            .map(|next: Result<Next>| {
                let (work, slots, progress) = (&work, &slots, &self.progress);
                async move {
                    match next? {
                        Next::Gone(id) => Ok::<_, Error>((id, None, Err(gone(id)))),
                        Next::Photo(photo) => {
                            let slot = slots.take();
                            progress.worker(slot, Some(photo.name()));
                            let result = work((*photo).clone()).await;
                            progress.worker(slot, None);
                            slots.give_back(slot);
                            Ok((photo.id, Some(*photo), result))
                        }
                    }
                }
            })
            .buffer_unordered(self.width.max(1));
        let mut ended = Ended::nothing();
        let mut finished: u64 = 0;
        while let Some(result) = results.next().await {
            let (id, photo, result): (PhotoId, Option<PhotoRecord>, Result<(Outcome, T)>) = result?;
            finished += 1;
            self.tell(id, photo.as_ref(), &result);
            match result {
                Ok((_, value)) => {
                    if let Some(photo) = &photo {
                        done(photo, &value);
                    }
                }
                Err(error) => {
                    if stops_all(&error) {
                        stop.store(true, Ordering::Relaxed);
                    }
                    ended.fail(id.to_string(), &error);
                }
            }
        }
        ended.not_begun = (ids.len() as u64).saturating_sub(finished);
        if self.cancel.is_requested() {
            ended.exit = ended.exit.and(Exit::Interrupted);
        }
        Ok(ended)
    }

    /// The next photo to begin, unless the run is to end.
    async fn next<'a>(
        &self,
        stop: &AtomicBool,
        mut chunks: std::slice::Chunks<'a, PhotoId>,
        mut rows: VecDeque<Next>,
        broken: bool,
    ) -> Option<(Result<Next>, (std::slice::Chunks<'a, PhotoId>, VecDeque<Next>, bool))> {
        if broken || stop.load(Ordering::Relaxed) || self.cancel.is_requested() {
            return None;
        }
        if rows.is_empty() {
            let chunk = chunks.next()?;
            match self.load(chunk).await {
                Ok(loaded) => rows = loaded,
                Err(error) => return Some((Err(error), (chunks, rows, true))),
            }
        }
        let next = rows.pop_front()?;
        Some((Ok(next), (chunks, rows, false)))
    }

    async fn load(&self, ids: &[PhotoId]) -> Result<VecDeque<Next>> {
        let records = select::records(&mut *self.db.conn().await?, ids).await?;
        let mut records = records.into_iter().peekable();
        let mut rows = VecDeque::with_capacity(ids.len());
        // Both are ascending.
        for id in ids {
            rows.push_back(match records.next_if(|record| record.id == *id) {
                Some(record) => Next::Photo(Box::new(record)),
                None => Next::Gone(*id),
            });
        }
        Ok(rows)
    }

    fn tell<T: Told>(&self, id: PhotoId, photo: Option<&PhotoRecord>, result: &Result<(Outcome, T)>) {
        let name = photo.map_or_else(|| id.to_string(), |photo| photo.name().to_owned());
        let (outcome, reason) = match result {
            Ok((outcome, value)) => (*outcome, value.reason()),
            Err(error) => (Outcome::Failed, Some(error.message())),
        };
        let detail = json!({"id": id, "code": result.as_ref().err().map(|error| error.kind().code())});
        self.progress.item(&ItemEvent { name: &name, outcome, reason, told_together: false, detail: Some(detail) });
    }
}

enum Next {
    Photo(Box<PhotoRecord>),
    Gone(PhotoId),
}

/// Numbers of workers: the lowest free one is taken.
#[derive(Default)]
struct Slots(std::sync::Mutex<Vec<bool>>);

impl Slots {
    fn take(&self) -> usize {
        let mut taken = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let slot = taken.iter().position(|taken| !taken).unwrap_or_else(|| {
            taken.push(false);
            taken.len() - 1
        });
        taken[slot] = true;
        slot
    }

    fn give_back(&self, slot: usize) {
        let mut taken = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(place) = taken.get_mut(slot) {
            *place = false;
        }
    }
}

fn gone(id: PhotoId) -> Error {
    Error::new(Kind::NotFound, format!("photo {id} was removed meanwhile"))
}

/// Whether no other photo can succeed either.
pub(in crate::workflows) fn stops_all(error: &Error) -> bool {
    matches!(
        error.kind(),
        Kind::Credentials
            | Kind::Permission
            | Kind::NetworkDown
            | Kind::DiskFull
            | Kind::Config
            | Kind::Damaged
            | Kind::SchemaOutdated
            | Kind::Locked
            | Kind::Interrupted
    )
}

/// What a failed photo means for the exit code: some failed, unless its own kind says more.
pub(in crate::workflows) fn exit_of(error: &Error) -> Exit {
    match error.kind().exit() {
        exit @ (Exit::Denied | Exit::Unavailable | Exit::Locked | Exit::Blocked | Exit::Limit | Exit::Interrupted) => {
            exit
        }
        _ => Exit::SomeFailed,
    }
}

/// Whether a photo's upload began so lately that it may well go on.
#[must_use]
pub fn is_in_progress(photo: &PhotoRecord, stuck_after: Duration) -> bool {
    let now = DateTime::<Utc>::from(SystemTime::now());
    // A clock that is behind the database's is no reason to call an upload stuck.
    photo.status == "processing" && (now - photo.uploaded_at).to_std().unwrap_or_default() < stuck_after
}
