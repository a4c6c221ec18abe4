//! Services in trouble: what passes is waited out, what all files would meet ends the run.

use std::time::{Duration, Instant};

use photoctl::db::grants::{self, Job};

use super::{assert_whole, card, counts, upload};
use crate::photos_world::{PHOTOGRAPHER, PROJECT, World, wait};
use crate::support::mount::Mounted;
use crate::support::pg;
use crate::support::s3::{Fault, Trouble};
use crate::support::{Output, Running};

#[test]
fn bursts_of_trouble_are_waited_out() {
    let world = World::real();
    let dir = card(&world, "card", 0..12);
    let store = world.store().unwrap();
    store.fail(Fault::answer(503, "SlowDown").on_put().times(8));
    store.fail(Fault::answer(500, "InternalError").on_put().after(10).times(3));
    store.fail(Fault::answer(429, "TooManyRequests").on_put().after(15).times(2));
    store.fail(Fault::new(Trouble::CutAfter(500)).on_put().after(20).times(2));
    store.fail(Fault::new(Trouble::CutAnswer).on_put().after(25).times(2));
    assert_eq!(counts(&upload(&world, &dir).ok()), [12, 12, 0, 0, 0]);
    assert_eq!(assert_whole(&world).len(), 12);
}

#[test]
fn what_every_file_would_meet_ends_the_run_at_once() {
    let world = World::real();
    // A store that the database has not seen yet is tried before anything else.
    upload(&world, &card(&world, "first", 50..51)).ok();
    let dir = card(&world, "card", 0..20);
    let output = upload(&world, &dir).env("PHOTOCTL_STORAGE_SECRET_ACCESS_KEY", "wrong").run().code(4);
    assert_eq!(output.error()["code"], "credentials");
    assert_eq!((counts(&output)[4], &output.json()["not_reached"]), (0, &20.into()));
    let store = world.store().unwrap();
    for (status, code, exit) in [(403, "AccessDenied", 4), (404, "NoSuchBucket", 2), (507, "InsufficientStorage", 1)] {
        store.fail(Fault::answer(status, code).on_put().always());
        let output = upload(&world, &dir).run();
        store.heal();
        assert_eq!(output.code, exit, "{code}: {}", output.transcript());
        assert_eq!(output.json()["failed"], 0, "{code}");
    }
    upload(&world, &dir).ok();
    assert_eq!(assert_whole(&world).len(), 21);
}

#[test]
fn other_bytes_under_our_key_are_replaced_and_reported() {
    let world = World::real();
    let dir = card(&world, "card", 0..1);
    upload(&world, &dir).arg("--no-derivatives").ok();
    let key = world.sql("SELECT storage_key FROM photos");
    world.put_object(&key, b"something else");
    world.sql("UPDATE photos SET status = 'processing'");
    let report = world.machine().path().join("report.jsonl");
    upload(&world, &dir).arg("--report").arg(&report).ok();
    assert!(std::fs::read_to_string(&report).unwrap().contains("other bytes"), "said");
    assert_whole(&world);
}

/// Cuts all connections to the database again and again while a command runs, at most for 5 s.
fn cut_connections(world: &World, mut running: Running) -> Output {
    let begun = Instant::now();
    while running.is_running() && begun.elapsed() < Duration::from_secs(5) {
        world.sql(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
              WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        std::thread::sleep(Duration::from_millis(150));
    }
    running.wait()
}

#[test]
fn a_database_that_cuts_connections_loses_nothing() {
    let world = World::real();
    let dir = card(&world, "card", 0..40);
    let start = || upload(&world, &dir).env("PHOTOCTL_OFFLINE_PROBE", "100ms").spawn();
    // From the first statement on: a run that could not even begin says that the service is not there.
    let output = cut_connections(&world, start());
    assert!(matches!(output.code, 0 | 5), "{}", output.transcript());
    world.sql("DELETE FROM photos");
    let running = start();
    let begun = Instant::now();
    while world.sql("SELECT count(*) FROM photos") == "0" && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(10));
    }
    let output = cut_connections(&world, running).code(0);
    assert_eq!(counts(&output)[4], 0);
    assert_eq!(assert_whole(&world).len(), 40);
}

