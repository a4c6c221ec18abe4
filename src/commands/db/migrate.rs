//! `db migrate`

use std::time::Instant;

use serde::Serialize;

use crate::app::App;
use crate::config::settings;
use crate::db::adopt::AdoptionStep;
use crate::db::check::Difference;
use crate::db::migrate::{self, MigrateOptions, MigrationPlan, MigrationReport, Step};
use crate::db::{Db, audit};
use crate::error::{Kind, Result};
use crate::model::audit::{Action, Entity, Entry, Fields};
use crate::model::target::Target;
use crate::model::text::count;
use crate::ui::{Done, Finished, Page, Render};

#[derive(Debug, clap::Args)]
pub struct MigrateArgs {
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    dry_run: bool,
    target: Target,
    /// Whether the embedded database was made, or would be.
    created: bool,
    from: i64,
    to: i64,
    /// Migrations that were run, or would be.
    migrations: usize,
    /// Changes that took over the tables of the web application, or would.
    adopted: usize,
    /// What differs from the specification and is left as it is.
    differences_left: usize,
    steps: Vec<Step>,
    adoption: Vec<AdoptionStep>,
    differences: Vec<Difference>,
    items_failed: Vec<()>,
    elapsed_ms: u64,
}

impl Render for Report {
    fn render(&self, page: &mut Page) {
        if self.created {
            page.line(format!("The embedded database {} created.", if self.dry_run { "would be" } else { "was" }));
        }
        for step in &self.adoption {
            page.line(format!("  {}", step.sql.trim_end_matches(';')));
        }
        if !self.adoption.is_empty() {
            let were = match (self.dry_run, self.adopted) {
                (true, _) => "would be",
                (false, 1) => "was",
                (false, _) => "were",
            };
            let changes = count(self.adopted as u64, "change");
            page.line(format!("{changes} {were} made to the tables of the web application."));
        }
        for step in &self.steps {
            page.line(format!("  {} {}", step.version, step.description));
        }
        for difference in &self.differences {
            page.line(format!("  left as it is: {}", difference.sentence()));
        }
        if self.migrations == 0 && self.adopted == 0 && !self.created {
            page.good(format!("The database is up to date (version {}).", self.to));
        } else if self.dry_run {
            page.line(format!("Nothing was changed. From version {} to {}.", self.from, self.to));
        } else {
            page.good(format!("The database is now at version {}.", self.to));
        }
        if !self.differences.is_empty() {
            page.bad(format!("{} left: see photoctl db check.", count(self.differences.len() as u64, "difference")));
        }
    }
}

/// Migrates, or shows what that would do.
///
/// # Errors
/// As [`migrate::run`].
pub async fn run(app: &App, args: &MigrateArgs) -> Finished {
    let began = Instant::now();
    app.ui.target(&app.target(false));
    let mut report = if args.dry_run { plan(app).await? } else { migrate(app).await? };
    report.elapsed_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    app.ui.report(&report);
    Ok(Done::OK)
}

async fn plan(app: &App) -> Result<Report> {
    let db = match app.connect(false).await {
        Ok(db) => db,
        Err(error) if error.kind() == Kind::DatabaseNotConfigured => return Ok(from_nothing(app)),
        Err(error) => return Err(error),
    };
    let MigrationPlan { from, to, steps, adoption } = migrate::plan(&mut *db.conn().await?).await?;
    let adoption = adoption.unwrap_or_default();
    let report = made(app, true, false, (from, to), (steps, adoption.steps, adoption.differences));
    db.close().await;
    Ok(report)
}

/// What would be done where there is no database at all.
fn from_nothing(app: &App) -> Report {
    let mut report = made(app, true, true, (0, migrate::newest()), Default::default());
    report.migrations = usize::try_from(migrate::newest()).unwrap_or_default();
    report
}

async fn migrate(app: &App) -> Result<Report> {
    let db = app.connect(true).await?;
    let migrated = bring_up(app, &db).await?;
    let lists = (migrated.steps, migrated.adopted, migrated.differences);
    let report = made(app, false, db.created(), (migrated.from, migrated.to), lists);
    db.close().await;
    Ok(report)
}

/// Brings a database up to date, and notes it in the audit log.
///
/// # Errors
/// As [`migrate::run`].
pub(in crate::commands) async fn bring_up(app: &App, db: &Db) -> Result<MigrationReport> {
    let mut options = MigrateOptions::default();
    if let Some(wait) = app.wait {
        (options.wait, options.patience) = (wait, wait);
    }
    if let Some(timeout) = app.config.duration(settings::DATABASE_LOCK_TIMEOUT)? {
        options.lock_timeout = timeout;
    }
    let migrated = migrate::run_telling(db, &options, &|text| app.ui.note(text)).await?;
    if !migrated.steps.is_empty() || !migrated.adopted.is_empty() {
        note(app, db, migrated.from, migrated.to).await?;
    }
    Ok(migrated)
}

async fn note(app: &App, db: &Db, from: i64, to: i64) -> Result<()> {
    let mut tx = db.begin().await?;
    let fields = Fields::new().number("schema", Some(from), Some(to));
    audit::append(&mut tx, &app.author(), &Entry::new(Entity::Database, Action::Migrate).fields(fields)).await?;
    tx.commit().await
}

type Lists = (Vec<Step>, Vec<AdoptionStep>, Vec<Difference>);

fn made(
    app: &App,
    dry_run: bool,
    created: bool,
    (from, to): (i64, i64),
    (steps, adoption, differences): Lists,
) -> Report {
    Report {
        ok: true,
        dry_run,
        target: app.target(false),
        created,
        from,
        to,
        migrations: steps.len(),
        adopted: adoption.len(),
        differences_left: differences.len(),
        steps,
        adoption,
        differences,
        items_failed: Vec::new(),
        elapsed_ms: 0,
    }
}
