//! Files that are not what they should be: none of them stops the others.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use super::{assert_whole, card, counts, jpeg, upload};
use crate::photos_world::World;
use crate::support::s3::{Fault, Trouble};

#[test]
fn names_may_hold_any_bytes() {
    for world in World::both() {
        let dir = world.machine().path().join("card");
        std::fs::create_dir(&dir).unwrap();
        let long = [b"a".repeat(251), b".jpg".to_vec()].concat();
        let names: [&[u8]; 5] = [b"new\nline.jpg", b"esc\x1b[31m.jpg", b"caf\xe9.jpg", &long, "家 🎉.jpg".as_bytes()];
        for (number, name) in (0..).zip(names) {
            std::fs::write(dir.join(OsStr::from_bytes(name)), jpeg(number)).unwrap();
        }
        std::fs::write(dir.join(OsStr::from_bytes(b"bad\xff\x1b]0;x.jpg")), b"no picture").unwrap();
        let output = upload(&world, &dir).run().code(3);
        assert_eq!(counts(&output), [6, 5, 0, 0, 1]);
        assert!(!output.stderr.contains('\u{1b}') && !output.stdout.contains('\u{1b}'));
        let failed = &output.json()["items_failed"][0];
        assert!(failed["ref"].as_str().unwrap().ends_with("bad\\xff\\x1b]0;x.jpg"), "{failed}");
        let bytes = hex::decode(failed["path_bytes"].as_str().unwrap()).unwrap();
        assert!(bytes.ends_with(b"bad\xff\x1b]0;x.jpg"));
        let raw = "SELECT original_name, encode(original_name_raw, 'hex') FROM photoctl.photo_files
                    WHERE original_name_raw IS NOT NULL";
        assert_eq!(world.sql(raw), "caf\\xe9.jpg|636166e92e6a7067");
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_files WHERE length(original_name) = 255"), "1");
        assert_whole(&world);
        assert_eq!(counts(&upload(&world, &dir).run().code(3)), [6, 0, 5, 0, 1]);
    }
}

#[test]
fn what_is_no_photo_is_counted_under_its_own_reason() {
    let world = World::embedded();
    let dir = card(&world, "card", 0..2);
    let machine = world.machine();
    machine.file("card/empty.jpg", b"");
    machine.file("card/text.jpg", b"this is no picture at all");
    machine.file("card/cut.jpg", &jpeg(7)[..2000]);
    machine.file("card/film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42");
    machine.file("card/phone.heic", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic");
    machine.file("card/notes.txt", b"remember the cake");
    machine.file("card/really-a-jpeg.png", jpeg(8));
    let output = upload(&world, &dir).run().code(3);
    assert_eq!(counts(&output), [9, 3, 0, 4, 2]);
    let json = output.json();
    assert_eq!(json["skipped_by_reason"], serde_json::json!({"empty": 1, "heic": 1, "other": 1, "video": 1}));
    assert_eq!(json["failed_by_reason"], serde_json::json!({"not_a_picture": 1, "truncated": 1}));
    assert_eq!(json["not_stored"], serde_json::json!({"empty": 1, "failed": 2, "heic": 1, "other": 1, "video": 1}));
    assert!(world.sql("SELECT storage_key FROM photos").lines().all(|key| key.ends_with("original.jpg")));
    assert_whole(&world);
}

#[test]
fn a_file_that_grows_is_not_taken_for_what_it_was() {
    let world = World::embedded();
    let dir = card(&world, "card", 0..2);
    let path = world.machine().file("card/growing.jpg", super::large_jpeg(9, 20_000_000));
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let writer = {
        let stop = stop.clone();
        std::thread::spawn(move || {
            let mut file = std::fs::File::options().append(true).open(path).unwrap();
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                std::io::Write::write_all(&mut file, &[0; 64]).unwrap();
                std::thread::sleep(std::time::Duration::from_micros(100));
            }
        })
    };
    let output = upload(&world, &dir).run();
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    writer.join().unwrap();
    let output = output.code(3);
    assert_eq!(counts(&output), [3, 2, 0, 0, 1]);
    assert_eq!(output.json()["items_failed"][0]["reason"], "changed");
    assert_eq!(assert_whole(&world).len(), 2);
    assert_eq!(counts(&upload(&world, &dir).ok()), [3, 1, 2, 0, 0]);
}

