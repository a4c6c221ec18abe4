//! Whole cards: first upload, second run, several cards, what is told of them.

use std::path::Path;

use photoctl::model::digest::Sha256;

use super::{assert_whole, card, counts, jpeg, upload};
use crate::photos_world::{OTHER_PHOTOGRAPHER, PROJECT, World};
use crate::support::mount::Mounted;

#[test]
fn a_card_becomes_photos_and_a_second_run_sends_nothing() {
    for world in World::both() {
        let dir = card(&world, "card", 0..6);
        world.machine().file("card/DCIM/100TEST/COPY.JPG", jpeg(0));
        world.machine().file("card/.DS_Store", "x");
        world.machine().file("card/DCIM/100TEST/._DSC_0001.JPG", "x");
        let report = world.machine().path().join("report.jsonl");
        let first = upload(&world, &dir).args([Path::new("--report"), &report]).ok();
        assert_eq!(counts(&first), [9, 6, 0, 3, 0]);
        let json = first.json();
        assert_eq!(json["skipped_by_reason"], serde_json::json!({"duplicate": 1, "junk": 2}));
        assert_eq!(json["all_stored"], true);
        assert_eq!(json["items_failed"], serde_json::json!([]));
        let conclusion = json["conclusion"].as_str().unwrap();
        let place = if world.is_embedded() { "only on this computer" } else { "in bucket photos" };
        assert!(conclusion.contains(place), "{conclusion}");
        assert_eq!(assert_whole(&world).len(), 6);
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_names"), "1");

        let lines = std::fs::read_to_string(&report).unwrap();
        let lines: Vec<serde_json::Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 9, "a line for each file");
        let line = lines.iter().find(|line| line["path"].as_str().unwrap().ends_with("DSC_0003.JPG")).unwrap();
        assert_eq!(line["sha256"], Sha256::of(&jpeg(3)).to_string());
        assert_eq!((line["outcome"].as_str(), line["attempts"].as_u64()), (Some("uploaded"), Some(1)));
        let row = world.sql(&format!("SELECT id FROM photos WHERE id = '{}'", line["photo_id"].as_str().unwrap()));
        assert!(!row.is_empty());

        let before = world.sql("SELECT count(*), max(updated_at) FROM photos");
        let second = upload(&world, &dir).ok();
        assert_eq!(counts(&second), [9, 0, 6, 3, 0]);
        assert_eq!(second.json()["all_stored"], true);
        assert_eq!(world.sql("SELECT count(*), max(updated_at) FROM photos"), before);
        assert_eq!(
            world.sql("SELECT command, action, item_count FROM photoctl.audit WHERE action = 'upload'"),
            "photos upload|upload|6"
        );
    }
}

#[test]
fn facts_of_the_camera_are_kept_and_places_are_not() {
    let world = World::real();
    let dir = world.machine().path().join("card");
    world.machine().file("card/a.jpg", crate::imaging::builders::camera_jpeg(300, 200, 6));
    upload(&world, &dir).ok();
    let facts = "SELECT original_name, format, width, height, orientation, captured_at, captured_offset_minutes,
                        camera_model, camera_serial, lens, latitude FROM photoctl.photo_files";
    assert_eq!(world.sql(facts), "a.jpg|jpeg|200|300|6|2026-06-01 12:00:05.25|120|Model X|SN-0042|50mm F1.4|");
    for part in ["thumbnail", "watermarked"] {
        let key = world.sql(&format!("SELECT {part}_key FROM photos"));
        let made = world.object(&key).unwrap();
        for secret in ["GPS", "SN-0042", "Exif"] {
            assert!(!made.windows(secret.len()).any(|bytes| bytes == secret.as_bytes()), "{secret} in the {part}");
        }
    }
}

#[test]
fn keep_gps_keeps_the_place_in_the_database() {
    let world = World::real();
    let dir = world.machine().path().join("card");
    world.machine().file("card/a.jpg", crate::imaging::builders::camera_jpeg(300, 200, 1));
    world.machine().line(&format!("project settings set --project {PROJECT} keep_gps true")).ok();
    upload(&world, &dir).ok();
    assert_eq!(
        world.sql("SELECT round(latitude::numeric, 2), round(longitude::numeric, 1) FROM photoctl.photo_files"),
        "52.51|-13.4"
    );
}

