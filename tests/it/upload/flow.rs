//! How a run goes: interrupted, limited in time, without a network for a while.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{assert_whole, card, counts, large_jpeg, upload};
use crate::photos_world::World;

/// A card with large files, so that a limited bandwidth makes a run of some seconds.
fn slow_card(world: &World, files: u32) -> std::path::PathBuf {
    for number in 0..files {
        world.machine().file(&format!("slow/{number}.jpg"), large_jpeg(number, 400_000));
    }
    world.machine().path().join("slow")
}

#[test]
fn an_interrupted_run_finishes_what_is_in_flight_and_says_so() {
    let world = World::real();
    let dir = slow_card(&world, 12);
    let running = upload(&world, &dir).args(["--bwlimit", "800kB", "--transfers", "2"]).spawn();
    let begun = Instant::now();
    while world.store().unwrap().count(&hyper::Method::PUT) < 4 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(20));
    }
    running.signal(Signal::INT);
    let output = running.wait().code(130);
    let json = output.json();
    assert_eq!(json["stopped"], "interrupted");
    assert!(json["uploaded"].as_u64().unwrap() >= 1 && json["not_reached"].as_u64().unwrap() >= 1, "{json:#}");
    assert_eq!((&json["all_stored"], &json["failed"]), (&false.into(), &0.into()));
    assert!(output.stderr.contains("in flight"), "{}", output.stderr);
    counts(&output);
    assert_eq!(counts(&upload(&world, &dir).ok())[4], 0);
    assert_eq!(assert_whole(&world).len(), 12);
}

#[test]
fn a_run_ends_at_its_time_limit() {
    let world = World::real();
    let dir = slow_card(&world, 12);
    let output =
        upload(&world, &dir).args(["--bwlimit", "500kB", "--transfers", "2", "--max-duration", "2s"]).run().code(8);
    let json = output.json();
    assert_eq!(json["stopped"], "max_duration");
    assert!(json["not_reached"].as_u64().unwrap() >= 1, "{json:#}");
    counts(&output);
    upload(&world, &dir).ok();
    assert_eq!(assert_whole(&world).len(), 12);
}

#[test]
fn without_a_network_the_run_waits_and_counts_nothing() {
    let world = World::real();
    let dir = card(&world, "card", 0..30);
    let store = world.store().unwrap();
    let running = upload(&world, &dir).env("PHOTOCTL_OFFLINE_PROBE", "100ms").spawn();
    let begun = Instant::now();
    while store.count(&hyper::Method::PUT) < 10 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    store.go_away();
    std::thread::sleep(Duration::from_secs(4));
    store.come_back();
    let output = running.wait().code(0).stderr_has("is gone since").stderr_has("is back after");
    assert_eq!(counts(&output), [30, 30, 0, 0, 0]);
    assert_eq!(assert_whole(&world).len(), 30);
}

#[test]
fn a_network_that_stays_away_is_given_up() {
    let world = World::real();
    let dir = card(&world, "card", 0..4);
    world.store().unwrap().go_away();
    let output =
        upload(&world, &dir).args(["--give-up-after", "1s"]).env("PHOTOCTL_OFFLINE_PROBE", "100ms").run().code(5);
    assert_eq!(output.json()["not_reached"], 4);
    assert_eq!(output.error()["code"], "network_down");
    world.store().unwrap().come_back();
    upload(&world, &dir).ok();
    assert_eq!(assert_whole(&world).len(), 4);
}

#[test]
fn jsonl_tells_of_each_file_and_ends_in_a_summary() {
    let world = World::real();
    let dir = card(&world, "card", 0..3);
    let output = world
        .photos(&format!(
            "upload --project {} --photographer {} --assign --output jsonl --dir",
            crate::photos_world::PROJECT,
            crate::photos_world::PHOTOGRAPHER
        ))
        .arg(&dir)
        .ok();
    let lines = output.json_lines();
    assert_eq!(
        lines
            .iter()
            .filter(|line| line["type"] == "item" && line["outcome"] == "done" && line["photo_id"].is_string())
            .count(),
        3,
        "{}",
        output.stdout
    );
    let last = lines.last().unwrap();
    assert_eq!((&last["type"], &last["uploaded"]), (&"summary".into(), &3.into()));
}
