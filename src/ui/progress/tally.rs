//! The numbers behind all faces: how much there is, how much is done, how fast, how long still.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;

use crate::batch::ItemEvent;
use crate::batch::progress::Outcome;
use crate::model::text;

/// Without any progress for this long there is no honest guess of the time left.
const STALL: Duration = Duration::from_secs(10);

/// Counts what a workflow reports. Speed and time left are indicatif's estimate, a moving average.
#[derive(Debug)]
pub(super) struct Tally {
    unit: &'static str,
    bytes: ProgressBar,
    items: ProgressBar,
    present: AtomicU64,
    skipped: AtomicU64,
    failed: AtomicU64,
    retrying: AtomicU64,
    phase: Mutex<String>,
    started: Instant,
    /// When bytes or items last moved, and where they were.
    moved: Mutex<(Instant, u64)>,
}

impl Tally {
    pub(super) fn new(unit: &'static str) -> Self {
        let bar = || {
            let bar = ProgressBar::hidden();
            bar.set_length(0);
            bar
        };
        Self {
            unit,
            bytes: bar(),
            items: bar(),
            present: AtomicU64::new(0),
            skipped: AtomicU64::new(0),
            failed: AtomicU64::new(0),
            retrying: AtomicU64::new(0),
            phase: Mutex::new("working".to_owned()),
            started: Instant::now(),
            moved: Mutex::new((Instant::now(), 0)),
        }
    }

    pub(super) fn expect(&self, items: u64, bytes: u64) {
        self.items.inc_length(items);
        self.bytes.inc_length(bytes);
    }

    pub(super) fn advance(&self, bytes: u64) {
        self.bytes.inc(bytes);
    }

