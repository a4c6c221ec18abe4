//! `tags review`

mod draw;
mod gallery;
mod keys;
mod plain;
mod report;
mod screen;
mod session;
mod sheet;
mod work;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::app::App;
use crate::commands::reference;
use crate::config::settings;
use crate::error::{Error, Exit, Result};
use crate::model::ids::ProjectId;
use crate::ui::{Done, Finished};
use crate::workflows::tags::review::{self as desk, Desk, Shelf};

use report::{ReviewReport, WaitingReport};
use screen::End;

/// Shortest and longest time that what a killed reviewer had before them stays theirs.
const LEASES: std::ops::RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_secs(86_400);

#[derive(Debug, Args)]
pub struct ReviewArgs {
    /// Only this project: id, name or operator-email/name [default: all, the one that waits longest first]
    #[arg(long)]
    pub project: Option<String>,
    /// Ask in plain lines, without a screen of its own
    #[arg(long)]
    pub plain: bool,
    /// Write the faces into one HTML file instead, which any browser shows and which saves decisions for tags decide
    #[arg(long, value_name = "FILE", conflicts_with = "plain")]
    pub sheet: Option<PathBuf>,
    /// In the file, name people instead of numbering them
    #[arg(long, requires = "sheet")]
    pub names: bool,
    /// In the file, so many tags at most
    #[arg(long, value_name = "N", default_value_t = 500, requires = "sheet", value_parser = clap::value_parser!(u32).range(1..=5_000))]
    pub limit: u32,
    /// Show how much waits, of whom, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

/// # Errors
/// Off a terminal without `--sheet`; what the database or the store says.
pub async fn run(app: &App, args: ReviewArgs) -> Finished {
    if !args.dry_run && args.sheet.is_none() && !app.ui.can_ask() {
        return Err(Error::usage("people review tags at a terminal, and this is none")
            .hint("give --sheet FILE for a file that any browser shows, or decide by photoctl tags decide"));
    }
    let db = app.db().await?.clone();
    let project = project(app, args.project.as_deref()).await?;
    let target = app.target(true);
    let waiting = desk::waiting(&db, project).await?;
    if args.dry_run {
        app.ui.target(&target);
        app.ui.report(&WaitingReport::of(waiting, target));
        return Ok(Done::OK);
    }
    if waiting.is_empty() {
        app.ui.note("No tag waits for a decision.");
        return Ok(Done::OK);
    }
    let shelf = Shelf::new(app.store().await?.clone());
    if let Some(path) = &args.sheet {
        return sheet::run(app, &args, path, project, shelf).await;
    }
    app.ui.target(&target);
    let desk = Desk::new(db.clone(), app.config.clone(), lease(app)?, project);
    let (session, end) = if args.plain || !app.ui.has_stage() {
        plain::run(app, desk, shelf).await?
    } else {
        screen::run(app, desk, shelf).await?
    };
    let left = desk::waiting(&db, project).await.map(|rows| rows.iter().map(|row| row.pending).sum());
    app.ui.report(&ReviewReport::of(&session, end, target, left.unwrap_or_else(|_| session.left())));
    Ok(Done(if end == End::Interrupted { Exit::Interrupted } else { Exit::Ok }))
}

async fn project(app: &App, given: Option<&str>) -> Result<Option<ProjectId>> {
    let conn = &mut app.db().await?.conn().await?;
    Ok(reference::project_if(app, conn, given).await?.map(|project| project.id))
}

fn lease(app: &App) -> Result<Duration> {
    let lease = app.config.duration(settings::REVIEW_LEASE)?.unwrap_or(Duration::from_secs(120));
    if !LEASES.contains(&lease) {
        return Err(Error::usage("review_lease is a time from 1s to 1d"));
    }
    Ok(lease)
}
