//! Selfies that the web application took.

use uuid::Uuid;

use super::{counts, decoded, face, jpeg, member, selfie, text, told};
use crate::imaging::builders::{self, Exif, scene_jpeg};
use crate::photos_world::{PROJECT, World};

/// A row as the web application writes it, and the object. Returns the id.
fn taken(world: &World, email: &str, key: &str, object: Option<&[u8]>) -> String {
    let id = Uuid::new_v4().to_string();
    if let Some(bytes) = object {
        world.put_object(key, bytes);
    }
    world.sql(&format!(
        "INSERT INTO selfies (id, user_id, storage_key, status)
         SELECT '{id}', id, '{key}', 'pending' FROM users WHERE email = '{email}'"
    ));
    id
}

#[test]
fn selfies_of_the_web_application_are_fetched_and_decided() {
    for world in World::both() {
        let gus = member(&world, "gus@example.org", Some("1"));
        member(&world, "eva@example.org", Some("1"));
        member(&world, "joe@example.org", None);
        // Written by our own encoder: nothing but the picture.
        world.machine().file("a.jpg", face("person_a_1"));
        let plain = jpeg(&decoded(&face("person_a_1")));
        let side = jpeg(&decoded(&face("person_b_1")).rotate270());
        let phone = builders::with_segment(&side, 0xe1, &Exif { orientation: 6, gps: true, ..Exif::default() }.app1());
        let plain_id = taken(&world, "gus@example.org", "web/1.jpg", Some(&plain));
        let phone_id = taken(&world, "eva@example.org", "web/2.jpg", Some(&phone));
        let faceless = taken(&world, "gus@example.org", "web/3.jpg", Some(&scene_jpeg(320, 240)));
        let missing = taken(&world, "gus@example.org", "web/4.jpg", None);
        let blocked = taken(&world, "joe@example.org", "web/5.jpg", Some(&face("impostor_1")));
        let text_file = taken(&world, "eva@example.org", "web/6.jpg", Some(b"no picture"));
        let dry = selfie(&world, "enroll --pending --dry-run --json").code(3).json();
        assert_eq!(counts(&dry), [2, 0, 2, 1, 0, 1], "{dry}");
        assert_eq!(world.sql("SELECT count(*) FROM selfies WHERE status = 'pending'"), "6");
        let report = selfie(&world, &format!("enroll --pending --project {PROJECT} --json")).code(3).json();
        assert_eq!(counts(&report), [2, 0, 2, 1, 0, 1], "{report}");

        let row = |id: &str| {
            world.sql(&format!(
                "SELECT status, storage_key, embedding IS NOT NULL, split_part(rejection_reason, ':', 1) FROM selfies WHERE id = '{id}'"
            ))
        };
        assert_eq!(row(&plain_id), "approved|web/1.jpg|t|", "a plain JPEG stays where it is");
        assert_eq!(world.object("web/1.jpg").unwrap(), plain);
        let eva = world.sql("SELECT id FROM users WHERE email = 'eva@example.org'");
        let own = format!("users/{eva}/selfies/{phone_id}.jpg");
        assert_eq!(row(&phone_id), format!("approved|{own}|t|"));
        let kept = world.object(&own).unwrap();
        assert!(!kept.windows(4).any(|part| part == b"Exif"));
        let upright = decoded(&face("person_b_1"));
        assert_eq!((decoded(&kept).width(), decoded(&kept).height()), (upright.width(), upright.height()));
        assert!(world.object("web/2.jpg").is_none(), "the place it was taken at is nobody's business");
        assert_eq!(row(&faceless), "rejected|web/3.jpg|f|NO_FACE");
        assert!(world.object("web/3.jpg").is_some(), "the web application's own");
        assert_eq!(row(&text_file), "rejected|web/6.jpg|f|INVALID_IMAGE");
        assert_eq!(row(&missing), "pending|web/4.jpg|f|");
        assert_eq!(row(&blocked), "pending|web/5.jpg|f|");
        assert_eq!(told(&world), "enroll enroll enroll enroll");

        // What a person lets pass is kept like everything else: without where it was taken.
        let two = super::faults::faulty().into_iter().find(|(code, ..)| *code == "MULTIPLE_FACES").unwrap().1;
        let two = builders::with_segment(&two, 0xe1, &Exif { gps: true, ..Exif::default() }.app1());
        let passed = taken(&world, "eva@example.org", "web/8.jpg", Some(&two));
        selfie(&world, &format!("enroll --pending --user {eva}")).code(3);
        assert_eq!(row(&passed), "rejected|web/8.jpg|f|MULTIPLE_FACES");
        selfie(&world, &format!("approve {passed}")).code(0);
        let own = format!("users/{eva}/selfies/{passed}.jpg");
        assert_eq!(row(&passed), format!("approved|{own}|t|"));
        assert!(!world.object(&own).unwrap().windows(4).any(|part| part == b"Exif"));
        assert!(world.object("web/8.jpg").is_none());
        selfie(&world, &format!("delete {passed} --yes")).code(0);

        // The next run finds only those two; when the picture has come, it is taken.
        let report = selfie(&world, "enroll --pending --json").code(3).json();
        assert_eq!(counts(&report), [0, 0, 0, 1, 0, 1], "{report}");
        world.put_object("web/4.jpg", &face("person_a_2"));
        world.machine().line("consent grant --user joe@example.org --consent-version 1 --evidence desk").ok();
        let report = selfie(&world, "enroll --pending --json").code(0).json();
        assert_eq!(counts(&report)[0], 2, "{report}");

        // The same picture once more is one of them already.
        let twice = taken(&world, "gus@example.org", "web/7.jpg", Some(&plain));
        let report = selfie(&world, "enroll --pending --json").code(0).json();
        assert_eq!(counts(&report), [0, 0, 0, 0, 1, 0], "{report}");
        assert_eq!(row(&twice), "rejected|web/7.jpg|f|DUPLICATE");
        let item = super::enrolled(&world, "gus@example.org", &plain, 0, "");
        assert_eq!((text(&item, "status"), text(&item, "id")), ("already_present", plain_id.as_str()), "of {gus}");
    }
}

