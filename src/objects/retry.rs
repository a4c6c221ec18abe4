//! When to try again, and after how long.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};

use super::config::StoreConfig;
use super::error::{Problem, StoreError};

/// The attempts of one request.
pub(crate) struct Attempts {
    made: u32,
    failed_connects: u32,
    /// Time-outs without a word.
    silences: u32,
    max: u32,
    max_connects: u32,
    pauses: ExponentialBackoff,
    first_pause: Duration,
}

impl Attempts {
    /// A server that asks for a longer pause is not waited for here: the caller has other things to do meanwhile.
    const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(60);
    /// Bytes that change on their way do so again, or not: more attempts do not help.
    const MAX_FOR_INTEGRITY: u32 = 3;
    /// A store that takes requests and says nothing costs a whole time-out each time: eight would be nine minutes.
    const MAX_FOR_SILENCE: u32 = 3;

    pub fn new(config: &StoreConfig) -> Self {
        Self {
            made: 0,
            failed_connects: 0,
            silences: 0,
            max: config.max_attempts.max(1),
            max_connects: config.max_connect_attempts.max(1),
            pauses: ExponentialBuilder::new()
                .with_jitter()
                .with_min_delay(config.retry_pause)
                .with_max_delay(config.retry_pause_max)
                .without_max_times()
                .build(),
            first_pause: config.retry_pause,
        }
    }

    /// An attempt begins.
    pub fn begin(&mut self) {
        self.made = self.made.saturating_add(1);
    }

    /// How many began.
    pub fn made(&self) -> u32 {
        self.made
    }

    /// Waits before the next attempt, or gives the error back when there is none to be.
    pub async fn pause_or_fail(&mut self, error: StoreError) -> Result<(), StoreError> {
        match self.pause_after(&error) {
            Some(pause) => {
                tracing::debug!(attempt = self.made, ?pause, error = %error, "trying again");
                tokio::time::sleep(pause).await;
                Ok(())
            }
            None => Err(error.with_attempts(self.made.max(1))),
        }
    }

    fn pause_after(&mut self, error: &StoreError) -> Option<Duration> {
        if !error.is_retryable() || self.made >= self.max {
            return None;
        }
        if error.is_connection_class() {
            self.failed_connects += 1;
            return (self.failed_connects < self.max_connects).then_some(self.first_pause);
        }
        if *error.problem() == Problem::Integrity && self.made >= Self::MAX_FOR_INTEGRITY {
            return None;
        }
        if *error.problem() == Problem::Timeout {
            self.silences += 1;
            if self.silences >= Self::MAX_FOR_SILENCE {
                return None;
            }
        }
        let pause = self.pauses.next()?;
        match error.retry_after() {
            Some(asked) if asked > Self::LONGEST_RETRY_AFTER => None,
            Some(asked) => Some(pause.max(asked)),
            None => Some(pause),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempts() -> Attempts {
        Attempts::new(&StoreConfig::new("s3://photos".parse().expect("a storage URL")))
    }

    fn pauses_for(problem: &Problem) -> Vec<Duration> {
        let mut attempts = attempts();
        let mut pauses = Vec::new();
        loop {
            attempts.begin();
            match attempts.pause_after(&StoreError::new(problem.clone(), "try")) {
                Some(pause) => pauses.push(pause),
                None => return pauses,
            }
        }
    }

    #[test]
    fn trouble_is_waited_out_with_growing_pauses() {
        let pauses = pauses_for(&Problem::Unavailable { status: Some(503), retry_after: None });
        assert_eq!(pauses.len(), 7);
        assert!(pauses.iter().sum::<Duration>() > Duration::from_secs(20), "{pauses:?}");
        assert!(pauses[0] <= Duration::from_millis(500), "{pauses:?}");
    }

    #[test]
    fn a_network_that_is_down_is_said_quickly() {
        let pauses = pauses_for(&Problem::NetworkDown);
        assert_eq!(pauses.len(), 2);
        assert!(pauses.iter().sum::<Duration>() < Duration::from_secs(1));
    }

    #[test]
    fn what_cannot_get_better_is_not_tried_again() {
        assert!(pauses_for(&Problem::NotFound).is_empty());
        assert!(pauses_for(&Problem::SourceChanged { path: "x".into() }).is_empty());
        assert_eq!(pauses_for(&Problem::Integrity).len(), 2);
    }

    #[test]
    fn a_store_that_says_nothing_is_not_waited_for_many_times() {
        assert_eq!(pauses_for(&Problem::Timeout).len(), 2);
        // Other trouble before is no silence.
        let mut attempts = attempts();
        let busy = Problem::Unavailable { status: Some(503), retry_after: None };
        for (problem, again) in [
            (&busy, true),
            (&busy, true),
            (&busy, true),
            (&Problem::Timeout, true),
            (&Problem::Timeout, true),
            (&Problem::Timeout, false),
        ] {
            attempts.begin();
            assert_eq!(attempts.pause_after(&StoreError::new(problem.clone(), "try")).is_some(), again);
        }
        // Whoever moves bytes, however slowly, is given all attempts.
        assert_eq!(pauses_for(&Problem::Stalled { after: Duration::from_secs(60) }).len(), 7);
    }

    #[test]
    fn retry_after_is_honoured_up_to_a_minute() {
        let asked = |seconds| Problem::Throttled { retry_after: Some(Duration::from_secs(seconds)) };
        assert!(pauses_for(&asked(30)).iter().all(|&pause| pause >= Duration::from_secs(30)));
        assert!(pauses_for(&asked(3600)).is_empty());
    }
}
