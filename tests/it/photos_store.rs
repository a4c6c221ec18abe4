//! `photos verify`, `adopt`, `reprocess` and `download`: rows against objects, read here from the disk.

#![allow(clippy::unwrap_used, reason = "a test that can not go on fails")]

use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use photoctl::model::digest::Sha256;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::photos_world::{OTHER_PROJECT, PHOTOGRAPHER, PROJECT, World};
use crate::support::Output;
use crate::support::s3::{Fault, Trouble};

/// A picture that differs from any of another `shade`.
fn jpeg(shade: u8) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(900, 600, |x, y| image::Rgb([(x % 256) as u8, (y % 256) as u8, shade]));
    let mut bytes = Vec::new();
    picture.write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Jpeg).unwrap();
    bytes
}

fn size_of(jpeg: &[u8]) -> (u32, u32) {
    let picture = image::load_from_memory(jpeg).unwrap();
    (picture.width(), picture.height())
}

/// A row as the web application writes one: a key of its own, nothing else.
fn foreign(world: &World, key: &str, bytes: &[u8]) -> String {
    let id = Uuid::new_v4().to_string();
    world.put_object(key, bytes);
    world.sql(&format!(
        "INSERT INTO photos (id, project_id, photographer_id, storage_key, status, uploaded_at)
         VALUES ('{id}', '{PROJECT}', '{PHOTOGRAPHER}', '{key}', 'processing', '2026-06-01')"
    ));
    id
}

/// Photos made whole by adopting: rows `ready`, facts, three objects each.
fn adopted(world: &World, count: u8) -> Vec<String> {
    let ids = (0..count).map(|n| {
        let id = Uuid::from_u128(u128::from(n + 1) << 96 | 0x4000_8000_0000_0000_0000).to_string();
        let key = format!("projects/{PROJECT}/photos/{id}/original.jpg");
        world.put_object(&key, &jpeg(n));
        (id, key)
    });
    let ids: Vec<(String, String)> = ids.collect();
    let rows = ids
        .iter()
        .map(|(id, key)| format!("('{id}', '{PROJECT}', '{PHOTOGRAPHER}', '{key}', 'processing', '2026-06-01')"));
    world.sql(&format!(
        "INSERT INTO photos (id, project_id, photographer_id, storage_key, status, uploaded_at) VALUES {}",
        rows.collect::<Vec<_>>().join(",")
    ));
    let report = world.photos("adopt --all-projects --json").ok().json();
    assert_eq!(report["adopted"], count, "{report}");
    ids.into_iter().map(|(id, _)| id).collect()
}

fn key(id: &str, name: &str) -> String {
    format!("projects/{PROJECT}/photos/{id}/{name}")
}

/// The counts of a verification that are not zero, less what is always there.
fn differences(output: &Output) -> BTreeMap<String, u64> {
    let report = output.json();
    let usual =
        ["photos", "objects", "elapsed_ms", "bytes_read", "differences", "without_facts", "failed", "not_begun"];
    let counts = report.as_object().unwrap().iter().filter_map(|(name, value)| Some((name.clone(), value.as_u64()?)));
    counts.filter(|(name, count)| *count > 0 && !usual.contains(&name.as_str())).collect()
}

fn counts<const N: usize>(pairs: [(&str, u64); N]) -> BTreeMap<String, u64> {
    pairs.into_iter().map(|(name, count)| (name.to_owned(), count)).collect()
}

#[test]
fn adopting_learns_what_others_stored() {
    for world in World::both() {
        let bytes = jpeg(7);
        let id = foreign(&world, "uploads/2026/finish line.jpg", &bytes);
        let plan = world.photos("adopt --all-projects --dry-run --json").ok().json();
        assert_eq!((&plan["dry_run"], &plan["adopted"], &plan["derived"]), (&json!(true), &json!(1), &json!(1)));
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_files"), "0");

        let report = world.photos("adopt --all-projects --json").ok().json();
        assert_eq!((&report["ok"], &report["adopted"], &report["derived"]), (&json!(true), &json!(1), &json!(1)));
        assert_eq!(report["bytes_read"], bytes.len());
        let row = world.sql(&format!(
            "SELECT p.status, p.storage_key, p.thumbnail_key, p.watermarked_key, encode(f.sha256, 'hex'), f.size_bytes,
                    f.original_name, f.format, f.width, f.height, p.uploaded_at
               FROM photos p JOIN photoctl.photo_files f ON f.photo_id = p.id WHERE p.id = '{id}'"
        ));
        let (thumbnail, watermarked) = (key(&id, "thumbnail.jpg"), key(&id, "watermarked.jpg"));
        let (sha256, size) = (Sha256::of(&bytes), bytes.len());
        assert_eq!(
            row,
            format!(
                "ready|uploads/2026/finish line.jpg|{thumbnail}|{watermarked}|{sha256}|{size}|finish line.jpg|jpeg|900|600|2026-06-01 00:00:00"
            )
        );
        assert_eq!(size_of(&world.object(&thumbnail).unwrap()), (400, 267));
        assert_eq!(size_of(&world.object(&watermarked).unwrap()), (900, 600), "small ones are not enlarged");
        assert_eq!(world.object("uploads/2026/finish line.jpg").unwrap(), bytes, "the original is as it was");
        let again = world.photos("adopt --all-projects --json").ok().json();
        assert_eq!((&again["found"], &again["adopted"]), (&json!(0), &json!(0)));
        let named = world.photos(&format!("adopt {id} --json")).ok().json();
        assert_eq!((&named["found"], &named["complete"]), (&json!(1), &json!(1)));
        assert_eq!(world.sql("SELECT action, item_count FROM photoctl.audit ORDER BY seq"), "bind|\nadopt|1");
    }
}