    pub(super) fn item(&self, event: &ItemEvent<'_>) {
        let counter = match event.outcome {
            Outcome::Retrying => {
                self.retrying.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Outcome::Done => None,
            Outcome::Present => Some(&self.present),
            Outcome::Skipped => Some(&self.skipped),
            Outcome::Failed | Outcome::Blocked => Some(&self.failed),
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        self.items.inc(1);
    }

    pub(super) fn set_phase(&self, name: &str) {
        name.clone_into(&mut self.phase.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn phase(&self) -> String {
        text::printable(&self.phase.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Items done and expected.
    pub(super) fn items(&self) -> (u64, u64) {
        (self.items.position(), self.items.length().unwrap_or(0))
    }

    /// Bytes done and expected.
    pub(super) fn bytes(&self) -> (u64, u64) {
        (self.bytes.position(), self.bytes.length().unwrap_or(0))
    }

    pub(super) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// 0 to 1; `None` while nothing is known of the amount.
    pub(super) fn fraction(&self) -> Option<f64> {
        let (done, total) = if self.bytes().1 > 0 { self.bytes() } else { self.items() };
        #[expect(clippy::cast_precision_loss, reason = "shown in a few columns")]
        (total > 0).then(|| (done as f64 / total as f64).min(1.0))
    }

    /// `412 of 2,114 files`
    pub(super) fn items_text(&self) -> String {
        let (done, total) = self.items();
        if total > done {
            format!("{} of {}", text::thousands(done), text::count(total, self.unit))
        } else {
            text::count(done, self.unit)
        }
    }

    /// `3.1 of 8.4 GB`; nothing while there are no bytes.
    pub(super) fn bytes_text(&self) -> Option<String> {
        let (done, total) = self.bytes();
        if total == 0 {
            return None;
        }
        let (done, total) = (text::size(done.min(total)), text::size(total));
        Some(match (done.split_once(' '), total.split_once(' ')) {
            (Some((number, unit)), Some((_, other))) if unit == other => format!("{number} of {total}"),
            _ => format!("{done} of {total}"),
        })
    }

    /// `12.3 MB/s`; nothing while no bytes move.
    pub(super) fn speed_text(&self) -> Option<String> {
        self.bytes.tick();
        let (_, total) = self.bytes();
        let rate = self.bytes.per_sec();
        if total == 0 || self.stalled().is_some() || !rate.is_finite() || rate < 1.0 {
            return None;
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "finite and positive")]
        Some(format!("{}/s", text::size(rate as u64)))
    }

    /// `about 7 min left`, or for how long nothing has moved.
    pub(super) fn left_text(&self) -> Option<String> {
        if let Some(stalled) = self.stalled() {
            return Some(format!("nothing moved for {}", span(stalled)));
        }
        let by_bytes = self.bytes().1 > 0;
        let (bar, (done, total)) = if by_bytes { (&self.bytes, self.bytes()) } else { (&self.items, self.items()) };
        bar.tick();
        let left = bar.eta();
        // The first second's guess is noise; a guess of nought means that nothing is known.
        if done == 0 || done >= total || left.is_zero() || self.elapsed() < Duration::from_secs(1) {
            return None;
        }
        Some(format!("about {} left", span(left)))
    }

    /// `2 failed, 3 skipped`
    pub(super) fn outcomes_text(&self) -> Option<String> {
        let parts: Vec<String> =
            [(&self.failed, "failed"), (&self.skipped, "skipped"), (&self.present, "already there")]
                .into_iter()
                .map(|(counter, name)| (counter.load(Ordering::Relaxed), name))
                .filter(|(count, _)| *count > 0)
                .map(|(count, name)| format!("{} {name}", text::thousands(count)))
                .collect();
        (!parts.is_empty()).then(|| parts.join(", "))
    }

    fn stalled(&self) -> Option<Duration> {
        let now = self.bytes.position().wrapping_add(self.items.position());
        let mut moved = self.moved.lock().unwrap_or_else(PoisonError::into_inner);
        if moved.1 != now {
            *moved = (Instant::now(), now);
        }
        let still = moved.0.elapsed();
        let (done, total) = self.items();
        (still >= STALL && total > done).then_some(still)
    }
}

/// `40 s`, `7 min`, `1 h 20 min`: as exact as a guess can be.
pub(super) fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..=89 => format!("{seconds} s"),
        90..=3569 => format!("{} min", (seconds + 30) / 60),
        _ => {
            let minutes = (seconds + 30) / 60;
            let (hours, minutes) = (minutes / 60, minutes % 60);
            if hours >= 24 {
                format!("{} d {} h", hours / 24, hours % 24)
            } else if minutes == 0 {
                format!("{hours} h")
            } else {
                format!("{hours} h {minutes} min")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(outcome: Outcome) -> ItemEvent<'static> {
        ItemEvent { name: "a", outcome, reason: None, told_together: false, detail: None }
    }

    #[test]
    fn counts_read_well() {
        let tally = Tally::new("file");
        assert_eq!(tally.items_text(), "0 files");
        assert_eq!(tally.bytes_text(), None);
        assert_eq!(tally.fraction(), None);
        tally.expect(2114, 8_400_000_000);
        tally.advance(3_100_000_000);
        for outcome in [Outcome::Done, Outcome::Retrying, Outcome::Failed, Outcome::Skipped, Outcome::Blocked] {
            tally.item(&event(outcome));
        }
        assert_eq!(tally.items_text(), "4 of 2,114 files");
        assert_eq!(tally.bytes_text().as_deref(), Some("3.1 of 8.4 GB"));
        assert_eq!(tally.outcomes_text().as_deref(), Some("2 failed, 1 skipped"));
        assert_eq!(tally.fraction().map(|fraction| (fraction * 100.0).round()), Some(37.0));
    }

    #[test]
    fn spans_are_as_exact_as_a_guess() {
        let text = |seconds| span(Duration::from_secs(seconds));
        assert_eq!(
            [text(5), text(89), text(95), text(420), text(3600), text(4800), text(200_000)],
            ["5 s", "89 s", "2 min", "7 min", "1 h", "1 h 20 min", "2 d 7 h"]
        );
    }
}
