//! `photos upload` while the object store is in trouble: a real S3 server behind faults, a real database.

use std::time::{Duration, Instant};

use hyper::Method;
use photoctl::model::digest::Sha256;
use photoctl::model::ids::PhotoId;

use crate::faults_world::{
    assert_civil, assert_completes, assert_consistent, assert_ended, assert_whole, card, counts, jpeg, until, upload,
};
use crate::photos_world::{PROJECT, World};
use crate::support::s3::{Fault, Trouble};

const SIDE: u32 = 160;

/// A fault that ends the run: its exit code, kind and words; nothing is called a failed file, and the next run is whole.
#[track_caller]
fn ends_the_run(fault: Fault, exit: i32, code: &str, words: &[&str]) {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let store = world.store().unwrap();
    store.fail(fault.always());
    let output = upload(world.machine(), &dir).run();
    assert_ended(&output, exit, code, words);
    // A run that ends before it looks at the card has no report.
    if !output.stdout.is_empty() {
        assert_eq!(counts(&output)[3], 0, "no file is at fault: {}", output.transcript());
    }
    store.heal();
    assert_consistent(&world);
    assert_completes(&world, &dir);
}

/// Faults that pass: exit 0, all whole.
#[track_caller]
fn passes(faults: impl IntoIterator<Item = Fault>) -> World {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let store = world.store().unwrap();
    faults.into_iter().for_each(|fault| store.fail(fault));
    let output = upload(world.machine(), &dir)
        .env("PHOTOCTL_STORAGE_STALL_TIMEOUT", "1s")
        .env("PHOTOCTL_OFFLINE_PROBE", "100ms")
        .run();
    assert_civil(&output);
    assert_eq!(output.code, 0, "{}", output.transcript());
    assert_eq!(counts(&output), [6, 6, 0, 0, 0]);
    assert_eq!(store.faults_left(), 0, "every fault has struck");
    assert_whole(&world, &dir);
    assert_eq!(counts(&upload(world.machine(), &dir).ok()), [6, 0, 6, 0, 0]);
    world
}

#[test]
fn every_answer_of_a_store_in_trouble_is_waited_out() {
    let burst = |status, code, skip| Fault::answer(status, code).on_put().after(skip).times(3);
    passes([
        burst(500, "InternalError", 0),
        burst(503, "SlowDown", 1),
        burst(502, "BadGateway", 2),
        burst(504, "GatewayTimeout", 3),
        burst(409, "ConditionalRequestConflict", 2),
        burst(400, "RequestTimeout", 1),
    ]);
}

#[test]
fn retry_after_is_kept_to() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..1, SIDE);
    let store = world.store().unwrap();
    store.fail(Fault::answer(429, "TooManyRequests").with_header("retry-after", "3").path("original"));
    let begun = Instant::now();
    let output = upload(world.machine(), &dir).ok();
    assert!(begun.elapsed() >= Duration::from_secs(3), "asked for 3 s");
    assert_eq!(counts(&output), [1, 1, 0, 0, 0]);
    assert_whole(&world, &dir);
}

#[test]
fn cut_and_stalled_connections_are_taken_up_again() {
    passes([
        Fault::new(Trouble::CutAfter(5_000)).on_put().times(4),
        Fault::new(Trouble::CutAnswer).on_put().after(2).times(3),
        Fault::new(Trouble::StallAfter(5_000)).on_put().after(4),
        Fault::new(Trouble::StallAnswer).on_put().after(5),
    ]);
}

#[test]
fn bytes_that_change_on_their_way_are_sent_again() {
    passes([Fault::new(Trouble::Corrupt { at: 3_000 }).on_put().path("original").after(1).times(2)]);
}

#[test]
fn a_login_page_in_between_is_no_network() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let store = world.store().unwrap();
    upload(world.machine(), &card(world.machine(), "first", 10..11, SIDE)).ok();
    store.fail(Fault::new(Trouble::Page { status: 302 }).always());
    let running = upload(world.machine(), &dir).env("PHOTOCTL_OFFLINE_PROBE", "100ms").spawn();
    std::thread::sleep(Duration::from_secs(3));
    store.heal();
    let output = running.wait().code(0).stderr_has("is gone since").stderr_has("is back after");
    assert_eq!(counts(&output), [6, 6, 0, 0, 0]);
}

