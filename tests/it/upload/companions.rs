//! RAWs that were stored beside their JPEGs: deleted, lost, damaged, and what a card without the JPEG does then.

use std::path::{Path, PathBuf};

use photoctl::imaging::Format;
use serde_json::json;

use super::{assert_whole, counts, jpeg, upload};
use crate::imaging::builders::{camera_jpeg, raw_file, scene_jpeg};
use crate::photos_change::get;
use crate::photos_world::{Photo, World};

fn raw() -> Vec<u8> {
    raw_file(Format::Nef, &scene_jpeg(400, 300), 5000)
}

/// A pair that is stored, and a card that holds only its RAW.
fn stored_pair(world: &World) -> (PathBuf, PathBuf) {
    let machine = world.machine();
    machine.file("pair/A.JPG", camera_jpeg(300, 200, 1));
    machine.file("pair/A.NEF", raw());
    machine.file("alone/A.NEF", raw());
    let (pair, alone) = (machine.path().join("pair"), machine.path().join("alone"));
    assert_eq!(counts(&upload(world, &pair).args(["--raw", "both"]).ok()), [2, 2, 0, 0, 0]);
    (pair, alone)
}

fn raw_key(world: &World) -> String {
    world.sql("SELECT storage_key FROM photoctl.photo_companions")
}

/// The same file with one byte changed, under the metadata that was stored with it.
fn damage(world: &World, key: &str) {
    let mut bytes = world.object(key).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    world.put_object(key, &bytes);
}

fn verify(world: &World, more: &[&str]) -> serde_json::Value {
    world.photos("verify --repair --json").args(more).ok().json()
}

#[test]
fn the_raw_of_a_deleted_photo_is_never_written_over_its_jpeg() {
    for world in World::both() {
        let (_, alone) = stored_pair(&world);
        let id = world.sql("SELECT id FROM photos");
        world.photos(&format!("delete {id} --yes --json")).ok();
        let output = upload(&world, &alone).ok();
        assert_eq!(counts(&output), [1, 0, 0, 1, 0]);
        assert_eq!(output.json()["not_stored"], json!({"deleted": 1}));
        assert_eq!(counts(&upload(&world, &alone).args(["--restore", "--dry-run"]).ok()), [1, 1, 0, 0, 0]);
        assert_eq!(counts(&upload(&world, &alone).arg("--restore").ok()), [1, 1, 0, 0, 0]);
        assert_eq!(world.sql("SELECT count(*) FROM photos WHERE deleted_at IS NULL"), "1");
        let original = world.sql("SELECT storage_key FROM photos");
        assert_eq!(world.object(&original).unwrap(), camera_jpeg(300, 200, 1));
        assert_eq!(world.object(&raw_key(&world)).unwrap(), raw());
        assert_whole(&world);
        assert_eq!(counts(&upload(&world, &alone).ok()), [1, 0, 1, 0, 0]);
    }
}

