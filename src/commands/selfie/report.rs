//! The end of a run over selfies.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::app::App;
use crate::error::Exit;
use crate::model::target::Target;
use crate::model::text::{count, thousands};
use crate::model::time;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::selfies::Matched;
use crate::workflows::selfies::run::{Ended, Item, ItemStatus};

/// Items that people are shown; json has all of them.
const SHOWN: usize = 50;

/// What became of a run's selfies.
#[derive(Debug, Serialize)]
struct RunReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    /// With a dry run: would be.
    approved: u64,
    /// Wait for a person.
    pending: u64,
    rejected: u64,
    /// No consent, or not enough of one.
    blocked: u64,
    already_present: u64,
    failed: u64,
    /// Because the run was stopped.
    not_begun: u64,
    items: Vec<Item>,
    /// With `--match`: what came of it, by project.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matched: Vec<Matched>,
    elapsed_ms: u64,
    #[serde(skip)]
    verb: &'static str,
}

/// A run that has ended.
pub(super) struct Run {
    pub ended: Ended,
    pub matched: Vec<Matched>,
    /// What became of the approved ones.
    pub verb: &'static str,
}

/// Shows the report of a run. Returns the command's end.
///
/// # Errors
/// None: what failed is in the report and in the exit code.
pub(super) fn finish(app: &App, dry_run: bool, begun: Instant, run: Run) -> Finished {
    let Run { ended, matched, verb } = run;
    let exit = ended.exit;
    app.ui.report(&RunReport {
        ok: exit == Exit::Ok && ended.not_begun == 0,
        dry_run,
        target: app.target(true),
        approved: ended.count(ItemStatus::Approved),
        pending: ended.count(ItemStatus::Pending),
        rejected: ended.count(ItemStatus::Rejected),
        blocked: ended.count(ItemStatus::Blocked),
        already_present: ended.count(ItemStatus::AlreadyPresent),
        failed: ended.count(ItemStatus::Failed),
        not_begun: ended.not_begun,
        items: ended.items,
        matched,
        elapsed_ms: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
        verb,
    });
    Ok(Done(exit))
}

impl Render for RunReport {
    fn render(&self, page: &mut Page) {
        let would = if self.dry_run { " (a dry run: nothing was changed)" } else { "" };
        page.heading(format!("{} {}{would}", count(self.approved, "selfie"), self.verb));
        let counts = [
            ("Waiting", self.pending),
            ("Rejected", self.rejected),
            ("No consent", self.blocked),
            ("Known before", self.already_present),
            ("Failed", self.failed),
            ("Not begun", self.not_begun),
        ];
        for (label, count) in counts.into_iter().filter(|(_, count)| *count > 0) {
            page.field(label, thousands(count));
        }
        let told = |item: &&Item| !matches!(item.status, ItemStatus::Approved | ItemStatus::AlreadyPresent);
        for item in self.items.iter().filter(told).take(SHOWN) {
            let reason = item.reason.as_deref().unwrap_or_default();
            page.line(format!("  {}  {}", item.file, word(item.status)));
            page.line(format!("    {reason}"));
        }
        let more = self.items.iter().filter(told).count().saturating_sub(SHOWN) as u64;
        if more > 0 {
            page.line(format!("  and {} more: --json shows all of them", thousands(more)));
        }
        for one in &self.matched {
            let report = &one.report;
            let photos = format!("{} confirmed, {} waiting", report.confirmed, report.pending);
            page.line(format!("Looked for in project {}: tags {photos}", one.project_id));
        }
        if self.pending > 0 && !self.dry_run {
            page.line("photoctl selfie review decides about those that wait.");
        }
        if self.not_begun > 0 {
            page.bad(format!("{} not begun: run it again to go on", count(self.not_begun, "selfie")));
        }
        page.line(format!("Took {}.", time::span(Duration::from_millis(self.elapsed_ms))));
    }
}

fn word(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::Approved => "approved",
        ItemStatus::Pending => "waits for a person",
        ItemStatus::Rejected => "rejected",
        ItemStatus::Blocked => "blocked",
        ItemStatus::AlreadyPresent => "known before",
        ItemStatus::Failed => "failed",
    }
}
