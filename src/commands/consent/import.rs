//! `consent import`

use std::path::PathBuf;

use clap::Args;

use crate::app::App;
use crate::error::{Error, Exit, Kind};
use crate::model::text::{printable, thousands};
use crate::model::time;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::consent::import::{self, ConsentTable, ImportPlan, ImportReport, Services};
use crate::workflows::roster::RowFailed;

/// Lines that people are shown.
const LINES_SHOWN: usize = 20;

/// Records the consents of a spreadsheet, each with what proves it.
///
/// The columns are email (or user_id), consent_version, type (without it, biometric_processing), given_at (in UTC where
/// no offset stands), and evidence in words or evidence_file, a path below the file's folder. A consent that is active
/// already is left as it is. One that was given before its user revoked is not recorded again, however often an old
/// file is imported; one that is newer is. Lines with a revoked_at are never recorded, and end nothing. Run it again
/// at any time.
///
/// All that can be taken goes in at once; a run that is interrupted has changed nothing.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// CSV, TSV, semicolons (UTF-8, UTF-16, Windows-1252) or .xlsx; - is stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// Take all lines or none
    #[arg(long)]
    pub strict: bool,
    /// Write a JSON line for each line: line, user_id, type, version, became, reason
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

pub async fn run(app: &App, args: ImportArgs) -> Finished {
    if let (Ok(file), Some(Ok(report))) =
        (args.file.canonicalize(), args.report.as_ref().map(|path| path.canonicalize()))
        && file == report
    {
        return Err(Error::usage("--report names the file that is imported").hint("name another file"));
    }
    let db = app.db().await?.clone();
    let (path, encoding, sheet) = ((args.file.as_os_str() != "-").then_some(args.file), args.encoding, args.sheet);
    let opened =
        tokio::task::spawn_blocking(move || ConsentTable::open(path.as_deref(), encoding.as_deref(), sheet.as_deref()));
    let table =
        opened.await.map_err(|error| Error::new(Kind::BadFile, "the file cannot be read").with_source(error))??;
    for column in table.unknown_columns().iter().take(50) {
        app.ui.note(&format!("The column {:?} is not known and left alone.", printable(column)));
    }
    let target = app.target(false);
    app.ui.target(&target);
    let progress = app.ui.progress("line");
    let services =
        Services { db, progress: progress.clone(), cancel: app.cancel.clone(), author: app.author(), target };
    let plan = ImportPlan { table, strict: args.strict, dry_run: args.dry_run, report: args.report };
    let done = import::import(plan, services).await;
    progress.finish();
    let report = done?;
    app.ui.report(&report);
    Ok(Done(if report.counts.rejected > 0 { Exit::SomeFailed } else { Exit::Ok }))
}

impl Render for ImportReport {
    fn render(&self, page: &mut Page) {
        let counts = &self.counts;
        let row = |what: &str, n: u64, why: &str| vec![what.to_owned(), thousands(n), why.to_owned()];
        page.table(
            &["what", "count", ""],
            [
                row("lines", counts.rows, ""),
                row("granted", counts.granted, "consents"),
                row("present", counts.already_present, "active in that version"),
                row("revoked", counts.revoked_since, "since they were given"),
                row("rejected", counts.rejected, ""),
            ],
        );
        lines(page, "Stays revoked", &self.items_skipped, counts.revoked_since);
        lines(page, "Rejected", &self.items_failed, counts.rejected);
        page.gap();
        let elapsed = time::span(std::time::Duration::from_millis(self.elapsed_ms));
        match (self.dry_run, self.strict && counts.rejected > 0) {
            (true, false) => page.line("Nothing was changed: this was a dry run."),
            (true, true) => {
                page.bad("Nothing would be changed: with --strict, no line is taken while one is rejected.")
            }
            (false, true) => page.bad("Nothing was changed: with --strict, no line is taken while one is rejected."),
            (false, false) => page.line(format!("Took {elapsed}.")),
        }
    }
}

fn lines(page: &mut Page, heading: &str, items: &[RowFailed], all: u64) {
    if items.is_empty() {
        return;
    }
    page.gap();
    page.heading(heading);
    for item in items.iter().take(LINES_SHOWN) {
        page.line(format!("  {}: {}", item.r#ref, item.message));
    }
    let more = all.saturating_sub(LINES_SHOWN as u64);
    if more > 0 {
        page.line(format!("  and {} more: --report FILE writes all of them", thousands(more)));
    }
}
