//! The pipeline: disk, decoders and network each have their own width, and all that waits between them is bounded.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinSet;

use super::decide::{self, Verdict, Wanted};
use super::fingerprint::{Fingerprint, Reader};
use super::pair::{RawMode, Unit};
use super::plan::IngestPlan;
use super::reason::SkipReason;
use super::record::{PATIENCE, Recorder, Row};
use super::scan::{Found, Root};
use super::strangers::Strangers;
use super::tally::{Tally, Told};
use super::trouble::{self, Trouble};
use super::volume::OnVolume;
use crate::batch::{Budget, Halt, Meter, Outage, Progress, Slots, Width};
use crate::db::Db;
use crate::db::photos::known::{self, KnownPhoto};
use crate::imaging::Deriver;
use crate::model::digest::Sha256;
use crate::model::ids::PhotoId;
use crate::model::text;
use crate::objects::{Limiter, Store};

/// Files between reading and the question whether they are known.
const LOOKED: usize = 256;
/// Most photos between that question and the end of their transfer, beside the decoders.
const IN_FLIGHT: usize = 40;
/// How often a file is tried in one run.
pub const ATTEMPTS: u32 = 3;

/// What all tasks of an upload share.
pub struct Run {
    pub plan: IngestPlan,
    pub db: Db,
    pub store: Store,
    pub progress: Arc<dyn Progress>,
    pub halt: Halt,
    pub tally: Tally,
    pub reader: Arc<Reader>,
    pub deriver: Option<Arc<Deriver>>,
    pub disk: Width,
    pub cores: Width,
    pub transfers: Width,
    pub decode_budget: Budget,
    pub limiter: Option<Limiter>,
    pub meter: Arc<Meter>,
    pub slots: Slots,
    pub flight: Flight,
    pub store_outage: Outage,
    pub db_outage: Outage,
    pub strangers: Strangers,
    /// RAWs beside their JPEGs are looked for although they are to stay on the card: see `look::has_companions`.
    pub has_companions: bool,
    /// Gone once the last photo is through, and from the start in a dry run.
    pub recorder: Mutex<Option<Recorder>>,
    /// Where the content was first met in this run.
    pub seen: Mutex<HashMap<Sha256, Arc<Path>>>,
    /// Where each card lies on its volume, where that is known.
    pub volumes: Vec<(Arc<Root>, Option<OnVolume>)>,
}

/// Files that are being sent, for the word on what is left.
#[derive(Debug, Clone, Default)]
pub struct Flight(Arc<FlightCounts>);

#[derive(Debug, Default)]
struct FlightCounts {
    files: AtomicU64,
    bytes: AtomicU64,
}

/// One of them.
#[derive(Debug)]
pub struct InFlight {
    flight: Flight,
}

impl Flight {
    /// A file of so many bytes begins.
    #[must_use]
    pub fn begin(&self, bytes: u64) -> InFlight {
        self.0.files.fetch_add(1, Ordering::Relaxed);
        self.0.bytes.fetch_add(bytes, Ordering::Relaxed);
        InFlight { flight: self.clone() }
    }

    /// So many bytes of them are through.
    pub fn sent(&self, bytes: u64) {
        let _ =
            self.0.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(bytes)));
    }

    /// Files, and bytes that are still to be sent of them.
    #[must_use]
    pub fn left(&self) -> (u64, u64) {
        (self.0.files.load(Ordering::Relaxed), self.0.bytes.load(Ordering::Relaxed))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.flight.0.files.fetch_sub(1, Ordering::Relaxed) == 1 {
            self.flight.0.bytes.store(0, Ordering::Relaxed);
        }
    }
}

