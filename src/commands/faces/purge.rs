//! `faces purge`

use chrono::Utc;
use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::reference;
use crate::model::target::Target;
use crate::model::text::{count, thousands};
use crate::model::time;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::faces::retention::{self, Purged};

#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// Only this project: id, name or operator-email/name. Without it: all whose time is over
    #[arg(long)]
    pub project: Option<String>,
    /// Show what would be removed, and remove nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(app: &App, args: PurgeArgs) -> Finished {
    let db = app.db().await?;
    let only = match args.project.as_deref() {
        Some(project) => Some(reference::project(app, &mut *db.conn().await?, Some(project)).await?.id),
        None => None,
    };
    let target = app.target(false);
    app.ui.target(&target);
    let purged = retention::purge(db, &app.author(), &app.config, only, Utc::now(), args.dry_run).await?;
    let faces = purged.iter().map(|one| one.faces).sum();
    app.ui.report(&PurgeReport { ok: true, dry_run: args.dry_run, target, faces, projects: purged });
    Ok(Done::OK)
}

#[derive(Debug, Serialize)]
struct PurgeReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    faces: u64,
    projects: Vec<Purged>,
}

impl Render for PurgeReport {
    fn render(&self, page: &mut Page) {
        if self.projects.is_empty() {
            page.good("No project's time to keep faces is over.");
            return;
        }
        let verb = if self.dry_run { "Would remove" } else { "Removed" };
        let (faces, projects) = (count(self.faces, "face"), count(self.projects.len() as u64, "project"));
        page.good(format!("{verb} {faces} of {projects}; tags stay."));
        page.table(
            &["project", "faces", "kept until"],
            self.projects.iter().map(|one| {
                let until = one.until.map_or_else(|| "never kept".to_owned(), time::rfc3339);
                vec![one.project.clone(), thousands(one.faces), until]
            }),
        );
    }
}
