//! `photos upload`: a photographer's cards become photos.
//!
//! scan -> fingerprint -> derive -> transfer -> record, as one bounded pipeline:
//!
//! - [`scan`] walks the cards, [`pair`] puts RAWs beside their JPEGs;
//! - readers ([`fingerprint`], [`cache`]) read each file once and hash it: the hash is the photo's identity;
//! - [`decide`] judges many contents at once by what the database knows of them;
//! - each photo that is to be stored takes its own way ([`job`]): row `processing`, original, derivatives, row `ready`;
//! - one writer ([`record`]) writes the rows of many photos together;
//! - [`tally`] counts, [`report`] says whether the card can be formatted.
//!
//! A run may be killed at any moment: whatever it leaves behind the next one completes. Trouble is of three kinds
//! ([`trouble`]): with one file, with the network (all wait, nothing counts), with everything (the run ends).

pub mod cache;
mod decide;
pub mod facts;
mod fingerprint;
mod handle;
mod job;
mod junk;
mod look;
pub mod pair;
pub mod plan;
pub mod reason;
mod record;
pub mod report;
mod run;
pub mod scan;
mod strangers;
mod tally;
mod trouble;
pub mod volume;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cache::Cache;
use fingerprint::Reader;
use pair::{RawMode, Unit};
use plan::{IngestPlan, Order, Services};
use reason::FailReason;
use record::{Recorded, Writer};
use report::{IngestReport, RunEnd, StoredWhere};
use run::{Flight, Run};
use scan::Scan;
use strangers::Strangers;
use tally::{Tally, Told};
use tokio::task::JoinSet;
use trouble::{Failure, Trouble};

use crate::batch::{Budget, Halt, HaltReason, Meter, Outage, Progress, Slots, Width};
use crate::db::photos::known;
use crate::db::{Db, audit};
use crate::error::{Error, Kind, Result};
use crate::imaging::Deriver;
use crate::model::audit::{Action, Entity, Entry};
use crate::model::{text, time};
use crate::objects::{Limiter, StorageKey, Store};

/// Bytes of files that are held between reading and the end of their transfer.
const HELD_BYTES: u64 = 64 * 1024 * 1024;
/// The same for files that were known by the cache, but not stored.
const RELOADED_BYTES: u64 = 32 * 1024 * 1024;
/// What all decoders together may take; a picture that wants more runs alone.
const DECODE_BYTES: u64 = 512 * 1024 * 1024;
/// Where transfers begin when they follow the throughput, and how far they go.
const TRANSFERS_START: usize = 4;
const TRANSFERS_MOST: usize = 32;

/// The end of a run: its report, and the error that ended it early.
#[derive(Debug)]
pub struct Ingested {
    pub report: IngestReport,
    pub stopped: Option<HaltReason>,
}

