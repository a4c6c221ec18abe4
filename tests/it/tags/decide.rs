//! Decisions of people: they stand, whoever makes them and wherever.

use serde_json::{Value, json};

use super::{Seed, decisions, member, photo, rows, seed, tags};
use crate::photos_world::{OTHER_PROJECT, PROJECT, Photo, World, wait};

const GUS: &str = "--photo DSC_0001.JPG --user gus@x.org";

#[test]
fn the_latest_decision_stands_and_the_history_is_kept() {
    for world in World::both() {
        let gus = member(&world, "gus@x.org");
        let one = photo(&world, "DSC_0001.JPG");
        seed(&world, &[Seed::pending(&one, &gus, 0.41)]);
        let dry = tags(&world, &format!("confirm {GUS} --dry-run --json")).code(0).json();
        assert_eq!((&dry["decided"], &dry["dry_run"]), (&json!(1), &json!(true)), "{dry}");
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org pending auto");
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.audit WHERE entity = 'photo_tag'"), "0");

        // The name without its ending, in other letters.
        tags(&world, "confirm --photo dsc_0001 --user gus@x.org").code(0).stdout_has("Confirmed 1 tag");
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org confirmed auto");
        let again = tags(&world, &format!("confirm {GUS} --json")).code(0).json();
        assert_eq!((&again["decided"], &again["unchanged"]), (&json!(0), &json!(1)), "{again}");
        let tag = world.sql("SELECT id FROM photo_tags");
        tags(&world, &format!("reject {}", &tag[..8])).code(0);
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org rejected auto");
        tags(&world, &format!("reopen {tag} --actor eva")).code(0);
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org pending auto");
        tags(&world, &format!("remove {tag}")).code(2).stderr_has("--yes");
        tags(&world, &format!("remove {tag} --yes")).code(0);
        assert_eq!(rows(&world), "");
        tags(&world, &format!("confirm {tag}")).code(1).stderr_has("no tag");
        tags(&world, &format!("confirm {GUS}")).code(1).stderr_has("no such tag");
        let added: Value = tags(&world, &format!("add {GUS} --json")).code(0).json();
        assert_eq!((&added["source"], &added["created"]), (&json!("manual"), &json!(true)), "{added}");
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org confirmed manual");
        tags(&world, &format!("add {GUS}")).code(1).stderr_has("already");
        tags(&world, &format!("add {GUS} --if-not-exists")).code(0);
        assert_eq!(
            decisions(&world),
            "confirmed pending tester false, rejected confirmed tester false, reopened rejected eva false, \
             removed pending tester false, added - tester false"
        );
        // Engine and score of the run stay with what it wrote.
        assert_eq!(world.sql("SELECT status, engine, score FROM photoctl.tag_marks"), "confirmed|local|0.41");
        let told = world
            .sql("SELECT fields->'decision'->>'after' FROM photoctl.audit WHERE entity = 'photo_tag' ORDER BY seq");
        assert_eq!(told.lines().collect::<Vec<_>>(), ["confirmed", "rejected", "reopened", "removed", "added"]);
        let list: Value = tags(&world, &format!("list --project {PROJECT} --status confirmed --json")).code(0).json();
        assert_eq!((&list[0]["user_id"], &list[0]["decision"]), (&json!(gus), &json!("added")), "{list}");
    }
}

#[test]
fn what_was_decided_in_the_web_application_is_a_decision() {
    for world in World::both() {
        let gus = member(&world, "gus@x.org");
        let photos = ["A.JPG", "B.JPG", "C.JPG"].map(|name| photo(&world, name));
        seed(&world, &photos.each_ref().map(|photo| Seed::confirmed(photo, &gus, 0.5)));
        world.sql(&format!(
            "UPDATE photo_tags SET review_status = 'rejected' WHERE photo_id = '{}';
             DELETE FROM photo_tags WHERE photo_id = '{}'",
            photos[0], photos[1]
        ));
        // No threshold moves what people decided; C was decided by nobody.
        let retuned = tags(&world, &format!("retune --project {PROJECT} --confirm 0.9 --yes --json")).code(0).json();
        assert_eq!((&retuned["pending"], &retuned["removed"]), (&json!(1), &json!(0)), "{retuned}");
        assert_eq!(rows(&world), "A.JPG gus@x.org rejected auto\nC.JPG gus@x.org pending auto");
        assert_eq!(decisions(&world), "rejected confirmed - true, removed confirmed - true");
        tags(&world, "confirm --photo B.JPG --user gus@x.org").code(1).stderr_has("no such tag");
        tags(&world, "confirm --photo A.JPG --user gus@x.org").code(0);
        assert!(decisions(&world).ends_with(", confirmed rejected tester false"), "{}", decisions(&world));

        // The web application reopens what a person confirmed here: that is what stands.
        world.sql(&format!("UPDATE photo_tags SET review_status = 'pending' WHERE photo_id = '{}'", photos[0]));
        tags(&world, "reopen --photo A.JPG --user gus@x.org").code(0).stdout_has("decided so before");
        assert!(decisions(&world).ends_with(", reopened confirmed - true"), "{}", decisions(&world));
    }
}

