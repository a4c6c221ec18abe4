//! The end of a job over many photos.

use std::time::Instant;

use serde::Serialize;

use crate::app::App;
use crate::error::Exit;
use crate::model::target::Target;
use crate::model::text::{count, thousands};
use crate::model::time;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::photos::job::{Ended, ItemFailed};

/// Failures that people are shown; json has all of them.
const FAILURES_SHOWN: usize = 20;

/// The counts of one kind of job: whole numbers, and how to say them.
pub trait Counts: Serialize {
    fn render(&self, dry_run: bool, page: &mut Page);

    /// What the counts mean for the exit code, and for `ok`, besides what failed.
    fn exit(&self) -> Exit {
        Exit::Ok
    }

    /// Whether all is well, apart from what failed.
    fn is_well(&self) -> bool {
        true
    }
}

/// A job's report.
#[derive(Debug, Serialize)]
pub struct JobReport<C> {
    pub ok: bool,
    pub dry_run: bool,
    pub target: Target,
    #[serde(flatten)]
    pub counts: C,
    pub failed: u64,
    /// Not begun because the run was stopped.
    pub not_begun: u64,
    pub items_failed: Vec<ItemFailed>,
    pub elapsed_ms: u64,
}

/// Shows the report of a job. Returns the command's end.
///
/// # Errors
/// None: what failed is in the report and in the exit code.
pub fn finish<C: Counts>(
    app: &App,
    dry_run: bool,
    with_store: bool,
    begun: Instant,
    counts: C,
    ended: Ended,
) -> Finished {
    let exit = ended.exit.and(counts.exit());
    let report = JobReport {
        ok: ended.is_ok() && counts.is_well() && exit == Exit::Ok,
        dry_run,
        target: app.target(with_store),
        counts,
        failed: ended.failed.len() as u64,
        not_begun: ended.not_begun,
        items_failed: ended.failed,
        elapsed_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    app.ui.report(&report);
    Ok(Done(exit))
}

impl<C: Counts> Render for JobReport<C> {
    fn render(&self, page: &mut Page) {
        self.counts.render(self.dry_run, page);
        if self.failed > 0 {
            page.bad(format!("{} failed:", count(self.failed, "photo")));
            for item in self.items_failed.iter().take(FAILURES_SHOWN) {
                page.line(format!("  {}  {}", item.r#ref, item.message));
            }
            if self.items_failed.len() > FAILURES_SHOWN {
                let more = (self.items_failed.len() - FAILURES_SHOWN) as u64;
                page.line(format!("  and {} more: --json shows all of them", thousands(more)));
            }
        }
        if self.not_begun > 0 {
            page.bad(format!("{} not begun: run it again to go on", count(self.not_begun, "photo")));
        }
        if self.dry_run {
            page.line("Nothing was changed: this was a dry run.");
        } else {
            page.line(format!("Took {}.", time::span(std::time::Duration::from_millis(self.elapsed_ms))));
        }
    }
}