/// Uploads.
///
/// # Errors
/// When the run cannot begin. What happens later is in the report.
pub async fn upload(plan: IngestPlan, services: Services) -> Result<Ingested> {
    let began = Instant::now();
    let halt = Halt::new(services.cancel.clone());
    // Dropped, it ends what it holds.
    let mut watches = JoinSet::new();
    if let Some(limit) = plan.max_duration {
        watches.spawn(limit_time(limit, halt.clone(), services.progress.clone()));
    }
    let tally = Tally::new(services.progress.clone(), plan.report.as_deref())?;
    let progress = services.progress.clone();
    progress.phase("scanning");
    let scanned = scan_all(&plan, &halt).await?;
    let scan_is_whole = !halt.is_requested();
    let units = tell_scan(scanned, &tally, &*progress);
    let prepared = prepare(plan, &services, halt.clone(), tally).await?;
    let Prepared { run, recorded } = prepared;
    let units = in_order(&run, units).await?;
    progress.phase(if run.plan.dry_run { "comparing" } else { "uploading" });
    watches.spawn(watch(run.clone()));
    run.all(units).await;
    watches.shutdown().await;
    drop(run.recorder.lock().unwrap_or_else(PoisonError::into_inner).take());
    let recorded = match recorded {
        Some(task) => task.await.unwrap_or_default(),
        None => Recorded::new(),
    };
    // The report may send a card to be formatted: what it says must survive a power cut.
    let audited = audit(&run, &services, recorded).await;
    let durable = if run.plan.dry_run { Ok(()) } else { services.db.make_durable().await };
    progress.finish();
    let (counts, report_written) = run.tally.finish();
    let stored_where = place_of(&run.store);
    let dry_run = run.plan.dry_run;
    drop(run);
    let is_durable = durable.is_ok();
    // What was stored is told even where it can not be noted everywhere.
    let stopped = match (halt.into_reason(), durable.and(audited).and(report_written)) {
        (None, Err(error)) => Some(HaltReason::Fatal(error)),
        (stopped, _) => stopped,
    };
    let end = RunEnd {
        dry_run,
        target: services.target,
        stored_where,
        scan_is_whole,
        durable: is_durable,
        stopped: stopped.as_ref().map(word),
        elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    let report = counts.into_report(end);
    Ok(Ingested { report, stopped })
}

fn word(reason: &HaltReason) -> String {
    match reason {
        HaltReason::Interrupted => "interrupted".to_owned(),
        HaltReason::TimeLimit => "max_duration".to_owned(),
        HaltReason::Fatal(error) => error.kind().code().to_owned(),
    }
}

fn place_of(store: &Store) -> StoredWhere {
    let url = store.url();
    if url.is_local() { StoredWhere::ThisComputer(url.place()) } else { StoredWhere::Away(url.place()) }
}

async fn scan_all(plan: &IngestPlan, halt: &Halt) -> Result<Scan> {
    let (roots, rules, halt) = (plan.roots.clone(), plan.scan.clone(), halt.clone());
    let scanned = tokio::task::spawn_blocking(move || scan::scan(&roots, &rules, &halt));
    scanned.await.map_err(|error| Error::new(Kind::Internal, "a defect in the scan").with_source(error))?
}

/// Counts what the scan met, tells of what is left, and pairs the rest.
fn tell_scan(scanned: Scan, tally: &Tally, progress: &dyn Progress) -> Vec<Unit> {
    let Scan { found, left, unreadable } = scanned;
    let all = found.len() + left.len() + unreadable.len();
    tally.found(all as u64);
    progress.expect(all as u64, found.iter().map(|found| found.size_bytes).sum());
    for left in left {
        tally.skipped(Told::unread(&left.path, 0), left.reason, None);
    }
    for unreadable in unreadable {
        let causes = unreadable.error.causes().join(": ");
        let failure = Failure::of(
            FailReason::UNREADABLE,
            format!("{}: {}; check its rights and the card", unreadable.error.message(), text::printable(&causes)),
        );
        tally.failed(Told::unread(&unreadable.path, 0), &failure);
    }
    pair::pair(found)
}

struct Prepared {
    run: Arc<Run>,
    recorded: Option<tokio::task::JoinHandle<Recorded>>,
}

async fn prepare(plan: IngestPlan, services: &Services, halt: Halt, tally: Tally) -> Result<Prepared> {
    let deriver = match &plan.recipe {
        Some(recipe) => Some(Arc::new(Deriver::new(recipe.clone(), plan.limits)?)),
        None => None,
    };
    if let Some(note) = deriver.as_ref().and_then(|deriver| deriver.note()) {
        services.progress.note(format_args!("{note}"));
    }
    let db_outage = Outage::new(
        "the database",
        plan.outage,
        database_probe(services.db.clone()),
        services.progress.clone(),
        halt.clone(),
    );
    let store_outage = Outage::new(
        "the network to the object store",
        plan.outage,
        store_probe(services.store.clone()),
        services.progress.clone(),
        halt.clone(),
    );
    let writer = Writer {
        db: services.db.clone(),
        outage: db_outage.clone(),
        halt: halt.clone(),
        project: plan.project.id,
        photographer: plan.photographer,
    };
    let (recorder, recorded) = if plan.dry_run {
        (None, None)
    } else {
        let (recorder, task) = writer.start();
        (Some(recorder), Some(task))
    };
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let reader = Reader {
        cache: plan.cache_file.as_deref().and_then(Cache::open),
        limits: plan.limits,
        budget: Budget::new(HELD_BYTES),
        reload_budget: Budget::new(RELOADED_BYTES),
        skip_raw: plan.raw == RawMode::Skip,
        halt: halt.clone(),
    };
    let strangers = load_strangers(services, &plan, &store_outage).await?;
    let has_companions = look::has_companions(&services.db, &plan).await?;
    let run = Run {
        db: services.db.clone(),
        store: services.store.clone(),
        progress: services.progress.clone(),
        tally,
        reader: Arc::new(reader),
        deriver,
        disk: Width::fixed(cores.clamp(2, 4)),
        cores: Width::fixed(plan.decoders),
        transfers: match plan.transfers {
            Some(transfers) => Width::fixed(transfers),
            None => Width::adaptive(TRANSFERS_START, TRANSFERS_MOST),
        },
        decode_budget: Budget::new(DECODE_BYTES),
        limiter: plan.bytes_per_second.map(Limiter::new),
        meter: Arc::new(Meter::default()),
        slots: Slots::new(services.progress.clone()),
        flight: Flight::default(),
        store_outage,
        db_outage,
        strangers,
        has_companions,
        recorder: Mutex::new(recorder),
        seen: Mutex::new(HashMap::new()),
        volumes: plan.roots.iter().map(|root| (root.clone(), volume::locate(&root.path))).collect(),
        halt,
        plan,
    };
    Ok(Prepared { run: Arc::new(run), recorded })
}

async fn load_strangers(services: &Services, plan: &IngestPlan, outage: &Outage) -> Result<Strangers> {
    let project = plan.project.id;
    let asked = services
        .db
        .retry(record::PATIENCE, |db| async move { known::strangers(&mut *db.conn().await?, project).await });
    let strangers = asked.await?;
    if strangers.is_empty() {
        return Ok(Strangers::default());
    }
    let live = strangers.iter().filter(|stranger| !stranger.deleted).count() as u64;
    services.progress.note(format_args!(
        "{} of this project came by the web application, and nobody has recorded what is in them: looking at their sizes. \
         `photoctl photos adopt` does it once and for all.",
        text::count(if live > 0 { live } else { strangers.len() as u64 }, "photo")
    ));
    loop {
        match Strangers::load(&services.store, &strangers).await {
            Ok(loaded) => return Ok(loaded),
            Err(error) => match trouble::of_store(error) {
                Trouble::Offline(error) => outage.wait_out(&error).await?,
                Trouble::Fatal(error) => return Err(error),
                Trouble::File(failure) => return Err(Error::new(Kind::ServiceUnavailable, failure.message)),
                Trouble::Stopped => return Err(Error::new(Kind::Interrupted, "interrupted")),
            },
        }
    }
}

fn database_probe(db: Db) -> crate::batch::outage::Probe {
    Box::new(move || {
        let db = db.clone();
        Box::pin(async move {
            let answered = db.retry(Duration::ZERO, |db| async move { db.require_writable().await });
            answered.await.map_or_else(|error| !crate::db::error::retryable(&error), |()| true)
        })
    })
}

/// The store can be reached when it answers anything at all, even that it does not like us.
fn store_probe(store: Store) -> crate::batch::outage::Probe {
    Box::new(move || {
        let store = store.clone();
        Box::pin(async move {
            let key = StorageKey::probe(uuid::Uuid::nil());
            match store.head(&key).await {
                Ok(_) => true,
                Err(error) => !error.is_connection_class(),
            }
        })
    })
}

/// Sorts the shots as asked for. By capture time each file's headers have to be read first.
async fn in_order(run: &Arc<Run>, units: Vec<Unit>) -> Result<Vec<Unit>> {
    let mut units = units;
    match run.plan.order {
        Order::Name => units.sort_by(|a, b| a.main.path.cmp(&b.main.path)),
        Order::Size => units.sort_by(|a, b| (a.main.size_bytes, &a.main.path).cmp(&(b.main.size_bytes, &b.main.path))),
        Order::Captured => {
            run.progress.phase("reading capture times");
            let sorting = run.clone();
            let sorted = tokio::task::spawn_blocking(move || {
                let mut timed: Vec<_> = units
                    .into_iter()
                    .map(|unit| {
                        // One that cannot be read is told of when its turn comes.
                        let probe =
                            if sorting.halt.is_requested() { None } else { sorting.reader.peek(&unit.main).ok() };
                        let captured = probe.and_then(|probe| probe.metadata.captured);
                        let at =
                            captured.and_then(|captured| facts::captured_utc(captured, sorting.plan.project.zone()));
                        (at.is_none(), at, unit)
                    })
                    .collect();
                timed.sort_by(|a, b| (a.0, a.1, &a.2.main.path).cmp(&(b.0, b.1, &b.2.main.path)));
                timed.into_iter().map(|(_, _, unit)| unit).collect()
            });
            units = sorted.await.map_err(|error| {
                Error::new(Kind::Internal, "a defect in sorting by capture time").with_source(error)
            })?;
        }
    }
    Ok(units)
}

/// Ends the run's time, which the scan is a part of.
async fn limit_time(limit: Duration, halt: Halt, progress: Arc<dyn Progress>) {
    tokio::select! {
        () = halt.requested() => {}
        () = tokio::time::sleep(limit) => {
            progress.note(format_args!("{} are over: no new file is begun.", time::span(limit)));
            halt.time_is_over();
        }
    }
}

/// Says what is left in flight once no new file is begun.
async fn watch(run: Arc<Run>) {
    run.halt.requested().await;
    if run.halt.is_fatal() {
        return;
    }
    let (files, bytes) = run.flight.left();
    if files == 0 {
        return;
    }
    let rate = run.meter.rate();
    let left = if rate == 0 {
        "nobody knows how long: nothing moves right now".to_owned()
    } else {
        let seconds = bytes / rate.max(1);
        if seconds < 45 {
            "less than a minute left".to_owned()
        } else {
            format!("about {} min left", seconds.div_ceil(60))
        }
    };
    run.progress.note(format_args!(
        "Finishing {} in flight ({}), {left}.",
        text::count(files, "file"),
        text::size(bytes)
    ));
}

/// One entry for the whole upload.
async fn audit(run: &Run, services: &Services, recorded: Recorded) -> Result<()> {
    if recorded.is_empty() {
        return Ok(());
    }
    let entry = Entry::new(Entity::Photo, Action::Upload).in_project(run.plan.project.id).items(recorded);
    let author = services.author.clone();
    run.db
        .retry(Duration::from_secs(60), move |db| {
            let (entry, author) = (entry.clone(), author.clone());
            async move {
                let mut tx = db.begin().await?;
                audit::append(&mut tx, &author, &entry).await?;
                tx.commit().await
            }
        })
        .await
}
