//! Counting and limiting the bytes of all transfers.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Called with the number of bytes each time some go on the wire. What is sent again counts again.
pub type ByteCounter = Arc<dyn Fn(u64) + Send + Sync>;

/// A bandwidth limit that all transfers share. Cheap to clone.
///
/// A token bucket that holds a quarter of a second.
#[derive(Clone)]
pub struct Limiter(Arc<Mutex<Bucket>>);

struct Bucket {
    bytes_per_second: u64,
    /// When what was promised so far will have gone through.
    busy_until: Instant,
}

const BURST: Duration = Duration::from_millis(250);

/// The full bucket: what was not used in the span before is there to be used now.
fn earlier(now: Instant) -> Instant {
    now.checked_sub(BURST).unwrap_or(now)
}

impl Limiter {
    /// At most so many bytes a second, at least 1.
    #[must_use]
    pub fn new(bytes_per_second: u64) -> Self {
        Self(Arc::new(Mutex::new(Bucket {
            bytes_per_second: bytes_per_second.max(1),
            busy_until: earlier(Instant::now()),
        })))
    }

    /// Changes the limit from now on.
    pub fn set_rate(&self, bytes_per_second: u64) {
        self.bucket().bytes_per_second = bytes_per_second.max(1);
    }

    /// The largest piece that should be asked for at once: an eighth of a second, 1 KiB to 64 KiB.
    pub(crate) fn piece_bytes(&self) -> usize {
        let eighth = self.bucket().bytes_per_second / 8;
        usize::try_from(eighth.clamp(1024, 64 * 1024)).unwrap_or(1024)
    }

    /// Takes so many bytes out of the budget; the caller waits for the time returned before it sends them.
    pub(crate) fn take(&self, bytes: usize) -> Duration {
        self.take_at(bytes, Instant::now())
    }

    fn take_at(&self, bytes: usize, now: Instant) -> Duration {
        let mut bucket = self.bucket();
        #[expect(clippy::cast_precision_loss, reason = "a pause need not be exact")]
        let cost = Duration::from_secs_f64(bytes as f64 / bucket.bytes_per_second as f64);
        let start = bucket.busy_until.max(earlier(now));
        bucket.busy_until = start + cost;
        start.saturating_duration_since(now)
    }

    fn bucket(&self) -> std::sync::MutexGuard<'_, Bucket> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Limiter({} B/s)", self.bucket().bytes_per_second)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_holds_over_many_takers() {
        let limiter = Limiter::new(1_000_000);
        let other = limiter.clone();
        let start = Instant::now();
        let mut last = Duration::ZERO;
        for _ in 0..50 {
            last = limiter.take_at(20_000, start).max(other.take_at(20_000, start));
        }
        // 2 MB at 1 MB/s, less the burst and the piece that is sent at the end of the wait.
        let expected = Duration::from_millis(2000 - 250 - 20);
        assert!(last.abs_diff(expected) < Duration::from_millis(5), "{last:?}");
    }

    #[test]
    fn idle_time_is_not_saved_up() {
        let limiter = Limiter::new(1000);
        let later = Instant::now() + Duration::from_secs(3600);
        assert_eq!(limiter.take_at(250, later), Duration::ZERO);
        assert_eq!(limiter.take_at(1000, later), Duration::ZERO);
        assert_eq!(limiter.take_at(1000, later), Duration::from_secs(1));
    }
}
