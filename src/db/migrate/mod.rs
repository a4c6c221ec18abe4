//! Bringing a database up to date.
//!
//! History lives in `photoctl._sqlx_migrations`. On a database whose shared tables the web application made,
//! migration 1 is recorded and never run.

mod history;
mod holder;

use std::time::{Duration, Instant};

use serde::Serialize;
use sqlx::migrate::{Migrate, MigrateError, Migration, Migrator};
use sqlx::postgres::PgConnection;
use tracing::info;

use history::{HISTORY, History, min_version, pending, record};
use holder::{Holder, held, holder_of};

use super::adopt::{self, AdoptionPlan, AdoptionStep};
use super::check::Difference;
use super::error::{cause, translate};
use super::{Db, connect};
use crate::error::{Error, Kind, Result};
use crate::model::text;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// The migration that makes the shared tables.
const SHARED_TABLES: i64 = 1;

/// Key of the session lock that keeps migrators apart: `photoctl` in ASCII.
pub const LOCK_KEY: i64 = 0x7068_6f74_6f63_746c;

/// How a migration behaves towards others that use the database.
#[derive(Debug, Clone)]
pub struct MigrateOptions {
    /// How long to wait for another migrator.
    pub wait: Duration,
    /// How long a statement may wait for a table's lock: others queue behind it meanwhile.
    pub lock_timeout: Duration,
    /// How long to try again where a table stays locked.
    pub patience: Duration,
}

impl Default for MigrateOptions {
    fn default() -> Self {
        Self { wait: Duration::from_secs(600), lock_timeout: Duration::from_secs(2), patience: Duration::from_secs(30) }
    }
}

/// What is done with a migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Its SQL is run.
    Run,
    /// It is recorded as applied: the web application made these tables.
    Record,
}

/// One migration that is to be, or was, applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    pub version: i64,
    pub description: String,
    pub action: Action,
}

/// What [`run`] would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MigrationPlan {
    /// Newest migration applied; 0 for none.
    pub from: i64,
    /// Newest migration of this photoctl.
    pub to: i64,
    pub steps: Vec<Step>,
    /// On a database of the web application: what is added to its tables, and what still differs then.
    pub adoption: Option<AdoptionPlan>,
}

impl MigrationPlan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty() && self.adoption.as_ref().is_none_or(|adoption| adoption.steps.is_empty())
    }
}

/// What [`run`] did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MigrationReport {
    pub from: i64,
    pub to: i64,
    pub steps: Vec<Step>,
    /// What was added to tables of the web application.
    pub adopted: Vec<AdoptionStep>,
    /// How the web application's tables still differ from the contract.
    pub differences: Vec<Difference>,
}

/// Where a database stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// Newest migration applied; 0 for none.
    pub schema: i64,
    /// Newest migration that this photoctl knows.
    pub known: i64,
    pub pending: Vec<Step>,
    /// The oldest photoctl that works with the schema, where it says so.
    pub min_version: Option<String>,
    /// Whether the web application made the shared tables.
    pub adopted: bool,
}

/// Newest migration of this photoctl.
#[must_use]
pub fn newest() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// What [`run`] would do now. Changes nothing.
///
/// # Errors
/// [`Kind::SchemaNewer`], or what the database says.
pub async fn plan(conn: &mut PgConnection) -> Result<MigrationPlan> {
    let history = History::read(conn).await?;
    history.refuse_changed()?;
    history.refuse_newer(conn).await?;
    let steps = pending(conn, &history).await?;
    let adopts = history.adopted() || steps.iter().any(|step| step.action == Action::Record);
    let adoption = if adopts { Some(adopt::plan(conn).await?) } else { None };
    Ok(MigrationPlan { from: history.newest(), to: newest(), steps, adoption })
}

/// Brings the database up to date; where another migrator is at work, waits for it and then does the rest.
///
/// # Errors
/// [`Kind::Locked`] when another migrator or a long transaction holds what is needed for too long; otherwise what the
/// database says. What was done until then stays done, and the next run goes on from there.
pub async fn run(db: &Db, options: &MigrateOptions) -> Result<MigrationReport> {
    run_telling(db, options, &|_| {}).await
}

/// As [`run`]; `tell` gets a sentence when a wait for others begins.
///
/// # Errors
/// As [`run`].
pub async fn run_telling(db: &Db, options: &MigrateOptions, tell: &(dyn Fn(&str) + Sync)) -> Result<MigrationReport> {
    let mut conn = db.conn().await?;
    if !db.is_embedded() {
        lock(&mut conn, options.wait, tell).await?;
    }
    let done = Migrating { db, options, tell }.run(&mut conn).await;
    // The session's settings and its lock must not stay behind in the pool.
    if db.is_embedded() {
        sqlx::raw_sql("RESET lock_timeout").execute(&mut *conn).await?;
        connect::prepare(&mut conn, None).await?;
    } else {
        conn.discard().await;
    }
    done
}