#[test]
fn two_cards_that_agree_in_all_but_content_are_both_uploaded() {
    let time = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_780_000_000);
    let first = super::large_jpeg(1, 300_000);
    let mut second = first.clone();
    let middle = second.len() / 2;
    second[middle..middle + 100].iter_mut().for_each(|byte| *byte ^= 0x55);
    // Whatever is read of a file's ends says the same of both.
    assert_eq!((&first[..120_000], &first[220_000..]), (&second[..120_000], &second[220_000..]));
    for world in World::both() {
        let slot = world.machine().path().join("slot");
        let put_in = |content: &[u8]| {
            let mounted = Mounted::tmpfs(&slot, 8);
            let path = world.machine().file("slot/DCIM/1.JPG", content);
            std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
            mounted
        };
        // One after the other at the same place, as in a card reader.
        let card = put_in(&first);
        assert_eq!(counts(&upload(&world, &slot).ok()), [1, 1, 0, 0, 0]);
        assert_eq!(counts(&upload(&world, &slot).ok()), [1, 0, 1, 0, 0]);
        card.pull_out();
        let card = put_in(&second);
        assert_eq!(counts(&upload(&world, &slot).ok()), [1, 1, 0, 0, 0]);
        assert_eq!(assert_whole(&world).len(), 2);
        // The same card elsewhere.
        let elsewhere = Mounted::bind(&slot, &world.machine().path().join("elsewhere"));
        card.pull_out();
        assert_eq!(counts(&upload(&world, elsewhere.path()).ok()), [1, 0, 1, 0, 0]);
        assert_eq!(assert_whole(&world).len(), 2);
    }
}

#[test]
fn several_cards_at_once_and_both_names_of_one_content() {
    let world = World::real();
    let (a, b) = (card(&world, "a", 0..3), card(&world, "b", 2..5));
    let both = upload(&world, &a).args([Path::new("--dir"), &b]).ok();
    assert_eq!(counts(&both), [6, 5, 0, 1, 0]);
    assert_eq!(assert_whole(&world).len(), 5);
}

#[test]
fn a_photographer_has_to_be_assigned() {
    let world = World::embedded();
    let dir = card(&world, "card", 0..1);
    let line = format!("upload --project {PROJECT} --photographer {OTHER_PHOTOGRAPHER} --dir");
    world.photos(&line).arg(&dir).run().code(7).stderr_has("is not assigned").stderr_has("--assign");
    assert_eq!(world.sql("SELECT count(*) FROM photos"), "0");
}

#[test]
fn a_dry_run_changes_nothing() {
    for world in World::both() {
        let dir = card(&world, "card", 0..3);
        world.machine().file("card/a.mov", b"\0\0\0\x18ftypqt  \0\0\0\0qt  ");
        let shown = upload(&world, &dir).arg("--dry-run").ok();
        assert_eq!(counts(&shown), [4, 3, 0, 1, 0]);
        assert_eq!(shown.json()["dry_run"], true);
        assert_eq!(shown.json()["all_stored"], false);
        let rows = "SELECT (SELECT count(*) FROM photos), (SELECT count(*) FROM project_photographers),
                           (SELECT count(*) FROM photoctl.audit), (SELECT store_url FROM photoctl.installation)";
        assert_eq!(world.sql(rows), "0|0|0|");
        assert_eq!(super::objects(&world), Vec::<String>::new());
        assert_eq!(counts(&upload(&world, &dir).ok()), [4, 3, 0, 1, 0]);
        let shown = upload(&world, &dir).arg("--dry-run").ok();
        assert_eq!(counts(&shown), [4, 0, 3, 1, 0]);
    }
}

#[test]
fn people_read_what_is_only_on_the_card() {
    let world = World::real();
    let dir = card(&world, "card", 0..2);
    for name in ["1.mov", "2.mov", "3.mov"] {
        world.machine().file(&format!("card/{name}"), b"\0\0\0\x18ftypqt  \0\0\0\0qt  ");
    }
    let shown = world
        .photos(&format!("upload --project {PROJECT} --photographer bo@example.org --assign --dir"))
        .arg(&dir)
        .ok();
    assert_eq!(shown.stdout.lines().last(), Some("NOT everything: 3 videos are only on the card."));
    std::fs::remove_dir_all(&dir).unwrap();
    let dir = card(&world, "card", 0..2);
    let shown = world.photos(&format!("upload --project {PROJECT} --photographer bo@example.org --dir")).arg(&dir).ok();
    assert_eq!(
        shown.stdout.lines().last(),
        Some("Everything on the card is safely stored in bucket photos, under event/: 2 photos. It can be formatted.")
    );
}
