//! `qr prune`

use chrono::Utc;
use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::args::ChangeArgs;
use crate::commands::reference;
use crate::db::qr::PruneFilter;
use crate::model::target::Target;
use crate::model::text::count;
use crate::model::time::{self, Edge};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::qr::retire;

#[derive(Debug, Args)]
pub struct PruneArgs {
    /// Only those of this project
    #[arg(long)]
    pub project: Option<String>,
    /// Only those that expired before: a time, or a span back from now such as 90d
    #[arg(long, value_name = "TIME")]
    pub before: Option<String>,
    #[command(flatten)]
    pub change: ChangeArgs,
}

pub async fn run(app: &App, args: PruneArgs) -> Finished {
    let db = app.db().await?;
    let project = reference::project_if(app, &mut *db.conn().await?, args.project.as_deref()).await?;
    let zone = project.as_ref().map_or(chrono_tz::Tz::UTC, |project| project.zone());
    let before = args.before.as_deref().map(|text| time::parse(text, zone, Edge::Start, Utc::now())).transpose()?;
    let project = project.map(|project| project.id);
    let target = app.target(false);
    app.ui.target(&target);
    let ids = retire::prunable(db, PruneFilter { project, before }).await?;
    let mut pruned = ids.len() as u64;
    if !args.change.dry_run && !ids.is_empty() {
        let _confirmed = app.ui.confirm(&format!("Delete {}?", count(pruned, "expired token")), args.change.yes)?;
        pruned = retire::prune(db, &app.author(), project, &ids).await?.len() as u64;
    }
    app.ui.report(&PruneReport { ok: true, dry_run: args.change.dry_run, target, pruned });
    Ok(Done::OK)
}

#[derive(Debug, Serialize)]
struct PruneReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    /// With a dry run: would be.
    pruned: u64,
}

impl Render for PruneReport {
    fn render(&self, page: &mut Page) {
        let tokens = count(self.pruned, "expired token");
        match (self.pruned, self.dry_run) {
            (0, _) => page.line("There are no expired tokens that nobody used."),
            (_, true) => page.line(format!("Would delete {tokens}; nothing was changed.")),
            (_, false) => page.good(format!("Deleted {tokens}; those that were used stay.")),
        }
    }
}
