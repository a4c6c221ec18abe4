//! Interruption in two steps: the first asks to finish what is in flight, the second aborts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use tokio_util::sync::CancellationToken;

use crate::error::{Error, Kind, Result};

/// Cheap to clone; all clones see the same state.
#[derive(Debug, Clone, Default)]
pub struct Cancel {
    requests: Arc<AtomicU8>,
    drain: CancellationToken,
    abort: CancellationToken,
}

impl Cancel {
    /// Counts one Ctrl-C or SIGTERM. Returns how many there have been.
    pub fn request(&self) -> u8 {
        let requests = self.requests.fetch_add(1, Ordering::SeqCst).saturating_add(1);
        self.drain.cancel();
        if requests > 1 {
            self.abort.cancel();
        }
        requests
    }

    /// Whether to stop taking new items.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.drain.is_cancelled()
    }

    /// Resolves at the first request.
    pub async fn requested(&self) {
        self.drain.cancelled().await;
    }

    /// Resolves at the second request.
    pub async fn aborted(&self) {
        self.abort.cancelled().await;
    }

    /// An error once interruption was requested: for loops between items.
    ///
    /// # Errors
    /// [`Kind::Interrupted`] after the first request.
    pub fn check(&self) -> Result<()> {
        if self.is_requested() { Err(Error::new(Kind::Interrupted, "interrupted")) } else { Ok(()) }
    }
}
