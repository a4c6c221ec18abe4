//! `faces index`

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::batch::progress::Outcome;
use crate::commands::photos::report::{self, Counts};
use crate::commands::photos::work;
use crate::commands::reference;
use crate::db;
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Entity, Entry, Fields};
use crate::model::ids::{PhotoId, ProjectId};
use crate::model::text::count;
use crate::ui::{Finished, Page};
use crate::workflows::faces::index::Indexer;
use crate::workflows::faces::look::{self, Looker};
use crate::workflows::faces::retention;
use crate::workflows::photos::job::Ended;
use crate::workflows::setup::settings as project_settings;

#[derive(Debug, Args)]
pub struct IndexArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Also photos that were looked at before; their faces are found anew
    #[arg(long)]
    pub again: bool,
    /// Show how many photos would be looked at, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
struct IndexCounts {
    project_id: ProjectId,
    /// Photos to be looked at.
    found: u64,
    /// Looked at; with a dry run: would be.
    indexed: u64,
    /// Looked at meanwhile by another run.
    already_indexed: u64,
    /// Good enough to be compared.
    faces: u64,
    /// Too small or blurred for it.
    faces_poor: u64,
    /// Of projects whose time was over.
    faces_purged: u64,
}

pub async fn run(app: &App, args: IndexArgs) -> Finished {
    let begun = Instant::now();
    let store = app.store_for(args.dry_run).await?;
    let db = app.db().await?;
    let project = reference::project(app, &mut *db.conn().await?, args.project.as_deref()).await?;
    let config = project_settings::of_project(&mut *db.conn().await?, &app.config, project.id).await?;
    let now = Utc::now();
    let purged = retention::purge(db, &app.author(), &app.config, Some(project.id), now, args.dry_run).await?;
    if !retention::keeps(&mut *db.conn().await?, &config, project.id, now).await? {
        return Err(Error::new(
            Kind::Policy,
            "faces of this project's photos are not kept: the time for it is over, or never was",
        )
        .hint("photoctl tags match looks at the pixels and compares at once; retain_photo_faces is the setting"))?;
    }
    let engine = look::engine(&config).await?;
    let looker = Arc::new(Looker::new(store.clone(), engine, &config)?);
    let model = looker.model();
    let ids = to_look_at(&mut *db.conn().await?, project.id, model, args.again).await?;
    app.ui.target(&app.target(true));
    let mut counts = IndexCounts {
        project_id: project.id,
        found: ids.len() as u64,
        indexed: 0,
        already_indexed: 0,
        faces: 0,
        faces_poor: 0,
        faces_purged: purged.iter().map(|one| one.faces).sum(),
    };
    if args.dry_run {
        counts.indexed = counts.found;
        return report::finish(app, true, true, begun, counts, Ended::nothing());
    }
    let job = work::job(app, "looking for faces").await?;
    let indexer = Indexer { db: db.clone(), looker };
    let indexer = &indexer;
    let mut done = Vec::new();
    let work = |photo: db::photos::select::PhotoRecord| async move {
        let (outcome, indexed) = indexer.index(&photo, args.again).await?;
        Result::Ok((outcome, (outcome, indexed)))
    };
    let ended = job
        .run(&ids, work, |photo, (outcome, indexed)| match outcome {
            Outcome::Done => {
                counts.indexed += 1;
                counts.faces += indexed.faces;
                counts.faces_poor += indexed.poor;
                done.push(photo.id);
            }
            _ => counts.already_indexed += 1,
        })
        .await?;
    job.progress.finish();
    note(app, project.id, model, &done, &counts).await?;
    report::finish(app, false, true, begun, counts, ended)
}

async fn to_look_at(conn: &mut db::PgConnection, project: ProjectId, model: &str, again: bool) -> Result<Vec<PhotoId>> {
    let mut ids = db::faces::unscanned(conn, project, model, true).await?;
    if again {
        ids.extend(db::faces::scanned(conn, project, model).await?);
        ids.sort_unstable();
        ids.dedup();
    }
    Ok(ids)
}

async fn note(app: &App, project: ProjectId, model: &str, done: &[PhotoId], counts: &IndexCounts) -> Result<()> {
    if done.is_empty() {
        return Ok(());
    }
    let mut tx = app.db().await?.begin().await?;
    let fields =
        Fields::new().plain("model", None, Some(model)).number("faces", None, i64::try_from(counts.faces).ok());
    let entry = Entry::new(Entity::Photo, Action::IndexFaces)
        .in_project(project)
        .items(done.iter().map(|id| id.0))
        .fields(fields);
    db::audit::append(&mut tx, &app.author(), &entry).await?;
    tx.commit().await
}

impl Counts for IndexCounts {
    fn render(&self, dry_run: bool, page: &mut Page) {
        if self.found == 0 {
            page.good("No photo is left to look at.");
        } else if dry_run {
            page.heading(format!("Would look for faces in {}", count(self.indexed, "photo")));
        } else {
            page.heading(format!("{} in {}", count(self.faces, "face"), count(self.indexed, "photo")));
        }
        if self.faces_poor > 0 {
            page.line(format!("{} more are too small or blurred to be compared", count(self.faces_poor, "face")));
        }
        if self.already_indexed > 0 {
            page.line(format!("{} were looked at by another run meanwhile", count(self.already_indexed, "photo")));
        }
        if self.faces_purged > 0 {
            let verb = if dry_run { "would be" } else { "were" };
            page.line(format!("{} {verb} removed: the time to keep them is over", count(self.faces_purged, "face")));
        }
        if self.indexed > 0 && !dry_run {
            page.line("photoctl tags match compares them with the members.");
        }
    }
}
