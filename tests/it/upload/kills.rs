//! Killed at any moment, again and again: the next run completes what the last one left.
//!
//! `PHOTOCTL_TEST_KILLS` says how often; the ordinary suite does it a few times.

use std::time::Duration;

use rustix::process::Signal;

use super::{assert_whole, card, upload};
use crate::photos_world::World;

fn kills() -> u32 {
    std::env::var("PHOTOCTL_TEST_KILLS")
        .map_or(3, |text| text.parse().unwrap_or_else(|_| panic!("PHOTOCTL_TEST_KILLS is no number: {text:?}")))
}

/// Moments spread over a run, different at each call.
fn moment(round: u32) -> Duration {
    let seed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().subsec_nanos();
    Duration::from_millis(u64::from((seed / 1000).wrapping_mul(2_654_435_761).wrapping_add(round * 7919) % 2500))
}

/// New photos in each round: there is always something on its way when the blow falls.
const PHOTOS_A_ROUND: u32 = 8;

#[test]
fn a_killed_upload_is_completed_embedded() {
    let world = World::embedded();
    let dir = card(&world, "card", 0..1);
    let mut killed = 0;
    for round in 0..kills() {
        card(&world, "card", round * PHOTOS_A_ROUND..(round + 1) * PHOTOS_A_ROUND);
        let mut running = upload(&world, &dir).spawn();
        std::thread::sleep(Duration::from_millis(400) + moment(round) / 2);
        if running.is_running() {
            running.signal(Signal::KILL);
            killed += 1;
        }
        running.wait();
    }
    assert!(killed > 0, "every run ended before its blow");
    upload(&world, &dir).ok();
    assert_eq!(assert_whole(&world).len(), (kills() * PHOTOS_A_ROUND) as usize);
}

#[test]
fn killed_uploads_of_two_at_once_are_completed() {
    let world = World::real();
    let dir = card(&world, "card", 0..1);
    let mut killed = 0;
    for round in 0..kills() {
        card(&world, "card", round * PHOTOS_A_ROUND..(round + 1) * PHOTOS_A_ROUND);
        let mut both = [upload(&world, &dir).spawn(), upload(&world, &dir).spawn()];
        for (which, running) in (0..).zip(&mut both) {
            std::thread::sleep(Duration::from_millis(100) + moment(round * 2 + which) / 5);
            if running.is_running() {
                running.signal(Signal::KILL);
                killed += 1;
            }
        }
        for running in both {
            running.wait();
        }
    }
    assert!(killed > 0, "every run ended before its blow");
    let last = [upload(&world, &dir).spawn(), upload(&world, &dir).spawn()];
    for running in last {
        running.wait().code(0);
    }
    assert_eq!(assert_whole(&world).len(), (kills() * PHOTOS_A_ROUND) as usize);
    assert_eq!(world.store().unwrap().unfinished_parts(), 0);
}
