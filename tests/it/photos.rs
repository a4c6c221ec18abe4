//! `photos list` and `photos show`.

#![allow(clippy::unwrap_used, reason = "a test that can not go on fails")]

use crate::photos_world::{OTHER_PHOTOGRAPHER, OTHER_PROJECT, PROJECT, Photo, USER, World};
use crate::support::Output;

fn names(output: &Output) -> Vec<String> {
    let json = output.json();
    json.as_array().unwrap().iter().map(|photo| photo["original_name"].as_str().unwrap_or("-").to_owned()).collect()
}

/// Five photos whose orders by time of upload, of capture, by name and by size all differ.
fn five(world: &World) -> Vec<String> {
    let photo =
        |name, uploaded, captured, size_bytes| Photo { name, uploaded, captured, size_bytes, ..Photo::default() };
    world.photos_of(&[
        photo("b.jpg", "2026-06-01 10:00", Some("2026-05-31 22:30"), 30),
        photo("a.jpg", "2026-06-01 11:00", Some("2026-05-31 21:30"), 50),
        photo("e.jpg", "2026-06-01 09:00", None, 10),
        photo("c%d.jpg", "2026-06-01 12:00", Some("2026-06-01 21:59:59"), 40),
        photo("D_1.JPG", "2026-06-01 13:00", Some("2026-06-01 22:00"), 20),
    ])
}

#[test]
fn sorted_and_cut_by_key() {
    for world in World::both() {
        five(&world);
        for (sort, expected) in [
            ("", ["D_1.JPG", "c%d.jpg", "a.jpg", "b.jpg", "e.jpg"]),
            ("--sort uploaded", ["e.jpg", "b.jpg", "a.jpg", "c%d.jpg", "D_1.JPG"]),
            ("--sort captured", ["a.jpg", "b.jpg", "c%d.jpg", "D_1.JPG", "e.jpg"]),
            ("--sort -captured", ["D_1.JPG", "c%d.jpg", "b.jpg", "a.jpg", "e.jpg"]),
            ("--sort size", ["e.jpg", "D_1.JPG", "b.jpg", "c%d.jpg", "a.jpg"]),
            ("--sort size --desc", ["a.jpg", "c%d.jpg", "b.jpg", "D_1.JPG", "e.jpg"]),
        ] {
            assert_eq!(names(&world.photos(&format!("list {sort} --json")).ok()), expected, "{sort}");
            if world.is_embedded() {
                continue;
            }
            // The same list in pieces of two.
            let mut pieces = Vec::new();
            let mut after = String::new();
            loop {
                let output = world.photos(&format!("list {sort} --limit 2 {after} --json")).ok();
                pieces.extend(names(&output));
                match output.stderr.split_whitespace().skip_while(|word| *word != "--after").nth(1) {
                    Some(cursor) => after = format!("--after {cursor}"),
                    None => break,
                }
            }
            assert_eq!(pieces, expected, "{sort} in pieces");
        }
    }
}

#[test]
fn the_json_is_the_contract() {
    let world = World::real();
    let id = five(&world)[3].clone();
    let output = world.photos("list --name c%d --json").ok();
    let photo = output.json()[0].clone();
    let base = format!("projects/{PROJECT}/photos/{id}");
    let expected = serde_json::json!({
        "id": id, "status": "ready", "original_name": "c%d.jpg",
        "storage_key": format!("{base}/original.jpg"),
        "thumbnail_key": format!("{base}/thumbnail.jpg"),
        "watermarked_key": format!("{base}/watermarked.jpg"),
        "uploaded_at": "2026-06-01T12:00:00Z", "captured_at": "2026-06-01T21:59:59Z",
        "width": 600, "height": 400, "size_bytes": 40, "project_id": PROJECT,
    });
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(photo[key], *value, "{key}");
    }
    assert_eq!(world.photos("list --name nothing --json").ok().json(), serde_json::json!([]));
    let lines = world.photos("list --output jsonl --limit 1").ok().json_lines();
    assert_eq!(lines.last().unwrap()["type"], "summary");
}

