//! `user import`, `user export`

use std::path::{Path, PathBuf};

use clap::Args;

use super::reference;
use crate::app::App;
use crate::error::{Error, Exit, Kind, Result};
use crate::model::project::Project;
use crate::model::text::{self, count, printable, thousands};
use crate::model::time;
use crate::ui::{Done, Finished, Format, Page, Render, Row};
use crate::workflows::roster::export::Export;
use crate::workflows::roster::import::{self, ImportPlan, Services};
use crate::workflows::roster::{ImportReport, Mapping, Roster, RosterOptions};
use crate::workflows::setup::password;

/// Rejected rows that people are shown.
const FAILURES_SHOWN: usize = 20;

/// Brings the guests of a spreadsheet into a project: users are found by email or created, and become members.
///
/// Columns are found by their header in the usual languages: email, name (or first and last name), address, billing
/// address, and when the terms were accepted, in the project's time zone. What the file says replaces what is stored;
/// an empty cell says nothing. A time of acceptance that is stored is kept. Nobody can log in with a user that is
/// created here until a password is set. Run it again at any time: what is stored already is not changed.
///
/// All that can be taken goes in at once; a run that is interrupted has changed nothing.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// CSV, TSV, semicolons (UTF-8, UTF-16, Windows-1252) or .xlsx; - is stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Project: id, beginning of an id, name, or operator-email/name
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// Which column holds a field, where its header does not tell: email, name, first_name, last_name, address,
    /// billing_address, terms_accepted_at; may be given several times
    #[arg(long = "map", value_name = "FIELD=HEADER")]
    pub mappings: Vec<Mapping>,
    /// Take all rows or none
    #[arg(long)]
    pub strict: bool,
    /// Write the rejected rows, if there are any, with line and reason, to be mended and imported again
    #[arg(long, value_name = "FILE")]
    pub rejects: Option<PathBuf>,
    /// Write a JSON line for each row: line, user_id, created, joined, updated, reason
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Encoding of a text file, where it is none of the usual: windows-1250, shift_jis
    #[arg(long, value_name = "NAME")]
    pub encoding: Option<String>,
    /// Sheet of a workbook (.xlsx) [default: the first that can be seen]
    #[arg(long, value_name = "NAME")]
    pub sheet: Option<String>,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// Writes users as CSV that `user import` reads: with a project, its members and when they accepted its terms.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Only members of this project
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    /// File to write [default: stdout]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long, requires = "to")]
    pub overwrite: bool,
}

pub async fn import(app: &App, args: ImportArgs) -> Finished {
    let cost = password::cost(&app.config)?;
    not_over_itself(&args)?;
    let db = app.db().await?;
    let project = project(app, args.project.as_deref()).await?;
    let path = (args.file.as_os_str() != "-").then(|| args.file.clone());
    let options = RosterOptions { mappings: args.mappings, encoding: args.encoding, sheet: args.sheet };
    let opened = tokio::task::spawn_blocking(move || Roster::open(path.as_deref(), &options));
    let roster =
        opened.await.map_err(|error| Error::new(Kind::BadFile, "the file cannot be read").with_source(error))??;
    for column in roster.unknown_columns().iter().take(50) {
        app.ui.note(&format!("The column {:?} is not known and left alone.", printable(column)));
    }
    let target = app.target(false);
    app.ui.target(&target);
    let services = Services {
        db: db.clone(),
        progress: app.ui.progress("row"),
        cancel: app.cancel.clone(),
        author: app.author(),
        target,
    };
    let progress = services.progress.clone();
    let rejects = args.rejects.clone();
    let plan = ImportPlan {
        roster,
        project,
        cost,
        strict: args.strict,
        dry_run: args.dry_run,
        rejects: args.rejects,
        report: args.report,
    };
    let done = import::import(plan, services).await;
    progress.finish();
    let report = done?;
    app.ui.report(&report);
    if let Some(older) = rejects.filter(|path| report.counts.rejected == 0 && path.is_file()) {
        app.ui.note(&format!("No row was rejected: {} is of an older run and stays as it is.", text::path(&older)));
    }
    Ok(Done(if report.counts.rejected > 0 { Exit::SomeFailed } else { Exit::Ok }))
}

