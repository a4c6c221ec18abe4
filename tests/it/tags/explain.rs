//! Why somebody is tagged, or is not.

use photoctl::db::grants::{self, Job};
use serde_json::{Value, json};

use super::{MODEL, Seed, member, photo, seed, tags};
use crate::photos_world::{World, wait};

/// A vector along one axis, or between two.
fn vector(first: f32, second: f32) -> String {
    let mut values = vec!["0".to_owned(); 128];
    (values[0], values[1]) = (first.to_string(), second.to_string());
    format!("[{}]", values.join(","))
}

fn selfie(world: &World, user: &str, vector: &str) {
    world.sql(&format!(
        "WITH made AS (INSERT INTO selfies (user_id, storage_key, embedding, status)
                       VALUES ('{user}', 'selfies/' || gen_random_uuid(), '{vector}', 'approved') RETURNING id)
         INSERT INTO photoctl.selfie_facts (selfie_id, user_id, sha256, engine, model)
         SELECT id, '{user}', sha256(id::text::bytea), 'local', '{MODEL}' FROM made"
    ));
}

fn scan(world: &World, photo: &str, faces: &[String], poor: u32) {
    world.sql(&format!(
        "INSERT INTO photoctl.face_scans (photo_id, model, faces, poor, kept, matched_at)
         VALUES ('{photo}', '{MODEL}', {}, {poor}, true, now())",
        faces.len()
    ));
    for (ordinal, vector) in faces.iter().enumerate() {
        world.sql(&format!(
            "INSERT INTO photoctl.faces (photo_id, model, ordinal, face_left, face_top, face_width, face_height, landmarks,
                                         score, width_px, sharpness, luma, yaw, pitch, roll, vector)
             VALUES ('{photo}', '{MODEL}', {ordinal}, 0.1, 0.1, 0.2, 0.2, array_fill(0.1::real, ARRAY[10]), 0.9, 90, 90,
                     100, 0, 0.5, 0, '{vector}')"
        ));
    }
}

fn told(world: &World) -> Value {
    tags(world, "explain --photo DSC_0001.JPG --user gus@x.org --json").code(0).json()
}

#[test]
fn a_tag_is_explained_by_the_scores_of_each_selfie() {
    for world in World::both() {
        let (gus, eva) = (member(&world, "gus@x.org"), member(&world, "eva@x.org"));
        let one = photo(&world, "DSC_0001.JPG");
        selfie(&world, &gus, &vector(0.8, 0.6));
        selfie(&world, &gus, &vector(0.6, 0.8));
        selfie(&world, &eva, &vector(0.9, 0.43));
        scan(&world, &one, &[vector(1.0, 0.0), vector(0.0, 1.0)], 1);
        seed(&world, &[Seed { runner_up: Some((&eva, 0.3)), ..Seed::confirmed(&one, &gus, 0.8) }]);
        let said = told(&world);
        assert_eq!((&said["reason"], &said["compared"]["ordinal"]), (&json!("tagged"), &json!(0)), "{said}");
        let scores: Vec<f64> =
            said["compared"]["scores"].as_array().unwrap().iter().map(|one| one["score"].as_f64().unwrap()).collect();
        assert_eq!(scores.len(), 2, "none of whoever comes next: {said}");
        assert!((scores[0] - 0.8).abs() < 1e-4 && (scores[1] - 0.6).abs() < 1e-4, "the tagged face only: {said}");
        assert_eq!(said["judged"]["runner_up"]["name"], "eva@x.org");
        world.sql(&format!("UPDATE user_consents SET revoked_at = now() WHERE user_id = '{eva}'"));
        assert_eq!(told(&world)["judged"]["runner_up"], json!(null), "nobody is named who does not allow it");
        tags(&world, "reject --photo DSC_0001.JPG --user gus@x.org").code(0);
        let page = tags(&world, "explain --photo DSC_0001.JPG --user gus@x.org").code(0);
        page.stdout_has("a person said that it is somebody else").stdout_has("rejected (was confirmed) by tester");

        // Without consent no vector is read, and it says so.
        world.sql(&format!("UPDATE user_consents SET revoked_at = now() WHERE user_id = '{gus}'"));
        let said = told(&world);
        assert_eq!((&said["compared"], &said["not_compared"]), (&json!(null), &json!("no_consent")), "{said}");
        let page = tags(&world, "explain --photo DSC_0001.JPG --user gus@x.org").code(0);
        page.stdout_has("not computed: there is no consent");
    }
}