#[test]
fn what_can_not_be_adopted_is_said() {
    let world = World::real();
    let gone = foreign(&world, "uploads/gone.jpg", b"");
    std::fs::remove_file(world.object_path("uploads/gone.jpg")).unwrap();
    let broken = foreign(&world, "uploads/broken.jpg", b"\xff\xd8\xff\xe0 no picture");
    let outside = foreign(&world, "uploads/good.jpg", &jpeg(1));
    world.sql(&format!("UPDATE photos SET storage_key = '../../etc/passwd' WHERE id = '{outside}'"));
    let good = foreign(&world, "uploads/good.jpg", &jpeg(1));
    let report = world.photos("adopt --all-projects --json").run().code(3).json();
    assert_eq!((&report["ok"], &report["adopted"], &report["failed"]), (&json!(false), &json!(1), &json!(3)));
    let reason = |id: &str| {
        let items = report["items_failed"].as_array().unwrap();
        items.iter().find(|item| item["ref"] == id).unwrap()["reason"].clone()
    };
    assert_eq!(
        (reason(&gone), reason(&broken), reason(&outside)),
        (json!("not_found"), json!("bad_file"), json!("invalid_input"))
    );
    let ready = world.sql("SELECT id FROM photos WHERE status = 'ready'");
    assert_eq!(ready, good);
    world.photos("adopt").run().code(2).stderr_has("not said which photos");
}

#[test]
fn verify_names_each_kind_of_difference_and_mends_what_it_can() {
    for world in World::both() {
        let ids = adopted(&world, 6);
        let clean = world.photos("verify --json --exit-code").ok();
        assert_eq!(differences(&clean), counts([]), "{}", clean.transcript());
        assert_eq!((&clean.json()["photos"], &clean.json()["objects"]), (&json!(6), &json!(18)));
        assert_eq!(clean.json()["ok"], true);

        std::fs::remove_file(world.object_path(&key(&ids[0], "original.jpg"))).unwrap();
        std::fs::remove_file(world.object_path(&key(&ids[1], "thumbnail.jpg"))).unwrap();
        world.put_object(&key(&ids[2], "watermarked.jpg"), b"shorter");
        // The same size, other bytes: only --deep can tell.
        let mut other = world.object(&key(&ids[3], "original.jpg")).unwrap();
        *other.last_mut().unwrap() ^= 1;
        world.put_object(&key(&ids[3], "original.jpg"), &other);
        world.sql(&format!("UPDATE photos SET status = 'processing', thumbnail_key = NULL WHERE id = '{}'", ids[4]));
        world.put_object(&key("00000000-0000-4000-8000-0000000000ff", "original.jpg"), b"left behind");
        world.put_object(&key(&ids[5], "old.jpg"), b"left behind");
        world.put_object("selfies/of the web application.jpg", b"not ours");

        let mut expected = counts([
            ("original_missing", 1),
            ("thumbnail_missing", 1),
            ("watermarked_differs", 1),
            ("stuck", 1),
            ("orphans", 2),
        ]);
        let output = world.photos("verify --json --exit-code").run().code(6);
        assert_eq!(differences(&output), expected, "{}", output.transcript());
        world.photos("verify --json").ok();
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_files WHERE original_lost_at IS NOT NULL"), "0");
        expected.insert("original_differs".to_owned(), 1);
        let deep = world.photos("verify --deep --json --exit-code").run().code(6);
        assert_eq!(differences(&deep), expected, "{}", deep.transcript());

        let plan = world.photos("verify --repair --dry-run --json").ok().json();
        assert_eq!((&plan["dry_run"], &plan["repaired"]), (&json!(true), &json!(0)));
        assert!(world.object(&key(&ids[1], "thumbnail.jpg")).is_none());

        let mended = world.photos("verify --repair --deep --json --exit-code").run().code(6);
        expected.insert("repaired".to_owned(), 3);
        assert_eq!(differences(&mended), expected, "{}", mended.transcript());
        let left = world.photos("verify --deep --json --exit-code").run().code(6);
        let expected = counts([("original_missing", 1), ("original_differs", 1), ("orphans", 2)]);
        assert_eq!(differences(&left), expected, "{}", left.transcript());
        assert_eq!(size_of(&world.object(&key(&ids[1], "thumbnail.jpg")).unwrap()), (400, 267));
        let lost = world.sql("SELECT photo_id FROM photoctl.photo_files WHERE original_lost_at IS NOT NULL ORDER BY 1");
        assert_eq!(lost, format!("{}\n{}", ids[0], ids[3]));
        assert_eq!(world.sql("SELECT count(*) FROM photos WHERE status = 'ready'"), "6");
        assert!(world.object(&key(&ids[5], "old.jpg")).is_some(), "verify deletes nothing");

        // The original comes back, and the mark goes.
        world.put_object(&key(&ids[0], "original.jpg"), &jpeg(0));
        let back = world.photos(&format!("verify --repair --json {}", ids[0])).ok();
        assert_eq!(differences(&back), counts([("found_again", 1), ("repaired", 1)]), "{}", back.transcript());
        let audit = world.sql("SELECT item_count FROM photoctl.audit WHERE action = 'repair' ORDER BY seq");
        assert_eq!(audit, "5\n1");
    }
}

