//! From real pictures in the store to tags, through the binary.

use std::io::Cursor;
use std::path::Path;

use photoctl::faces::{LocalEngine, MODEL};
use photoctl::imaging::{self, Limits, probe};
use photoctl::model::pixels::Pixels;

use super::{tags, told, user};
use crate::photos_world::{PROJECT, Photo, World};
use crate::support::Output;

pub fn portrait(name: &str) -> Pixels {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/faces").join(name);
    let bytes = std::fs::read(path).unwrap();
    let found = probe(&mut Cursor::new(&bytes), Path::new(name), &Limits::default()).unwrap();
    imaging::pixels(&bytes, &found, &Limits::default()).unwrap()
}

/// Portraits beside each other, as one photo.
fn group(names: &[&str]) -> Vec<u8> {
    let portraits: Vec<Pixels> = names.iter().map(|name| portrait(name)).collect();
    let (width, height) = (portraits.iter().map(Pixels::width).sum(), portraits.iter().map(Pixels::height).max());
    let mut canvas = image::RgbImage::from_pixel(width, height.unwrap(), image::Rgb([90, 100, 110]));
    let mut left = 0;
    for one in &portraits {
        let part = image::RgbImage::from_raw(one.width(), one.height(), one.rgb().to_vec()).unwrap();
        image::imageops::replace(&mut canvas, &part, left, 0);
        left += i64::from(one.width());
    }
    let (width, height) = canvas.dimensions();
    imaging::jpeg(&Pixels::new(width, height, canvas.into_raw()).unwrap(), 92).unwrap()
}

/// Photos in the store and their rows, and a member who is known by one portrait.
fn event(world: &World, photos: &[(usize, &[&str])], members: &[(usize, &str)]) {
    let mut sql = String::new();
    let mut keys = Vec::new();
    for (n, names) in photos {
        let (id, bytes) = (super::photo(*n), group(names));
        let photo = Photo { id: Some(&id), foreign: true, uploaded: "now", ..Photo::default() };
        sql.push_str(&photo.sql(&id));
        keys.push((format!("projects/{PROJECT}/photos/{id}/original.jpg"), bytes));
    }
    let engine = LocalEngine::load(None).unwrap();
    for (n, name) in members {
        let picture = portrait(name);
        let face = engine.find(&picture).unwrap().remove(0);
        let vector = engine.embed(&picture, &face).unwrap();
        let words: Vec<String> = vector.values().iter().map(f32::to_string).collect();
        let (user, vector) = (user(*n), words.join(","));
        sql.push_str(&format!(
            "INSERT INTO users (id, name, email, password_hash) VALUES ('{user}', 'Guest', 'g{n}@example.org', 'x');
             INSERT INTO project_members (project_id, user_id) VALUES ('{PROJECT}', '{user}');
             INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
             VALUES ('{user}', 'biometric_processing', '1', '2026-01-01');
             INSERT INTO selfies (id, user_id, storage_key, embedding, status)
             VALUES ('{user}', '{user}', 'selfies/{user}.jpg', '[{vector}]', 'approved');
             INSERT INTO photoctl.selfie_facts (selfie_id, user_id, sha256, engine, model)
             VALUES ('{user}', '{user}', sha256('{user}'), 'local', '{MODEL}');"
        ));
    }
    world.sql(&sql);
    for (key, bytes) in keys {
        world.put_object(&key, &bytes);
    }
}

fn faces(world: &World, line: &str) -> Output {
    world.machine().args(shlex::split(&format!("faces {line}")).unwrap()).run()
}

const PHOTOS: &[(usize, &[&str])] = &[
    (1, &["person_a_2.jpg", "impostor_1.jpg"]),
    (2, &["person_b_2.jpg", "person_a_2.jpg", "impostor_2.jpg"]),
    (3, &["impostor_1.jpg"]),
];

