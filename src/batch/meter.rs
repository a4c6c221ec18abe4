//! How many bytes a second go through, lately.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts bytes and knows their rate over the last seconds.
#[derive(Debug)]
pub struct Meter {
    inner: Mutex<Inner>,
}

#[derive(Debug)]
struct Inner {
    total: u64,
    started: Instant,
    /// One entry for each half second in which something moved: when, and the total before it.
    marks: VecDeque<(Instant, u64)>,
}

impl Default for Meter {
    fn default() -> Self {
        let started = Instant::now();
        Self { inner: Mutex::new(Inner { total: 0, started, marks: VecDeque::new() }) }
    }
}

impl Meter {
    /// What the rate looks back over.
    const WINDOW: Duration = Duration::from_secs(20);
    const STEP: Duration = Duration::from_millis(500);

    /// So many bytes went through.
    pub fn add(&self, bytes: u64) {
        self.add_at(bytes, Instant::now());
    }

    /// All bytes so far.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).total
    }

    /// Bytes a second over the last 20 s; 0 when nothing moved.
    #[must_use]
    pub fn rate(&self) -> u64 {
        self.rate_at(Instant::now())
    }

    fn add_at(&self, bytes: u64, now: Instant) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let total = inner.total;
        if inner.marks.back().is_none_or(|(at, _)| now.saturating_duration_since(*at) >= Self::STEP) {
            inner.marks.push_back((now, total));
        }
        while inner.marks.front().is_some_and(|(at, _)| now.saturating_duration_since(*at) > Self::WINDOW) {
            inner.marks.pop_front();
        }
        inner.total = total.saturating_add(bytes);
    }

    fn rate_at(&self, now: Instant) -> u64 {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = inner.marks.iter().find(|(at, _)| now.saturating_duration_since(*at) <= Self::WINDOW);
        let Some((since, before)) = recent else { return 0 };
        // The first mark of all is set when the first bytes end their way, not when they began it.
        let since = if *before == 0 { inner.started.max(now.checked_sub(Self::WINDOW).unwrap_or(now)) } else { *since };
        let millis = u64::try_from(now.saturating_duration_since(since).as_millis()).unwrap_or(u64::MAX).max(1);
        inner.total.saturating_sub(*before).saturating_mul(1000) / millis
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_forgets() {
        let meter = Meter::default();
        let start = Instant::now();
        for second in 0..60_u64 {
            let bytes = if second < 30 { 1_000_000 } else { 2_000_000 };
            meter.add_at(bytes, start + Duration::from_secs(second));
        }
        let rate = meter.rate_at(start + Duration::from_secs(60));
        assert!((1_900_000..2_100_001).contains(&rate), "{rate}");
        assert_eq!(meter.rate_at(start + Duration::from_secs(600)), 0);
        assert_eq!(meter.total(), 90_000_000);
    }
}
