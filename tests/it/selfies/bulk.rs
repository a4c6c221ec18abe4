//! Many guests at once: a folder with names, a list, and a night after the other.

use serde_json::json;

use super::{counts, face, member, selfie, text};
use crate::imaging::builders::scene_jpeg;
use crate::photos_world::{PROJECT, World};

#[test]
fn a_folder_is_enrolled_by_its_names_and_a_second_night_changes_nothing() {
    for world in World::both() {
        let eva = member(&world, "eva@example.org", Some("1"));
        member(&world, "gus@example.org", Some("1"));
        let hal = member(&world, "hal@example.org", Some("1"));
        let ida = member(&world, "ida@example.org", Some("1"));
        member(&world, "joe@example.org", None);
        world.machine().line("user create --name Kim --email kim@example.org --no-password").ok();
        let files = [
            ("gus@example.org.jpg", face("person_a_1")),
            ("GUS@example.org__2.JPG", face("person_a_2")),
            (&format!("{eva}.jpg"), face("person_b_1")),
            (&format!("{hal}/any name.jpg"), face("impostor_1")),
            ("ida@example.org.jpg", scene_jpeg(320, 240)),
            ("joe@example.org.jpg", face("impostor_2")),
            ("kim@example.org.jpg", face("impostor_2")),
            ("nobody@example.org.jpg", face("impostor_2")),
            (".hidden@example.org.jpg", b"x".to_vec()),
            ("Thumbs.db", b"x".to_vec()),
        ];
        for (name, bytes) in &files {
            world.machine().file(&format!("selfies/{name}"), bytes);
        }
        let line = format!("enroll --project {PROJECT} --dir selfies --json");
        let report = selfie(&world, &line).code(3).json();
        assert_eq!(counts(&report), [4, 0, 1, 1, 0, 2], "{report}");
        assert_eq!((&report["ok"], &report["not_begun"]), (&json!(false), &json!(0)));
        let item = |part: &str| {
            let items = report["items"].as_array().unwrap();
            items.iter().find(|item| text(item, "file").contains(part)).unwrap().clone()
        };
        assert_eq!(text(&item("any name"), "user_id"), hal);
        assert_eq!((text(&item("ida@"), "status"), text(&item("ida@"), "user_id")), ("rejected", ida.as_str()));
        assert_eq!(text(&item("joe@"), "status"), "blocked");
        assert!(text(&item("joe@"), "reason").contains("has not consented"), "{}", item("joe@"));
        assert!(text(&item("kim@"), "reason").contains("no member"), "{}", item("kim@"));
        assert!(text(&item("nobody@"), "reason").contains("no user"), "{}", item("nobody@"));
        let joe = "SELECT count(*) FROM selfies s JOIN users u ON u.id = s.user_id WHERE u.email = 'joe@example.org'";
        assert_eq!(world.sql(joe), "0");

        // Only what is asked of somebody else now is left to say.
        for name in ["joe", "kim", "nobody"] {
            std::fs::remove_file(world.machine().path().join(format!("selfies/{name}@example.org.jpg"))).unwrap();
        }
        let state = "SELECT string_agg(concat(id, status, updated_at), ',' ORDER BY id) FROM selfies";
        let before = (world.sql(state), super::told(&world));
        let again = selfie(&world, &line).code(0).json();
        assert_eq!(counts(&again), [0, 0, 0, 0, 5, 0], "{again}");
        assert_eq!((world.sql(state), super::told(&world)), before);

        // A selfie that was deleted stays so at night, and comes back where somebody asks for it.
        let id =
            world.sql("SELECT s.id FROM selfies s JOIN users u ON u.id = s.user_id WHERE email = 'eva@example.org'");
        selfie(&world, &format!("delete {id} --yes")).code(0);
        assert_eq!(counts(&selfie(&world, &line).code(0).json())[4], 5);
        assert_eq!(
            world.sql(&format!("SELECT deleted_at IS NULL, embedding IS NULL FROM selfies WHERE id = '{id}'")),
            "f|t"
        );
        selfie(&world, &format!("enroll --user eva@example.org selfies/{eva}.jpg")).code(0);
        assert_eq!(
            world.sql(&format!("SELECT deleted_at IS NULL, embedding IS NULL FROM selfies WHERE id = '{id}'")),
            "t|f"
        );
    }
}

