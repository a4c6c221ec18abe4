//! The guests of a file become users and members.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::guest::{Fault, Reader, Row};
use super::lines::{Lines, detail};
use super::report::{Counts, Failed, ImportReport};
use super::settle::{Settled, Settler};
use super::source::bad;
use super::twice::{Key, Seen};
use super::{RawRow, Roster};
use crate::batch::{Cancel, ItemEvent, Outcome, Progress};
use crate::db::{self, Db, PgConnection, roster};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::project::Project;
use crate::model::target::Target;
use crate::model::text::printable;

/// Rows that go to the database together: enough that looking through all users for them costs little.
const BATCH_ROWS: usize = 5_000;

/// What a batch may hold, in bytes: addresses may be long.
const BATCH_BYTES: usize = 4 * 1024 * 1024;

/// How long a database that cuts connections, or makes us the victim of a deadlock, is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long another import is waited for without a word.
const QUIET_WAIT: Duration = Duration::from_secs(1);

/// What to do.
#[derive(Debug)]
pub struct ImportPlan {
    pub roster: Roster,
    pub project: Project,
    /// bcrypt's, of a hash that nothing matches.
    pub cost: u32,
    /// One rejected row keeps all others out.
    pub strict: bool,
    pub dry_run: bool,
    /// Where the rejected rows go.
    pub rejects: Option<PathBuf>,
    /// Where a JSON line a row goes.
    pub report: Option<PathBuf>,
}

/// What to do it with.
pub struct Services {
    pub db: Db,
    pub progress: Arc<dyn Progress>,
    pub cancel: Cancel,
    pub author: Author,
    pub target: Target,
}

/// Brings the guests of a file in, all that can be in one transaction.
///
/// # Errors
/// When the file is damaged, the project is gone, it was interrupted (nothing is changed then), or what the database
/// says. Rows that are rejected are in the report.
pub async fn import(plan: ImportPlan, services: Services) -> Result<ImportReport> {
    let begun = Instant::now();
    let (plan, services) = (&plan, &services);
    let now = Utc::now();
    services.progress.phase("checking");
    let (seen, rows) = check(plan, now).await?;
    let seen = &seen;
    services.progress.expect(rows, 0);
    // What would be refused in the end is not written first.
    let mut ended = None;
    if plan.strict && !plan.dry_run {
        let tried = attempt(plan, services, seen, now, true).await?;
        ended = (tried.counts.rejected > 0).then_some(tried);
    }
    let ended = match ended {
        Some(ended) => ended,
        None => {
            services.progress.phase("importing");
            services.db.retry(PATIENCE, |_db| attempt(plan, services, seen, now, plan.dry_run)).await?
        }
    };
    ended.lines.finish()?;
    let refused = plan.strict && ended.counts.rejected > 0;
    let counts = match refused && !plan.dry_run {
        true => Counts { created: 0, joined: 0, updated: 0, ..ended.counts },
        false => ended.counts,
    };
    Ok(ImportReport {
        ok: counts.rejected == 0,
        dry_run: plan.dry_run,
        strict: plan.strict,
        target: services.target.clone(),
        counts,
        columns_ignored: plan.roster.unknown_columns().to_vec(),
        items_failed: ended.failed.listed,
        items_omitted: ended.failed.omitted,
        elapsed_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    })
}

/// Reads all of the file before anything is written: whether it is whole, and whom it names more than once.
async fn check(plan: &ImportPlan, now: DateTime<Utc>) -> Result<(Seen, u64)> {
    let (roster, zone) = (plan.roster.clone(), plan.project.zone());
    let looked = tokio::task::spawn_blocking(move || {
        let reader = Reader { columns: &roster.columns, zone, now };
        let (mut seen, mut rows) = (Seen::default(), 0);
        roster.rows(&mut |raw| {
            rows += 1;
            if let Ok(row) = reader.read(&raw) {
                seen.see(raw.line, &row);
            }
            true
        })?;
        Ok((seen, rows))
    });
    looked.await.map_err(unreadable)?
}

fn unreadable(error: tokio::task::JoinError) -> Error {
    bad("the file cannot be read").hint("save it again, or as CSV").with_source(error)
}

/// What came of going through the file once.
struct Ended {
    counts: Counts,
    failed: Failed,
    lines: Lines,
}

