//! Which files are taken, in which order, and what a run does that cannot write its report or is stopped early.

use std::path::Path;
use std::time::{Duration, Instant};

use super::{assert_whole, card, counts, jpeg, upload};
use crate::imaging::builders;
use crate::photos_world::{PROJECT, World};
use crate::support::s3::{Fault, Trouble};

/// The numbers in the names of files, in the order of the lines of `--report`.
fn order_of_lines(world: &World, dir: &Path, order: &str) -> Vec<usize> {
    let report = world.machine().path().join(format!("{order}.jsonl"));
    upload(world, dir).args(["--order-by", order, "--report"]).arg(&report).ok();
    let lines = std::fs::read_to_string(&report).unwrap();
    let number = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        Path::new(line["path"].as_str().unwrap()).file_stem().unwrap().to_str().unwrap().parse().unwrap()
    };
    lines.lines().map(number).collect()
}

/// How many pairs of files are the other way round in `order`.
fn swapped(order: &[usize], expected: &[usize]) -> usize {
    let places: Vec<usize> =
        order.iter().map(|number| expected.iter().position(|expected| expected == number).unwrap()).collect();
    let pairs = (0..places.len()).flat_map(|one| (one + 1..places.len()).map(move |other| (one, other)));
    pairs.filter(|(one, other)| places[*one] > places[*other]).count()
}

/// Up to four readers take one file after the other, and what they have read is told in the order in which they end. So
/// no file is told of before more than three that were begun before it, however slow a reader is.
#[test]
fn files_come_in_the_order_that_was_asked_for() {
    const FILES: usize = 30;
    const MOST_SWAPPED: usize = 3 * FILES;
    let world = World::embedded();
    let dir = world.machine().path().join("card");
    // All different (31 is a prime), and neither rising nor falling with the number.
    let second = |number: usize| number * 12 % 31;
    for number in 10..10 + FILES {
        let shot = builders::camera_jpeg(320, 240, 1);
        let mut shot = builders::with_segment(&shot, 0xfe, &vec![b'x'; 60_000 - number * 1_000]);
        let at = shot.windows(11).position(|bytes| bytes == b"01 14:00:05").unwrap();
        shot[at + 9..at + 11].copy_from_slice(format!("{:02}", second(number)).as_bytes());
        world.machine().file(&format!("card/{number}.jpg"), shot);
    }
    let by_name: Vec<usize> = (10..10 + FILES).collect();
    let by_size: Vec<usize> = by_name.iter().rev().copied().collect();
    let mut by_time = by_name.clone();
    by_time.sort_by_key(|number| second(*number));
    // What is there already is told of in the order in which it is come to, without waiting for any transfer.
    upload(&world, &dir).ok();
    let orders = [("name", by_name), ("size", by_size), ("captured", by_time)];
    for (word, expected) in &orders {
        let order = order_of_lines(&world, &dir, word);
        assert_eq!(order.len(), FILES);
        assert!(swapped(&order, expected) <= MOST_SWAPPED, "by {word}: {order:?}");
        for (other, taken_for) in orders.iter().filter(|(other, _)| other != word) {
            assert!(
                swapped(taken_for, expected) > 2 * MOST_SWAPPED,
                "{word} and {other} could be taken for each other"
            );
        }
    }
    assert_eq!(assert_whole(&world).len(), FILES);
}

#[test]
fn hidden_files_and_links_are_taken_when_asked_for() {
    let world = World::real();
    let dir = card(&world, "card", 0..1);
    world.machine().file("card/.hidden.jpg", jpeg(1));
    world.machine().file("card/.folder/2.jpg", jpeg(2));
    world.machine().file("elsewhere/3.jpg", jpeg(3));
    std::os::unix::fs::symlink(world.machine().path().join("elsewhere"), dir.join("link")).unwrap();
    std::os::unix::fs::symlink("link", dir.join("again")).unwrap();
    let output = upload(&world, &dir).ok();
    assert_eq!(counts(&output), [5, 1, 0, 4, 0]);
    let json = output.json();
    assert_eq!(json["skipped_by_reason"], serde_json::json!({"hidden": 2, "symlink": 2}));
    assert_eq!(json["all_stored"], false);
    let output = upload(&world, &dir).arg("--hidden").ok();
    assert_eq!(counts(&output), [5, 2, 1, 2, 0]);
    let output = upload(&world, &dir).args(["--hidden", "--follow-symlinks"]).ok();
    assert_eq!(counts(&output), [5, 1, 3, 1, 0]);
    assert_eq!(output.json()["all_stored"], true);
    assert_eq!(assert_whole(&world).len(), 4);
}

#[test]
fn a_report_that_cannot_be_written_takes_nothing_from_the_answer() {
    let world = World::real();
    let dir = card(&world, "card", 0..3);
    let output = upload(&world, &dir).args(["--report", "/dev/full"]).run().code(1);
    assert_eq!(output.error()["code"], "disk_full");
    assert_eq!(counts(&output), [3, 3, 0, 0, 0]);
    let json = output.json();
    assert_eq!((&json["ok"], &json["stopped"]), (&false.into(), &"disk_full".into()));
    assert_eq!(json["all_stored"], true, "{json:#}");
    assert_eq!(assert_whole(&world).len(), 3);
}

#[test]
fn an_entry_that_the_audit_log_refuses_is_no_doubt_about_the_photos() {
    let world = World::real();
    let dir = card(&world, "card", 0..2);
    upload(&world, &card(&world, "first", 8..9)).ok();
    world.sql(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
         CREATE TRIGGER refuse BEFORE INSERT ON photoctl.audit FOR EACH ROW EXECUTE FUNCTION refuse()",
    );
    let output = upload(&world, &dir).run().code(1);
    assert_eq!(counts(&output), [2, 2, 0, 0, 0]);
    let json = output.json();
    let conclusion = json["conclusion"].as_str().unwrap();
    assert!(conclusion.starts_with("Everything on the card is safely stored"), "{conclusion}");
    assert_eq!((&json["ok"], &json["stopped"]), (&false.into(), &"failed".into()));
}

#[test]
fn an_upload_that_is_tried_again_is_not_stuck() {
    let world = World::real();
    let dir = card(&world, "card", 0..1);
    upload(&world, &dir).ok();
    let key = world.sql("SELECT thumbnail_key FROM photos");
    std::fs::remove_file(world.object_path(&key)).unwrap();
    world.sql("UPDATE photos SET status = 'failed', uploaded_at = uploaded_at - interval '3 days'");
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::Delay(Duration::from_secs(6))).on_put().always());
    let running = upload(&world, &dir).spawn();
    let begun = Instant::now();
    while world.sql("SELECT status FROM photos") != "processing" && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let report = world.photos(&format!("verify --project {PROJECT} --json")).run().json();
    assert_eq!(world.sql("SELECT status FROM photos"), "processing", "the upload still runs");
    store.heal();
    running.wait().code(0);
    assert_eq!((&report["in_progress"], &report["stuck"]), (&1.into(), &0.into()), "{report:#}");
    assert_whole(&world);
}

#[test]
fn the_time_limit_holds_for_the_scan_and_the_sorting_too() {
    let world = World::embedded();
    let dir = card(&world, "card", 0..400);
    let output = upload(&world, &dir).args(["--order-by", "captured", "--max-duration", "1ms"]).run().code(8);
    let json = output.json();
    assert_eq!((&json["stopped"], &json["uploaded"]), (&"max_duration".into(), &0.into()));
    assert_eq!(json["all_stored"], false);
    counts(&output);
}
