//! Decisions of people: they stand, whoever makes them and wherever.

use photoctl::db::grants::{self, Job};
use photoctl::db::tags;
use photoctl::model::tag::Pair;
use serde_json::{Value, json};

use super::{Seed, decisions, member, open, photo, rows, seed, tags as run};
use crate::photos_world::{OTHER_PROJECT, PROJECT, Photo, World, wait};

const GUS: &str = "--photo DSC_0001.JPG --user gus@x.org";

#[test]
fn the_latest_decision_stands_and_the_history_is_kept() {
    for world in World::both() {
        let gus = member(&world, "gus@x.org");
        let one = photo(&world, "DSC_0001.JPG");
        seed(&world, &[Seed::pending(&one, &gus, 0.41)]);
        let dry = run(&world, &format!("confirm {GUS} --dry-run --json")).code(0).json();
        assert_eq!((&dry["decided"], &dry["dry_run"]), (&json!(1), &json!(true)), "{dry}");
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org pending auto");
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.audit WHERE entity = 'photo_tag'"), "0");

        // The name without its ending, in other letters.
        run(&world, "confirm --photo dsc_0001 --user gus@x.org").code(0).stdout_has("Confirmed 1 tag");
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org confirmed auto");
        let again = run(&world, &format!("confirm {GUS} --json")).code(0).json();
        assert_eq!((&again["decided"], &again["unchanged"]), (&json!(0), &json!(1)), "{again}");
        let tag = world.sql("SELECT id FROM photo_tags");
        run(&world, &format!("reject {}", &tag[..8])).code(0);
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org rejected auto");
        run(&world, &format!("reopen {tag} --actor eva")).code(0);
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org pending auto");
        run(&world, &format!("remove {tag}")).code(2).stderr_has("--yes");
        run(&world, &format!("remove {tag} --yes")).code(0);
        assert_eq!(rows(&world), "");
        run(&world, &format!("confirm {tag}")).code(1).stderr_has("no tag");
        run(&world, &format!("confirm {GUS}")).code(1).stderr_has("no such tag");
        let added: Value = run(&world, &format!("add {GUS} --json")).code(0).json();
        assert_eq!((&added["source"], &added["created"]), (&json!("manual"), &json!(true)), "{added}");
        assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org confirmed manual");
        run(&world, &format!("add {GUS}")).code(1).stderr_has("already");
        run(&world, &format!("add {GUS} --if-not-exists")).code(0);
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
        let list: Value = run(&world, &format!("list --project {PROJECT} --status confirmed --json")).code(0).json();
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
        let retuned = run(&world, &format!("retune --project {PROJECT} --confirm 0.9 --yes --json")).code(0).json();
        assert_eq!((&retuned["pending"], &retuned["removed"]), (&json!(1), &json!(0)), "{retuned}");
        assert_eq!(rows(&world), "A.JPG gus@x.org rejected auto\nC.JPG gus@x.org pending auto");
        assert_eq!(decisions(&world), "rejected confirmed - true, removed confirmed - true");
        // A run leaves them alone.
        let pairs: Vec<Pair> = photos.iter().map(|photo| Seed::pending(photo, &gus, 0.0).pair()).collect();
        let open: Vec<bool> = wait(async {
            let db = open(&world).await;
            let states = tags::of_pairs(&mut db.conn().await.unwrap(), &pairs).await.unwrap();
            db.close().await;
            pairs.iter().map(|pair| states[pair].is_open()).collect()
        });
        assert_eq!(open, [false, false, true]);
        run(&world, "confirm --photo B.JPG --user gus@x.org").code(1).stderr_has("no such tag");
        run(&world, "confirm --photo A.JPG --user gus@x.org").code(0);
        assert!(decisions(&world).ends_with(", confirmed rejected tester false"), "{}", decisions(&world));

        // The web application reopens what a person confirmed here: that is what stands.
        world.sql(&format!("UPDATE photo_tags SET review_status = 'pending' WHERE photo_id = '{}'", photos[0]));
        run(&world, "reopen --photo A.JPG --user gus@x.org").code(0).stdout_has("decided so before");
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
    let error = run(&world, &format!("confirm {GUS} --json")).code(7).error();
    assert_eq!(error["code"], "consent_required", "{error}");
    run(&world, &format!("reopen {GUS}")).code(0).stdout_has("decided so before");
    set("1,2");
    run(&world, &format!("confirm {GUS}")).code(0);
    world.sql("UPDATE user_consents SET revoked_at = now()");
    run(&world, &format!("reopen {GUS}")).code(7);
    let ids = world.sql("SELECT string_agg(id::text, ' ') FROM photo_tags");
    let both = run(&world, &format!("confirm {ids} --json")).code(7).json();
    assert_eq!((&both["unchanged"], &both["refused"], &both["ok"]), (&json!(1), &json!(1), &json!(false)), "{both}");
    run(&world, &format!("reject {GUS}")).code(0);
    run(&world, "remove --photo B.JPG --user gus@x.org --yes").code(0);
    run(&world, "add --photo B.JPG --user gus@x.org").code(0);
    assert_eq!(rows(&world), "B.JPG gus@x.org confirmed manual\nDSC_0001.JPG gus@x.org rejected auto");
    run(&world, "add --photo B.JPG --user di@example.org").code(1).stderr_has("project members add");
}

#[test]
fn a_decision_waits_for_a_revocation_and_gives_way_to_it() {
    let world = World::real();
    let gus = member(&world, "gus@x.org");
    seed(&world, &[Seed::pending(&photo(&world, "DSC_0001.JPG"), &gus, 0.4)]);
    let db = world.database().unwrap();
    wait(async {
        let mut other = db.outsider().await;
        sqlx::raw_sql("BEGIN; UPDATE user_consents SET revoked_at = now()").execute(&mut other).await.unwrap();
        let deciding = world.machine().line(&format!("tags confirm {GUS}")).spawn();
        db.until_blocked(1);
        sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
        deciding.wait().code(7);
    });
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
    let output = run(&world, &format!("explain {GUS}")).code(2);
    assert!(output.stderr.contains(&here) && output.stderr.contains(&there), "{}", output.transcript());
    assert!(output.stderr.contains("12:00 CEST") && output.stderr.contains("Winter Run"), "{}", output.transcript());
    run(&world, &format!("explain {GUS} --project 'Summer Run'")).code(0).stdout_has("Waits for a person");
    run(&world, "explain --photo img_9 --user gus@x.org").code(0);
    run(&world, &format!("explain --photo {} --user gus@x.org", &here[..8])).code(0);
    run(&world, "explain --photo NONE.JPG --user gus@x.org").code(1).stderr_has("no photo NONE.JPG");
    run(&world, "explain --photo DSC_0001.JPG").code(2).stderr_has("--user");
    run(&world, "confirm").code(2).stderr_has("--photo");
    run(&world, "confirm nonsense").code(2).stderr_has("not the id of a tag");
    run(&world, "list --after 00000000-0000-4000-8000-000000000000").code(1).stderr_has("begin behind");
    // Deleted photos and users vanish from lists.
    assert_eq!(run(&world, "list --json").code(0).json().as_array().unwrap().len(), 1);
    world.sql("UPDATE photos SET deleted_at = now()");
    assert_eq!(run(&world, "list --json").code(0).json(), json!([]));
}

#[test]
fn the_rights_of_a_reviewer_are_enough_to_decide() {
    let world = World::real();
    let gus = member(&world, "gus@x.org");
    let one = photo(&world, "DSC_0001.JPG");
    seed(&world, &[Seed::pending(&one, &gus, 0.4)]);
    let db = world.database().unwrap();
    let role = format!("{}_review", db.name());
    db.psql(&grants::sql(Job::Review, &role, db.name(), "public"));
    let machine = world.machine().clone().env("DATABASE_URL", db.url_of(&role));
    machine.file("decisions.csv", format!("photo_id,user_id,decision,seen\n{one},{gus},reject,confirmed\n"));
    for line in [
        &format!("list --project {PROJECT}"),
        &format!("explain {GUS}"),
        &format!("confirm {GUS}"),
        "decide decisions.csv --yes",
        &format!("reopen {GUS}"),
        &format!("retune --project {PROJECT} --confirm 0.9 --yes"),
        &format!("stats --project {PROJECT}"),
        &format!("remove {GUS} --yes"),
        &format!("add {GUS}"),
    ] {
        machine.args(shlex::split(&format!("tags {line}")).unwrap()).ok();
    }
    assert_eq!(rows(&world), "DSC_0001.JPG gus@x.org confirmed manual");
    assert_eq!(world.sql("SELECT count(*) FROM photoctl.tag_decisions"), "5");
    drop(world);
    wait(crate::support::pg::admin(&format!("DROP ROLE {role}")));
}
