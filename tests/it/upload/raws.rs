//! RAW files: alone, beside a JPEG, and what only looks like a pair.

use photoctl::imaging::Format;

use super::{assert_whole, counts, upload};
use crate::imaging::builders::{Exif, camera_jpeg, raw_file, scene_jpeg, with_segment};
use crate::photos_world::World;

fn world() -> (World, std::path::PathBuf) {
    let world = World::real();
    let machine = world.machine();
    machine.file("card/DSC_1.JPG", camera_jpeg(300, 200, 1));
    machine.file("card/DSC_1.NEF", raw_file(Format::Nef, &scene_jpeg(400, 300), 5000));
    machine.file("card/DSC_2.NEF", raw_file(Format::Nef, &scene_jpeg(500, 300), 6000));
    let dir = machine.path().join("card");
    (world, dir)
}

#[test]
fn beside_its_jpeg_a_raw_stays_on_the_card_and_alone_it_makes_a_photo() {
    let (world, dir) = world();
    let output = upload(&world, &dir).ok();
    assert_eq!(counts(&output), [3, 2, 0, 1, 0]);
    let json = output.json();
    assert_eq!(json["skipped_by_reason"]["raw_beside_jpeg"], 1);
    assert_eq!(json["all_stored"], false);
    assert_eq!(json["not_stored"], serde_json::json!({"raw_beside_jpeg": 1}));
    assert_eq!(world.sql("SELECT string_agg(format, ',' ORDER BY format) FROM photoctl.photo_files"), "jpeg,nef");
    assert!(world.sql("SELECT storage_key FROM photos").contains("original.nef"));
    assert_whole(&world);
    assert_eq!(counts(&upload(&world, &dir).ok()), [3, 0, 2, 1, 0]);
}

#[test]
fn both_stores_the_raw_under_the_same_photo() {
    let (world, dir) = world();
    let output = upload(&world, &dir).args(["--raw", "both"]).ok();
    assert_eq!(counts(&output), [3, 3, 0, 0, 0]);
    assert_eq!(output.json()["all_stored"], true);
    assert_eq!(
        world.sql(
            "SELECT c.original_name, c.format, f.original_name FROM photoctl.photo_companions c
               JOIN photoctl.photo_files f ON f.photo_id = c.photo_id"
        ),
        "DSC_1.NEF|nef|DSC_1.JPG"
    );
    let key = world.sql("SELECT storage_key FROM photoctl.photo_companions");
    assert_eq!(world.object(&key).unwrap(), std::fs::read(dir.join("DSC_1.NEF")).unwrap());
    assert_whole(&world);
    assert_eq!(counts(&upload(&world, &dir).args(["--raw", "both"]).ok()), [3, 0, 3, 0, 0]);
}

#[test]
fn a_raw_can_be_stored_beside_its_jpeg_later() {
    let (world, dir) = world();
    upload(&world, &dir).ok();
    let output = upload(&world, &dir).args(["--raw", "both"]).ok();
    assert_eq!(counts(&output), [3, 1, 2, 0, 0]);
    assert_eq!(world.sql("SELECT count(*) FROM photos"), "2");
    assert_whole(&world);
}

#[test]
fn skip_leaves_all_raws() {
    let (world, dir) = world();
    let output = upload(&world, &dir).args(["--raw", "skip"]).ok();
    assert_eq!(counts(&output), [3, 1, 0, 2, 0]);
    assert_eq!(output.json()["conclusion"], "NOT everything: 2 RAW are only on the card.");
}

#[test]
fn a_photo_of_a_smaller_preview_is_said_to_be_one() {
    let world = World::real();
    let machine = world.machine();
    // Damaged within its headers, and cut off at its end; the RAW holds a sound one of 160 x 120 as well.
    let sound = scene_jpeg(640, 480);
    let mut damaged = sound.clone();
    damaged[4] = 0xff;
    let cut = &sound[..sound.len() - 500];
    machine.file("card/A.NEF", raw_file(Format::Nef, &damaged, 5000));
    machine.file("card/B.NEF", raw_file(Format::Nef, cut, 5001));
    machine.file("card/C.NEF", raw_file(Format::Nef, &sound, 5002));
    let dir = machine.path().join("card");
    let lines = machine.path().join("report.jsonl");
    let output = upload(&world, &dir).arg("--report").arg(&lines).ok();
    assert_eq!(counts(&output), [3, 3, 0, 0, 0]);
    let json = output.json();
    let noted = json["items_noted"].as_array().unwrap();
    let mut names: Vec<&str> =
        noted.iter().map(|item| item["ref"].as_str().unwrap().rsplit('/').next().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["A.NEF", "B.NEF"], "{json:#}");
    for item in noted {
        let note = item["notes"][0].as_str().unwrap();
        assert!(note.contains("large preview") && note.contains("160 x 120 pixels"), "{note}");
    }
    let written = std::fs::read_to_string(&lines).unwrap();
    assert_eq!(written.lines().filter(|line| line.contains("large preview in the RAW")).count(), 2, "{written}");
    let human = world.photos(&format!(
        "upload --project {} --photographer {} --restore --rehash",
        crate::photos_world::PROJECT,
        crate::photos_world::PHOTOGRAPHER
    ));
    world.sql("UPDATE photos SET deleted_at = now()");
    let human = human.arg("--dir").arg(&dir).ok();
    assert_eq!(human.stdout.matches("large preview in the RAW cannot be used").count(), 2, "{}", human.stdout);
}

#[test]
fn a_name_alone_makes_no_pair() {
    let world = World::real();
    let machine = world.machine();
    // A JPEG of another time, and one that is none.
    let mut other = Exif { make: "Maker", ..Exif::default() }.app1();
    let at = other.windows(4).position(|bytes| bytes == b"2026").unwrap();
    other[at..at + 4].copy_from_slice(b"2019");
    machine.file("card/A.JPG", with_segment(&scene_jpeg(300, 200), 0xe1, &other));
    machine.file("card/A.NEF", raw_file(Format::Nef, &scene_jpeg(400, 300), 100));
    machine.file("card/B.JPG", &camera_jpeg(200, 100, 1)[..800]);
    machine.file("card/B.NEF", raw_file(Format::Nef, &scene_jpeg(401, 300), 100));
    let output = upload(&world, &machine.path().join("card")).run().code(3);
    assert_eq!(counts(&output), [4, 3, 0, 0, 1], "the RAW of a broken JPEG makes the photo");
    assert_eq!(assert_whole(&world).len(), 3);
}
