//! Why a run takes no further items: the user, a time limit, or trouble that all items would share.

use std::sync::{Arc, Mutex, PoisonError};

use tokio_util::sync::CancellationToken;

use super::Cancel;
use crate::error::Error;

/// Cheap to clone; all clones see the same state.
#[derive(Debug, Clone)]
pub struct Halt {
    cancel: Cancel,
    stop: CancellationToken,
    reason: Arc<Mutex<Option<HaltReason>>>,
}

/// The first reason to stop wins, but an interruption by the user is always seen.
#[derive(Debug)]
pub enum HaltReason {
    /// Ctrl-C or SIGTERM.
    Interrupted,
    /// The run's own time is over: what is in flight is finished.
    TimeLimit,
    /// No item could succeed: wrong credentials, a full disk, …
    Fatal(Error),
}

impl Halt {
    #[must_use]
    pub fn new(cancel: Cancel) -> Self {
        Self { cancel, stop: CancellationToken::new(), reason: Arc::default() }
    }

    /// The run's time is over.
    pub fn time_is_over(&self) {
        self.set(HaltReason::TimeLimit);
    }

    /// No item can succeed any more. Only the first error is kept.
    pub fn fatal(&self, error: Error) {
        self.set(HaltReason::Fatal(error));
    }

    /// Whether no further items are to be begun.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.stop.is_cancelled() || self.cancel.is_requested()
    }

    /// Resolves when no further items are to be begun.
    pub async fn requested(&self) {
        tokio::select! {
            () = self.stop.cancelled() => {}
            () = self.cancel.requested() => {}
        }
    }

    /// Whether what is in flight cannot end well either.
    #[must_use]
    pub fn is_fatal(&self) -> bool {
        matches!(*self.reason.lock().unwrap_or_else(PoisonError::into_inner), Some(HaltReason::Fatal(_)))
    }

    /// Whether the user asked to stop.
    #[must_use]
    pub fn is_interrupted(&self) -> bool {
        self.cancel.is_requested()
    }

    /// Why the run stopped early, once it is over. An error is handed out once.
    #[must_use]
    pub fn into_reason(self) -> Option<HaltReason> {
        let interrupted = self.cancel.is_requested();
        match self.reason.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(HaltReason::TimeLimit) | None if interrupted => Some(HaltReason::Interrupted),
            reason => reason,
        }
    }

    fn set(&self, reason: HaltReason) {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(reason);
        self.stop.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn the_first_error_is_kept_and_the_user_is_heard() {
        let halt = Halt::new(Cancel::default());
        assert!(!halt.is_requested());
        halt.fatal(Error::new(Kind::Credentials, "first"));
        halt.fatal(Error::new(Kind::Failed, "second"));
        assert!(halt.is_requested() && halt.is_fatal());
        assert!(matches!(halt.into_reason(), Some(HaltReason::Fatal(error)) if error.message() == "first"));

        let cancel = Cancel::default();
        let halt = Halt::new(cancel.clone());
        halt.time_is_over();
        cancel.request();
        assert!(matches!(halt.into_reason(), Some(HaltReason::Interrupted)));
    }
}