#[test]
fn a_row_that_is_deleted_meanwhile_is_made_again() {
    let world = World::real();
    let dir = card(&world, "card", 0..1);
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::Delay(Duration::from_millis(2500))).on_put());
    let running = upload(&world, &dir).spawn();
    let begun = Instant::now();
    while world.sql("SELECT count(*) FROM photos") == "0" && begun.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(50));
    }
    world.sql("DELETE FROM photos");
    let output = running.wait().code(0);
    assert_eq!(counts(&output), [1, 1, 0, 0, 0]);
    assert_whole(&world);
}

#[test]
fn a_card_that_is_pulled_out_is_said_and_the_rest_goes_on() {
    let world = World::real();
    let (pulled, stays) = (world.machine().path().join("pulled"), card(&world, "stays", 200..203));
    let mounted = Mounted::tmpfs(&pulled, 256);
    // More than a run holds in memory between reading and sending (64 MiB).
    let fill = || {
        for number in 0..60 {
            world.machine().file(&format!("pulled/DSC_{number:04}.JPG"), super::large_jpeg(number, 2_000_000));
        }
    };
    fill();
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::Delay(Duration::from_millis(300))).on_put().always());
    let running = upload(&world, &pulled).arg("--dir").arg(&stays).args(["--transfers", "1"]).spawn();
    let begun = Instant::now();
    while store.count(&hyper::Method::PUT) < 2 && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    mounted.pull_out();
    store.heal();
    let output = running.wait().code(3);
    let json = output.json();
    assert!(json["failed_by_reason"]["card_gone"].as_u64().unwrap_or(0) > 0, "{json:#}");
    assert_eq!(json["failed_by_reason"].as_object().unwrap().len(), 1, "all of them for the one reason: {json:#}");
    assert!(json["conclusion"].as_str().unwrap().starts_with("NOT everything"), "{json:#}");
    assert_eq!(output.stderr.matches("is no longer there").count(), 1, "{}", output.stderr);
    let said = output.stderr.find("A card was pulled out").expect("said at once");
    assert!(said < output.stderr.find("is no longer there").unwrap(), "{}", output.stderr);
    let files = json["failed_by_reason"]["card_gone"].as_u64().unwrap();
    counts(&output);
    output.stderr_has(&format!("{files} files were not read: the card "));
    let again = Mounted::tmpfs(&pulled, 256);
    fill();
    upload(&world, &pulled).ok();
    assert_eq!(assert_whole(&world).len(), 63);
    drop(again);
}

#[test]
fn the_role_for_uploads_has_all_the_rights_it_needs() {
    let world = World::real();
    let dir = card(&world, "card", 0..4);
    world.machine().file("card/broken.jpg", &super::jpeg(9)[..3000]);
    let db = world.database().unwrap();
    let role = format!("{}_uploader", db.name());
    db.psql(&grants::sql(Job::Upload, &role, db.name(), "public"));
    world.put_object("web.jpg", &super::jpeg(0));
    world.sql(&format!(
        "INSERT INTO photos (project_id, photographer_id, storage_key, status)
         VALUES ('{PROJECT}', '{PHOTOGRAPHER}', 'web.jpg', 'ready')"
    ));
    let as_role = |more: &[&str]| upload(&world, &dir).env("DATABASE_URL", db.url_of(&role)).args(more).run().code(3);
    assert_eq!(counts(&as_role(&[])), [5, 4, 0, 0, 1]);
    world.sql("UPDATE photos SET deleted_at = now()");
    assert_eq!(counts(&as_role(&["--restore"])), [5, 4, 0, 0, 1]);
    db.psql(&format!("REVOKE UPDATE ON photos FROM \"{role}\""));
    world.sql("UPDATE photos SET status = 'processing'");
    db.psql(&format!("REVOKE INSERT ON photoctl.photo_files FROM \"{role}\""));
    let output = upload(&world, &dir).env("DATABASE_URL", db.url_of(&role)).run().code(4);
    assert_eq!(output.error()["code"], "permission");
    drop(world);
    wait(pg::admin(&format!("DROP ROLE \"{role}\"")));
}
