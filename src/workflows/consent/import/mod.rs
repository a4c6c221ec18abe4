//! Consents of a spreadsheet: forms that were collected at a desk, or what another system exports.
//!
//! The file is read and checked as a whole first, each line and what proves it; then all that can be taken goes in, in
//! one transaction with one entry in the audit log. A line that is stored already is left; one that was given before
//! its user revoked stays revoked, however often an old file is imported.

mod columns;
mod line;
mod report;
mod settle;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use columns::Columns;
use line::{Fault, Line, Proof, Reader};
use report::Told;
pub use report::{Counts, ImportReport};
use settle::Verdict;
use uuid::Uuid;

use super::evidence_of_file;
use crate::batch::{Cancel, Progress};
use crate::db::consents::{self, NewConsent};
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::digest::Sha256;
use crate::model::ids::{ConsentId, UserId};
use crate::model::target::Target;
use crate::model::text::thousands;
use crate::workflows::roster::{Table, bad};

/// Lines of a file: they are held all at once.
const LINES_MOST: usize = 200_000;

/// How long a database that cuts connections is tried again.
const PATIENCE: Duration = Duration::from_secs(30);

/// A file whose columns are known.
#[derive(Debug, Clone)]
pub struct ConsentTable {
    table: Table,
    columns: Arc<Columns>,
    folder: PathBuf,
}

impl ConsentTable {
    /// Reads the header of a file; `None` is stdin, whose evidence files are looked for in the working folder. Blocks.
    ///
    /// # Errors
    /// When it can not be read, is no table, or lacks a column.
    pub fn open(path: Option<&Path>, encoding: Option<&str>, sheet: Option<&str>) -> Result<Self> {
        let table = Table::open(path, encoding, sheet, &columns::understood)?;
        let columns = Arc::new(Columns::resolve(&table.header)?);
        let folder = path.and_then(Path::parent).filter(|folder| !folder.as_os_str().is_empty());
        Ok(Self { table, columns, folder: folder.unwrap_or(Path::new(".")).to_owned() })
    }

    /// Columns that nobody knows, in the order of the file: they are left alone.
    #[must_use]
    pub fn unknown_columns(&self) -> &[String] {
        &self.columns.unknown
    }
}