/// A migration that runs, with the lock that keeps others away.
struct Migrating<'m> {
    db: &'m Db,
    options: &'m MigrateOptions,
    tell: &'m (dyn Fn(&str) + Sync),
}

impl Migrating<'_> {
    async fn run(&self, conn: &mut PgConnection) -> Result<MigrationReport> {
        // Only now: a lock_timeout would have cancelled the wait for the other migrator too.
        let settings =
            format!("SET statement_timeout = 0; SET lock_timeout = {}", self.options.lock_timeout.as_millis());
        sqlx::raw_sql(sqlx::AssertSqlSafe(settings)).execute(&mut *conn).await?;
        let plan = plan(conn).await?;
        if plan.is_empty() {
            let differences = plan.adoption.map(|adoption| adoption.differences).unwrap_or_default();
            return Ok(MigrationReport {
                from: plan.from,
                to: plan.to,
                steps: plan.steps,
                adopted: Vec::new(),
                differences,
            });
        }
        require_pgvector(conn).await?;
        let adoption = plan.adoption.unwrap_or_default();
        let (first, then): (Vec<_>, Vec<_>) = adoption.steps.into_iter().partition(|step| step.kind.comes_first());
        let notes_now = sqlx::query_scalar!(r#"SELECT to_regclass('photoctl.adopted') IS NOT NULL AS "it!""#)
            .fetch_one(&mut *conn)
            .await?;
        for step in &first {
            self.patiently(conn, Work::Adopt(step, notes_now)).await?;
        }
        conn.create_schema_if_not_exists("photoctl").await.map_err(from_migrate)?;
        conn.ensure_migrations_table(HISTORY).await.map_err(from_migrate)?;
        for step in &plan.steps {
            let Some(migration) = MIGRATOR.iter().find(|migration| migration.version == step.version) else { continue };
            info!(version = step.version, "migrating: {}", step.description);
            match step.action {
                Action::Run => self.patiently(conn, Work::Migrate(migration)).await?,
                Action::Record => record(conn, migration).await?,
            }
        }
        if !notes_now {
            for step in &first {
                adopt::note(conn, step).await?;
            }
        }
        for step in &then {
            info!("adopting: {}", step.sql);
            self.patiently(conn, Work::Adopt(step, true)).await?;
        }
        let adopted = first.into_iter().chain(then).collect();
        Ok(MigrationReport {
            from: plan.from,
            to: plan.to,
            steps: plan.steps,
            adopted,
            differences: adoption.differences,
        })
    }

    async fn patiently(&self, conn: &mut PgConnection, work: Work<'_>) -> Result<()> {
        let since = Instant::now();
        let mut said = false;
        loop {
            let (done, holder) = self.watched(conn, &work).await;
            match done {
                Ok(()) => return Ok(()),
                Err(error) if lacks_vector(&error) => return Err(no_pgvector().with_source(error)),
                Err(error) if error.kind() != Kind::Locked => return Err(error.context(work.name())),
                Err(error) => {
                    let held = held(holder, error);
                    if since.elapsed() > self.options.patience {
                        return Err(held.context(work.name()));
                    }
                    if !said {
                        (self.tell)(&format!("{}; waiting for it.", held.message()));
                        said = true;
                    }
                    tokio::time::sleep(Duration::from_millis(500)).await;
                }
            }
        }
    }

    /// One attempt, with an eye on who keeps it waiting: afterwards nobody can tell any more.
    async fn watched(&self, conn: &mut PgConnection, work: &Work<'_>) -> (Result<()>, Option<Holder>) {
        if self.db.is_embedded() {
            // Its one connection is the only one there is: nobody else can hold anything.
            return (work.attempt(conn).await, None);
        }
        let mut holder = None;
        let pid = sqlx::query_scalar("SELECT pg_backend_pid()").fetch_one(&mut *conn).await;
        let done = {
            let attempt = work.attempt(conn);
            tokio::pin!(attempt);
            let pid = match pid {
                Ok(pid) => pid,
                Err(_) => return (attempt.await, None),
            };
            tokio::select! {
                done = &mut attempt => done,
                // A user who may have one connection only is not told who holds it.
                Err(_) = self.watch(pid, &mut holder) => attempt.await,
            }
        };
        (done, holder)
    }

    /// Looks from another session, again and again, at who keeps the session `pid` waiting. Ends only by an error.
    async fn watch(&self, pid: i32, holder: &mut Option<Holder>) -> Result<std::convert::Infallible> {
        let pause = (self.options.lock_timeout / 4).clamp(Duration::from_millis(20), Duration::from_millis(500));
        tokio::time::sleep(pause).await;
        let mut conn = connect::open(self.db.pool.options(), self.db.pool.limits().connect).await?;
        loop {
            if let Some(found) = holder_of(&mut conn, pid).await? {
                *holder = Some(found);
            }
            tokio::time::sleep(pause).await;
        }
    }
}