#[test]
fn who_has_not_consented_is_not_confirmed_but_can_be_rejected_removed_and_named() {
    let world = World::real();
    let gus = member(&world, "gus@x.org");
    let photos = ["DSC_0001.JPG", "B.JPG"].map(|name| photo(&world, name));
    seed(&world, &photos.each_ref().map(|photo| Seed::pending(photo, &gus, 0.4)));
    let set = |versions: &str| {
        world.machine().args(["project", "settings", "set", "--project", PROJECT, "consent_versions", versions]).ok()
    };
    set("2");
    let error = tags(&world, &format!("confirm {GUS} --json")).code(7).error();
    assert_eq!(error["code"], "consent_required", "{error}");
    tags(&world, &format!("reopen {GUS}")).code(0).stdout_has("decided so before");
    set("1,2");
    tags(&world, &format!("confirm {GUS}")).code(0);
    world.sql("UPDATE user_consents SET revoked_at = now()");
    tags(&world, &format!("reopen {GUS}")).code(7);
    let ids = world.sql("SELECT string_agg(id::text, ' ') FROM photo_tags");
    let both = tags(&world, &format!("confirm {ids} --json")).code(7).json();
    assert_eq!((&both["unchanged"], &both["refused"], &both["ok"]), (&json!(1), &json!(1), &json!(false)), "{both}");
    tags(&world, &format!("reject {GUS}")).code(0);
    tags(&world, "remove --photo B.JPG --user gus@x.org --yes").code(0);
    tags(&world, "add --photo B.JPG --user gus@x.org").code(0);
    assert_eq!(rows(&world), "B.JPG gus@x.org confirmed manual\nDSC_0001.JPG gus@x.org rejected auto");
    tags(&world, "add --photo B.JPG --user di@example.org").code(1).stderr_has("project members add");
}

#[test]
fn a_decision_waits_for_a_revocation_and_gives_way_to_it() {
    let world = World::real();
    let gus = member(&world, "gus@x.org");
    seed(&world, &[Seed::pending(&photo(&world, "DSC_0001.JPG"), &gus, 0.4)]);
    let db = world.database().unwrap();
    let mut other = wait(db.outsider());
    let run = |conn: &mut sqlx::PgConnection, sql: &'static str| {
        wait(async { sqlx::raw_sql(sql).execute(conn).await.unwrap() })
    };
    run(&mut other, "BEGIN; UPDATE user_consents SET revoked_at = now()");
    let deciding = world.machine().line(&format!("tags confirm {GUS}")).spawn();
    db.until_blocked(1);
    run(&mut other, "COMMIT");
    deciding.wait().code(7);
    assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org pending auto");
}

#[test]
fn what_fits_several_is_told_apart_by_the_person_who_asks() {
    let world = World::real();
    let gus = member(&world, "gus@x.org");
    let here = world.photo(&Photo { captured: Some("2026-06-01 10:00:00"), ..Photo::default() });
    let there = world.photo(&Photo { project: OTHER_PROJECT, ..Photo::default() });
    world.sql(&format!("INSERT INTO photoctl.photo_names (photo_id, name) VALUES ('{here}', 'IMG_9.JPG')"));
    seed(&world, &[Seed::pending(&here, &gus, 0.4)]);
    let output = tags(&world, &format!("explain {GUS}")).code(2);
    assert!(output.stderr.contains(&here) && output.stderr.contains(&there), "{}", output.transcript());
    assert!(output.stderr.contains("12:00 CEST") && output.stderr.contains("Winter Run"), "{}", output.transcript());
    tags(&world, &format!("explain {GUS} --project 'Summer Run'")).code(0).stdout_has("Waits for a person");
    tags(&world, "explain --photo img_9 --user gus@x.org").code(0);
    tags(&world, &format!("explain --photo {} --user gus@x.org", &here[..8])).code(0);
    tags(&world, "explain --photo NONE.JPG --user gus@x.org").code(1).stderr_has("no photo NONE.JPG");
    tags(&world, "explain --photo DSC_0001.JPG").code(2).stderr_has("--user");
    tags(&world, "confirm").code(2).stderr_has("--photo");
    tags(&world, "confirm nonsense").code(2).stderr_has("not the id of a tag");
    tags(&world, "list --after 00000000-0000-4000-8000-000000000000").code(1).stderr_has("begin behind");
    // Deleted photos and users vanish from lists.
    assert_eq!(tags(&world, "list --json").code(0).json().as_array().unwrap().len(), 1);
    world.sql("UPDATE photos SET deleted_at = now()");
    assert_eq!(tags(&world, "list --json").code(0).json(), json!([]));
}
