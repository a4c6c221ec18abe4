//! Killed at any moment, again and again: the next run completes what the last one left.
//!
//! `PHOTOCTL_TEST_KILLS` says how often; the ordinary suite does it a few times. `PHOTOCTL_TEST_SEED` plays the moments
//! of a run that failed once more.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{card, upload};
use crate::faults_world::{assert_civil, assert_consistent, assert_whole, until};
use crate::photos_world::World;
use crate::support::{Run, Running};

/// New photos in each round: there is always something on its way when the blow falls.
const PHOTOS_A_ROUND: u32 = 8;

/// A whole number of the environment; one that is mistyped must not pass for the default.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text:?}")))
}

fn kills() -> u32 {
    number("PHOTOCTL_TEST_KILLS").map_or(3, |kills| kills.try_into().unwrap())
}

/// Moments spread over a run.
struct Moments {
    state: u64,
    /// How long a run takes that nobody disturbs.
    whole: Duration,
}

impl Moments {
    #[allow(clippy::print_stderr, reason = "whoever looks into a failure needs the seed")]
    fn new(whole: Duration) -> Self {
        let clock = || std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_micros() as u64;
        let seed = number("PHOTOCTL_TEST_SEED").unwrap_or_else(clock);
        eprintln!("PHOTOCTL_TEST_SEED={seed}, a whole run takes {whole:?}");
        Self { state: seed, whole }
    }

    /// Between the beginning and this share of a run.
    fn within(&mut self, share: f64) -> Duration {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.whole.mul_f64(share * (self.state >> 40) as f64 / f64::from(1 << 24))
    }
}

/// Runs that are killed, `at_once` side by side.
struct Killing<'a> {
    world: &'a World,
    store: Option<String>,
    at_once: u32,
    begun: u32,
    killed: u32,
    /// How often a blow left a row in `processing`.
    in_the_middle: u32,
}

impl<'a> Killing<'a> {
    fn new(world: &'a World, store: Option<String>, at_once: u32) -> Self {
        Self { world, store, at_once, begun: 0, killed: 0, in_the_middle: 0 }
    }

    fn on_the_store(&self, run: Run) -> Run {
        match &self.store {
            Some(url) => run.env("PHOTOCTL_STORAGE_URL", url),
            None => run,
        }
    }

    fn upload(&self, dir: &Path) -> Run {
        self.on_the_store(upload(self.world, dir))
    }

    fn card(&self, round: u32) -> PathBuf {
        card(self.world, "card", round * PHOTOS_A_ROUND..(round + 1) * PHOTOS_A_ROUND)
    }

    fn processing(&self) -> u64 {
        self.world.sql("SELECT count(*) FROM photos WHERE status = 'processing'").parse().unwrap()
    }

    /// Ends a round: kills what still runs at the moments that `wait` waits for.
    fn kill(&mut self, running: Vec<Running>, mut wait: impl FnMut()) {
        let mut running = running;
        for one in &mut running {
            wait();
            self.begun += 1;
            if one.is_running() {
                one.signal(Signal::KILL);
                self.killed += 1;
            }
        }
        for one in running {
            let output = one.wait();
            assert_civil(&output);
            assert!([0, 128 + 9].contains(&output.code), "{}", output.transcript());
        }
        self.in_the_middle += u32::from(self.processing() > 0);
        assert_consistent(self.world);
    }

    fn run(mut self) {
        let dir = self.card(0);
        let begun = Instant::now();
        self.upload(&dir).ok();
        let mut moments = Moments::new(begun.elapsed());
        let spawn = |this: &Self| (0..this.at_once).map(|_| this.upload(&dir).spawn()).collect::<Vec<_>>();
        let wanted = kills() * self.at_once;
        let mut round = 0;
        while self.killed < wanted {
            round += 1;
            assert!(round <= kills() * 2, "only {} of {} runs were killed", self.killed, self.begun);
            self.card(round);
            let running = spawn(&self);
            let share = 0.9 / f64::from(self.at_once);
            let before = (self.begun, self.killed);
            self.kill(running, || std::thread::sleep(moments.within(share)));
            if self.killed - before.1 < self.begun - before.0 {
                // The first run, which was measured, was slower than those that followed.
                moments.whole = moments.whole.mul_f64(0.7);
            }
        }
        if !self.world.is_embedded() {
            // Once surely in the middle of it; the embedded database can not be looked into meanwhile.
            self.card(round + 1);
            let running = spawn(&self);
            until("a row in processing", || self.processing() > 0);
            self.kill(running, || {});
            assert!(self.in_the_middle > 0, "no blow fell in the middle of a photo");
        }
        for last in spawn(&self) {
            let output = last.wait().code(0);
            assert_civil(&output);
        }
        assert_whole(self.world, &dir);
        self.on_the_store(self.world.photos("verify --deep --exit-code")).ok();
    }
}

#[test]
fn a_killed_upload_is_completed_embedded() {
    Killing::new(&World::embedded(), None, 1).run();
}

#[test]
fn killed_uploads_of_two_at_once_are_completed() {
    let world = World::real();
    Killing::new(&world, None, 2).run();
    assert_eq!(world.store().unwrap().unfinished_parts(), 0);
}

#[test]
fn killed_uploads_of_two_at_once_into_a_folder_are_completed() {
    let world = World::real();
    // Where the world looks for objects.
    let folder = world.object_path("");
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("file://{}", folder.display()).trim_end_matches('/').to_owned();
    Killing::new(&world, Some(url), 2).run();
}