async fn project(app: &App, given: Option<&str>) -> Result<Project> {
    let mut conn = app.db().await?.conn().await?;
    let project = reference::project(app, &mut conn, given).await?;
    if project.deleted_at.is_some() {
        return Err(Error::new(Kind::NotFound, format!("the project {:?} was deleted", printable(&project.name))));
    }
    Ok(project)
}

/// A list of rejected rows that was mended is not to be lost to the next one.
fn not_over_itself(args: &ImportArgs) -> Result<()> {
    let same = |other: &Path| match (std::fs::canonicalize(&args.file), std::fs::canonicalize(other)) {
        (Ok(file), Ok(other)) => file == other,
        _ => false,
    };
    if args.rejects.is_some() && args.rejects == args.report {
        return Err(Error::usage("--rejects and --report name the same file").hint("name two files"));
    }
    for (option, path) in [("--rejects", &args.rejects), ("--report", &args.report)] {
        if path.as_deref().is_some_and(same) {
            return Err(Error::usage(format!("{option} names the file that is imported")).hint("name another file"));
        }
    }
    Ok(())
}

pub async fn export(app: &App, args: ExportArgs) -> Finished {
    let db = app.db().await?;
    if let Some(path) = args.to.as_deref().filter(|path| path.exists() && !args.overwrite) {
        let error = Error::new(Kind::AlreadyExists, format!("{} is there already", text::path(path)));
        return Err(error.hint("--overwrite replaces it"));
    }
    let project = match &args.project {
        Some(given) => Some(reference::project(app, &mut *db.conn().await?, Some(given)).await?),
        None => None,
    };
    let export = Export::begin(db, &app.author(), project.as_ref()).await?;
    if let Some(path) = &args.to {
        export.write(path, args.overwrite).await?;
        let note = format!("{} written to {}.", count(export.count(), "user"), text::path(path));
        app.ui.written_to(path, &note);
        return Ok(Done::OK);
    }
    if matches!(app.ui.format(), Format::Json | Format::Jsonl) {
        let mut all = Vec::new();
        export
            .pages(|guests| {
                all.extend(guests);
                Ok(())
            })
            .await?;
        app.ui.list(&all, None);
        return Ok(Done::OK);
    }
    app.ui.bytes(&export.header());
    export
        .pages(|guests| {
            app.ui.bytes(&export.lines(&guests));
            Ok(())
        })
        .await?;
    Ok(Done::OK)
}

impl Row for crate::model::people::Guest {
    const HEADERS: &'static [&'static str] = &["name", "email"];

    fn cells(&self) -> Vec<String> {
        vec![self.name.clone(), self.email.clone()]
    }
}

impl Render for ImportReport {
    fn render(&self, page: &mut Page) {
        let counts = &self.counts;
        let row = |what: &str, n: u64, why: &str| vec![what.to_owned(), thousands(n), why.to_owned()];
        let mut rows = vec![row("rows", counts.rows, "")];
        rows.push(row("created", counts.created, "users"));
        rows.push(row("joined", counts.joined, "members of the project"));
        rows.push(row("updated", counts.updated, "another name, address, or time of acceptance"));
        rows.push(row("unchanged", counts.unchanged, "as they are stored"));
        rows.push(row("rejected", counts.rejected, ""));
        page.table(&["what", "count", ""], rows);
        if counts.terms_kept > 0 {
            let rows = count(counts.terms_kept, "row");
            page.line(format!("{rows} with another time of acceptance than is stored: what is stored was kept."));
        }
        if !self.items_failed.is_empty() {
            page.gap();
            page.heading("Rejected");
            for item in self.items_failed.iter().take(FAILURES_SHOWN) {
                page.line(format!("  {}: {}", item.r#ref, item.message));
            }
            let more = counts.rejected.saturating_sub(FAILURES_SHOWN as u64);
            if more > 0 {
                page.line(format!("  and {} more: --rejects FILE writes all of them", thousands(more)));
            }
        }
        page.gap();
        let elapsed = time::span(std::time::Duration::from_millis(self.elapsed_ms));
        match (self.dry_run, self.strict && counts.rejected > 0) {
            (true, false) => page.line("Nothing was changed: this was a dry run."),
            (true, true) => page.bad("Nothing would be changed: with --strict, no row is taken while one is rejected."),
            (false, true) => page.bad("Nothing was changed: with --strict, no row is taken while one is rejected."),
            (false, false) => page.line(format!("Took {elapsed}.")),
        }
    }
}