#[test]
fn verify_looks_at_what_it_is_asked_for() {
    let world = World::real();
    let ids = adopted(&world, 2);
    world.put_object(&key("00000000-0000-4000-8000-0000000000ff", "original.jpg"), b"left behind");
    let one = world.photos(&format!("verify --json {}", ids[0])).ok().json();
    assert_eq!((&one["photos"], &one["orphans_looked_for"], &one["orphans"]), (&json!(1), &json!(false), &json!(0)));
    let of = |project: &str| world.machine().args(["photos", "verify", "--json", "--project", project]).ok().json();
    assert_eq!((&of("Summer Run")["photos"], &of("Summer Run")["orphans"]), (&json!(2), &json!(1)));
    assert_eq!((&of("Winter Run")["photos"], &of("Winter Run")["orphans"]), (&json!(0), &json!(0)));
    // Deleted photos keep their objects, and uploads that go on now are no difference.
    world.sql(&format!(
        "UPDATE photos SET deleted_at = now() WHERE id = '{}';
         UPDATE photos SET status = 'processing', thumbnail_key = NULL, watermarked_key = NULL, uploaded_at = now()
          WHERE id = '{}'",
        ids[0], ids[1]
    ));
    let output = world.photos("verify --json").ok();
    assert_eq!(differences(&output), counts([("orphans", 1), ("in_progress", 1)]), "{}", output.transcript());
    let text = world.photos("verify").ok().stdout;
    assert!(text.contains("an object that no row knows") && text.contains("1 photo"), "{text}");
    world.photos(&format!("verify {}", ids[0])).run().code(3).stdout_has("was deleted");
    assert_eq!(OTHER_PROJECT.len(), 36);
}

#[test]
fn a_new_watermark_reaches_every_preview() {
    for world in World::both() {
        let ids = adopted(&world, 3);
        let before = world.object(&key(&ids[0], "watermarked.jpg")).unwrap();
        let thumbnail = world.object(&key(&ids[0], "thumbnail.jpg")).unwrap();
        let same = world.photos("reprocess --all-projects --json").ok().json();
        assert_eq!((&same["reprocessed"], &same["up_to_date"]), (&json!(0), &json!(3)));

        world.sql(&format!(
            "INSERT INTO photoctl.project_settings VALUES ('{PROJECT}', 'watermark', 'PROOF {{year}}', now())"
        ));
        let plan = world.photos("reprocess --all-projects --dry-run --json").ok().json();
        assert_eq!((&plan["reprocessed"], &plan["dry_run"]), (&json!(3), &json!(true)));
        assert_eq!(world.object(&key(&ids[0], "watermarked.jpg")).unwrap(), before);

        let report = world.photos(&format!("reprocess {} --json", ids[0])).ok().json();
        assert_eq!((&report["reprocessed"], &report["found"]), (&json!(1), &json!(1)));
        assert_ne!(world.object(&key(&ids[0], "watermarked.jpg")).unwrap(), before);
        assert_eq!(world.object(&key(&ids[0], "thumbnail.jpg")).unwrap(), thumbnail, "thumbnails have no watermark");
        let rest = world.photos("reprocess --all-projects --json").ok().json();
        assert_eq!((&rest["reprocessed"], &rest["up_to_date"]), (&json!(2), &json!(1)));
        let forced = world.photos("reprocess --all-projects --force --json").ok().json();
        assert_eq!(forced["reprocessed"], 3);
        assert_eq!(world.photos("verify --deep --json --exit-code").ok().json()["ok"], true);
        // An original that is gone fails alone, and its old preview stays.
        std::fs::remove_file(world.object_path(&key(&ids[1], "original.jpg"))).unwrap();
        let report = world.photos("reprocess --all-projects --force --json").run().code(3).json();
        assert_eq!((&report["reprocessed"], &report["failed"]), (&json!(2), &json!(1)));
        assert!(world.object(&key(&ids[1], "watermarked.jpg")).is_some());
    }
}