#[test]
fn faces_are_found_kept_and_matched_and_nothing_is_done_twice() {
    for world in World::both() {
        event(&world, PHOTOS, &[(1, "person_a_1.jpg"), (2, "person_b_1.jpg")]);
        assert_eq!(faces(&world, &format!("index --project {PROJECT} --dry-run --json")).code(0).json()["indexed"], 3);
        let hint = tags(&world, &format!("match --project {PROJECT} --json")).code(0).json();
        assert_eq!((&hint["not_looked_at"], &hint["photos"]), (&3.into(), &0.into()), "{hint}");
        let run = faces(&world, &format!("index --project {PROJECT} --json")).code(0).json();
        assert_eq!((&run["indexed"], &run["faces"]), (&3.into(), &6.into()), "{run}");
        let again = faces(&world, &format!("index --project {PROJECT} --json")).code(0).json();
        assert_eq!((&again["found"], &again["indexed"]), (&0.into(), &0.into()), "{again}");
        tags(&world, &format!("match --project {PROJECT}")).code(0);
        let found = told(&world);
        let (pairs, wanted): (Vec<String>, _) = (
            found.split(' ').map(|tag| tag.rsplit_once(':').unwrap().0.to_owned()).collect(),
            ["001:001", "002:001", "002:002"],
        );
        assert_eq!(pairs, wanted, "{found}");
        let before =
            world.sql("SELECT string_agg(left(vector::text, 60), ';' ORDER BY photo_id, ordinal) FROM photoctl.faces");
        let anew = faces(&world, &format!("index --project {PROJECT} --again --json")).code(0).json();
        assert_eq!((&anew["indexed"], &anew["faces"]), (&3.into(), &6.into()), "{anew}");
        let after =
            world.sql("SELECT string_agg(left(vector::text, 60), ';' ORDER BY photo_id, ordinal) FROM photoctl.faces");
        assert_eq!(before, after, "the same picture, the same vectors");
        let status = faces(&world, &format!("status --project {PROJECT} --json")).code(0).json();
        assert_eq!(
            (&status["looked_at"], &status["faces_kept"], &status["photos_to_match"]),
            (&3.into(), &6.into(), &3.into())
        );
        tags(&world, &format!("match --project {PROJECT}")).code(0);
        assert_eq!(told(&world), found);
    }
}

#[test]
fn where_faces_are_not_kept_the_pixels_are_compared_and_forgotten() {
    for world in World::both() {
        event(&world, PHOTOS, &[(1, "person_a_1.jpg")]);
        let set = format!("project settings set --project {PROJECT} retain_photo_faces never");
        world.machine().args(shlex::split(&set).unwrap()).run().code(0);
        faces(&world, &format!("index --project {PROJECT}")).code(7);
        let run = tags(&world, &format!("match --project {PROJECT} --json")).code(0).json();
        assert_eq!((&run["photos"], &run["faces"]), (&3.into(), &6.into()), "{run}");
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.faces"), "0");
        assert_eq!(world.sql("SELECT count(*), sum(faces), bool_or(kept) FROM photoctl.face_scans"), "3|6|f");
        let found = told(&world);
        assert!(found.starts_with("001:001:") && found.contains("002:001:"), "{found}");
        let again = tags(&world, &format!("match --project {PROJECT} --json")).code(0).json();
        assert_eq!(again["photos"], 0, "{again}");
        // Who enrols later is compared with the pixels, where that is asked for.
        let engine = LocalEngine::load(None).unwrap();
        let picture = portrait("person_b_1.jpg");
        let vector = engine.embed(&picture, &engine.find(&picture).unwrap()[0]).unwrap();
        let words: Vec<String> = vector.values().iter().map(f32::to_string).collect();
        let (late, vector) = (user(2), words.join(","));
        world.sql(&format!(
            "INSERT INTO users (id, name, email, password_hash) VALUES ('{late}', 'Late', 'late@example.org', 'x');
             INSERT INTO project_members (project_id, user_id) VALUES ('{PROJECT}', '{late}');
             INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
             VALUES ('{late}', 'biometric_processing', '1', '2026-01-01');
             INSERT INTO selfies (id, user_id, storage_key, embedding, status)
             VALUES ('{late}', '{late}', 'selfies/{late}.jpg', '[{vector}]', 'approved');
             INSERT INTO photoctl.selfie_facts (selfie_id, user_id, sha256, engine, model)
             VALUES ('{late}', '{late}', sha256('{late}'), 'local', '{MODEL}')"
        ));
        let run = tags(&world, &format!("match --project {PROJECT}")).code(0);
        run.stdout_has("--rescan");
        assert_eq!(told(&world), found);
        tags(&world, &format!("match --project {PROJECT} --rescan")).code(0);
        assert!(told(&world).contains("002:002:"), "{}", told(&world));
    }
}

