//! `--quiet`: nothing, but failures stay visible.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use super::FAILURES_SHOWN;
use crate::batch::progress::Outcome;
use crate::batch::{ItemEvent, Progress};
use crate::ui::Ui;

/// Failures as warnings. What is tried again is no failure yet.
pub(super) struct Warnings {
    ui: Ui,
    told: AtomicU64,
}

impl Warnings {
    pub(super) fn new(ui: Ui) -> Self {
        Self { ui, told: AtomicU64::new(0) }
    }
}

impl Progress for Warnings {
    fn expect(&self, _items: u64, _bytes: u64) {}
    fn phase(&self, _name: &str) {}
    fn worker(&self, _slot: usize, _doing: Option<&str>) {}
    fn advance(&self, _bytes: u64) {}

    fn item(&self, event: &ItemEvent<'_>) {
        if event.told_together || !matches!(event.outcome, Outcome::Failed | Outcome::Blocked) {
            return;
        }
        let before = self.told.fetch_add(1, Ordering::Relaxed);
        if before < FAILURES_SHOWN {
            let reason = event.reason.map(|reason| format!(": {reason}")).unwrap_or_default();
            self.ui.warn(&format!("{} {}{reason}", event.outcome.as_str(), event.name));
        } else if before == FAILURES_SHOWN {
            self.ui.warn("more failures are not shown one by one; the report counts and lists them");
        }
    }

    fn note(&self, _text: fmt::Arguments<'_>) {}

    fn warn(&self, text: fmt::Arguments<'_>) {
        self.ui.warn(&text.to_string());
    }

    fn finish(&self) {}
}
