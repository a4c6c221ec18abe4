//! A service that cannot be reached: everybody waits, one looks whether it is back, nothing is counted as an attempt.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use futures::future::BoxFuture;
use tokio::sync::watch;

use super::{Halt, Progress};
use crate::error::{Error, Kind, Result};
use crate::model::time;

/// How an outage is waited out.
#[derive(Debug, Clone, Copy)]
pub struct OutageRules {
    /// How often to look whether it is over.
    pub probe_every: Duration,
    /// After how long to give up; `None` is never.
    pub give_up_after: Option<Duration>,
    /// The zone of the times that people are told.
    pub zone: Tz,
}

/// Answers whether the service can be reached.
pub type Probe = Box<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// One service and whether it can be reached. Cheap to clone.
#[derive(Clone)]
pub struct Outage(Arc<Inner>);

struct Inner {
    /// As in "the network to {service} is gone": `the object store`.
    service: String,
    rules: OutageRules,
    probe: Probe,
    progress: Arc<dyn Progress>,
    halt: Halt,
    state: watch::Sender<State>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Up,
    Down,
    GivenUp,
}

impl Outage {
    #[must_use]
    pub fn new(
        service: impl Into<String>,
        rules: OutageRules,
        probe: Probe,
        progress: Arc<dyn Progress>,
        halt: Halt,
    ) -> Self {
        let (state, _) = watch::channel(State::Up);
        Self(Arc::new(Inner { service: service.into(), rules, probe, progress, halt, state }))
    }

    /// Waits while the service is known to be gone.
    ///
    /// # Errors
    /// [`Kind::NetworkDown`] when it was given up, [`Kind::Interrupted`] when the run is to stop meanwhile.
    pub async fn pass(&self) -> Result<()> {
        let mut state = self.0.state.subscribe();
        loop {
            match *state.borrow_and_update() {
                State::Up => return Ok(()),
                State::GivenUp => return Err(self.given_up()),
                State::Down => {}
            }
            tokio::select! {
                changed = state.changed() => if changed.is_err() { return Ok(()) },
                () = self.0.halt.requested() => {
                    return Err(Error::new(Kind::Interrupted, format!("stopped while {} was gone", self.0.service)));
                }
            }
        }
    }

    /// Somebody found the service gone: waits until it is back. The first one to say so starts the looking.
    ///
    /// # Errors
    /// As [`Outage::pass`].
    pub async fn wait_out(&self, error: &Error) -> Result<()> {
        let mut first = false;
        self.0.state.send_if_modified(|state| {
            first = *state == State::Up;
            if first {
                *state = State::Down;
            }
            first
        });
        if first {
            let inner = self.0.clone();
            let since = now();
            inner.progress.note(format_args!(
                "{} is gone since {} ({}): waiting, looking again every {}{}",
                capitalized(&inner.service),
                time::for_people(since, inner.rules.zone),
                error.message(),
                time::span(inner.rules.probe_every),
                inner.rules.give_up_after.map_or(String::new(), |limit| format!(", for {} at most", time::span(limit))),
            ));
            tokio::spawn(async move { inner.look(Instant::now()).await });
        }
        self.pass().await
    }

    fn given_up(&self) -> Error {
        let limit = self.0.rules.give_up_after.unwrap_or_default();
        Error::new(Kind::NetworkDown, format!("{} was gone for {}: given up", self.0.service, time::span(limit)))
            .hint("run the same command again when the network is back: what is stored is not sent again")
            .hint("--give-up-after says how long to wait")
    }
}

impl Inner {
    async fn look(&self, since: Instant) {
        loop {
            let left = self.rules.give_up_after.map(|limit| limit.saturating_sub(since.elapsed()));
            let pause = left.map_or(self.rules.probe_every, |left| left.min(self.rules.probe_every));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.halt.requested() => return,
            }
            let back = tokio::select! {
                back = (self.probe)() => back,
                () = self.halt.requested() => return,
            };
            if back {
                let gone = time::span(since.elapsed());
                self.progress.note(format_args!("{} is back after {gone}: going on", capitalized(&self.service)));
                self.state.send_replace(State::Up);
                return;
            }
            if self.rules.give_up_after.is_some_and(|limit| since.elapsed() >= limit) {
                self.state.send_replace(State::GivenUp);
                return;
            }
        }
    }
}

fn now() -> DateTime<Utc> {
    Utc::now()
}

fn capitalized(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or(String::new(), |first| first.to_uppercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

    use super::*;
    use crate::batch::{Cancel, Silent};

    fn outage(probe: Probe, give_up_after: Option<Duration>) -> Outage {
        let rules = OutageRules { probe_every: Duration::from_millis(5), give_up_after, zone: Tz::UTC };
        Outage::new("the store", rules, probe, Arc::new(Silent), Halt::new(Cancel::default()))
    }

    fn gone() -> Error {
        Error::new(Kind::NetworkDown, "cannot connect")
    }

    #[tokio::test]
    async fn all_wait_for_one_who_looks() {
        let (back, looks) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
        let probe = {
            let (back, looks) = (back.clone(), looks.clone());
            Box::new(move || -> BoxFuture<'static, bool> {
                looks.fetch_add(1, Ordering::SeqCst);
                let back = back.load(Ordering::SeqCst);
                Box::pin(async move { back })
            })
        };
        let outage = outage(probe, None);
        let waiting: Vec<_> = (0..10)
            .map(|_| {
                let outage = outage.clone();
                tokio::spawn(async move { outage.wait_out(&gone()).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert!(waiting.iter().all(|task| !task.is_finished()));
        back.store(true, Ordering::SeqCst);
        for task in waiting {
            task.await.expect("joins").expect("is back");
        }
        assert!(looks.load(Ordering::SeqCst) <= 30, "one looks, not ten");
        outage.pass().await.expect("up");
    }

    #[tokio::test]
    async fn gives_up_after_its_time() {
        let outage = outage(Box::new(|| Box::pin(async { false })), Some(Duration::from_millis(30)));
        let error = outage.wait_out(&gone()).await.expect_err("given up");
        assert_eq!(error.kind(), Kind::NetworkDown);
        assert!(outage.pass().await.is_err());
    }
}