fn names_in(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir).unwrap();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_raw_comes_back_as_a_file() {
    for world in World::both() {
        stored_pair(&world);
        let id = world.sql("SELECT id FROM photos");
        let alone = world.photo(&Photo::default());
        let dir = world.machine().path().join("raws");
        let download = |words: &str| world.photos(&format!("download {words} --kind raw --json --dir")).arg(&dir);
        let numbers = |words: &str| {
            let report = download(words).ok().json();
            ["found", "downloaded", "already_present", "skipped"].map(|name| report[name].as_u64().unwrap())
        };
        assert_eq!(numbers("--all-projects --dry-run"), [2, 1, 0, 1]);
        assert!(!dir.exists());
        assert_eq!(numbers("--all-projects"), [2, 1, 0, 1]);
        let name = format!("A-{}.NEF", &id[..8]);
        assert_eq!(names_in(&dir), [name.as_str()]);
        assert_eq!(std::fs::read(dir.join(&name)).unwrap(), raw());
        assert_eq!(numbers("--all-projects"), [2, 0, 1, 1]);
        assert_eq!(numbers(&id), [1, 0, 1, 0]);
        let log = "SELECT action, item_count, fields->'kind'->>'after' FROM photoctl.audit
                    WHERE action = 'download' LIMIT 1";
        assert_eq!(world.sql(log), "download|1|raw", "a RAW that leaves the house is noted");
        // One that was asked for by name and is not there is an error, and no skip.
        let error = download(&alone).run().code(1).error();
        assert!(error["message"].as_str().unwrap().contains("has no RAW beside it"), "{error}");
        assert_eq!(numbers(&format!("{id} {alone}")), [2, 0, 1, 1]);
        // Bytes that are not what was recorded are no RAW.
        std::fs::remove_file(dir.join(&name)).unwrap();
        damage(&world, &raw_key(&world));
        let report = download(&id).run().code(3).json();
        assert_eq!(report["items_failed"][0]["reason"], "integrity");
        assert_eq!(names_in(&dir), [""; 0]);
    }
}

#[test]
fn two_raws_beside_one_photo_are_two_files() {
    let world = World::real();
    let (pair, _) = stored_pair(&world);
    let id = world.sql("SELECT id FROM photos");
    let other = raw_file(Format::Nef, &scene_jpeg(420, 300), 5000);
    std::fs::write(pair.join("A.NEF"), &other).unwrap();
    upload(&world, &pair).args(["--raw", "both"]).ok();
    assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_companions"), "2");
    let dir = world.machine().path().join("raws");
    let report = world.photos(&format!("download {id} --kind raw --json --dir")).arg(&dir).ok().json();
    assert_eq!((&report["found"], &report["downloaded"]), (&json!(1), &json!(2)));
    let mut written: Vec<Vec<u8>> = names_in(&dir).iter().map(|name| std::fs::read(dir.join(name)).unwrap()).collect();
    let mut expected = vec![raw(), other];
    written.sort();
    expected.sort();
    assert!(written == expected, "{:?}", names_in(&dir));
    assert_eq!(world.photos(&format!("url {id} --kind raw")).ok().stdout.lines().count(), 2);
}

#[test]
fn a_link_opens_the_raw() {
    let world = World::real();
    stored_pair(&world);
    let id = world.sql("SELECT id FROM photos");
    let alone = world.photo(&Photo::default());
    let links = world.photos(&format!("url {id} {alone} --kind raw --json")).ok().stderr_has("1 photo skipped").json();
    let link = &links[0];
    assert_eq!(
        (links.as_array().unwrap().len(), &link["kind"], &link["original_name"]),
        (1, &json!("raw"), &json!("A.NEF"))
    );
    assert_eq!(get(link["url"].as_str().unwrap()), (200, raw()));
    let log = world.sql("SELECT item_count, fields->'kind'->>'after' FROM photoctl.audit WHERE action = 'link'");
    assert_eq!(log, "1|raw");
    world.photos(&format!("url {alone} --kind raw")).run().code(1).stderr_has("has no RAW beside it");
    world.sql("UPDATE photoctl.photo_companions SET lost_at = now()");
    world.photos(&format!("url {id} --kind raw")).run().code(1).stderr_has("the RAW of photo").stderr_has("is lost");
}

#[test]
fn a_raw_that_was_lost_is_sent_again() {
    for world in World::both() {
        let (pair, alone) = stored_pair(&world);
        let key = raw_key(&world);
        for (card, raws) in [(&alone, "auto"), (&pair, "both"), (&pair, "auto")] {
            std::fs::remove_file(world.object_path(&key)).unwrap();
            assert_eq!(verify(&world, &[])["companion_missing"], 1);
            assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_companions WHERE lost_at IS NOT NULL"), "1");
            let output = upload(&world, card).args(["--raw", raws]).ok();
            assert_eq!(output.json()["uploaded"], 1, "{}", output.transcript());
            assert_eq!(output.json()["all_stored"], true);
            assert_eq!(world.object(&key).unwrap(), raw());
            assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_companions WHERE lost_at IS NOT NULL"), "0");
            assert_whole(&world);
        }
    }
}