/// Goes through the file once, in one transaction.
async fn attempt(
    plan: &ImportPlan,
    services: &Services,
    seen: &Seen,
    now: DateTime<Utc>,
    dry_run: bool,
) -> Result<Ended> {
    let lines = Lines::begin(plan.rejects.as_deref(), plan.report.as_deref(), &plan.roster.columns)?;
    let mut tx = services.db.begin().await?;
    roster::plan_anew(&mut tx).await?;
    if !dry_run {
        lock_users(&mut tx, services).await?;
    }
    let mut run = Run {
        plan,
        services,
        seen,
        reader: Reader { columns: &plan.roster.columns, zone: plan.project.zone(), now },
        settler: Settler { project: plan.project.id, cost: plan.cost, dry_run },
        batch: Batch::default(),
        planned: HashSet::new(),
        changed: Vec::new(),
        ended: Ended { counts: Counts::default(), failed: Failed::default(), lines },
    };
    let done = run.rows(&mut tx).await;
    let refused = plan.strict && run.ended.counts.rejected > 0;
    if dry_run || refused || done.is_err() || run.changed.is_empty() {
        tx.rollback().await?;
        return done.map(|()| run.ended);
    }
    if !roster::is_live(&mut tx, plan.project.id).await? {
        tx.rollback().await?;
        let name = printable(&plan.project.name);
        return Err(Error::new(
            Kind::NotFound,
            format!("the project {name:?} was deleted meanwhile: nothing was changed"),
        ));
    }
    let Run { changed, ended, .. } = run;
    db::audit::append(&mut tx, &services.author, &entry(plan, &ended.counts, changed)).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Keeps others from creating users. Who has to wait for that is told what for.
async fn lock_users(conn: &mut PgConnection, services: &Services) -> Result<()> {
    let mut locked = std::pin::pin!(roster::lock_users(conn));
    if let Ok(locked) = tokio::time::timeout(QUIET_WAIT, &mut locked).await {
        return locked;
    }
    services.progress.note(format_args!("Another run of photoctl brings in users; waiting for it."));
    locked.await
}

/// One entry for all.
fn entry(plan: &ImportPlan, counts: &Counts, changed: Vec<Uuid>) -> Entry {
    let number = |count: u64| Some(i64::try_from(count).unwrap_or(i64::MAX));
    let sha256 = plan.roster.sha256().to_string();
    let fields = Fields::new()
        .plain("file_sha256", None, Some(&sha256))
        .number("rows", None, number(counts.rows))
        .number("created", None, number(counts.created))
        .number("joined", None, number(counts.joined))
        .number("updated", None, number(counts.updated))
        .number("rejected", None, number(counts.rejected));
    Entry::new(Entity::User, Action::Import).in_project(plan.project.id).items(changed).fields(fields)
}

/// What a row of a batch is.
enum Taken {
    Row(Row),
    /// It says what another row of the batch says, which is at that place: one line for each ticket, for instance.
    Again(usize),
    Refused(Fault),
}

/// Rows that go to the database together; no two that say different things are of the same person.
#[derive(Default)]
struct Batch {
    rows: Vec<(RawRow, Taken)>,
    /// Of those who are named more than once: the place of their row.
    people: HashMap<Key, usize>,
    bytes: usize,
}

impl Batch {
    fn is_full(&self) -> bool {
        self.rows.len() >= BATCH_ROWS || self.bytes >= BATCH_BYTES
    }
}

struct Run<'a> {
    plan: &'a ImportPlan,
    services: &'a Services,
    seen: &'a Seen,
    reader: Reader<'a>,
    settler: Settler,
    batch: Batch,
    /// Of a dry run: those who are named again below, and whose first row is settled.
    planned: HashSet<Key>,
    changed: Vec<Uuid>,
    ended: Ended,
}