#[test]
fn trouble_of_some_objects_fails_their_files_only() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let store = world.store().unwrap();
    for (status, code, what) in
        [(500, "InternalError", "original"), (503, "SlowDown", "thumbnail"), (409, "X", "watermarked")]
    {
        let id = PhotoId::of_content(PROJECT.parse().unwrap(), &Sha256::of(&jpeg(what.len() as u32 % 6, SIDE)));
        store.fail(Fault::answer(status, code).on_put().path(format!("{id}/{what}")).always());
    }
    // "original" and "watermarked" have 8 and 11 letters, "thumbnail" 9: photos 2, 5 and 3.
    let output = upload(world.machine(), &dir).env("PHOTOCTL_STORAGE_ATTEMPTS", "2").run().code(3);
    assert_civil(&output);
    assert_eq!(counts(&output), [6, 3, 0, 3, 0]);
    let failed = output.json()["items_failed"].as_array().unwrap().clone();
    for (file, word) in [("DSC_0002", "trouble"), ("DSC_0003", "slow down"), ("DSC_0005", "")] {
        let item = failed.iter().find(|item| item["ref"].as_str().unwrap().contains(file)).expect(file);
        assert!(item["message"].as_str().unwrap().contains(word), "{item}");
        assert_eq!(item["retryable"], true, "{item}");
    }
    store.heal();
    assert_consistent(&world);
    assert_eq!(counts(&upload(world.machine(), &dir).ok()), [6, 3, 3, 0, 0]);
    assert_whole(&world, &dir);
}

#[test]
fn a_way_that_changes_bytes_is_said_and_nothing_wrong_is_stored() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::Corrupt { at: 3_000 }).on_put().path("original").always());
    let output = upload(world.machine(), &dir).env("PHOTOCTL_STORAGE_ATTEMPTS", "2").run().code(3);
    assert_civil(&output);
    assert_eq!(counts(&output)[3], 6);
    store.heal();
    // Most servers say what it was; this one says only that it failed.
    store.fail(Fault::answer(400, "BadDigest").on_put().path("original").always());
    let output = upload(world.machine(), &dir).env("PHOTOCTL_STORAGE_ATTEMPTS", "2").run().code(3);
    assert_civil(&output);
    assert_eq!(output.stdout.matches("not the bytes that were sent").count(), 6, "{}", output.stdout);
    assert!(store.keys().iter().all(|key| !key.contains("original")), "no wrong original is stored");
    store.heal();
    assert_consistent(&world);
    assert_completes(&world, &dir);
}

#[test]
fn other_bytes_planted_under_our_key_are_found_out() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let id = PhotoId::of_content(PROJECT.parse().unwrap(), &Sha256::of(&jpeg(4, SIDE)));
    world.put_object(&format!("projects/{PROJECT}/photos/{id}/original.jpg"), b"other bytes");
    let other = PhotoId::of_content(PROJECT.parse().unwrap(), &Sha256::of(&jpeg(3, SIDE)));
    let mut same_size = jpeg(3, SIDE);
    *same_size.last_mut().unwrap() ^= 1;
    world.put_object(&format!("projects/{PROJECT}/photos/{other}/original.jpg"), &same_size);
    let report = world.machine().path().join("report.jsonl");
    let output = upload(world.machine(), &dir).arg("--report").arg(&report).run();
    assert_civil(&output);
    assert_eq!(output.code, 0, "{}", output.transcript());
    let told = std::fs::read_to_string(&report).unwrap();
    assert_eq!(told.matches("other bytes were stored").count(), 2, "{told}");
    assert_whole(&world, &dir);
}