#[test]
fn who_revokes_is_not_computed_again_and_is_found_once_they_consent_anew() {
    let world = World::real();
    event(&world, &[PHOTOS[0]], &[(1, "person_a_1.jpg")]);
    let set = format!("project settings set --project {PROJECT} match_confirm 0.99");
    world.machine().args(shlex::split(&set).unwrap()).run().code(0);
    world.put_object(&format!("selfies/{}.jpg", user(1)), &group(&["person_a_1.jpg"]));
    let index = |more: &str| faces(&world, &format!("index --project {PROJECT} --json {more}")).code(0).json();
    assert_eq!(index("")["faces"], 2);
    tags(&world, &format!("match --project {PROJECT}")).code(0);
    assert_eq!(told(&world), "001:001:pending");
    world.machine().line("consent revoke --user g1@example.org --yes").ok();
    let kept = "SELECT count(*), count(vector) FROM photoctl.faces";
    assert_eq!(world.sql(kept), "2|1");
    assert_eq!(index("")["found"], 0);
    assert_eq!(index("--again")["faces"], 1, "the tag that waited is gone, and what lies there is still theirs");
    assert_eq!(world.sql(kept), "1|1");
    // Given anew while the first look's face is still there without its vector.
    world.sql(&format!(
        "INSERT INTO photoctl.faces SELECT photo_id, model, 5, face_left, face_top, face_width, face_height, landmarks,
                score, width_px, sharpness, luma, yaw, pitch, roll, NULL, '{}' FROM photoctl.faces;
         INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
         VALUES ('{0}', 'biometric_processing', '1', now())",
        user(1)
    ));
    world.machine().line("selfie re-embed --user g1@example.org").ok();
    assert_eq!(index("")["faces"], 2);
    tags(&world, &format!("match --project {PROJECT}")).code(0);
    assert_eq!(told(&world), "001:001:pending");
}

#[test]
fn faces_that_went_before_they_were_compared_are_looked_at_again() {
    let world = World::real();
    event(&world, &[PHOTOS[0]], &[(1, "person_a_1.jpg")]);
    faces(&world, &format!("index --project {PROJECT}")).code(0);
    let set = format!("project settings set --project {PROJECT} retain_photo_faces never");
    world.machine().args(shlex::split(&set).unwrap()).run().code(0);
    let run = tags(&world, &format!("match --project {PROJECT} --json")).code(0).json();
    assert_eq!((&run["faces_purged"], &run["photos"]), (&2.into(), &1.into()), "{run}");
    assert!(told(&world).starts_with("001:001:"), "{}", told(&world));
}

#[test]
fn a_photo_that_cannot_be_read_is_named_and_the_others_go_on() {
    let world = World::real();
    event(&world, PHOTOS, &[(1, "person_a_1.jpg")]);
    let key = |n: usize| format!("projects/{PROJECT}/photos/{}/original.jpg", super::photo(n));
    world.put_object(&key(1), b"no picture at all");
    std::fs::remove_file(world.object_path(&key(3))).unwrap();
    let run = faces(&world, &format!("index --project {PROJECT} --json")).code(3).json();
    assert_eq!((&run["indexed"], &run["failed"]), (&1.into(), &2.into()), "{run}");
    let mut reasons: Vec<&str> =
        run["items_failed"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap()).collect();
    reasons.sort_unstable();
    assert_eq!(reasons, ["bad_file", "not_found"]);
    // They are tried again by the next run.
    world.put_object(&key(1), &group(&["person_a_2.jpg"]));
    let run = faces(&world, &format!("index --project {PROJECT} --json")).code(3).json();
    assert_eq!((&run["indexed"], &run["failed"]), (&1.into(), &1.into()), "{run}");
}

#[test]
fn a_missing_or_other_model_is_named_with_its_hash() {
    let world = World::real();
    event(&world, &PHOTOS[..1], &[]);
    let models = world.machine().path().join("models");
    std::fs::create_dir(&models).unwrap();
    let machine = |line: &str| {
        world.machine().args(shlex::split(line).unwrap()).env("PHOTOCTL_FACE_MODELS", models.as_os_str()).run()
    };
    let line = format!("faces index --project {PROJECT} --json");
    let missing = machine(&line).code(2).error();
    assert!(missing["message"].as_str().unwrap().contains("face_detection_yunet_2023mar_int8bq.onnx"), "{missing}");
    std::fs::write(models.join("face_detection_yunet_2023mar_int8bq.onnx"), b"broken").unwrap();
    let broken = machine(&line).code(1).error();
    let said = broken.to_string();
    assert!(said.contains("49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10"), "{broken}");
}