/// The card is larger than what is held between reading and sending (64 MiB), and the store takes its time: the last
/// files are not read yet when they change. One is too large to be held: it is read, and read again when it is sent.
#[test]
fn what_changes_before_it_is_read_or_sent_has_its_own_reason() {
    let world = World::real();
    let machine = world.machine();
    let dir = card(&world, "card", 0..1);
    let large = machine.file("card/LARGE_1.JPG", super::large_jpeg(901, 26_000_000));
    let gone = machine.file("card/LARGE_2.JPG", super::large_jpeg(902, 26_000_000));
    // Five are held, and before each of up to four readers one waits for room.
    for number in 0..9 {
        let bytes = if number < 5 { 12_000_000 } else { 8_000_000 };
        machine.file(&format!("card/M_{number}.JPG"), super::large_jpeg(number + 100, bytes));
    }
    let last =
        [1, 2, 3].map(|number| machine.file(&format!("card/Z_{number}.JPG"), super::large_jpeg(number, 200_000)));
    let store = world.store().unwrap();
    store.fail(Fault::new(Trouble::Delay(Duration::from_secs(2))).on_put().always());
    let running = upload(&world, &dir).args(["--transfers", "1"]).spawn();
    let begun = std::time::Instant::now();
    let read = "SELECT count(*) FROM photoctl.photo_files WHERE original_name LIKE 'LARGE%'";
    while world.sql(read) != "2" && begun.elapsed() < Duration::from_secs(60) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let [shrinks, vanishes, grows] = last;
    let files = [large, gone, shrinks, vanishes, grows];
    let kept: Vec<Vec<u8>> = files.iter().map(|path| std::fs::read(path).unwrap()).collect();
    for path in [&files[0], &files[2]] {
        std::fs::File::options().write(true).open(path).unwrap().set_len(100_000).unwrap();
    }
    for path in [&files[1], &files[3]] {
        std::fs::remove_file(path).unwrap();
    }
    let grown = super::large_jpeg(903, 300_000);
    std::fs::write(&files[4], &grown).unwrap();
    store.heal();
    let output = running.wait().code(3);
    assert_eq!(counts(&output), [15, 11, 0, 0, 4]);
    let json = output.json();
    assert_eq!(json["failed_by_reason"], serde_json::json!({"truncated": 2, "vanished": 2}));
    let mut failed: Vec<(String, &str)> = json["items_failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (item["ref"].as_str().unwrap().to_owned(), item["reason"].as_str().unwrap()))
        .collect();
    failed.sort();
    let name = |at: usize| files[at].to_str().unwrap().to_owned();
    let expected = [(name(0), "truncated"), (name(1), "vanished"), (name(2), "truncated"), (name(3), "vanished")];
    assert_eq!(failed, expected);
    let digest = photoctl::model::digest::Sha256::of(&grown);
    assert_eq!(world.sql(&format!("SELECT count(*) FROM photoctl.photo_files WHERE sha256 = '\\x{digest}'")), "1");
    for (path, bytes) in files.iter().zip(kept).take(4) {
        std::fs::write(path, bytes).unwrap();
    }
    assert_eq!(counts(&upload(&world, &dir).ok()), [15, 4, 11, 0, 0]);
    assert_eq!(assert_whole(&world).len(), 15);
}

#[test]
fn what_may_not_be_read_is_said_and_the_rest_goes_on() {
    for world in World::both() {
        let dir = card(&world, "card", 0..2);
        let path = world.machine().file("card/secret.jpg", jpeg(5));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o0)).unwrap();
        let output = upload(&world, &dir).bound_by_permissions().run().code(3);
        assert_eq!(counts(&output), [3, 2, 0, 0, 1]);
        assert_eq!(output.json()["items_failed"][0]["reason"], "unreadable");
        assert!(output.json()["items_failed"][0]["ref"].as_str().unwrap().ends_with("secret.jpg"));
        assert_eq!(assert_whole(&world).len(), 2);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert_eq!(counts(&upload(&world, &dir).bound_by_permissions().ok()), [3, 1, 2, 0, 0]);
        assert_eq!(assert_whole(&world).len(), 3);
    }
}

#[test]
fn globs_order_and_times_choose() {
    let world = World::real();
    let dir = card(&world, "card", 0..4);
    world.machine().file("card/with-time.jpg", crate::imaging::builders::camera_jpeg(200, 100, 1));
    let output = upload(&world, &dir).args(["--include", "DSC_000[12].JPG"]).ok();
    assert_eq!(counts(&output), [5, 2, 0, 3, 0]);
    let output =
        upload(&world, &dir).args(["--captured-since", "2026-06-01 13:59", "--captured-until", "2026-06-01"]).ok();
    assert_eq!(counts(&output), [5, 1, 0, 4, 0]);
    assert_eq!(output.json()["skipped_by_reason"]["no_capture_time"], 4);
    let output = upload(&world, &dir).args(["--captured-until", "2026-06-01 13:00"]).ok();
    assert_eq!(output.json()["skipped_by_reason"]["outside_time"], 1);
    for order in ["captured", "size"] {
        upload(&world, &dir).args(["--order-by", order]).ok();
    }
    assert_eq!(assert_whole(&world).len(), 5);
    upload(&world, &dir).args(["--include", "["]).run().code(2);
    upload(&world, &dir.join("no-such-folder")).run().code(1).stderr_has("there is no folder");
}