#[test]
fn a_server_that_ignores_conditions_stores_each_photo_once() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let store = world.store().unwrap();
    let id = PhotoId::of_content(PROJECT.parse().unwrap(), &Sha256::of(&jpeg(0, SIDE)));
    let planted = format!("projects/{PROJECT}/photos/{id}/original.jpg");
    world.put_object(&planted, &jpeg(0, SIDE));
    store.fail(Fault::new(Trouble::IgnoreConditions).on_put().always());
    let both = [upload(world.machine(), &dir).spawn(), upload(world.machine(), &dir).spawn()];
    for running in both {
        let output = running.wait();
        assert_civil(&output);
        assert_eq!(output.code, 0, "{}", output.transcript());
    }
    let ignored = store.requests().iter().any(|seen| {
        seen.path.ends_with(&planted) && seen.header("if-none-match").is_some() && seen.status == Some(200)
    });
    assert!(ignored, "the server took a PUT that its own condition forbids");
    assert_whole(&world, &dir);
}

/// Others write the same keys at the same moment: the server asks both to try again.
#[test]
fn conflicts_of_racing_uploads_are_tried_again() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let store = world.store().unwrap();
    store.fail(Fault::answer(409, "ConditionalRequestConflict").on_put().path("original").times(6));
    let both = [upload(world.machine(), &dir).spawn(), upload(world.machine(), &dir).spawn()];
    for running in both {
        let output = running.wait().code(0);
        assert_civil(&output);
        assert_eq!(counts(&output)[3], 0);
    }
    assert_eq!(store.faults_left(), 0, "every conflict was met");
    assert_whole(&world, &dir);
}

#[test]
fn a_token_that_expires_in_mid_run_ends_it_with_what_is_done() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..12, SIDE);
    let store = world.store().unwrap();
    store.fail(Fault::answer(400, "ExpiredToken").after(12).always());
    let output = upload(world.machine(), &dir).args(["--transfers", "1"]).run();
    assert_ended(&output, 4, "credentials", &["expired", "new credentials"]);
    let [_, uploaded, _, failed, not_reached] = counts(&output);
    assert!(uploaded > 0 && failed == 0 && not_reached > 0, "{}", output.transcript());
    store.heal();
    assert_consistent(&world);
    assert_completes(&world, &dir);
}

/// Two attempts are all that a request has: an outage that counted as attempts would use them up.
#[test]
fn an_outage_counts_no_attempts() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..24, SIDE);
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::Delay(Duration::from_millis(150))).on_put().always());
    let report = world.machine().path().join("report.jsonl");
    let running = upload(world.machine(), &dir)
        .arg("--report")
        .arg(&report)
        .env("PHOTOCTL_STORAGE_ATTEMPTS", "2")
        .env("PHOTOCTL_OFFLINE_PROBE", "200ms")
        .spawn();
    until("some objects", || store.count(&Method::PUT) > 6);
    store.go_away();
    std::thread::sleep(Duration::from_secs(8));
    store.heal();
    store.come_back();
    let output = running.wait().code(0).stderr_has("is gone since").stderr_has("is back after");
    assert_eq!(counts(&output), [24, 24, 0, 0, 0]);
    let lines = std::fs::read_to_string(&report).unwrap();
    assert_eq!(lines.lines().count(), 24);
    for line in lines.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!((&line["outcome"], &line["attempts"]), (&"uploaded".into(), &1.into()), "{line}");
    }
    assert_whole(&world, &dir);
}

#[test]
fn a_full_disk_at_the_server_ends_the_run() {
    ends_the_run(Fault::answer(507, "InsufficientStorage").on_put(), 1, "disk_full", &["no space left", "make room"]);
    ends_the_run(
        Fault::answer(500, "InternalError").with_message("write /data/x: No space left on device").on_put(),
        1,
        "disk_full",
        &["no space left"],
    );
}

#[test]
fn keys_that_do_not_open_end_the_run() {
    ends_the_run(Fault::answer(400, "ExpiredToken"), 4, "credentials", &["expired", "new credentials"]);
    ends_the_run(Fault::answer(403, "InvalidAccessKeyId"), 4, "credentials", &["PHOTOCTL_STORAGE_ACCESS_KEY_ID"]);
    ends_the_run(Fault::answer(403, "AccessDenied").on_put(), 4, "permission", &["s3:PutObject"]);
}