#[test]
fn vectors_are_made_anew_after_another_model_came() {
    for world in World::both() {
        member(&world, "gus@example.org", Some("1"));
        member(&world, "eva@example.org", Some("1"));
        super::enrolled(&world, "gus@example.org", &face("person_a_1"), 0, "");
        super::enrolled(&world, "eva@example.org", &face("person_b_1"), 0, "");
        let vectors = "SELECT string_agg(embedding::text, ' ' ORDER BY id) FROM selfies WHERE status = 'approved'";
        let before = world.sql(vectors);
        let none = selfie(&world, "re-embed --all --json").code(0).json();
        assert_eq!(counts(&none), [0; 6]);
        // One of an older model, and one that the web application approved with a vector that nobody knows.
        let zeros = format!("[{}]", vec!["0.1"; 128].join(","));
        world.sql(&format!(
            "UPDATE photoctl.selfie_facts SET model = 'old' WHERE user_id = (SELECT id FROM users WHERE email = 'gus@example.org');
             UPDATE selfies SET embedding = '{zeros}';
             DELETE FROM photoctl.selfie_facts WHERE user_id = (SELECT id FROM users WHERE email = 'eva@example.org')"
        ));
        selfie(&world, "re-embed").code(2).stderr_has("--all");
        let dry = selfie(&world, "re-embed --all --dry-run --json").code(0).json();
        assert_eq!(counts(&dry)[0], 2);
        let report = selfie(&world, "re-embed --all --json").code(0).json();
        assert_eq!(counts(&report), [2, 0, 0, 0, 0, 0], "{report}");
        let near = world.sql(&format!(
            "SELECT count(*) FROM selfies WHERE embedding::text <> '{zeros}' AND vector_dims(embedding) = 128"
        ));
        assert_eq!(near, "2");
        assert_eq!(world.sql("SELECT DISTINCT model FROM photoctl.selfie_facts"), "yunet-2023mar+sface-2021dec");
        assert_ne!(before, "");
        // Without a consent the old one stays, and is told; who has none anyway is left out.
        world.sql(
            "UPDATE photoctl.selfie_facts SET model = 'old';
             UPDATE user_consents SET revoked_at = now();
             UPDATE selfies SET embedding = NULL WHERE user_id = (SELECT id FROM users WHERE email = 'gus@example.org')",
        );
        let report = selfie(&world, "re-embed --all --json").code(3).json();
        assert_eq!(counts(&report), [0, 0, 0, 1, 0, 0], "{report}");
    }
}