#[test]
fn a_damaged_raw_is_replaced_although_its_metadata_is_right() {
    let world = World::real();
    let (_, alone) = stored_pair(&world);
    let key = raw_key(&world);
    damage(&world, &key);
    assert_eq!(verify(&world, &["--deep"])["companion_differs"], 1);
    // Names and sizes are right: that takes no mark away.
    let shallow = verify(&world, &[]);
    assert_eq!((&shallow["companion_differs"], &shallow["found_again"]), (&json!(1), &json!(0)));
    assert_eq!(counts(&upload(&world, &alone).ok()), [1, 1, 0, 0, 0]);
    assert_eq!(world.object(&key).unwrap(), raw());
    assert_eq!(verify(&world, &["--deep"])["differences"], 0);
    // One that is put back by hand loses its mark.
    world.sql("UPDATE photoctl.photo_companions SET lost_at = now()");
    let back = verify(&world, &[]);
    assert_eq!((&back["found_again"], &back["repaired"]), (&json!(1), &json!(1)));
    assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_companions WHERE lost_at IS NOT NULL"), "0");
}

#[test]
fn a_damaged_original_is_replaced_although_its_metadata_is_right() {
    for large in [false, true] {
        let world = World::real();
        let bytes = if large { super::large_jpeg(1, 12_000_000) } else { jpeg(1) };
        world.machine().file("card/1.jpg", &bytes);
        let dir = world.machine().path().join("card");
        upload(&world, &dir).ok();
        let key = world.sql("SELECT storage_key FROM photos");
        damage(&world, &key);
        assert_eq!(verify(&world, &["--deep"])["original_differs"], 1);
        assert_eq!(verify(&world, &[])["found_again"], 0, "names and sizes take no mark away");
        assert_eq!(counts(&upload(&world, &dir).ok()), [1, 1, 0, 0, 0]);
        assert!(world.object(&key).unwrap() == bytes, "the bytes of the card are stored");
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_files WHERE original_lost_at IS NOT NULL"), "0");
    }
}

#[test]
fn a_raw_that_was_stored_is_known_without_being_asked_for() {
    let world = World::real();
    let (pair, _) = stored_pair(&world);
    let output = upload(&world, &pair).ok();
    assert_eq!(counts(&output), [2, 0, 2, 0, 0]);
    assert_eq!(output.json()["all_stored"], true);
    // Another one beside it stays on the card, and says so.
    world.machine().file("pair/B.JPG", camera_jpeg(310, 200, 1));
    world.machine().file("pair/B.NEF", raw_file(Format::Nef, &scene_jpeg(410, 300), 5000));
    let output = upload(&world, &pair).ok();
    assert_eq!(counts(&output), [4, 1, 2, 1, 0]);
    assert_eq!(output.json()["not_stored"], json!({"raw_beside_jpeg": 1}));
    assert_whole(&world);
}

#[test]
fn a_raw_beside_a_photo_that_is_not_to_come_back_has_its_line() {
    let world = World::real();
    let machine = world.machine();
    machine.file("card/A.JPG", camera_jpeg(300, 200, 1));
    let dir = machine.path().join("card");
    upload(&world, &dir).ok();
    machine.file("card/A.NEF", raw());
    world.sql("UPDATE photos SET deleted_at = now()");
    let report = machine.path().join("report.jsonl");
    let output = upload(&world, &dir).args(["--raw", "both"]).args([Path::new("--report"), &report]).ok();
    assert_eq!(counts(&output), [2, 0, 0, 2, 0]);
    assert_eq!(output.json()["not_stored"], json!({"deleted": 2}));
    assert_eq!(std::fs::read_to_string(report).unwrap().lines().count(), 2);
}
