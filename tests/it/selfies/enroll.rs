//! One guest's selfies: what is kept of them, and what is said.

use serde_json::json;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{decoded, enrolled, face, jpeg, member, selfie, text, told};
use crate::imaging::builders::{self, Exif};
use crate::photos_world::{PROJECT, World};

#[test]
fn a_selfie_is_judged_kept_upright_without_metadata_and_known_by_its_content() {
    for world in World::both() {
        let gus = member(&world, "gus@example.org", Some("1"));
        // Lying on its side, with a place.
        let side = jpeg(&decoded(&face("person_a_1")).rotate270());
        let given = builders::with_segment(&side, 0xe1, &Exif { orientation: 6, gps: true, ..Exif::default() }.app1());
        let item = enrolled(&world, "gus@example.org", &given, 0, "");
        assert_eq!((text(&item, "status"), &item["reason"]), ("approved", &json!(null)), "{item}");
        let digest = Sha256::digest(&given);
        let id = Uuid::new_v5(&gus.parse().unwrap(), &digest).to_string();
        assert_eq!((text(&item, "id"), text(&item, "user_id")), (id.as_str(), gus.as_str()));

        let key = format!("users/{gus}/selfies/{id}.jpg");
        let row = world.sql(
            "SELECT s.id, s.storage_key, vector_dims(s.embedding), s.status, s.quality_score BETWEEN 80 AND 100,
                    abs(s.quality_score - f.score * 100) < 0.01, f.engine, f.model, f.file_name, f.original_key,
                    encode(f.sha256, 'hex'), f.face_width > 0.1, cardinality(f.landmarks), s.rejection_reason
               FROM selfies s JOIN photoctl.selfie_facts f ON f.selfie_id = s.id",
        );
        let hash = hex::encode(digest);
        let model = "yunet-2023mar+sface-2021dec";
        assert_eq!(row, format!("{id}|{key}|128|approved|t|t|local|{model}|a.jpg||{hash}|t|10|"));

        let kept = world.object(&key).unwrap();
        let (picture, upright) = (decoded(&kept), decoded(&face("person_a_1")));
        assert_eq!((picture.width(), picture.height()), (upright.width(), upright.height()));
        for mark in [&b"Exif"[..], b"http://ns.adobe.com", b"Photoshop"] {
            assert!(!kept.windows(mark.len()).any(|part| part == mark), "metadata stays out");
        }

        // The same file, under another name, is the same selfie: nothing changes.
        let again = enrolled(&world, "gus@example.org", &given, 0, "");
        assert_eq!((text(&again, "status"), text(&again, "id")), ("already_present", id.as_str()));
        // A second one of the same person.
        let second = enrolled(&world, "gus@example.org", &face("person_a_2"), 0, "");
        assert_eq!(text(&second, "status"), "approved", "{second}");
        assert_eq!(world.sql("SELECT count(*) FROM selfies"), "2");
        assert_eq!(told(&world), "enroll enroll");
        let log = world.sql("SELECT a::text FROM photoctl.audit a");
        assert!(!log.contains("gus@example.org") && !log.contains("a.jpg"), "{log}");
    }
}

#[test]
fn without_a_consent_nothing_is_looked_at_and_nothing_kept() {
    for world in World::both() {
        member(&world, "gus@example.org", None);
        world.machine().file("a.jpg", face("person_a_1"));
        let error = selfie(&world, "enroll --user gus@example.org a.jpg --json").code(7).error();
        assert_eq!(error["code"], "consent_required");
        assert!(text(&error, "hint").contains("consent grant"), "{error}");
        let state = "SELECT (SELECT count(*) FROM selfies), (SELECT count(*) FROM photoctl.selfie_facts),
                            (SELECT count(*) FROM photoctl.audit WHERE entity = 'selfie')";
        assert_eq!(world.sql(state), "0|0|0");
        assert!(!world.object_path("users").exists());

        // A version that the project does not take is not enough; where two projects differ, one is.
        world.machine().line("consent grant --user gus@example.org --consent-version 1 --evidence desk").ok();
        let set = format!("project settings set --project {PROJECT} consent_versions 2,3");
        world.machine().line(&set).ok();
        let refused = selfie(&world, "enroll --user gus@example.org a.jpg").code(7);
        refused.stderr_has("version that is not enough");
        world.sql(
            "INSERT INTO project_members (project_id, user_id)
             SELECT p.id, u.id FROM projects p, users u WHERE p.name = 'Winter Run' AND u.email = 'gus@example.org'",
        );
        selfie(&world, &format!("enroll --user gus@example.org --project {PROJECT} a.jpg")).code(7);
        selfie(&world, "enroll --user gus@example.org a.jpg").code(0);

        // Revoked: the vector is gone. Given again, the same file brings it back.
        world.machine().line("consent revoke --user gus@example.org --yes").ok();
        assert_eq!(world.sql("SELECT status, embedding IS NULL FROM selfies"), "approved|t");
        selfie(&world, "enroll --user gus@example.org a.jpg").code(7);
        world.machine().line("consent grant --user gus@example.org --consent-version 2 --evidence desk").ok();
        selfie(&world, "enroll --user gus@example.org a.jpg").code(0);
        assert_eq!(world.sql("SELECT status, embedding IS NULL FROM selfies"), "approved|f");
    }
}

