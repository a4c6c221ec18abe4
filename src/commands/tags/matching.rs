//! `tags match`

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::photos::report::{self, Counts};
use crate::commands::photos::work;
use crate::commands::reference;
use crate::db::{self, Db};
use crate::error::{Exit, Result};
use crate::model::ids::ProjectId;
use crate::model::project::Project;
use crate::model::text::count;
use crate::ui::{Finished, Page};
use crate::workflows::faces::look::{self, Looker};
use crate::workflows::faces::retention;
use crate::workflows::matching::report::MatchReport;
use crate::workflows::matching::run::{Matching, State, context, enough, thresholds};
use crate::workflows::photos::job::Ended;
use crate::workflows::setup::settings as project_settings;

#[derive(Debug, Args)]
pub struct MatchArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Every kept face with every member again, not only what is new
    #[arg(long)]
    pub all: bool,
    /// Read the pixels again of photos whose faces are not kept
    #[arg(long)]
    pub rescan: bool,
    /// Show how many tags would be written by decision, and write none
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
struct MatchCounts {
    project_id: ProjectId,
    #[serde(flatten)]
    report: MatchReport,
    faces_purged: u64,
}

pub async fn run(app: &App, args: MatchArgs) -> Finished {
    let begun = Instant::now();
    let db = app.db().await?;
    let project = reference::project(app, &mut *db.conn().await?, args.project.as_deref()).await?;
    let config = project_settings::of_project(&mut *db.conn().await?, &app.config, project.id).await?;
    let now = Utc::now();
    app.ui.target(&app.target(false));
    let purged = retention::purge(db, &app.author(), &app.config, Some(project.id), now, args.dry_run).await?;
    let keeps = retention::keeps(&mut *db.conn().await?, &config, project.id, now).await?;
    let job = work::job(app, "matching").await?;
    let matching = Matching {
        db: db.clone(),
        author: app.author(),
        project: project.id,
        model: look::MODEL,
        thresholds: thresholds(&config)?,
        enough: enough(&config),
        context: context(&config)?,
        kept: keeps,
        dry_run: args.dry_run,
        cancel: app.cancel.clone(),
        progress: job.progress.clone(),
    };
    let mut state = State::default();
    let mut ended = Ended::nothing();
    let unkept = if args.rescan || !keeps { unkept(db, &project, args.rescan).await? } else { Vec::new() };
    if !unkept.is_empty() {
        let store = app.store_for(args.dry_run).await?;
        let looker = Arc::new(Looker::new(store.clone(), look::engine(&config).await?, &config)?);
        ended.add(matching.from_pixels(&mut state, &job, &looker, &unkept).await?);
    }
    let report = matching.run(state, args.all, None).await?;
    job.progress.finish();
    let faces_purged = purged.iter().map(|one| one.faces).sum();
    let counts = MatchCounts { project_id: project.id, report, faces_purged };
    report::finish(app, args.dry_run, false, begun, counts, ended)
}

/// Photos whose pixels are to be read: those that nobody has looked at, and, where it is asked for, those whose faces
/// were not kept.
async fn unkept(db: &Db, project: &Project, again: bool) -> Result<Vec<crate::model::ids::PhotoId>> {
    db::faces::unscanned(&mut *db.conn().await?, project.id, look::MODEL, again).await
}

impl Counts for MatchCounts {
    fn render(&self, dry_run: bool, page: &mut Page) {
        let report = &self.report;
        let would = if dry_run { "would be " } else { "" };
        page.heading(format!(
            "{} of {} compared with {}",
            count(report.faces, "face"),
            count(report.photos, "photo"),
            count(report.members, "member")
        ));
        page.line(format!("{} {would}confirmed, {} left to a person", count(report.confirmed, "tag"), report.pending));
        if report.changed + report.removed > 0 {
            page.line(format!("{} {would}changed, {} {would}removed", count(report.changed, "tag"), report.removed));
        }
        if report.raised + report.lowered > 0 {
            let raised = count(report.raised, "tag");
            page.line(format!("{raised} confirmed and {} made doubtful by photos of the same moments", report.lowered));
        }
        if report.decided > 0 {
            page.line(format!("{} left as people decided", count(report.decided, "tag")));
        }
        if report.blocked > 0 {
            let members = count(report.blocked, "member");
            page.bad(format!("{members} not compared: no consent that is enough (photoctl consent status)"));
        }
        if report.other_model > 0 {
            let selfies = count(report.other_model, "selfie");
            page.bad(format!("{selfies} of another model not compared: photoctl selfie re-embed"));
        }
        if report.not_looked_at > 0 {
            let photos = count(report.not_looked_at, "photo");
            page.line(format!("{photos} not looked at for faces yet: photoctl faces index"));
        }
        if report.not_kept > 0 && report.new_selfies > 0 {
            let (selfies, photos) = (count(report.new_selfies, "new selfie"), count(report.not_kept, "photo"));
            page.line(format!("{selfies} not compared with {photos} whose faces are not kept: --rescan reads them"));
        }
        if report.pending > 0 && !dry_run {
            page.line("photoctl tags review shows those that wait.");
        }
    }

    /// Somebody who wants to be found and may not be looked for is no failure of the run, but not all was done.
    fn exit(&self) -> Exit {
        if self.report.blocked > 0 { Exit::SomeFailed } else { Exit::Ok }
    }
}
