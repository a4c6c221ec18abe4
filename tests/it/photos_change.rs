//! `photos delete`, `photos restore`, `photos url`.

#![allow(clippy::unwrap_used, reason = "a test that can not go on fails")]

use serde_json::json;

use crate::photos_world::{OTHER_PROJECT, PROJECT, Photo, USER, World};

fn three(world: &World) -> Vec<String> {
    let photo = |name, project| Photo { name, project, size_bytes: 1_500_000, ..Photo::default() };
    world.photos_of(&[photo("a.jpg", PROJECT), photo("b.jpg", PROJECT), photo("c.jpg", OTHER_PROJECT)])
}

fn live(world: &World) -> String {
    world.sql("SELECT count(*) FROM photos WHERE deleted_at IS NULL")
}

#[test]
fn deleted_photos_vanish_and_come_back() {
    for world in World::both() {
        let ids = three(&world);
        let plan = world.photos("delete --project Summer_Run --dry-run --json").arg("--project=Summer Run");
        plan.run().code(2);
        let delete = ["photos", "delete", "--project", "Summer Run", "--json"];
        let plan = world.machine().args(delete).arg("--dry-run").ok().json();
        assert_eq!(
            (&plan["dry_run"], &plan["deleted"], &plan["size_bytes"]),
            (&json!(true), &json!(2), &json!(3_000_000))
        );
        assert!(plan["target"]["database"].is_string() && plan["items_failed"] == json!([]), "{plan}");
        // Off a terminal nothing is deleted without --yes.
        let refused = world.machine().args(delete).run().code(2).error();
        assert_eq!(refused["code"], "confirmation_required");
        assert_eq!(live(&world), "3");

        let done = world.machine().args(delete).arg("--yes").ok().json();
        assert_eq!((&done["ok"], &done["deleted"], &done["failed"]), (&json!(true), &json!(2), &json!(0)));
        assert_eq!(live(&world), "1");
        let listed = world.photos("list --json").ok().json();
        assert_eq!(listed.as_array().unwrap().len(), 1);

        let again = world.photos(&format!("delete --yes --json {} {}", ids[0], ids[2])).ok().json();
        assert_eq!((&again["deleted"], &again["already_deleted"]), (&json!(1), &json!(1)));
        let back = world.photos("restore --all-projects --json").ok().json();
        assert_eq!(back["restored"], 3);
        let back = world.photos(&format!("restore {} --json", ids[0])).ok().json();
        assert_eq!((&back["restored"], &back["not_deleted"]), (&json!(0), &json!(1)));
        assert_eq!(live(&world), "3");
        let log = world.sql("SELECT command, action, entity, item_count FROM photoctl.audit ORDER BY seq");
        assert_eq!(log, "photos delete|delete|photo|2\nphotos delete|delete|photo|1\nphotos restore|restore|photo|3");
    }
}

#[test]
fn what_to_delete_must_be_said() {
    let world = World::real();
    let ids = three(&world);
    world.photos("delete --yes").run().code(2).stderr_has("not said which");
    // A default project is no word of which photos to delete.
    world.photos("delete --yes").env("PHOTOCTL_PROJECT", "Summer Run").run().code(2);
    assert_eq!(live(&world), "3");
    let gone = "00000000-0000-4000-8000-00000000ffff";
    let report = world.photos(&format!("delete --yes --json {} {gone}", ids[0])).run().code(3).json();
    assert_eq!((&report["ok"], &report["deleted"]), (&json!(false), &json!(1)));
    assert_eq!(report["items_failed"][0]["ref"], gone);
    assert_eq!(report["items_failed"][0]["reason"], "not_found");
    assert_eq!(live(&world), "2");
    world.photos(&format!("delete --yes {gone}")).run().code(3);
    assert_eq!(live(&world), "2", "an id that is not there does not mean all");
}

#[test]
fn the_question_tells_how_much_is_at_stake() {
    let world = World::real();
    let ids = three(&world);
    world.sql(&format!(
        "INSERT INTO photo_tags (photo_id, user_id, confidence, source, review_status)
         VALUES ('{}', '{USER}', 99, 'auto', 'confirmed');
         INSERT INTO photoctl.adopted (table_name, object_name, kind) VALUES ('photos', 'deleted_at', 'column')",
        ids[0]
    ));
    let output = world.photos("delete --all-projects").run().code(2);
    output
        .stderr_has("Delete 3 photos (4.5 MB), with confirmed tags of 1 person?")
        .stderr_has("stay visible there")
        .stderr_has("Target: database");
}

#[test]
fn links_work_for_a_while_and_originals_are_noted() {
    let world = World::real();
    let ids = three(&world);
    let key = format!("projects/{PROJECT}/photos/{}/watermarked.jpg", ids[0]);
    world.put_object(&key, b"the preview");
    let urls = world.photos(&format!("url {} --json", ids[0])).ok().json();
    let link = &urls[0];
    assert_eq!((&link["id"], &link["kind"]), (&json!(ids[0]), &json!("watermarked")));
    let url = link["url"].as_str().unwrap();
    assert!(url.contains("X-Amz-Expires=3600") && url.contains(&key), "{url}");
    assert_eq!(get(url), (200, b"the preview".to_vec()));
    assert_eq!(get(&url.replace("watermarked.jpg", "original.jpg")).0, 403, "the signature is of one object");
    assert_eq!(world.sql("SELECT count(*) FROM photoctl.audit"), "0", "previews are not noted");

    let output =
        world.photos("url --project").arg("Summer Run").args(["--kind", "original", "--expires", "10min"]).ok();
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert!(lines.len() == 2 && lines.iter().all(|line| line.starts_with("http")), "{}", output.stdout);
    let log =
        world.sql("SELECT action, item_count, project_id, fields->'expires_seconds'->>'after' FROM photoctl.audit");
    assert_eq!(log, format!("link|2|{PROJECT}|600"));

    world.photos(&format!("url {} --expires 8d", ids[0])).run().code(2).stderr_has("7 days");
    world.photos("url").run().code(2);
    world.sql(&format!("UPDATE photos SET thumbnail_key = NULL WHERE id = '{}'", ids[0]));
    world.photos(&format!("url {} --kind thumbnail", ids[0])).run().code(1).stderr_has("no thumbnail yet");
    world.photos(&format!("url {} {} --kind thumbnail", ids[0], ids[1])).run().code(3);
    world.sql(&format!("UPDATE photos SET deleted_at = now() WHERE id = '{}'", ids[0]));
    world.photos(&format!("url {}", ids[0])).run().code(1).stderr_has("was deleted");
}

#[test]
fn a_folder_has_no_links() {
    let world = World::embedded();
    let id = world.photo(&Photo::default());
    world
        .photos(&format!("url {id}"))
        .run()
        .code(2)
        .stderr_has("a store in a folder has no links")
        .stderr_has("photos download");
}

/// A GET by hand: status and body.
pub fn get(url: &str) -> (u16, Vec<u8>) {
    use std::io::{Read, Write};
    let rest = url.strip_prefix("http://").unwrap();
    let (host, path) = rest.split_once('/').unwrap();
    let mut stream = std::net::TcpStream::connect(host).unwrap();
    write!(stream, "GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer[end + 4..].to_vec())
}
