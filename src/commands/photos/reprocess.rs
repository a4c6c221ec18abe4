//! `photos reprocess`

use std::time::Instant;

use serde::Serialize;

use super::report::{self, Counts};
use super::select::PhotoSelectArgs;
use super::work::{self, STUCK_AFTER};
use crate::app::App;
use crate::batch::progress::Outcome;
use crate::db::photos::select::Want;
use crate::error::Result;
use crate::model::audit::{Action, Fields};
use crate::model::text::{count, size};
use crate::ui::{Finished, Page};
use crate::workflows::photos::job::is_in_progress;
use crate::workflows::photos::rebuild::{Built, Extent};

#[derive(Debug, clap::Args)]
pub struct ReprocessArgs {
    #[command(flatten)]
    pub photos: PhotoSelectArgs,
    /// Also those that were made by the same watermark and sizes
    #[arg(long)]
    pub force: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Default, Serialize)]
struct ReprocessCounts {
    found: u64,
    /// With a dry run: would be.
    reprocessed: u64,
    up_to_date: u64,
    /// Uploads that go on now.
    in_progress: u64,
    bytes_read: u64,
}

pub async fn run(app: &App, args: ReprocessArgs) -> Finished {
    let begun = Instant::now();
    work::require_selection(app, &args.photos, "reprocess")?;
    let store = app.store_for(args.dry_run).await?;
    let mut selection = args.photos.resolve(app).await?;
    let ids = selection.live_ids(app, Want::All).await?;
    app.ui.target(&app.target(true));
    let job = work::job(app, "reprocessing").await?;
    let rebuilder = work::rebuilder(app, &job, store)?;
    let extent = if args.force { Extent::All } else { Extent::Outdated };
    let mut counts = ReprocessCounts { found: ids.len() as u64, ..ReprocessCounts::default() };
    let mut changed = Vec::new();
    let rebuilder = &rebuilder;
    let work = |photo| async move {
        if is_in_progress(&photo, STUCK_AFTER) {
            return Ok((Outcome::Skipped, (Outcome::Skipped, Built::default())));
        }
        let (outcome, built) = rebuilder.rebuild(&photo, extent, args.dry_run).await?;
        Result::Ok((outcome, (outcome, built)))
    };
    let mut ended = job
        .run(&ids, work, |photo, (outcome, built)| match outcome {
            Outcome::Skipped => counts.in_progress += 1,
            Outcome::Present => counts.up_to_date += 1,
            _ => {
                counts.reprocessed += 1;
                counts.bytes_read += built.bytes_read;
                changed.push(photo.id);
            }
        })
        .await?;
    job.progress.finish();
    if !args.dry_run {
        work::note(app, Action::Reprocess, &selection, &changed, Fields::new()).await?;
    }
    for (word, error) in &selection.missing {
        ended.fail(word, error);
    }
    report::finish(app, args.dry_run, true, begun, counts, ended)
}

impl Counts for ReprocessCounts {
    fn render(&self, dry_run: bool, page: &mut Page) {
        let verb = if dry_run { "would get" } else { "got" };
        page.heading(format!(
            "{} of {} {verb} new previews and thumbnails",
            self.reprocessed,
            count(self.found, "photo")
        ));
        if self.up_to_date > 0 {
            let verb = if self.up_to_date == 1 { "was" } else { "were" };
            let photos = count(self.up_to_date, "photo");
            page.line(format!("{photos} {verb} up to date: --force makes theirs anew too"));
        }
        if self.in_progress > 0 {
            page.line(format!("{} are being uploaded now and were left alone", count(self.in_progress, "photo")));
        }
        if self.bytes_read > 0 {
            page.line(format!("{} of originals read", size(self.bytes_read)));
        }
    }
}