impl Run {
    /// Takes all files through the pipeline, those that failed for a passing reason again at the end.
    pub async fn all(self: &Arc<Self>, units: Vec<Unit>) {
        let mut units = units;
        for attempt in 1..=ATTEMPTS {
            if units.is_empty() {
                return;
            }
            if attempt > 1 {
                let pause = std::time::Duration::from_secs(u64::from(attempt - 1));
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.halt.requested() => {}
                }
            }
            units = self.pass(units, attempt).await;
        }
    }

    async fn pass(self: &Arc<Self>, units: Vec<Unit>, attempt: u32) -> Vec<Unit> {
        let again = Again { units: Arc::default(), attempt };
        let (looked, mut incoming) = mpsc::channel(LOOKED);
        let readers = self.start_readers(units, &again, &looked);
        drop(looked);
        let room = Arc::new(Semaphore::new(IN_FLIGHT + self.plan.decoders));
        let mut jobs = JoinSet::new();
        let mut batch = Vec::new();
        while incoming.recv_many(&mut batch, LOOKED).await > 0 {
            for judged in self.judge(std::mem::take(&mut batch)).await {
                // Nothing is spawned for what is done already: a second run is mostly that.
                let Some(judged) = self.settle(judged).await else { continue };
                let room = room.clone().acquire_owned().await;
                let (run, again) = (self.clone(), again.clone());
                jobs.spawn(async move {
                    run.handle(judged, &again).await;
                    drop(room);
                });
            }
            while let Some(done) = jobs.try_join_next() {
                self.check(done);
            }
        }
        for reader in readers {
            self.check(reader.await);
        }
        // Before the rest is sent, which may take long.
        self.tally.tell_gone_cards();
        while let Some(done) = jobs.join_next().await {
            self.check(done);
        }
        self.tally.tell_gone_cards();
        let mut again = again.units.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *again)
    }

    /// A task that panicked left its files without an end: such a run must not be called whole.
    fn check(&self, done: Result<(), tokio::task::JoinError>) {
        if let Err(error) = done {
            self.halt.fatal(
                crate::error::Error::new(
                    crate::error::Kind::Internal,
                    "a defect of photoctl ended a part of the upload",
                )
                .with_source(error)
                .hint("run the same command again, and report it with the log (-vv)"),
            );
        }
    }

    /// The one who writes to the database; there is none in a dry run and after the end.
    pub fn recorder(&self) -> Result<Recorder, Trouble> {
        let recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        recorder.clone().ok_or(Trouble::Stopped)
    }

    pub(super) fn wanted(&self) -> Wanted {
        Wanted { project: self.plan.project.id, derivatives: self.deriver.is_some(), restore: self.plan.restore }
    }

    /// Asks the database about many contents at once.
    async fn judge(&self, batch: Vec<Looked>) -> Vec<Judged> {
        self.remember(&batch);
        let mut batch = batch;
        let known = if self.halt.is_requested() {
            None
        } else {
            let prints = batch
                .iter()
                .flat_map(|looked| std::iter::once(&looked.print).chain(looked.raws.iter().map(|(_, print)| print)));
            let contents: Vec<Sha256> = prints.map(|print| print.sha256).collect();
            self.known(&contents).await
        };
        let Some(known) = known else {
            batch.drain(..).for_each(|looked| self.not_reached(&looked.unit));
            return Vec::new();
        };
        batch
            .into_iter()
            .map(|looked| {
                let verdict = self.verdict(&known, &looked.unit.main, &looked.print);
                let raws = looked.raws.into_iter().map(|(found, print)| {
                    let verdict = self.raw_verdict(&known, &found, &print);
                    Raw { found, print, verdict }
                });
                Judged { raws: raws.collect(), unit: looked.unit, print: looked.print, verdict }
            })
            .collect()
    }

    fn remember(&self, batch: &[Looked]) {
        let Some(cache) = self.reader.cache.as_ref().filter(|_| !self.plan.dry_run) else { return };
        let prints = batch
            .iter()
            .flat_map(|looked| std::iter::once(&looked.print).chain(looked.raws.iter().map(|(_, print)| print)));
        let entries: Vec<_> = prints.filter_map(|print| print.to_remember.clone()).collect();
        if !entries.is_empty() {
            cache.put(&entries);
        }
    }

    /// All photos that have one of these contents; `None` when the run is to stop.
    pub async fn known(&self, contents: &[Sha256]) -> Option<Vec<KnownPhoto>> {
        let project = self.plan.project.id;
        let ids: Vec<PhotoId> = contents.iter().map(|content| PhotoId::of_content(project, content)).collect();
        let mut known = self.known_by(contents, &ids).await?;
        // A row that was found by its id alone has the content that the id is made of.
        for photo in known.iter_mut().filter(|photo| photo.sha256.is_none()) {
            photo.sha256 = ids.iter().position(|id| *id == photo.photo).map(|at| contents[at]);
        }
        Some(known)
    }

    /// The same with the photos of these ids.
    pub(super) async fn known_by(&self, contents: &[Sha256], ids: &[PhotoId]) -> Option<Vec<KnownPhoto>> {
        loop {
            let asked = self
                .db
                .retry(PATIENCE, |db| async move { known::by_content(&mut *db.conn().await?, contents, ids).await });
            let error = match asked.await {
                Ok(known) => return Some(known),
                Err(error) => error,
            };
            match trouble::of_database(error, self.db.is_embedded()) {
                Trouble::Offline(error) => {
                    if let Err(error) = self.db_outage.wait_out(&error).await {
                        let _ = self.gone(error);
                        return None;
                    }
                }
                Trouble::File(failure) => {
                    let error = crate::error::Error::new(crate::error::Kind::ServiceUnavailable, failure.message);
                    self.halt.fatal(error);
                    return None;
                }
                Trouble::Fatal(error) => {
                    self.halt.fatal(error);
                    return None;
                }
                Trouble::Stopped => return None,
            }
        }
    }

    /// The same for a RAW beside its JPEG. Where it is to stay on the card, it counts only as far as it was stored
    /// before.
    fn raw_verdict(&self, known: &[KnownPhoto], found: &Found, print: &Fingerprint) -> RunVerdict {
        if self.plan.raw != RawMode::Auto {
            return self.verdict(known, found, print);
        }
        let same = known.iter().filter(|photo| photo.sha256 == Some(print.sha256));
        match decide::decide(same, self.wanted()) {
            Verdict::Complete(photo) | Verdict::Restore(photo) if !photo.is_companion => RunVerdict::Beside,
            verdict @ (Verdict::Present(_) | Verdict::Complete(_) | Verdict::Restore(_)) => RunVerdict::Of(verdict),
            Verdict::New | Verdict::Deleted(_) | Verdict::Elsewhere(_) => RunVerdict::Beside,
        }
    }

    fn verdict(&self, known: &[KnownPhoto], found: &Found, print: &Fingerprint) -> RunVerdict {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let same = known.iter().filter(|photo| photo.sha256 == Some(print.sha256));
        match seen.entry(print.sha256) {
            Slot::Occupied(first) if *first.get() != found.path => {
                let photo = same.min_by_key(|photo| (photo.project != self.plan.project.id, photo.deleted));
                let photo = photo.filter(|photo| photo.project == self.plan.project.id);
                let id =
                    photo.map_or_else(|| PhotoId::of_content(self.plan.project.id, &print.sha256), |photo| photo.photo);
                RunVerdict::Duplicate { photo: id, first: first.get().clone() }
            }
            Slot::Occupied(_) => RunVerdict::Of(decide::decide(same, self.wanted())),
            Slot::Vacant(slot) => {
                slot.insert(found.path.clone());
                RunVerdict::Of(decide::decide(same, self.wanted()))
            }
        }
    }

    /// Tells the end of files that need no work. What needs some is given back.
    async fn settle(&self, judged: Judged) -> Option<Judged> {
        let Judged { unit, print, verdict, raws } = judged;
        if verdict.works() || raws.iter().any(|raw| raw.verdict.works()) {
            return Some(Judged { unit, print, verdict, raws });
        }
        if !unit.told {
            self.tell_settled(&unit.main, print.sha256, &verdict).await;
        }
        for raw in &raws {
            self.tell_settled(&raw.found, raw.print.sha256, &raw.verdict).await;
        }
        None
    }

    /// Tells the end of a file that needs no work.
    pub(super) async fn tell_settled(&self, found: &Found, sha256: Sha256, verdict: &RunVerdict) {
        self.progress.advance(found.size_bytes);
        let told = |photo: Option<PhotoId>| Told {
            sha256: Some(sha256),
            photo,
            attempts: 1,
            ..Told::unread(&found.path, found.size_bytes)
        };
        match verdict {
            RunVerdict::Duplicate { photo, first } => {
                self.further_name(found, *photo, first.file_name() == found.path.file_name()).await;
                let message = format!("the same content as {}", text::path(first));
                self.tally.skipped(told(Some(*photo)), SkipReason::Duplicate, Some(&message));
            }
            RunVerdict::Of(Verdict::Present(photo)) => {
                let name = text::bytes(found.name().as_encoded_bytes());
                if !photo.is_companion && photo.original_name.as_ref().is_some_and(|known| *known != name) {
                    self.further_name(found, photo.photo, false).await;
                }
                self.tally.present(told(Some(photo.photo)));
            }
            RunVerdict::Of(Verdict::Deleted(photo)) => {
                let message = "the photo was deleted here on purpose; --restore brings it back";
                self.tally.skipped(told(Some(photo.photo)), SkipReason::Deleted, Some(message));
            }
            RunVerdict::Of(Verdict::Elsewhere(photo)) => {
                let message = format!(
                    "it is a photo of the project {}{}; --restore takes it into this one too",
                    text::quoted(&photo.project_name),
                    if photo.deleted { ", deleted there" } else { "" }
                );
                self.tally.skipped(told(Some(photo.photo)), SkipReason::OtherProject, Some(&message));
            }
            RunVerdict::Beside => self.tally.skipped(told(None), SkipReason::RawBesideJpeg, None),
            RunVerdict::Of(Verdict::New | Verdict::Complete(_) | Verdict::Restore(_)) => {}
        }
    }

    /// Notes another name of a content; the path below the card where the names are the same.
    async fn further_name(&self, found: &Found, photo: PhotoId, same_name: bool) {
        let name = if same_name { found.below_root().as_os_str() } else { found.name() };
        if let Ok(recorder) = self.recorder() {
            drop(recorder.hand_over(Row::Name(photo, text::bytes(name.as_encoded_bytes()))).await);
        }
    }

    /// Tells of a shot that the run did not come to.
    pub fn not_reached(&self, unit: &Unit) {
        let main = (!unit.told).then_some(&unit.main);
        for found in main.into_iter().chain(&unit.raws) {
            self.tally.not_reached(Told::unread(&found.path, found.size_bytes));
        }
    }
}

