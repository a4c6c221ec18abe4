//! `tags decide`

use std::fs::File;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::report::refused;
use crate::app::App;
use crate::commands::args::ChangeArgs;
use crate::error::{Error, Exit};
use crate::model::target::Target;
use crate::model::text::count;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::tags::sheet::{self, Settled};

#[derive(Debug, Args)]
pub struct DecideArgs {
    /// A CSV file with the columns tag_id (or photo_id and user_id), decision and perhaps seen; - is stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    #[command(flatten)]
    pub change: ChangeArgs,
}

pub async fn run(app: &App, args: DecideArgs) -> Finished {
    let sheet = if args.file.as_os_str() == "-" {
        sheet::read(std::io::stdin().lock())?
    } else {
        sheet::read(File::open(&args.file).map_err(|error| Error::io("read", &args.file, error))?)?
    };
    let db = app.db().await?;
    let target = app.target(false);
    app.ui.target(&target);
    let dry_run = args.change.dry_run;
    if !dry_run && sheet.decisions() > 0 {
        let question = format!("Carry out {}?", count(sheet.decisions(), "decision"));
        let _confirmed = app.ui.confirm(&question, args.change.yes)?;
    }
    let settled = sheet::settle(db, &app.author(), &app.config, &sheet, dry_run).await?;
    let ok = settled.refused == 0;
    app.ui.report(&SheetReport { ok, dry_run, target, settled });
    Ok(Done(if ok { Exit::Ok } else { Exit::SomeFailed }))
}

#[derive(Debug, Serialize)]
struct SheetReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    #[serde(flatten)]
    settled: Settled,
}

impl Render for SheetReport {
    fn render(&self, page: &mut Page) {
        let settled = &self.settled;
        let done = [
            (settled.confirmed, "confirmed"),
            (settled.rejected, "rejected"),
            (settled.reopened, "reopened"),
            (settled.removed, "removed"),
            (settled.unchanged, "decided so before"),
            (settled.skipped, "skipped"),
        ];
        let done: Vec<String> =
            done.iter().filter(|(number, _)| *number > 0).map(|(number, word)| format!("{number} {word}")).collect();
        let done = if done.is_empty() { "nothing to decide".to_owned() } else { done.join(", ") };
        if self.dry_run {
            page.line(format!("Would be: {done}; nothing was changed."));
        } else {
            page.good(format!("Decided: {done}."));
        }
        refused(page, &settled.items_failed);
    }
}
