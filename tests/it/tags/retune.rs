//! Other thresholds, and what people's decisions say of them.

use photoctl::model::status::ReviewStatus;
use serde_json::json;

use super::{Seed, member, photo, rows, seed, tags};
use crate::photos_world::{PROJECT, Photo, World};

#[test]
fn other_thresholds_move_what_nobody_decided_and_nothing_else() {
    for world in World::both() {
        let (gus, eva) = (member(&world, "gus@x.org"), member(&world, "eva@x.org"));
        let photos = ["A.JPG", "B.JPG", "C.JPG", "D.JPG", "E.JPG"].map(|name| photo(&world, name));
        seed(
            &world,
            &[
                Seed::pending(&photos[0], &gus, 0.4),
                Seed::confirmed(&photos[1], &gus, 0.5),
                Seed { runner_up: Some((&eva, 0.66)), ..Seed::pending(&photos[2], &gus, 0.7) },
                Seed::confirmed(&photos[3], &gus, 0.5),
                Seed::confirmed(&photos[4], &eva, 0.5),
            ],
        );
        tags(&world, "confirm --photo D.JPG --user gus@x.org").code(0);
        world.sql(&format!("UPDATE user_consents SET revoked_at = now() WHERE user_id = '{eva}'"));
        let line = format!("retune --project {PROJECT} --confirm 0.55 --review 0.45 --margin 0.02");
        let before = rows(&world);
        tags(&world, &line).code(2).stderr_has("--yes");
        let counts = ["confirmed", "pending", "removed", "unchanged", "without_consent"];
        let dry = tags(&world, &format!("{line} --save --dry-run --json")).code(0).json();
        assert_eq!(counts.map(|key| dry[key].as_u64().unwrap()), [1, 1, 1, 0, 1], "{dry}");
        assert_eq!(rows(&world), before);
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.project_settings"), "0");

        let done = tags(&world, &format!("{line} --save --yes --json")).code(0).json();
        assert_eq!((counts.map(|key| done[key].as_u64().unwrap()), &done["saved"]), ([1, 1, 1, 0, 1], &json!(true)));
        assert_eq!(
            rows(&world),
            "B.JPG gus@x.org pending auto\nC.JPG gus@x.org confirmed auto\nD.JPG gus@x.org confirmed auto\n\
             E.JPG eva@x.org confirmed auto"
        );
        let settings = "SELECT string_agg(key || '=' || value, ' ' ORDER BY key) FROM photoctl.project_settings";
        assert_eq!(world.sql(settings), "match_confirm=0.55 match_margin=0.02 match_review=0.45");
        // Nothing of it looks like a person's decision.
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.tag_decisions"), "1");
        let marks = "SELECT count(*) FROM photoctl.tag_marks m LEFT JOIN photo_tags t USING (photo_id, user_id)
                      WHERE m.status IS DISTINCT FROM t.review_status";
        assert_eq!(world.sql(marks), "0");
        assert_eq!(world.sql("SELECT item_count FROM photoctl.audit WHERE action = 'retune'"), "3");
        // By the project's settings now, nothing is otherwise.
        let again = tags(&world, &format!("retune --project {PROJECT} --json")).code(0).json();
        assert_eq!(counts.map(|key| again[key].as_u64().unwrap()), [0, 0, 0, 2, 1], "{again}");
        tags(&world, &format!("retune --project {PROJECT} --review 0.2 --dry-run"))
            .code(0)
            .stderr_has("tags match --all");
        for (wrong, said) in
            [("--review 0.9", "0.55"), ("--confirm 45", "from 0 to 1"), ("--save", "nothing to --save")]
        {
            tags(&world, &format!("retune --project {PROJECT} {wrong} --yes")).code(2).stderr_has(said);
        }
    }
}

#[test]
fn statistics_suggest_a_threshold_where_people_agree() {
    let world = World::real();
    let gus = member(&world, "gus@x.org");
    let names: Vec<String> = (0..50).map(|number| format!("{number}.JPG")).collect();
    let photos: Vec<Photo<'_>> = names.iter().map(|name| Photo { name, ..Photo::default() }).collect();
    let photos = world.photos_of(&photos);
    let none = tags(&world, &format!("stats --project {PROJECT} --json")).code(0).json();
    assert_eq!((&none["bands"], &none["suggested_confirm"]), (&json!([]), &json!(null)));
    let score = |index: usize| {
        if index < 22 {
            0.62
        } else if index < 46 {
            0.45
        } else {
            0.38
        }
    };
    let status = |index: usize| if index < 46 { ReviewStatus::Confirmed } else { ReviewStatus::Pending };
    let seeds: Vec<Seed<'_>> = photos
        .iter()
        .enumerate()
        .map(|(index, photo)| Seed { status: status(index), ..Seed::pending(photo, &gus, score(index)) })
        .collect();
    seed(&world, &seeds);
    let decide = |photo: &str, word: &str| {
        world.sql(&format!(
            "INSERT INTO photoctl.tag_decisions (photo_id, user_id, decision) VALUES ('{photo}', '{gus}', '{word}')"
        ))
    };
    for (index, photo) in photos.iter().enumerate().take(40) {
        decide(photo, if index >= 30 { "rejected" } else { "confirmed" });
    }
    decide(&photos[21], "reopened");
    let stats = tags(&world, &format!("stats --project {PROJECT} --json")).code(0).json();
    let bands: Vec<_> = stats["bands"]
        .as_array()
        .unwrap()
        .iter()
        .map(|band| {
            let number = |key: &str| band[key].as_u64().unwrap();
            (
                band["from"].as_f64().unwrap(),
                number("confirmed"),
                number("pending"),
                number("decided"),
                number("decided_confirmed"),
            )
        })
        .map(|band| format!("{:.2} {} {} {} {}", band.0, band.1, band.2, band.3, band.4))
        .collect();
    assert_eq!(bands, ["0.60 22 0 21 21", "0.45 24 0 18 8", "0.35 0 4 0 0"], "{stats}");
    assert!((stats["suggested_confirm"].as_f64().unwrap() - 0.6).abs() < 1e-6, "{stats}");
    let page = tags(&world, &format!("stats --project {PROJECT}")).code(0);
    assert!(
        page.stdout.contains("match_confirm could be 0.60") && page.stdout.contains("100%"),
        "{}",
        page.transcript()
    );
}