/// Where units go that are to be tried again.
#[derive(Debug, Clone)]
pub(super) struct Again {
    units: Arc<Mutex<Vec<Unit>>>,
    pub attempt: u32,
}

impl Again {
    /// Whether there will be another try.
    pub fn is_left(&self) -> bool {
        self.attempt < ATTEMPTS
    }

    pub fn push(&self, unit: Unit) {
        self.units.lock().unwrap_or_else(PoisonError::into_inner).push(unit);
    }
}

/// A file that was read, with the RAWs of the same shot that are to be stored beside it.
#[derive(Debug)]
pub(super) struct Looked {
    pub unit: Unit,
    pub print: Fingerprint,
    pub raws: Vec<(Found, Fingerprint)>,
}

/// The same with what is to be done.
pub(super) struct Judged {
    pub unit: Unit,
    pub print: Fingerprint,
    pub verdict: RunVerdict,
    pub raws: Vec<Raw>,
}

pub(super) struct Raw {
    pub found: Found,
    pub print: Fingerprint,
    pub verdict: RunVerdict,
}

/// What is to be done with a file of this run.
pub(super) enum RunVerdict {
    Of(Verdict),
    /// It is a RAW, stays on the card, and was not stored before.
    Beside,
    /// The same content was met before in this run.
    Duplicate {
        photo: PhotoId,
        first: Arc<Path>,
    },
}

impl RunVerdict {
    /// Whether there is anything to be stored or changed.
    pub fn works(&self) -> bool {
        matches!(self, RunVerdict::Of(Verdict::New | Verdict::Complete(_) | Verdict::Restore(_)))
    }
}
