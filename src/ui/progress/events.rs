//! jsonl on stdout: an `item` line as each item ends, a `progress` line now and then.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::tally::Tally;
use crate::batch::progress::Outcome;
use crate::batch::{ItemEvent, Progress};
use crate::ui::Ui;

/// No more than one `progress` line in this time.
const EVERY: Duration = Duration::from_secs(1);

pub(super) struct Events {
    ui: Ui,
    tally: Tally,
    last: Mutex<Instant>,
}

impl Events {
    pub(super) fn new(ui: Ui) -> Self {
        Self { ui, tally: Tally::new("item"), last: Mutex::new(Instant::now()) }
    }

    fn progress(&self, now_due: bool) {
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if !now_due && last.elapsed() < EVERY {
                return;
            }
            *last = Instant::now();
        }
        let ((items, items_total), (bytes, bytes_total)) = (self.tally.items(), self.tally.bytes());
        self.line(&json!({
            "type": "progress",
            "phase": self.tally.phase(),
            "items": items,
            "items_total": items_total,
            "bytes": bytes,
            "bytes_total": bytes_total,
            "failed": self.tally.failed(),
            "elapsed_ms": u64::try_from(self.tally.elapsed().as_millis()).unwrap_or(u64::MAX),
        }));
    }

    fn line(&self, value: &Value) {
        self.ui.data(&format!("{value}\n"));
    }
}

impl Progress for Events {
    fn expect(&self, items: u64, bytes: u64) {
        self.tally.expect(items, bytes);
    }

    fn phase(&self, name: &str) {
        self.tally.set_phase(name);
        self.progress(true);
    }

    fn worker(&self, _slot: usize, _doing: Option<&str>) {}

    fn advance(&self, bytes: u64) {
        self.tally.advance(bytes);
        self.progress(false);
    }

    fn item(&self, event: &ItemEvent<'_>) {
        self.tally.item(event);
        if event.outcome == Outcome::Retrying {
            // An `item` line is an item's end: what will be tried again has not come to one.
            self.line(&json!({"type": "progress", "retrying": event.name, "reason": event.reason}));
            return;
        }
        let mut line = Map::new();
        line.insert("type".to_owned(), "item".into());
        line.insert("ref".to_owned(), event.name.into());
        line.insert("outcome".to_owned(), event.outcome.as_str().into());
        if let Some(reason) = event.reason {
            line.insert("reason".to_owned(), reason.into());
        }
        if let Some(Value::Object(detail)) = &event.detail {
            for (key, value) in detail {
                line.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        self.line(&Value::Object(line));
        self.progress(false);
    }

    fn note(&self, _text: fmt::Arguments<'_>) {}
    fn warn(&self, _text: fmt::Arguments<'_>) {}

    fn finish(&self) {
        self.progress(true);
    }
}