/// Something that waits for a table's lock.
enum Work<'w> {
    Migrate(&'w Migration),
    /// And whether it can be noted already.
    Adopt(&'w AdoptionStep, bool),
}

impl Work<'_> {
    async fn attempt(&self, conn: &mut PgConnection) -> Result<()> {
        match self {
            Work::Migrate(migration) => conn.apply(HISTORY, migration).await.map(drop).map_err(from_migrate),
            Work::Adopt(step, note) => adopt::apply(conn, step, *note).await,
        }
    }

    fn name(&self) -> String {
        match self {
            Work::Migrate(migration) => format!("migration {}", migration.version),
            Work::Adopt(step, _) => step.sql.clone(),
        }
    }
}

async fn lock(conn: &mut PgConnection, wait: Duration, tell: &(dyn Fn(&str) + Sync)) -> Result<()> {
    let since = Instant::now();
    let mut said = false;
    loop {
        let got: bool =
            sqlx::query_scalar!(r#"SELECT pg_try_advisory_lock($1) AS "it!""#, LOCK_KEY).fetch_one(&mut *conn).await?;
        if got {
            return Ok(());
        }
        if since.elapsed() > wait {
            return Err(Error::new(Kind::Locked, "another migration of this database is running")
                .hint("wait until it has ended, or let this one wait for it with `--wait 10m`"));
        }
        if !said {
            tell("Another migration of this database is running; waiting for it.");
            said = true;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

async fn require_pgvector(conn: &mut PgConnection) -> Result<()> {
    let there = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector')
               OR EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS "it!""#
    )
    .fetch_one(conn)
    .await
    .map_err(translate);
    match there {
        Ok(true) => Ok(()),
        Ok(false) => Err(no_pgvector()),
        Err(error) if lacks_vector(&error) => Err(no_pgvector().with_source(error)),
        Err(error) => Err(error),
    }
}

fn no_pgvector() -> Error {
    Error::new(Kind::Config, "the database server has no pgvector extension")
        .hint("install pgvector on the server (package postgresql-NN-pgvector), or turn it on at the provider")
}

/// Where the database stands. Changes nothing.
///
/// # Errors
/// What the database says.
pub async fn status(conn: &mut PgConnection) -> Result<Status> {
    let history = History::read(conn).await?;
    Ok(Status {
        schema: history.newest(),
        known: newest(),
        pending: pending(conn, &history).await?,
        min_version: min_version(conn).await?,
        adopted: history.adopted(),
    })
}

/// Refuses a database that is not up to date. Nothing is migrated by this.
///
/// # Errors
/// [`Kind::SchemaOutdated`] naming `photoctl db migrate`, [`Kind::SchemaNewer`].
pub async fn require_current(conn: &mut PgConnection) -> Result<()> {
    let history = History::read(conn).await?;
    let missing = MIGRATOR.iter().filter(|migration| !history.applied.contains_key(&migration.version)).count();
    if missing > 0 {
        let said = if history.applied.is_empty() {
            "the database has no tables of photoctl yet".to_owned()
        } else {
            format!("the database lacks {}", text::count(missing as u64, "migration"))
        };
        return Err(Error::new(Kind::SchemaOutdated, said)
            .hint("see what would be done with `photoctl db migrate --dry-run`, then run `photoctl db migrate`"));
    }
    history.refuse_newer(conn).await
}

/// Some servers list an extension whose files they do not have.
fn lacks_vector(error: &Error) -> bool {
    cause(error)
        .is_some_and(|cause| matches!(cause.sqlstate.as_str(), "0A000" | "58P01") && cause.message.contains("vector"))
}

fn from_migrate(error: MigrateError) -> Error {
    match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => translate(error),
        other => Error::new(Kind::Failed, "the migration failed").with_source(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_from_one_without_a_gap() {
        let versions: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=versions.len() as i64).collect::<Vec<_>>());
    }
}