/// What to do.
#[derive(Debug)]
pub struct ImportPlan {
    pub table: ConsentTable,
    /// One rejected line keeps all others out.
    pub strict: bool,
    pub dry_run: bool,
    /// Where a JSON line a line goes.
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

/// The lines of a file with their numbers, as far as the file alone tells.
struct Lines {
    numbers: Vec<u64>,
    read: Vec<Result<Line, Fault>>,
}

/// Brings the consents of a file in, all that can be in one transaction.
///
/// # Errors
/// When the file is damaged, an evidence file changed meanwhile, it was interrupted (nothing is changed then), or what
/// the database says. Lines that are rejected are in the report.
pub async fn import(plan: ImportPlan, services: Services) -> Result<ImportReport> {
    let begun = Instant::now();
    let (plan, services) = (&plan, &services);
    services.progress.phase("checking");
    let table = plan.table.clone();
    let looked = tokio::task::spawn_blocking(move || check(&table, Utc::now()));
    let lines = &looked.await.map_err(|error| bad("the file cannot be read").with_source(error))??;
    services.progress.expect(lines.numbers.len() as u64, 0);
    services.progress.phase("importing");
    // A report that can not be written is known before anything is.
    let mut told = Told::begin(plan.report.as_deref())?;
    let (verdicts, written) = services.db.retry(PATIENCE, |db| attempt(plan, services, db, lines)).await?;
    told.written = written;
    for ((number, line), verdict) in lines.numbers.iter().zip(&lines.read).zip(&verdicts) {
        told.add(&*services.progress, *number, line.as_ref().ok(), verdict)?;
    }
    let refused = plan.strict && told.counts.rejected > 0;
    if refused && !plan.dry_run {
        told.counts.granted = 0;
    }
    told.finish(plan, services.target.clone(), begun.elapsed())
}

/// Reads all of the file before anything is written, with what proves each consent.
fn check(table: &ConsentTable, now: DateTime<Utc>) -> Result<Lines> {
    let reader = Reader { columns: &table.columns, folder: &table.folder, now };
    let mut lines = Lines { numbers: Vec::new(), read: Vec::new() };
    let mut too_many = false;
    table.table.rows(&mut |row| {
        too_many = lines.numbers.len() == LINES_MOST;
        if !too_many {
            lines.numbers.push(row.line);
            lines.read.push(reader.read(&row));
        }
        !too_many
    })?;
    if too_many {
        let most = thousands(LINES_MOST as u64);
        return Err(bad(format!("the file has more than {most} lines")).hint("split it, and import the parts"));
    }
    Ok(lines)
}

/// Goes through the lines in one transaction. Says whether they were written.
async fn attempt(plan: &ImportPlan, services: &Services, db: Db, lines: &Lines) -> Result<(Vec<Verdict>, bool)> {
    let mut tx = db.begin().await?;
    if !plan.dry_run {
        // Nobody grants or revokes between the look and the commit.
        db::guard::lock(&mut tx, super::CONSENTS).await?;
    }
    let verdicts = settle::settle(&mut tx, &lines.read).await?;
    let rejected = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Refused(_))).count();
    if plan.dry_run || (plan.strict && rejected > 0) {
        tx.rollback().await?;
        return Ok((verdicts, false));
    }
    let mut granted = Vec::new();
    for (line, verdict) in lines.read.iter().zip(&verdicts) {
        if let (Ok(line), Verdict::Grant(user)) = (line, verdict) {
            services.cancel.check().map_err(|error| error.hint("nothing was changed: run it again"))?;
            granted.push(grant(&mut tx, *user, line).await?.0);
        }
    }
    if granted.is_empty() {
        tx.rollback().await?;
        return Ok((verdicts, true));
    }
    let number = |count: usize| Some(i64::try_from(count).unwrap_or(i64::MAX));
    let fields = Fields::new()
        .plain("file_sha256", None, Some(&plan.table.table.sha256.to_string()))
        .number("rows", None, number(verdicts.len()))
        .number("granted", None, number(granted.len()))
        .number("rejected", None, number(rejected));
    let entry = Entry::new(Entity::UserConsent, Action::Import).items(granted).fields(fields);
    db::audit::append(&mut tx, &services.author, &entry).await?;
    tx.commit().await?;
    Ok((verdicts, true))
}

async fn grant(conn: &mut PgConnection, user: UserId, line: &Line) -> Result<ConsentId> {
    let (evidence, sha256) = match &line.proof {
        Some(Proof::Words(words)) => (words.clone(), words.note().sha256),
        Some(Proof::File { path, sha256 }) => (proof_of_file(path, *sha256)?, *sha256),
        None => return Err(Error::new(Kind::Internal, "a consent without a proof was to be granted")),
    };
    let new = NewConsent {
        user,
        kind: &line.kind,
        version: &line.version,
        given_at: line.given_at,
        evidence: &evidence,
        sha256: &sha256,
    };
    consents::insert(conn, new).await
}

/// The file that was checked, and no other.
fn proof_of_file(path: &Path, checked: Sha256) -> Result<crate::model::consent::Evidence> {
    let evidence = evidence_of_file(path)?;
    if evidence.note().sha256 != checked {
        let shown = crate::model::text::path(path);
        return Err(Error::new(Kind::Conflict, format!("{shown} was changed meanwhile: nothing was imported"))
            .hint("run it again"));
    }
    Ok(evidence)
}

/// The id of a user, for programs.
fn id_of(verdict: &Verdict) -> Option<Uuid> {
    match verdict {
        Verdict::Grant(user) | Verdict::Present(user) | Verdict::RevokedSince(user, _) => Some(user.0),
        Verdict::Refused(_) => None,
    }
}
