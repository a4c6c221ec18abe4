//! Decisions of a file: checked as a whole, refused one by one.

use serde_json::json;

use super::{Seed, decisions, member, photo, rows, seed, tags};
use crate::photos_world::World;

#[test]
fn a_sheet_is_carried_out_but_for_what_changed_meanwhile() {
    for world in World::both() {
        let (gus, eva) = (member(&world, "gus@x.org"), member(&world, "eva@x.org"));
        let photos = ["A.JPG", "B.JPG", "C.JPG", "D.JPG"].map(|name| photo(&world, name));
        let mut seeds: Vec<Seed<'_>> = photos.iter().map(|photo| Seed::pending(photo, &gus, 0.4)).collect();
        seeds.push(Seed::pending(&photos[0], &eva, 0.4));
        seed(&world, &seeds);
        let tag = |photo: &str, user: &str| {
            world.sql(&format!("SELECT id FROM photo_tags WHERE photo_id = '{photo}' AND user_id = '{user}'"))
        };
        let (a, b) = (tag(&photos[0], &gus), tag(&photos[1], &gus));
        world.machine().file(
            "decisions.csv",
            format!(
                "tag_id,photo_id,user_id,decision,seen\n\
                 {a},{pa},{gus},confirm,pending\n\
                 {b},,,reject,pending\n\
                 ,{pc},{gus},reject,pending\n\
                 ,{pd},{gus},skip,pending\n\
                 ,{pa},{eva},confirm,pending\n\
                 00000000-0000-4000-8000-000000000001,,,confirm,pending\n",
                pa = photos[0],
                pc = photos[2],
                pd = photos[3],
            ),
        );
        // Meanwhile: the web application decides about B, and Eva revokes.
        world.sql(&format!("UPDATE photo_tags SET review_status = 'confirmed' WHERE id = '{b}'"));
        world.sql(&format!("UPDATE user_consents SET revoked_at = now() WHERE user_id = '{eva}'"));
        let before = rows(&world);
        tags(&world, "decide decisions.csv").code(2).stderr_has("--yes");
        let dry = tags(&world, "decide decisions.csv --dry-run --json").code(3).json();
        assert_eq!(rows(&world), before);
        assert_eq!(decisions(&world), "");
        let done = tags(&world, "decide decisions.csv --yes --json").code(3).json();
        let counts = ["confirmed", "rejected", "unchanged", "skipped", "refused"];
        for report in [&dry, &done] {
            assert_eq!(counts.map(|key| report[key].as_u64().unwrap()), [1, 1, 0, 1, 3], "{report}");
        }
        assert_eq!((&done["ok"], &dry["items_failed"]), (&json!(false), &done["items_failed"]));
        let mut failed: Vec<String> = done["items_failed"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| format!("{} {}", item["ref"].as_str().unwrap(), item["reason"].as_str().unwrap()))
            .collect();
        failed.sort();
        assert_eq!(failed, ["line 3 conflict", "line 6 consent_required", "line 7 not_found"]);
        assert_eq!(
            rows(&world),
            "A.JPG eva@x.org pending auto\nA.JPG gus@x.org confirmed auto\nB.JPG gus@x.org confirmed auto\n\
             C.JPG gus@x.org rejected auto\nD.JPG gus@x.org pending auto"
        );
        // What was found decided elsewhere is kept as what it is.
        assert_eq!(world.sql("SELECT count(*) FILTER (WHERE by_web), count(*) FROM photoctl.tag_decisions"), "1|3");
        let told = "SELECT item_count, fields->'confirmed'->>'after' FROM photoctl.audit WHERE action = 'decide'";
        assert_eq!(world.sql(told), "2|1");

        // Again: what was done was seen otherwise, but it is what is asked for.
        let again = tags(&world, "decide decisions.csv --yes --json").code(3).json();
        assert_eq!(counts.map(|key| again[key].as_u64().unwrap()), [0, 0, 2, 1, 3], "{again}");
    }
}

#[test]
fn a_sheet_that_contradicts_itself_decides_nothing() {
    let world = World::real();
    let (gus, eva) = (member(&world, "gus@x.org"), member(&world, "eva@x.org"));
    let one = photo(&world, "A.JPG");
    seed(&world, &[Seed::pending(&one, &gus, 0.4)]);
    let tag = world.sql("SELECT id FROM photo_tags");
    let pair = format!("photo_id,user_id,decision\n{one},{gus},confirm\n");
    for (text, said) in [
        (format!("{pair}{one},{gus},reject\n"), "line 3: line 2 decides about the same"),
        (format!("{pair}{one},{gus},maybe\n"), "line 3: \"maybe\" is no decision"),
        (format!("tag_id,photo_id,user_id,decision\n{tag},{one},{eva},confirm\n"), "another photo or user"),
        ("name,decision\nx,confirm\n".to_owned(), "not said which tags"),
        (format!("tag_id\n{tag}\n"), "no column decision"),
        (format!("tag_id,decision\n\u{1b}[31m{tag},confirm\n"), "not the id of a tag"),
    ] {
        let output = world.machine().line("tags decide - --yes").stdin(&text).run();
        assert_eq!(output.code, 1, "{}", output.transcript());
        assert!(output.stderr.contains(said) && !output.stderr.contains('\u{1b}'), "{}", output.transcript());
    }
    assert_eq!((rows(&world), decisions(&world)), ("A.JPG gus@x.org pending auto".to_owned(), String::new()));
    world.machine().line("tags decide - --yes").stdin(&pair).run().code(0).stdout_has("1 confirmed");
    world.machine().line("tags decide gone.csv --yes").run().code(1).stderr_has("gone.csv");
}
