//! Time-outs that a slow line does not trip: nothing moved for long, or no answer came.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::config::StoreConfig;
use super::super::error::{Problem, StoreError};
use super::body::Flow;

/// What a system may have taken from us and not yet sent (Linux' default limit of a TCP send buffer).
const SEND_BUFFER_BYTES: u64 = 4 * 1024 * 1024;

/// Time limits of one attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    first_byte: Duration,
    stall: Duration,
    slow_line_bytes_per_second: u64,
}

impl Limits {
    pub fn new(config: &StoreConfig) -> Self {
        Self {
            // A request without a body waits for the connection in the same span.
            first_byte: config.first_byte_timeout,
            stall: config.stall_timeout.max(config.connect_timeout),
            slow_line_bytes_per_second: config.slow_line_bytes_per_second.max(1),
        }
    }

    /// How long to wait for the answer once everything was handed to the system.
    fn answer_after(&self, sent_bytes: u64) -> Duration {
        let in_flight = sent_bytes.min(SEND_BUFFER_BYTES);
        self.first_byte + Duration::from_millis(in_flight.saturating_mul(1000) / self.slow_line_bytes_per_second)
    }

    fn step(&self) -> Duration {
        (self.first_byte.min(self.stall) / 8).clamp(Duration::from_millis(5), Duration::from_secs(1))
    }

    /// Runs a request, and drops it when it stops moving.
    pub async fn watch<T>(
        &self,
        doing: &str,
        flow: Option<&Arc<Flow>>,
        request: impl Future<Output = T>,
    ) -> Result<T, StoreError> {
        let mut request = std::pin::pin!(request);
        let started = Instant::now();
        loop {
            tokio::select! {
                biased;
                done = &mut request => return Ok(done),
                () = tokio::time::sleep(self.step()) => {}
            }
            let problem = match flow {
                Some(flow) if !flow.all_sent() => {
                    let stalled = !flow.held_back() && flow.quiet_for() > self.stall;
                    stalled.then_some(Problem::Stalled { after: self.stall })
                }
                Some(flow) => (flow.quiet_for() > self.answer_after(flow.total_bytes())).then_some(Problem::Timeout),
                None => (started.elapsed() > self.first_byte).then_some(Problem::Timeout),
            };
            if let Some(problem) = problem {
                return Err(StoreError::new(problem, doing));
            }
        }
    }
}
