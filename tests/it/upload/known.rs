//! What is known of a content already: deleted, in another project, made by the web application, unfinished.

use super::{assert_whole, card, counts, jpeg, upload};
use crate::photos_world::{OTHER_PROJECT, PHOTOGRAPHER, PROJECT, World};

#[test]
fn a_deleted_photo_does_not_come_back_quietly() {
    for world in World::both() {
        let dir = card(&world, "card", 0..3);
        upload(&world, &dir).ok();
        world.sql("UPDATE photos SET deleted_at = now() WHERE id = (SELECT min(id::text)::uuid FROM photos)");
        let output = upload(&world, &dir).ok();
        assert_eq!(counts(&output), [3, 0, 2, 1, 0]);
        let json = output.json();
        assert_eq!((&json["skipped_by_reason"]["deleted"], &json["all_stored"]), (&1.into(), &false.into()));
        assert_eq!(world.sql("SELECT count(*) FROM photos WHERE deleted_at IS NOT NULL"), "1");
        let output = upload(&world, &dir).arg("--restore").ok();
        assert_eq!(counts(&output), [3, 1, 2, 0, 0]);
        assert_eq!(world.sql("SELECT count(*) FROM photos WHERE deleted_at IS NULL"), "3");
        assert_whole(&world);
    }
}

#[test]
fn photos_of_another_project_are_taken_over_only_when_asked() {
    let world = World::real();
    let dir = card(&world, "card", 0..2);
    upload(&world, &dir).ok();
    let there = |more: &[&str]| {
        let line = format!("upload --project {OTHER_PROJECT} --photographer {PHOTOGRAPHER} --assign --json --dir");
        world.photos(&line).arg(&dir).args(more).ok()
    };
    let output = there(&[]);
    assert_eq!(counts(&output), [2, 0, 0, 2, 0]);
    assert_eq!(output.json()["skipped_by_reason"]["other_project"], 2);
    assert_eq!(counts(&there(&["--restore"])), [2, 2, 0, 0, 0]);
    assert_eq!(
        world.sql("SELECT project_id, count(*) FROM photos GROUP BY 1 ORDER BY 1"),
        format!("{PROJECT}|2\n{OTHER_PROJECT}|2")
    );
    assert_whole(&world);
}

#[test]
fn what_the_web_application_uploaded_is_found_by_its_content() {
    for world in World::both() {
        let dir = card(&world, "card", 0..3);
        // One with derivatives of its own, one without: neither has facts.
        let sql = |key: &str, derivatives: &str| {
            format!(
                "INSERT INTO photos (project_id, photographer_id, storage_key, status, thumbnail_key, watermarked_key)
                 VALUES ('{PROJECT}', '{PHOTOGRAPHER}', '{key}', 'ready', {derivatives});"
            )
        };
        world.sql(&(sql("web/one.jpg", "'web/one-t.jpg', 'web/one-w.jpg'") + &sql("web/two.jpg", "NULL, NULL")));
        for (key, number) in [("web/one.jpg", 0), ("web/two.jpg", 1)] {
            world.put_object(key, &jpeg(number));
        }
        let output = upload(&world, &dir).ok();
        let json = output.json();
        assert_eq!((&json["uploaded"], &json["already_present"]), (&2.into(), &1.into()), "{json:#}");
        assert_eq!(world.sql("SELECT count(*) FROM photos"), "3");
        let two = world.sql("SELECT status, thumbnail_key IS NOT NULL FROM photos WHERE storage_key = 'web/two.jpg'");
        assert!(two.starts_with("ready|t"), "{two}");
        assert_eq!(world.object("web/one.jpg").unwrap(), jpeg(0));
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_files"), "3");
        assert_eq!(counts(&upload(&world, &dir).ok()), [3, 0, 3, 0, 0]);
    }
}

#[test]
fn originals_alone_are_completed_later() {
    let world = World::real();
    let dir = card(&world, "card", 0..3);
    let output = upload(&world, &dir).arg("--no-derivatives").ok();
    assert_eq!(counts(&output), [3, 3, 0, 0, 0]);
    assert_eq!(world.sql("SELECT count(*) FROM photos WHERE status = 'ready' AND thumbnail_key IS NULL"), "3");
    assert_eq!(counts(&upload(&world, &dir).arg("--no-derivatives").ok()), [3, 0, 3, 0, 0]);
    assert_eq!(counts(&upload(&world, &dir).ok()), [3, 3, 0, 0, 0]);
    assert_whole(&world);
}

#[test]
fn a_lost_original_comes_back_from_the_card() {
    let world = World::real();
    let dir = card(&world, "card", 0..2);
    upload(&world, &dir).ok();
    let key = world.sql("SELECT min(storage_key) FROM photos");
    std::fs::remove_file(world.object_path(&key)).unwrap();
    world.sql(&format!(
        "UPDATE photoctl.photo_files SET original_lost_at = now()
          WHERE photo_id = (SELECT id FROM photos WHERE storage_key = '{key}')"
    ));
    assert_eq!(counts(&upload(&world, &dir).ok()), [2, 1, 1, 0, 0]);
    assert_whole(&world);
    assert_eq!(world.sql("SELECT count(*) FROM photoctl.photo_files WHERE original_lost_at IS NOT NULL"), "0");
}

#[test]
fn rehash_reads_everything_anew() {
    let world = World::real();
    let dir = card(&world, "card", 0..3);
    upload(&world, &dir).ok();
    assert_eq!(counts(&upload(&world, &dir).arg("--rehash").ok()), [3, 0, 3, 0, 0]);
}
