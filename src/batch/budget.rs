//! A number of bytes that all items together may hold in memory.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Cheap to clone; all clones share the bytes.
#[derive(Debug, Clone)]
pub struct Budget {
    units: Arc<Semaphore>,
    total: u32,
}

/// Bytes taken out of a [`Budget`]; dropping gives them back.
#[derive(Debug)]
pub struct Share {
    _permit: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// Counted in pieces of this many bytes: a semaphore's permits are 32 bits wide.
    const UNIT_BYTES: u64 = 4096;

    /// `bytes` for all together, at least one piece of 4 KiB.
    #[must_use]
    pub fn new(bytes: u64) -> Self {
        let total = u32::try_from(bytes / Self::UNIT_BYTES).unwrap_or(u32::MAX >> 4).clamp(1, u32::MAX >> 4);
        Self { units: Arc::new(Semaphore::new(total as usize)), total }
    }

    /// Takes `bytes`, waiting for others to give theirs back. More than the whole is the whole: what is larger runs alone.
    pub async fn take(&self, bytes: u64) -> Share {
        let units = u32::try_from(bytes.div_ceil(Self::UNIT_BYTES)).unwrap_or(u32::MAX).min(self.total);
        // The semaphore is never closed.
        Share { _permit: self.units.clone().acquire_many_owned(units).await.ok() }
    }

    /// As [`Budget::take`], for threads outside of the runtime's tasks.
    pub fn take_blocking(&self, bytes: u64) -> Share {
        futures::executor::block_on(self.take(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_larger_than_all_runs_alone() {
        let budget = Budget::new(1 << 20);
        let whole = budget.take(u64::MAX).await;
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), budget.take(1)).await;
        assert!(waiting.is_err(), "nothing is left beside it");
        drop(whole);
        let (_a, _b) = (budget.take(1 << 19).await, budget.take(1 << 19).await);
    }
}
