//! What came of it, and what would be looked at.

use serde::Serialize;

use super::screen::End;
use super::session::Session;
use crate::db::tags::review::Waiting;
use crate::model::status::Verdict;
use crate::model::target::Target;
use crate::model::text::{count, thousands};
use crate::ui::{Page, Render};

#[derive(Debug, Serialize)]
pub struct ReviewReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    /// Confirmed and rejected.
    decided: u64,
    confirmed: u64,
    rejected: u64,
    /// By hand, in place of one that was rejected.
    added: u64,
    skipped: u64,
    /// Decided by somebody else meanwhile: left as they decided.
    elsewhere: u64,
    without_consent: u64,
    /// Tries that the database refused.
    failed: u64,
    /// Still wait, skipped ones included.
    left: u64,
    per_minute: f64,
    elapsed_ms: u64,
}

impl ReviewReport {
    pub fn of(session: &Session, end: End, target: Target, left: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a time that a person took")]
        let elapsed_ms = (session.seconds() * 1000.0) as u64;
        Self {
            ok: end == End::Quit,
            dry_run: false,
            target,
            decided: session.all_decided(),
            confirmed: session.decided(Verdict::Confirmed),
            rejected: session.decided(Verdict::Rejected),
            added: session.decided(Verdict::Added),
            skipped: session.skipped(),
            elsewhere: session.tally.elsewhere,
            without_consent: session.tally.without_consent,
            failed: session.tally.failed,
            left,
            per_minute: (session.per_minute() * 10.0).round() / 10.0,
            elapsed_ms,
        }
    }
}

impl Render for ReviewReport {
    fn render(&self, page: &mut Page) {
        let decided = count(self.decided, "tag");
        page.good(format!("{decided} decided, {:.1} a minute; {} left.", self.per_minute, thousands(self.left)));
        let some = |n: u64| (n > 0).then(|| thousands(n));
        page.field_if("  Confirmed", some(self.confirmed));
        page.field_if("  Rejected", some(self.rejected));
        page.field_if("  Added by hand", some(self.added));
        page.field_if("  Skipped", some(self.skipped));
        page.field_if("  Decided elsewhere", some(self.elsewhere));
        page.field_if("  Without consent", some(self.without_consent));
        page.field_if("  Not written at first", some(self.failed));
    }
}

/// `--dry-run`: what would be before the reviewer.
#[derive(Debug, Serialize)]
pub struct WaitingReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    pending: u64,
    in_review: u64,
    people: Vec<Waiting>,
}

impl WaitingReport {
    pub fn of(people: Vec<Waiting>, target: Target) -> Self {
        let pending = people.iter().map(|row| row.pending).sum();
        let in_review = people.iter().map(|row| row.in_review).sum();
        Self { ok: true, dry_run: true, target, pending, in_review, people }
    }
}

impl Render for WaitingReport {
    fn render(&self, page: &mut Page) {
        if self.people.is_empty() {
            return page.line("No tag waits for a decision.");
        }
        let people = count(self.people.len() as u64, "person");
        let people = people.replace("persons", "people");
        page.line(format!("{} of {people} wait for a decision; nothing was changed.", count(self.pending, "tag")));
        page.gap();
        let row = |row: &Waiting| {
            vec![row.project.clone(), row.user.clone(), thousands(row.pending), thousands(row.in_review)]
        };
        page.table(&["Project", "Person", "Waiting", "In review"], self.people.iter().map(row));
    }
}