/// Two at once do not each miss the other.
#[test]
fn one_face_under_two_names_is_asked_about() {
    let world = World::real();
    for email in ["eva@example.org", "gus@example.org"] {
        member(&world, email, Some("1"));
        world.machine().file(&format!("both/{email}.jpg"), face("person_a_1"));
    }
    let report = selfie(&world, &format!("enroll --project {PROJECT} --dir both --json")).code(3).json();
    assert_eq!(counts(&report), [1, 1, 0, 0, 0, 0], "{report}");
}

#[test]
fn a_list_names_guests_and_files() {
    let world = World::real();
    member(&world, "gus@example.org", Some("1"));
    let eva = member(&world, "eva@example.org", Some("1"));
    world.machine().file("lists/one.jpg", face("person_a_1"));
    world.machine().file("lists/two.jpg", face("person_b_1"));
    let list = format!(
        "\u{feff}Name;E-Mail;File\r\nGus;gus@example.org;one.jpg\r\nEva; {eva} ;two.jpg\r\n;;\r\nX;x@example.org;one.jpg\r\n"
    );
    world.machine().file("lists/list.csv", list);
    let report = selfie(&world, "enroll --manifest lists/list.csv --json").code(3).json();
    assert_eq!(counts(&report), [2, 0, 0, 0, 0, 1], "{report}");
    world.machine().file("lists/bad.csv", "who,what\na,b\n");
    selfie(&world, "enroll --manifest lists/bad.csv").code(2).stderr_has("no column with the user");
    selfie(&world, "enroll --dir nowhere").code(2).stderr_has("is no folder");
    selfie(&world, "enroll").code(2).stderr_has("--pending");
    selfie(&world, "enroll --dir lists --pending").code(2);
    // jsonl tells each as it is done, and ends in a summary.
    let lines = selfie(&world, "enroll --manifest lists/list.csv --output jsonl").code(3).json_lines();
    assert_eq!(text(lines.last().unwrap(), "type"), "summary");
}

#[test]
fn selfies_are_listed_and_shown_without_what_tells_people_apart() {
    for world in World::both() {
        member(&world, "gus@example.org", Some("1"));
        world.machine().file("a.jpg", face("person_a_1"));
        world.machine().file("b.jpg", scene_jpeg(320, 240));
        selfie(&world, "enroll --user gus@example.org a.jpg b.jpg").code(3);
        let list = selfie(&world, "list --json").code(0).json();
        assert_eq!(list.as_array().unwrap().len(), 2);
        let rejected =
            selfie(&world, &format!("list --project {PROJECT} --user gus@example.org --status rejected --json"));
        let rejected = rejected.code(0).json();
        assert_eq!((rejected.as_array().unwrap().len(), &rejected[0]["has_vector"]), (1, &json!(false)));
        let people = selfie(&world, "list").code(0);
        assert!(people.stdout.contains("NO_FACE") && !people.stdout.contains('\u{1b}'), "{}", people.transcript());
        selfie(&world, "list --output csv").code(0).stdout_has("reason");
        let id = text(&list[1], "id");
        let shown = selfie(&world, &format!("show {} --json", &id[..8])).code(0).json();
        assert!(shown["facts"]["face"]["quality"]["sharpness"].as_f64().unwrap() > 50.0, "{shown}");
        for said in [&list.to_string(), &shown.to_string()] {
            assert!(!said.contains("embedding") && !said.contains("\"vector\""), "{said}");
        }
        selfie(&world, &format!("show {id}")).code(0).stdout_has("Sharpness");
        selfie(&world, "show 00000000").code(1).stderr_has("there is no selfie");
        selfie(&world, "list --limit 1").code(0).stderr_has("--after");
    }
}
