//! `photos adopt`

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
pub struct AdoptArgs {
    #[command(flatten)]
    pub photos: PhotoSelectArgs,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Default, Serialize)]
struct AdoptCounts {
    found: u64,
    /// Got facts of their files. With a dry run: would get.
    adopted: u64,
    /// Got previews and thumbnails. With a dry run: would get.
    derived: u64,
    /// Lacked nothing.
    complete: u64,
    /// Uploads that go on now.
    in_progress: u64,
    bytes_read: u64,
}

pub async fn run(app: &App, args: AdoptArgs) -> Finished {
    let begun = Instant::now();
    work::require_selection(app, &args.photos, "adopt")?;
    let store = app.store_for(args.dry_run).await?;
    let mut selection = args.photos.resolve(app).await?;
    // Of photos that were named each has a word in the report, else only those that lack something.
    let want = if selection.by_id { Want::All } else { Want::Incomplete };
    let ids = selection.live_ids(app, want).await?;
    app.ui.target(&app.target(true));
    let job = work::job(app, "adopting").await?;
    let rebuilder = &work::rebuilder(app, &job, store)?;
    let mut counts = AdoptCounts { found: ids.len() as u64, ..AdoptCounts::default() };
    let mut changed = Vec::new();
    let work = |photo| async move {
        if is_in_progress(&photo, STUCK_AFTER) {
            return Ok((Outcome::Skipped, (Outcome::Skipped, Built::default())));
        }
        let (outcome, built) = rebuilder.rebuild(&photo, Extent::Missing, args.dry_run).await?;
        Result::Ok((outcome, (outcome, built)))
    };
    let mut ended = job
        .run(&ids, work, |photo, (outcome, built)| match outcome {
            Outcome::Skipped => counts.in_progress += 1,
            Outcome::Present => counts.complete += 1,
            _ => {
                counts.adopted += u64::from(built.facts);
                counts.derived += u64::from(built.derivatives);
                counts.bytes_read += built.bytes_read;
                changed.push(photo.id);
            }
        })
        .await?;
    job.progress.finish();
    if !args.dry_run {
        work::note(app, Action::Adopt, &selection, &changed, Fields::new()).await?;
    }
    for (word, error) in &selection.missing {
        ended.fail(word, error);
    }
    report::finish(app, args.dry_run, true, begun, counts, ended)
}

impl Counts for AdoptCounts {
    fn render(&self, dry_run: bool, page: &mut Page) {
        let verb = if dry_run { "would be" } else { "are" };
        page.heading(format!("{} {verb} known by content now", count(self.adopted, "photo")));
        if self.derived > 0 {
            let verb = if dry_run { "would get" } else { "got" };
            page.line(format!("{} {verb} a preview and a thumbnail", count(self.derived, "photo")));
        }
        if self.complete > 0 {
            page.line(format!("{} lacked nothing", count(self.complete, "photo")));
        }
        if self.in_progress > 0 {
            page.line(format!("{} are being uploaded now and were left alone", count(self.in_progress, "photo")));
        }
        if self.bytes_read > 0 {
            page.line(format!("{} of originals read", size(self.bytes_read)));
        }
    }
}