#[test]
fn the_wrong_key_itself_is_refused_by_the_real_server() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let run = upload(world.machine(), &dir);
    let output = run.clone().env("PHOTOCTL_STORAGE_ACCESS_KEY_ID", "NOBODY").run();
    assert_ended(&output, 4, "credentials", &["PHOTOCTL_STORAGE_ACCESS_KEY_ID"]);
    let output = run.env("PHOTOCTL_STORAGE_SECRET_ACCESS_KEY", "planted-wrong-secret").run();
    assert_ended(&output, 4, "credentials", &["secret"]);
    assert!(!output.stderr.contains("planted"), "{}", output.stderr);
    assert_consistent(&world);
    assert_completes(&world, &dir);
}

#[test]
fn a_mistyped_bucket_does_no_harm_to_the_next_run() {
    let world = World::real();
    let dir = card(world.machine(), "card", 0..6, SIDE);
    let output = upload(world.machine(), &dir).env("PHOTOCTL_STORAGE_URL", "s3://photoz/event").run();
    assert_ended(&output, 2, "config", &["photoz", "PHOTOCTL_STORAGE_URL"]);
    assert_eq!(world.sql("SELECT count(*) FROM photos"), "0");
    // The database must not remember a store that never was.
    assert_completes(&world, &dir);
    let output = upload(world.machine(), &dir).env("PHOTOCTL_STORAGE_URL", "s3://photos/elsewhere").run();
    assert_ended(&output, 1, "store_mismatch", &["photos/event", "PHOTOCTL_STORAGE_URL"]);
}

#[test]
fn a_bucket_that_vanishes_ends_the_run() {
    ends_the_run(Fault::answer(404, "NoSuchBucket").on_put(), 2, "config", &["no bucket", "PHOTOCTL_STORAGE_URL"]);
}

#[test]
fn the_wrong_region_names_the_right_one() {
    ends_the_run(
        Fault::answer(301, "PermanentRedirect").with_header("x-amz-bucket-region", "eu-central-1"),
        2,
        "config",
        &["eu-central-1", "AWS_REGION"],
    );
    ends_the_run(
        Fault::answer(400, "AuthorizationHeaderMalformed").with_header("x-amz-bucket-region", "eu-west-1").on_put(),
        2,
        "config",
        &["eu-west-1"],
    );
}

#[test]
fn a_wrong_clock_ends_the_run() {
    ends_the_run(Fault::answer(403, "RequestTimeTooSkewed").on_put(), 2, "config", &["clock"]);
}

#[test]
fn parts_of_a_large_file_survive_trouble_and_leave_nothing() {
    let world = World::real();
    let mut large = jpeg(1, SIDE);
    // What follows the end of the picture no decoder looks at.
    large.extend((0..7_000_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8));
    let dir = world.machine().file("card/large.jpg", &large).parent().unwrap().to_owned();
    let store = world.store().unwrap();
    let run = upload(world.machine(), &dir)
        .env("PHOTOCTL_STORAGE_PART_SIZE", "5MiB")
        .env("PHOTOCTL_STORAGE_STALL_TIMEOUT", "2s");
    store.fail(Fault::answer(403, "AccessDenied").query("partNumber=2").always());
    assert_ended(&run.run(), 4, "permission", &["s3:PutObject"]);
    store.heal();
    assert_consistent(&world);
    store.fail(Fault::new(Trouble::CutAfter(1_000_000)).query("partNumber=2").times(2));
    store.fail(Fault::new(Trouble::CutAnswer).on(Method::POST).query("uploadId").times(1));
    let output = run.run();
    assert_civil(&output);
    assert_eq!(output.code, 0, "{}", output.transcript());
    assert_whole(&world, &dir);
    assert_eq!(store.unfinished_parts(), 0);
}
