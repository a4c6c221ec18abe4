//! Killed at any moment, again and again: the next run completes what the last one left.
//!
//! `PHOTOCTL_TEST_KILLS` says how often; the ordinary suite does it a few times.

use std::time::Duration;

use rustix::process::Signal;

use super::{assert_whole, card, upload};
use crate::photos_world::World;

fn kills() -> u32 {
    std::env::var("PHOTOCTL_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(3)
}

/// Moments spread over a run, different at each call.
fn moment(round: u32) -> Duration {
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
    Duration::from_millis(u64::from((seed / 1000).wrapping_mul(2_654_435_761).wrapping_add(round * 7919) % 2500))
}

#[test]
fn a_killed_upload_is_completed_embedded() {
    let world = World::embedded();
    let dir = card(&world, "card", 0..24);
    for round in 0..kills() {
        let running = upload(&world, &dir).spawn();
        std::thread::sleep(moment(round) + Duration::from_millis(300));
        let mut running = running;
        if running.is_running() {
            running.signal(Signal::KILL);
        }
        running.wait();
    }
    upload(&world, &dir).ok();
    assert_eq!(assert_whole(&world).len(), 24);
}

#[test]
fn killed_uploads_of_two_at_once_are_completed() {
    let world = World::real();
    let dir = card(&world, "card", 0..24);
    for round in 0..kills() {
        let mut both = [upload(&world, &dir).spawn(), upload(&world, &dir).spawn()];
        for (which, running) in (0..).zip(&mut both) {
            std::thread::sleep(moment(round * 2 + which) / 2);
            if running.is_running() {
                running.signal(Signal::KILL);
            }
        }
        for running in both {
            running.wait();
        }
    }
    let last = [upload(&world, &dir).spawn(), upload(&world, &dir).spawn()];
    for running in last {
        running.wait().code(0);
    }
    assert_eq!(assert_whole(&world).len(), 24);
    assert_eq!(world.store().unwrap().unfinished_parts(), 0);
}