fn files(dir: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn downloads_are_whole_named_and_resumed() {
    for world in World::both() {
        let ids = adopted(&world, 3);
        // Two cards' DSC_0001.JPG, and a name that wants to leave the folder.
        world.sql(&format!(
            "UPDATE photoctl.photo_files SET original_name = 'DSC_0001.JPG' WHERE photo_id IN ('{}', '{}');
             UPDATE photoctl.photo_files SET original_name = '../x.jpg' WHERE photo_id = '{}'",
            ids[0], ids[1], ids[2]
        ));
        let dir = world.machine().path().join("out/of/here");
        let download = |extra: &[&str]| {
            let base = ["photos", "download", "--all-projects", "--json", "--dir"];
            world.machine().args(base).arg(&dir).args(extra)
        };
        let plan = download(&["--kind", "original", "--dry-run"]).ok().json();
        assert_eq!((&plan["downloaded"], plan["bytes_downloaded"].as_u64().unwrap() > 0), (&json!(3), true));
        assert!(!dir.exists());

        let report = download(&["--kind", "original"]).ok().json();
        assert_eq!((&report["ok"], &report["downloaded"]), (&json!(true), &json!(3)));
        let expected = ["DSC_0001-00000001.JPG", "DSC_0001-00000002.JPG", "x-00000003.jpg"];
        assert_eq!(files(&dir), expected);
        assert_eq!(std::fs::read(dir.join(expected[1])).unwrap(), jpeg(1));
        assert_eq!(world.sql("SELECT action, item_count FROM photoctl.audit WHERE action = 'download'"), "download|3");

        // A half-done one is completed; what is there is not sent again; foreign content is never written over.
        std::fs::remove_file(dir.join(expected[0])).unwrap();
        let again = download(&["--kind", "original"]).ok().json();
        assert_eq!((&again["downloaded"], &again["already_present"]), (&json!(1), &json!(2)));
        std::fs::write(dir.join(expected[0]), b"a file of somebody else").unwrap();
        let refused = download(&["--kind", "original"]).run().code(3).json();
        assert_eq!((&refused["already_present"], &refused["failed"]), (&json!(2), &json!(1)));
        assert_eq!(refused["items_failed"][0]["reason"], "already_exists");
        assert_eq!(std::fs::read(dir.join(expected[0])).unwrap(), b"a file of somebody else");

        let previews = download(&[]).ok().json();
        assert_eq!((&previews["downloaded"], &previews["kind"]), (&json!(3), &json!("watermarked")));
        assert_eq!(files(&dir).len(), 6);
        assert_eq!(
            std::fs::read(dir.join("x-00000003-watermarked.jpg")).unwrap(),
            world.object(&key(&ids[2], "watermarked.jpg")).unwrap()
        );
        // Bytes that are not what was recorded are no download.
        world.put_object(&key(&ids[2], "thumbnail.jpg"), b"damaged");
        let damaged = download(&["--kind", "thumbnail"]).run().code(3).json();
        assert_eq!((&damaged["downloaded"], &damaged["items_failed"][0]["reason"]), (&json!(2), &json!("integrity")));
        assert!(files(&dir).iter().all(|name| !name.starts_with('.')), "no leftovers: {:?}", files(&dir));
    }
}

#[test]
fn a_store_that_is_gone_ends_the_run_and_says_so() {
    let world = World::real();
    adopted(&world, 3);
    world.store().unwrap().go_away();
    let run = world.photos("verify --json --exit-code").env("PHOTOCTL_STORAGE_CONNECT_TIMEOUT", "1s").run();
    assert_eq!(run.code, 5, "{}", run.transcript());
    let run = world.photos("reprocess --all-projects --force --json").run().code(5);
    let report: Value = run.json();
    assert_eq!(report["ok"], false);
    assert_eq!(report["items_failed"][0]["retryable"], true);
    world.store().unwrap().come_back();
    world.photos("verify --json --exit-code").ok();
}

#[test]
fn what_upload_stores_is_what_verify_and_reprocess_expect() {
    for world in World::both() {
        for n in 0..3 {
            world.machine().file(&format!("card/DCIM/DSC_000{n}.JPG"), jpeg(n));
        }
        let upload =
            ["photos", "upload", "--project", "Summer Run", "--photographer", "Bo", "--assign", "--dir", "card"];
        let report = world.machine().args(upload).arg("--json").ok().json();
        assert_eq!(report["uploaded"], 3, "{report}");
        let clean = world.photos("verify --deep --json --exit-code").ok();
        assert_eq!((differences(&clean), &clean.json()["objects"]), (counts([]), &json!(9)), "{}", clean.transcript());
        let same = world.photos("reprocess --all-projects --json").ok().json();
        assert_eq!((&same["reprocessed"], &same["up_to_date"]), (&json!(0), &json!(3)), "one recipe for both: {same}");
        assert_eq!(world.photos("adopt --all-projects --json").ok().json()["found"], 0);
        let listed = world.photos("list --sort name --json").ok().json();
        assert_eq!((&listed[0]["original_name"], &listed[0]["width"]), (&json!("DSC_0000.JPG"), &json!(900)));
        let dir = world.machine().path().join("back");
        let args = ["photos", "download", "--project", "Summer Run", "--kind", "original", "--dir"];
        world.machine().args(args).arg(&dir).ok();
        let back: Vec<Vec<u8>> = files(&dir).iter().map(|name| std::fs::read(dir.join(name)).unwrap()).collect();
        assert_eq!(back, [jpeg(0), jpeg(1), jpeg(2)]);
    }
}

#[test]
fn the_picture_is_shown_on_a_terminal_only() {
    let world = World::real();
    let id = adopted(&world, 1).remove(0);
    let show = world.photos(&format!("show {id}")).env("TERM", "xterm-256color").env("COLORTERM", "truecolor");
    let (code, screen) = show.on_terminal(120, 60).wait();
    assert_eq!(code, 0, "{screen}");
    assert!(screen.contains('▄') && screen.contains("Photographer"), "{screen}");
    let (_, plain) = show.clone().arg("--no-picture").on_terminal(120, 60).wait();
    assert!(!plain.contains('▄') && plain.contains("Photographer"), "{plain}");
    let (_, grey) = show.clone().env("NO_COLOR", "1").on_terminal(120, 60).wait();
    assert!(!grey.contains('▄'), "{grey}");
    assert!(!show.ok().stdout.contains('▄'));
    // A thumbnail that can not be shown is no reason to fail.
    world.put_object(&key(&id, "thumbnail.jpg"), b"no picture");
    let (code, screen) = show.on_terminal(120, 60).wait();
    assert!(code == 0 && screen.contains("No picture") && screen.contains("Photographer"), "{screen}");
}

#[test]
fn an_interruption_ends_with_a_report_and_the_next_run_goes_on() {
    let world = World::real();
    adopted(&world, 12);
    for _ in 0..200 {
        let slow = Fault::new(Trouble::Delay(Duration::from_millis(300))).on(hyper::Method::GET);
        world.store().unwrap().fail(slow);
    }
    let running = world.photos("reprocess --all-projects --force --json").env("PHOTOCTL_TRANSFERS", "2").spawn();
    while world.store().unwrap().requests().iter().filter(|seen| seen.method == hyper::Method::GET).count() < 15 {
        std::thread::sleep(Duration::from_millis(20));
    }
    running.signal(rustix::process::Signal::INT);
    let output = running.wait().code(130);
    let report = output.json();
    let (done, left) = (report["reprocessed"].as_u64().unwrap(), report["not_begun"].as_u64().unwrap());
    assert!(done > 0 && left > 0 && done + left == 12, "{}", output.transcript());
    assert_eq!((&report["ok"], &report["failed"]), (&json!(false), &json!(0)));
    let noted = world.sql("SELECT item_count FROM photoctl.audit WHERE action = 'reprocess'");
    assert_eq!(noted, done.to_string());
    world.store().unwrap().heal();
    assert_eq!(world.photos("reprocess --all-projects --force --json").ok().json()["reprocessed"], 12);
}
