//! One thread for each call. The runtime gives a run to a pool of threads; a pool that several callers share would let
//! one caller's work wait for another's, and a larger one would take processors that belong to other pictures.

use std::sync::{Arc, Mutex, PoisonError};

use rten::ThreadPool;

/// Pools of one thread. As many are kept as there were calls at once.
#[derive(Default)]
pub(super) struct Lanes {
    idle: Mutex<Vec<Arc<ThreadPool>>>,
}

/// A pool that nobody else uses meanwhile.
pub(super) struct Lane<'l> {
    lanes: &'l Lanes,
    pub threads: Arc<ThreadPool>,
}

impl Lanes {
    pub fn take(&self) -> Lane<'_> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let threads = idle.unwrap_or_else(|| Arc::new(ThreadPool::with_num_threads(1)));
        Lane { lanes: self, threads }
    }
}

impl Drop for Lane<'_> {
    fn drop(&mut self) {
        self.lanes.idle.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&self.threads));
    }
}
