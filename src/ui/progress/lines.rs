//! In a log: a line now and then.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::say_trouble;
use super::tally::Tally;
use crate::batch::{ItemEvent, Progress};
use crate::ui::Ui;
use crate::ui::ticker::Ticker;

/// The first line comes after this time: what is over sooner needs none.
const FIRST: Duration = Duration::from_secs(2);
/// Then one at this distance, which grows with the run: a night's log stays readable.
const EVERY: Duration = Duration::from_secs(10);
const EVERY_AT_MOST: Duration = Duration::from_secs(300);
/// Each tenth of the work is worth a line too.
const STEP: f64 = 0.1;

pub(super) struct Lines {
    ui: Ui,
    tally: Arc<Tally>,
    told: AtomicU64,
    ticker: Mutex<Option<Ticker>>,
}

impl Lines {
    pub(super) fn start(ui: Ui, unit: &'static str) -> Self {
        let tally = Arc::new(Tally::new(unit));
        let (seen, voice) = (Arc::clone(&tally), ui.clone());
        let mut last: Option<(Instant, f64)> = None;
        let ticker = Ticker::start(Duration::from_millis(250), move || {
            let done = seen.fraction().unwrap_or(0.0);
            if is_due(seen.elapsed(), last.map(|(time, fraction)| (time.elapsed(), fraction)), done) {
                last = Some((Instant::now(), done));
                voice.say(&line(&seen));
            }
        });
        Self { ui, tally, told: AtomicU64::new(0), ticker: Mutex::new(Some(ticker)) }
    }
}

/// `last`: how long ago the last line was, and where the work stood then.
fn is_due(elapsed: Duration, last: Option<(Duration, f64)>, done: f64) -> bool {
    match last {
        None => elapsed >= FIRST,
        Some((since, at)) => {
            since >= (elapsed / 10).clamp(EVERY, EVERY_AT_MOST) || (done - at >= STEP && since >= FIRST)
        }
    }
}

/// `uploading: 412 of 2,114 files, 3.1 of 8.4 GB, 12.3 MB/s, about 7 min left, 2 failed`
fn line(tally: &Tally) -> String {
    let parts =
        [Some(tally.items_text()), tally.bytes_text(), tally.speed_text(), tally.left_text(), tally.outcomes_text()];
    format!("{}: {}", tally.phase(), parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

impl Progress for Lines {
    fn expect(&self, items: u64, bytes: u64) {
        self.tally.expect(items, bytes);
    }

    fn phase(&self, name: &str) {
        self.tally.set_phase(name);
    }

    fn worker(&self, _slot: usize, _doing: Option<&str>) {}

    fn advance(&self, bytes: u64) {
        self.tally.advance(bytes);
    }

    fn item(&self, event: &ItemEvent<'_>) {
        self.tally.item(event);
        say_trouble(&self.ui, &self.told, event);
    }

    fn note(&self, text: fmt::Arguments<'_>) {
        self.ui.note(&text.to_string());
    }

    fn warn(&self, text: fmt::Arguments<'_>) {
        self.ui.warn(&text.to_string());
    }

    fn finish(&self) {
        let ticker = self.ticker.lock().unwrap_or_else(PoisonError::into_inner).take();
        drop(ticker);
        self.told.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_now_and_then() {
        let seconds = Duration::from_secs;
        assert!(!is_due(seconds(1), None, 0.5));
        assert!(is_due(seconds(2), None, 0.0));
        assert!(!is_due(seconds(11), Some((seconds(9), 0.0)), 0.05));
        assert!(is_due(seconds(12), Some((seconds(10), 0.0)), 0.05));
        assert!(is_due(seconds(5), Some((seconds(3), 0.1)), 0.2));
        assert!(!is_due(seconds(3), Some((seconds(1), 0.1)), 0.9));
        assert!(!is_due(seconds(1000), Some((seconds(90), 0.5)), 0.55), "the distance grows with the run");
        assert!(is_due(seconds(90_000), Some((seconds(300), 0.5)), 0.5));
    }
}
