//! How many at once: fixed, or following the throughput.
//!
//! The width climbs while a wider one moves more bytes a second, steps back when it does not, and halves when the
//! service asks to slow down. It is judged only while somebody waits for a place: an idle line says nothing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Places for work that runs at the same time. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Width {
    places: Arc<Semaphore>,
    state: Arc<Mutex<State>>,
}

#[derive(Debug)]
struct State {
    climber: Option<Climber>,
    width: usize,
    /// Places that are to vanish when they are given back.
    excess: usize,
    waiting: usize,
    window: Window,
}

#[derive(Debug)]
struct Window {
    began: Instant,
    bytes: u64,
    /// Whether all places were taken and somebody waited at any time in it.
    full: bool,
}

/// One place; dropping gives it back.
#[derive(Debug)]
pub struct Place {
    permit: Option<OwnedSemaphorePermit>,
    state: Arc<Mutex<State>>,
}

impl Width {
    /// What a rate is measured over, at least.
    const WINDOW: Duration = Duration::from_millis(1500);

    /// Always `width`, at least one.
    #[must_use]
    pub fn fixed(width: usize) -> Self {
        Self::with(width, None)
    }

    /// Begins at `start` and moves between 1 and `most`.
    #[must_use]
    pub fn adaptive(start: usize, most: usize) -> Self {
        Self::with(start, Some(Climber::new(start.max(1), most)))
    }

    fn with(width: usize, climber: Option<Climber>) -> Self {
        let width = width.max(1);
        let window = Window { began: Instant::now(), bytes: 0, full: false };
        let state = State { climber, width, excess: 0, waiting: 0, window };
        Self { places: Arc::new(Semaphore::new(width)), state: Arc::new(Mutex::new(state)) }
    }

    /// How many there are now.
    #[must_use]
    pub fn current(&self) -> usize {
        self.lock().width
    }

    /// Waits for a place; those who came first are served first.
    pub async fn enter(&self) -> Place {
        struct Waiting<'a>(&'a Width);
        impl Drop for Waiting<'_> {
            fn drop(&mut self) {
                let mut state = self.0.lock();
                state.waiting = state.waiting.saturating_sub(1);
            }
        }
        self.lock().waiting += 1;
        let waiting = Waiting(self);
        if self.places.available_permits() == 0 {
            self.lock().window.full = true;
        }
        let permit = self.places.clone().acquire_owned().await.ok();
        drop(waiting);
        Place { permit, state: self.state.clone() }
    }

    /// So many bytes moved just now.
    pub fn moved(&self, bytes: u64) {
        let now = Instant::now();
        let mut state = self.lock();
        state.window.bytes = state.window.bytes.saturating_add(bytes);
        state.window.full |= state.waiting > 0;
        let length = now.saturating_duration_since(state.window.began);
        if length < Self::WINDOW {
            return;
        }
        let window = std::mem::replace(&mut state.window, Window { began: now, bytes: 0, full: false });
        let Some(climber) = state.climber.as_mut().filter(|_| window.full) else { return };
        let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX).max(1);
        let width = climber.observe(window.bytes.saturating_mul(1000) / millis);
        self.resize(&mut state, width);
    }

    /// The service asks to slow down.
    pub fn slow_down(&self) {
        let mut state = self.lock();
        if let Some(climber) = &mut state.climber {
            let width = climber.slow_down();
            self.resize(&mut state, width);
        }
    }

    fn resize(&self, state: &mut State, width: usize) {
        let width = width.max(1);
        if width > state.width {
            let more = width - state.width;
            let reprieved = more.min(state.excess);
            state.excess -= reprieved;
            self.places.add_permits(more - reprieved);
        } else {
            let fewer = state.width - width;
            let gone = self.places.forget_permits(fewer);
            state.excess += fewer - gone;
        }
        if width != state.width {
            tracing::debug!(from = state.width, to = width, "width of transfers");
        }
        state.width = width;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some(permit) = self.permit.take() else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.excess > 0 {
            state.excess -= 1;
            permit.forget();
        }
    }
}

/// Hill climbing on bytes a second.
#[derive(Debug)]
struct Climber {
    width: usize,
    most: usize,
    /// The rate before the last step, and the width it was measured at.
    before: Option<(u64, usize)>,
    /// Windows to sit still before the next try.
    rest: u32,
    /// Tries that brought nothing, in a row: each makes the next rest longer.
    vain: u32,
}

impl Climber {
    fn new(start: usize, most: usize) -> Self {
        Self { width: start, most: most.max(start), before: None, rest: 0, vain: 0 }
    }

    fn observe(&mut self, rate: u64) -> usize {
        if self.rest > 0 {
            self.rest -= 1;
            return self.width;
        }
        match self.before.take() {
            // A wider one has to bring a twentieth more, or it is noise.
            Some((before, narrower)) if rate < before.saturating_add(before / 20) => {
                self.width = narrower;
                self.vain = (self.vain + 1).min(5);
                self.rest = 2 << self.vain;
            }
            worth => {
                if worth.is_some() {
                    self.vain = 0;
                }
                let wider = (self.width + (self.width / 4).max(1)).min(self.most);
                if wider > self.width {
                    self.before = Some((rate, self.width));
                    self.width = wider;
                }
            }
        }
        self.width
    }

    fn slow_down(&mut self) -> usize {
        // Many items hear of one and the same trouble: halve once, then rest.
        if self.rest < 4 {
            self.width = (self.width / 2).max(1);
        }
        self.before = None;
        self.rest = 8;
        self.width
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Runs the climber against a line that carries `per_place` for each place up to `most` in total.
    fn settle(per_place: u64, most: u64) -> usize {
        let mut climber = Climber::new(4, 32);
        let mut seen = Vec::new();
        for _ in 0..400 {
            let rate = (climber.width as u64 * per_place).min(most);
            seen.push(climber.observe(rate));
        }
        seen.sort_unstable();
        seen[seen.len() / 2]
    }

    #[test]
    fn follows_the_throughput() {
        assert_eq!(settle(1_000_000, u64::MAX), 32, "a line that never fills is used wholly");
        assert!((10..=16).contains(&settle(1_000_000, 12_000_000)), "{}", settle(1_000_000, 12_000_000));
        assert!(settle(10_000_000, 10_000_000) <= 5, "one place fills the line");
    }

    #[test]
    fn halves_once_for_one_burst_of_trouble() {
        let mut climber = Climber::new(16, 32);
        for _ in 0..16 {
            climber.slow_down();
        }
        assert_eq!(climber.width, 8);
    }

    #[tokio::test]
    async fn a_narrower_width_takes_places_away_as_they_come_back() {
        let width = Width::adaptive(4, 8);
        let places = [width.enter().await, width.enter().await, width.enter().await, width.enter().await];
        width.slow_down();
        assert_eq!(width.current(), 2);
        drop(places);
        let (_a, _b) = (width.enter().await, width.enter().await);
        assert!(tokio::time::timeout(Duration::from_millis(20), width.enter()).await.is_err());
    }
}
