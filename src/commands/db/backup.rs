//! `db backup`, `db restore`

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::{require_embedded, waiting};
use crate::app::App;
use crate::config::settings;
use crate::db::audit;
use crate::db::backup::{self, BackupOptions, BackupReport, RestoreReport};
use crate::error::{Kind, Result};
use crate::model::audit::{Action, Entity, Entry, Fields};
use crate::model::target::Target;
use crate::model::text;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::kept;

#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The file to write
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Replace the file if it is there
    #[arg(long)]
    pub overwrite: bool,
    /// Check only, and write nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The file that db backup wrote
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Replace the database that is there
    #[arg(long)]
    pub overwrite: bool,
    /// Unpack and check the file, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on without being asked
    #[arg(long, short)]
    pub yes: bool,
}

/// What both say at the end.
#[derive(Debug, Serialize)]
struct Report<T: Serialize> {
    ok: bool,
    dry_run: bool,
    target: Target,
    #[serde(flatten)]
    done: T,
    items_failed: Vec<()>,
    elapsed_ms: u64,
}

impl<T: Serialize> Report<T> {
    fn new(app: &App, dry_run: bool, began: Instant, done: T) -> Self {
        Self {
            ok: true,
            dry_run,
            target: app.target(false),
            done,
            items_failed: Vec::new(),
            elapsed_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        }
    }
}

impl Render for Report<BackupReport> {
    fn render(&self, page: &mut Page) {
        let done = &self.done;
        if self.dry_run {
            page.line(format!("{} of data would go into {}.", text::size(done.data_bytes), text::path(&done.file)));
        } else {
            page.good(format!("Written: {} ({})", text::path(&done.file), text::size(done.file_bytes)));
        }
    }
}

impl Render for Report<RestoreReport> {
    fn render(&self, page: &mut Page) {
        let done = &self.done;
        page.field("Backup of", format!("{}, by {}", done.created_at.format("%Y-%m-%d %H:%M UTC"), done.created_by));
        page.field("Schema", format!("version {}", done.schema));
        page.field("Data", text::size(done.data_bytes));
        page.field_if("Kept aside", done.kept_aside.as_deref().map(text::path));
        match (self.dry_run, done.replaced) {
            (true, true) => page.line("It is sound. It would replace the database that is there."),
            (true, false) => page.line("It is sound. Nothing was changed."),
            (false, true) => page.good("The database was replaced."),
            (false, false) => page.good("The database is back."),
        }
    }
}

/// Writes a backup. The audit log tells of it first: a copy that leaves the house unnoticed would be worse than a
/// note of one that then failed.
///
/// # Errors
/// As [`backup::backup`].
pub async fn backup(app: &App, args: &BackupArgs) -> Finished {
    let began = Instant::now();
    require_embedded(app, "db backup", "for a server use pg_dump, or your provider's backups")?;
    app.ui.target(&app.target(false));
    let options = BackupOptions { overwrite: args.overwrite, dry_run: args.dry_run };
    if !args.dry_run && (args.overwrite || !args.file.exists()) {
        let db = waiting(app, || app.connect(false)).await?;
        note(app, &db, Action::Backup, Fields::new()).await?;
        db.close().await;
    }
    let done = waiting(app, || backup::backup(app.config.home(), &args.file, options)).await?;
    app.ui.report(&Report::new(app, args.dry_run, began, done));
    if app.config.get(settings::STORAGE_URL).is_none_or(|url| url.starts_with("file:")) {
        app.ui.note(&format!("The pictures are not in it: copy {} too.", app.store_url()));
    }
    Ok(Done::OK)
}

/// Brings a backup back.
///
/// # Errors
/// As [`backup::restore`].
pub async fn restore(app: &App, args: &RestoreArgs) -> Finished {
    let began = Instant::now();
    require_embedded(app, "db restore", "for a server use pg_restore, or your provider's backups")?;
    app.ui.target(&app.target(false));
    if args.overwrite && !args.dry_run && app.config.home().join("postgres").exists() {
        let question = format!("Replace the database in {} by the backup?", text::path(app.config.home()));
        app.ui.confirm(&question, args.yes)?;
    }
    let options = BackupOptions { overwrite: args.overwrite, dry_run: args.dry_run };
    let done = waiting(app, || backup::restore(&args.file, app.config.home(), options)).await?;
    if !args.dry_run {
        let db = app.connect(false).await?;
        let made = done.created_at.to_rfc3339();
        // The log begins again where the backup ends: what this machine has seen of it since is said in it.
        let seen = kept::heads::last_seen(&db, app.config.home()).await.map(|head| head.to_string());
        let fields = Fields::new().plain("backup_of", None, Some(&made)).plain("log_seen_to", seen.as_deref(), None);
        note(app, &db, Action::Recover, fields).await?;
        kept::heads::begin_again(&db, app.config.home()).await;
        db.close().await;
    }
    app.ui.report(&Report::new(app, args.dry_run, began, done));
    Ok(Done::OK)
}

async fn note(app: &App, db: &crate::db::Db, action: Action, fields: Fields) -> Result<()> {
    match db.require_current().await {
        Ok(()) => {}
        // The log's table may not be there yet, and a backup before a migration is a good habit.
        Err(error) if matches!(error.kind(), Kind::SchemaOutdated | Kind::SchemaNewer) => return Ok(()),
        Err(error) => return Err(error),
    }
    let mut tx = db.begin().await?;
    audit::append(&mut tx, &app.author(), &Entry::new(Entity::Database, action).fields(fields)).await?;
    tx.commit().await
}
