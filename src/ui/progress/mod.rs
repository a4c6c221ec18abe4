//! The faces of a running workflow: bars on a terminal, a line now and then in a log, items in jsonl, only what went
//! wrong with `--quiet`.

mod bars;
mod events;
mod lines;
mod quiet;
mod tally;

use std::fmt;
use std::sync::Arc;

use super::{Format, Ui};
use crate::batch::progress::Outcome;
use crate::batch::{ItemEvent, Progress};
use crate::model::text::printable;

/// So many failures are shown one by one to people; the report has them all.
const FAILURES_SHOWN: u64 = 100;

impl Ui {
    /// The progress that fits where we run. `unit` is what an item is called: "file", "photo".
    #[must_use]
    pub fn progress(&self, unit: &'static str) -> Arc<dyn Progress> {
        let events = self.format == Format::Jsonl;
        // Events and bars in one window would write into each other.
        let bars = self.stderr_terminal && !self.dumb && !(events && self.stdout_terminal);
        let people: Box<dyn Progress> = if self.quiet {
            Box::new(quiet::Warnings::new(self.clone()))
        } else if bars {
            Box::new(bars::Bars::start(self.clone(), unit))
        } else {
            Box::new(lines::Lines::start(self.clone(), unit))
        };
        if events { Arc::new(Both(Box::new(events::Events::new(self.clone())), people)) } else { Arc::from(people) }
    }
}

/// Two listeners at once.
struct Both(Box<dyn Progress>, Box<dyn Progress>);

impl Progress for Both {
    fn expect(&self, items: u64, bytes: u64) {
        self.0.expect(items, bytes);
        self.1.expect(items, bytes);
    }

    fn phase(&self, name: &str) {
        self.0.phase(name);
        self.1.phase(name);
    }

    fn worker(&self, slot: usize, doing: Option<&str>) {
        self.0.worker(slot, doing);
        self.1.worker(slot, doing);
    }

    fn advance(&self, bytes: u64) {
        self.0.advance(bytes);
        self.1.advance(bytes);
    }

    fn item(&self, event: &ItemEvent<'_>) {
        self.0.item(event);
        self.1.item(event);
    }

    fn note(&self, text: fmt::Arguments<'_>) {
        self.0.note(text);
        self.1.note(text);
    }

    fn warn(&self, text: fmt::Arguments<'_>) {
        self.0.warn(text);
        self.1.warn(text);
    }

    fn finish(&self) {
        self.0.finish();
        self.1.finish();
    }
}

/// `failed  DCIM/DSC_0001.JPG: not a picture`, for outcomes that a person must see at once.
fn trouble(ui: &Ui, event: &ItemEvent<'_>) -> Option<String> {
    if event.told_together {
        return None;
    }
    let style = match event.outcome {
        Outcome::Failed | Outcome::Blocked => console::Style::new().red().bold(),
        Outcome::Retrying => console::Style::new().yellow(),
        Outcome::Done | Outcome::Present | Outcome::Skipped => return None,
    };
    let label = ui.paint_err(&format!("{:<8}", event.outcome.as_str()), style);
    let reason = event.reason.map(|reason| format!(": {}", printable(reason))).unwrap_or_default();
    Some(format!("{label} {}{reason}", printable(event.name)))
}

/// Says the trouble of an item, up to [`FAILURES_SHOWN`] of them.
fn say_trouble(ui: &Ui, told: &std::sync::atomic::AtomicU64, event: &ItemEvent<'_>) {
    let Some(line) = trouble(ui, event) else { return };
    let before = told.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    if before < FAILURES_SHOWN {
        ui.say(&line);
    } else if before == FAILURES_SHOWN {
        ui.say("More failures are not shown one by one; the report counts and lists them.");
    }
}