#[test]
fn the_file_as_it_was_given_is_kept_only_where_that_is_set() {
    let world = World::real();
    let gus = member(&world, "gus@example.org", Some("1"));
    let originals = || world.sql("SELECT original_key FROM photoctl.selfie_facts ORDER BY original_key");
    enrolled(&world, "gus@example.org", &face("person_a_1"), 0, "");
    assert_eq!(originals(), "");
    world.machine().line(&format!("project settings set --project {PROJECT} keep_selfie_originals true")).ok();
    // Here it is not wished: a privacy setting is tightened locally, never loosened.
    let words = ["selfie", "enroll", "--user", "gus@example.org", "a.jpg"];
    let png = super::png(&decoded(&face("person_a_2")));
    world.machine().file("a.jpg", &png);
    let item = enrolled(&world, "gus@example.org", &png, 0, "");
    let key = format!("users/{gus}/selfies/{}-original.png", text(&item, "id"));
    assert!(originals().contains(&key), "{}", originals());
    assert_eq!(world.object(&key).unwrap(), png);
    world.machine().args(words).current_dir(world.machine().path()).ok();
    // With the selfie, both go.
    selfie(&world, &format!("delete {} --yes", text(&item, "id"))).code(0);
    assert!(world.object(&key).is_none());
    assert!(world.object(&format!("users/{gus}/selfies/{}.jpg", text(&item, "id"))).is_none());
}

#[test]
fn a_dry_run_says_the_same_and_keeps_nothing() {
    for world in World::both() {
        member(&world, "gus@example.org", Some("1"));
        world.machine().file("a.jpg", face("person_a_1"));
        world.machine().file("b.jpg", builders::scene_jpeg(320, 240));
        let report = selfie(&world, "enroll --user gus@example.org a.jpg b.jpg --dry-run --json").code(3).json();
        assert_eq!(super::counts(&report), [1, 0, 1, 0, 0, 0], "{report}");
        assert_eq!(report["dry_run"], true);
        assert_eq!(
            world.sql("SELECT (SELECT count(*) FROM selfies), (SELECT count(*) FROM photoctl.selfie_facts)"),
            "0|0"
        );
        assert!(!world.object_path("users").exists());
        assert_eq!(told(&world), "");
    }
}

#[test]
fn check_needs_neither_database_nor_user() {
    let machine = crate::support::Photoctl::new();
    machine.file("a.jpg", face("person_a_1"));
    machine.file("b.jpg", builders::scene_jpeg(320, 240));
    let run = |line: &str| machine.line(line).current_dir(machine.path()).run();
    let good = run("selfie check a.jpg --json").code(0).json();
    assert_eq!((&good["ok"], &good["items"][0]["status"]), (&json!(true), &json!("approved")), "{good}");
    assert!(!good.to_string().contains("vector") && !good.to_string().contains("embedding"));
    let bad = run("selfie check a.jpg b.jpg --json").code(3).json();
    assert_eq!(bad["items"][1]["reasons"], json!(["NO_FACE"]));
    run("selfie check b.jpg").code(3).stdout_has("No face was found");
    run("selfie check none.jpg").code(1).stderr_has("none.jpg");
    assert!(!machine.data().join("database").exists());
}