impl Run<'_> {
    async fn rows(&mut self, conn: &mut PgConnection) -> Result<()> {
        let roster = self.plan.roster.clone();
        let (send, mut receive) = mpsc::channel(1024);
        // Ends by itself: when the file does, or when nobody listens any more.
        let reading = tokio::task::spawn_blocking(move || roster.rows(&mut |row| send.blocking_send(row).is_ok()));
        while let Some(raw) = receive.recv().await {
            self.take(conn, raw).await?;
        }
        reading.await.map_err(unreadable)??;
        self.flush(conn).await
    }

    async fn take(&mut self, conn: &mut PgConnection, raw: RawRow) -> Result<()> {
        let taken = match self.reader.read(&raw) {
            Err(fault) => Taken::Refused(fault),
            Ok(row) => {
                let key = self.seen.key(&row.email);
                match self.seen.contradiction(key) {
                    Some(fault) => Taken::Refused(fault),
                    None if self.seen.is_repeated(key) => self.repeated(conn, key, row).await?,
                    None => Taken::Row(row),
                }
            }
        };
        self.batch.bytes += raw.cells.iter().map(String::len).sum::<usize>();
        self.batch.rows.push((raw, taken));
        if self.batch.is_full() { self.flush(conn).await } else { Ok(()) }
    }

    /// A row of somebody whom the file names more than once.
    async fn repeated(&mut self, conn: &mut PgConnection, key: Key, row: Row) -> Result<Taken> {
        if let Some(place) = self.batch.people.get(&key) {
            if matches!(&self.batch.rows[*place].1, Taken::Row(first) if *first == row) {
                return Ok(Taken::Again(*place));
            }
            // It says more: the one before is settled first.
            self.flush(conn).await?;
        }
        self.batch.people.insert(key, self.batch.rows.len());
        Ok(Taken::Row(row))
    }

    async fn flush(&mut self, conn: &mut PgConnection) -> Result<()> {
        self.services.cancel.check().map_err(|error| error.hint("nothing was changed: run it again"))?;
        let batch = std::mem::take(&mut self.batch);
        let rows: Vec<&Row> = batch
            .rows
            .iter()
            .filter_map(|(_, taken)| if let Taken::Row(row) = taken { Some(row) } else { None })
            .collect();
        let settled = match rows.is_empty() {
            true => Vec::new(),
            false => self.settler.settle(conn, &rows).await?,
        };
        let mut settled = settled.into_iter();
        let mut all: Vec<Settled> = Vec::with_capacity(batch.rows.len());
        for (raw, taken) in &batch.rows {
            let settled = match taken {
                Taken::Row(row) => self.planned(row, settled.next().unwrap_or_default()),
                // Its person is there by now, or was refused.
                Taken::Again(place) => {
                    Settled { user: all[*place].user, fault: all[*place].fault.clone(), ..Settled::default() }
                }
                Taken::Refused(fault) => Settled::refused(fault.clone()),
            };
            self.count(raw, &settled)?;
            all.push(settled);
        }
        Ok(())
    }

    /// In a dry run nobody is there when they come again: what their first row does is not done twice.
    fn planned(&mut self, row: &Row, settled: Settled) -> Settled {
        let key = self.seen.key(&row.email);
        if !self.settler.dry_run || !self.seen.is_repeated(key) {
            return settled;
        }
        if self.planned.contains(&key) {
            return Settled { user: settled.user, ..Settled::default() };
        }
        if settled.fault.is_none() {
            self.planned.insert(key);
        }
        settled
    }

    fn count(&mut self, raw: &RawRow, settled: &Settled) -> Result<()> {
        let counts = &mut self.ended.counts;
        counts.rows += 1;
        counts.created += u64::from(settled.created);
        counts.joined += u64::from(settled.joined);
        counts.updated += u64::from(settled.updated);
        counts.terms_kept += u64::from(settled.terms_kept);
        let outcome = match &settled.fault {
            Some(fault) => {
                counts.rejected += 1;
                self.ended.failed.push(raw.line, fault);
                Outcome::Failed
            }
            None if settled.is_change() => Outcome::Done,
            None => {
                counts.unchanged += 1;
                Outcome::Present
            }
        };
        if settled.is_change() {
            self.changed.extend(settled.user.map(|user| user.0));
        }
        // What a trial takes is told by the run that follows it; what it rejects ends the command.
        let is_trial = self.settler.dry_run && !self.plan.dry_run;
        if !is_trial || settled.fault.is_some() {
            self.services.progress.item(&ItemEvent {
                name: &format!("line {}", raw.line),
                outcome,
                reason: settled.fault.as_ref().map(|fault| fault.message.as_str()),
                // The report lists them.
                told_together: true,
                detail: Some(detail(raw.line, settled, self.settler.dry_run)),
            });
        }
        self.ended.lines.add(self.reader.columns, raw, settled, self.settler.dry_run)
    }
}