#[test]
fn the_rights_of_a_reviewer_are_enough_to_compare() {
    let world = World::real();
    let gus = member(&world, "gus@x.org");
    let one = photo(&world, "DSC_0001.JPG");
    selfie(&world, &gus, &vector(0.8, 0.6));
    scan(&world, &one, &[vector(1.0, 0.0)], 0);
    seed(&world, &[Seed::pending(&one, &gus, 0.4)]);
    let db = world.database().unwrap();
    let role = format!("{}_review", db.name());
    db.psql(&grants::sql(Job::Review, &role, db.name(), "public"));
    let machine = world.machine().clone().env("DATABASE_URL", db.url_of(&role));
    let said = machine.line("tags explain --photo DSC_0001.JPG --user gus@x.org --json").ok().json();
    assert_eq!(said["compared"]["scores"].as_array().unwrap().len(), 1, "{said}");
    drop(world);
    wait(crate::support::pg::admin(&format!("DROP ROLE {role}")));
}

#[test]
fn each_reason_for_no_tag_is_told() {
    let world = World::real();
    let (gus, eva) = (member(&world, "gus@x.org"), member(&world, "eva@x.org"));
    let one = photo(&world, "DSC_0001.JPG");
    let reason = || told(&world)["reason"].as_str().unwrap().to_owned();
    assert_eq!(reason(), "no_selfie");
    selfie(&world, &gus, &vector(1.0, 0.0));
    assert_eq!(reason(), "not_scanned");
    scan(&world, &one, &[], 0);
    assert_eq!(reason(), "no_face");
    world.sql("DELETE FROM photoctl.face_scans");
    scan(&world, &one, &[], 2);
    assert_eq!(reason(), "poor_faces");
    world.sql("DELETE FROM photoctl.face_scans");
    scan(&world, &one, &[vector(0.3, 0.954), vector(0.1, 0.995)], 0);
    assert_eq!(reason(), "below_threshold");
    world.sql(&format!("UPDATE photoctl.faces SET vector = '{}' WHERE ordinal = 0", vector(0.9, 0.436)));
    assert_eq!(reason(), "findable");
    world.sql("UPDATE photoctl.face_scans SET matched_at = NULL");
    assert_eq!(reason(), "not_matched");
    seed(&world, &[Seed::confirmed(&one, &eva, 0.95)]);
    let said = told(&world);
    assert_eq!((&said["reason"], &said["held_by"]["name"]), (&json!("held_by_another"), &json!("eva@x.org")), "{said}");
    world.sql(&format!("UPDATE photoctl.faces SET vector = NULL, withdrawn_for = '{eva}'"));
    assert_eq!(reason(), "withdrawn");
    world.sql("UPDATE photoctl.face_scans SET kept = false; DELETE FROM photoctl.faces");
    assert_eq!(reason(), "purged");
    world.sql("UPDATE photoctl.selfie_facts SET model = 'older'; UPDATE photoctl.face_scans SET kept = true");
    assert_eq!(reason(), "no_vector");
    world.sql(&format!("UPDATE user_consents SET revoked_at = now() WHERE user_id = '{gus}'"));
    assert_eq!(reason(), "no_consent");
    world.sql(&format!("DELETE FROM project_members WHERE user_id = '{gus}'"));
    assert_eq!(reason(), "not_member");
    world.sql(&format!("UPDATE users SET deleted_at = now() WHERE id = '{gus}'"));
    assert_eq!(reason(), "user_deleted");
    tags(&world, "reject --photo DSC_0001.JPG --user gus@x.org").code(0);
    assert_eq!(reason(), "rejected");
}