#[test]
fn filters_hold_together() {
    let world = World::real();
    let ids = five(&world);
    world.photos_of(&[
        Photo { name: "other project.jpg", project: OTHER_PROJECT, ..Photo::default() },
        Photo { name: "other hand.jpg", photographer: OTHER_PHOTOGRAPHER, status: "failed", ..Photo::default() },
        Photo { name: "unused", foreign: true, uploaded: "2026-06-03", ..Photo::default() },
    ]);
    world.sql(&format!(
        "INSERT INTO photo_tags (photo_id, user_id, confidence, source, review_status) VALUES
         ('{}', '{USER}', 99, 'auto', 'confirmed'), ('{}', '{USER}', 80, 'auto', 'pending');
         UPDATE photos SET deleted_at = now() WHERE id = '{}';
         INSERT INTO photoctl.photo_names VALUES ('{}', 'renamed.jpg')",
        ids[0], ids[1], ids[2], ids[3]
    ));
    let list = |options: &str| {
        let args = ["photos", "list", "--sort", "name", "--json"];
        names(&world.machine().args(args).args(options.split(' ').map(|word| word.replace('~', " "))).ok())
    };
    let all = ["a.jpg", "b.jpg", "c%d.jpg", "D_1.JPG", "other hand.jpg", "other project.jpg", "-"];
    let sorted = |mut names: Vec<String>| {
        names.sort();
        names
    };
    assert_eq!(sorted(list("--all-projects")), sorted(all.map(str::to_owned).to_vec()), "the deleted one is gone");
    assert_eq!(list("--project ana@example.org/Winter~Run"), ["other project.jpg"]);
    assert_eq!(list("--photographer Cy"), ["other hand.jpg"]);
    assert_eq!(list("--photographer Cy --status ready"), [""; 0]);
    assert_eq!(list("--status failed,processing"), ["other hand.jpg"]);
    assert_eq!(list("--user di@example.org"), ["b.jpg"], "pending tags do not count");
    assert_eq!(list("--deleted"), ["e.jpg"]);
    assert_eq!(list("--name 1.JPG --uploaded-since 2026-06-01~14:30"), ["D_1.JPG"], "in any case, Berlin's time");
    assert_eq!(list("--name ?_1.jpg"), ["D_1.JPG"]);
    assert_eq!(list("--name a_jpg"), [""; 0], "no wildcard of SQL");
    assert_eq!(list("--name [a-b]*.jpg"), ["a.jpg", "b.jpg"]);
    assert_eq!(list("--name renamed"), ["c%d.jpg"], "another name of the same content");
    assert_eq!(list("--name original.* --uploaded-since 2026-06-02"), ["-"], "a key where no name is known");
    // In Berlin the first of June begins at 22:00 UTC on the day before.
    assert_eq!(list("--captured-since 2026-06-01 --captured-until 2026-06-01"), ["b.jpg", "c%d.jpg"]);
    assert_eq!(list(&format!("{} {}", ids[0], &ids[1][..8])), ["a.jpg", "b.jpg"]);
    world.photos("list --captured-since 2026-06-02 --captured-until 2026-06-01").run().code(2);
    world.photos("list --name [a").run().code(2);
    world.photos("list --after nonsense").run().code(2);
    world.photos("list nonsense").run().code(2).stderr_has("is not the id of a photo");
    world.photos("list 00000000-0000-4000-8000-00000000ffff --json").run().code(1);
    // The project that is set as the default limits lists, but not ids.
    let default = |line: &str| names(&world.photos(line).env("PHOTOCTL_PROJECT", "Winter Run").ok());
    assert_eq!(default("list --json"), ["other project.jpg"]);
    assert_eq!(default("list --all-projects --json").len(), 7);
    assert_eq!(default(&format!("list --json {}", ids[0])), ["b.jpg"]);
    let piped = world.photos("list --json -").stdin(format!("{}\n\n  {}\n", ids[0], ids[1])).ok();
    assert_eq!(names(&piped).len(), 2);
    assert_eq!(world.photos("list --json -").stdin("").ok().json(), serde_json::json!([]), "no ids are no photos");
}

#[test]
fn people_see_names_in_the_projects_time_and_no_escapes() {
    let world = World::real();
    five(&world);
    world.photo(&Photo { name: "x\u{1b}[2J\n.jpg", uploaded: "2026-06-05 10:00", ..Photo::default() });
    let output = world.photos("list --limit 2").ok();
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{}", output.transcript());
    assert!(lines[0].starts_with("ID"), "{}", lines[0]);
    assert!(lines[1].contains("x\\x1b[2J\\n.jpg") && lines[1].contains("2026-06-05 12:00 CEST"), "{}", lines[1]);
    assert!(!output.stdout.contains('\u{1b}'), "{}", output.stdout);
    output.stderr_has("--after");
    world.photos("list --name nothing").ok().stderr_has("No photos");
}

#[test]
fn show_tells_all_that_is_known() {
    let world = World::real();
    let ids = world.photos_of(&[
        Photo { id: Some("11111111-aaaa-4000-8000-000000000001"), ..Photo::default() },
        Photo { id: Some("11111111-bbbb-4000-8000-000000000001"), foreign: true, ..Photo::default() },
    ]);
    world.sql(&format!(
        "UPDATE photoctl.photo_files SET camera_make = 'NIKON', camera_model = 'NIKON Z 9', captured_at = '2026-06-01 12:00'
          WHERE photo_id = '{}';
         INSERT INTO photoctl.photo_names VALUES ('{}', 'copy.jpg')",
        ids[0], ids[0]
    ));
    let json = world.photos("show 11111111-aaaa --json").ok().json();
    assert_eq!(json["id"], ids[0].as_str());
    assert_eq!(json["photographer_name"], "Bo");
    assert_eq!(json["camera_model"], "NIKON Z 9");
    assert_eq!(json["other_names"], serde_json::json!(["copy.jpg"]));
    assert_eq!(json["captured_at"], "2026-06-01T12:00:00Z");
    assert_eq!(json["tags"]["confirmed"], 0);
    let text = world.photos("show 11111111-aaaa").ok().stdout;
    assert!(
        text.contains("2026-06-01 14:00 CEST") && text.contains("NIKON Z 9") && !text.contains("NIKON NIKON"),
        "{text}"
    );
    world.photos("show 11111111-bbbb").ok().stdout_has("photos adopt");
    let error = world.photos("show 11111111 --json").run().code(2).error();
    assert_eq!(error["code"], "ambiguous");
    assert!(error["hint"].as_str().unwrap().contains(&ids[1]), "{error}");
    let error = world.photos("show 22222222 --json").run().code(1).error();
    assert_eq!(error["code"], "not_found");
    world.photos("show 1111").run().code(2);
}
