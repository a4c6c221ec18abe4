//! What a run decides, and what it leaves alone.

use super::{Seed, photo, tags, told, user};
use crate::photos_world::{PROJECT, World};

fn matched(world: &World, more: &str) -> serde_json::Value {
    tags(world, &format!("match --project {PROJECT} --json {more}")).code(0).json()
}

fn counts(report: &serde_json::Value, names: &[&str]) -> Vec<u64> {
    names.iter().map(|name| report[*name].as_u64().unwrap_or_else(|| panic!("{name}: {report}"))).collect()
}

#[test]
fn new_faces_and_new_selfies_are_compared_once_in_both_directions() {
    for world in World::both() {
        let mut seed = Seed::default();
        seed.guest(1).guest(2).guest(3);
        seed.photo(&photo(1), &[&[(1, 0.8)], &[(2, 0.4)], &[(9, 0.9)]]);
        seed.photo(&photo(2), &[&[(1, 0.2)]]);
        seed.photo(&photo(3), &[]);
        seed.plant(&world);

        let dry = matched(&world, "--dry-run");
        assert_eq!(
            counts(&dry, &["photos", "faces", "members", "selfies", "confirmed", "pending"]),
            [3, 4, 3, 3, 1, 1],
            "{dry}"
        );
        assert_eq!(told(&world), "");
        let first = matched(&world, "");
        assert_eq!(
            counts(&first, &["photos", "faces", "confirmed", "pending", "new_selfies"]),
            [3, 4, 1, 1, 3],
            "{first}"
        );
        assert_eq!(told(&world), "001:001:confirmed 001:002:pending");
        let stored = "SELECT round(confidence::numeric, 3), source FROM photo_tags ORDER BY user_id";
        assert_eq!(world.sql(stored), "80.000|auto\n40.000|auto");
        let marks = "SELECT ordinal, engine, round(confirm_at::numeric, 3), selfie_id IS NOT NULL FROM photoctl.tag_marks ORDER BY user_id";
        assert_eq!(world.sql(marks), "0|local|0.450|t\n1|local|0.450|t");

        // Nothing is new; then one photo is, then one selfie.
        let again = matched(&world, "");
        assert_eq!(counts(&again, &["photos", "faces", "new_selfies", "confirmed"]), [0, 0, 0, 0], "{again}");
        seed.photo(&photo(4), &[&[(3, 0.7)]]).plant(&world);
        let third = matched(&world, "");
        assert_eq!(counts(&third, &["photos", "confirmed"]), [1, 1], "{third}");
        seed.guest(9).plant(&world);
        let fourth = matched(&world, "");
        assert_eq!(counts(&fourth, &["new_selfies", "confirmed", "unchanged"]), [1, 1, 2], "{fourth}");
        assert_eq!(told(&world), "001:001:confirmed 001:002:pending 001:009:confirmed 004:003:confirmed");
        let all = matched(&world, "--all");
        assert_eq!(
            counts(&all, &["photos", "faces", "confirmed", "pending", "changed", "removed", "unchanged"]),
            [4, 5, 0, 0, 0, 0, 4],
            "{all}"
        );
        let audit = "SELECT count(*), sum(item_count) FROM photoctl.audit WHERE action = 'match'";
        assert_eq!(world.sql(audit), "3|4");
    }
}

#[test]
fn the_nearest_of_two_who_look_alike_is_doubtful_and_each_gets_a_face_of_their_own() {
    let world = World::real();
    let mut seed = Seed::default();
    seed.guest(1).guest(2);
    seed.photo(&photo(1), &[&[(1, 0.6), (2, 0.57)]]);
    seed.photo(&photo(2), &[&[(1, 0.7), (2, 0.5)], &[(1, 0.65), (2, 0.6)]]);
    // One person twice in a photo: one tag, of the better face.
    seed.photo(&photo(3), &[&[(1, 0.5)], &[(1, 0.9)]]);
    seed.plant(&world);
    matched(&world, "");
    assert_eq!(told(&world), "001:001:pending 002:001:confirmed 002:002:pending 003:001:confirmed");
    let best = format!("SELECT ordinal FROM photoctl.tag_marks WHERE photo_id = '{}'", photo(3));
    assert_eq!(world.sql(&best), "1");
    let runner_up = format!(
        "SELECT runner_up = '{}', round(runner_up_score::numeric, 2) FROM photoctl.tag_marks WHERE photo_id = '{}'",
        user(2),
        photo(1)
    );
    assert_eq!(world.sql(&runner_up), "t|0.57");
}

#[test]
fn what_people_decided_stays_also_in_the_web_application() {
    for world in World::both() {
        let mut seed = Seed::default();
        seed.guest(1).guest(2);
        for n in 1..=6 {
            seed.photo(&photo(n), &[&[(1, 0.8)]]);
        }
        seed.plant(&world);
        // A row of the web application's own, with an id of its own.
        world.sql(&format!(
            "INSERT INTO photo_tags (photo_id, user_id, confidence, source, review_status)
             VALUES ('{}', '{}', 0, 'manual', 'confirmed'), ('{}', '{}', 91, 'auto', 'pending')",
            photo(5),
            user(1),
            photo(6),
            user(1)
        ));
        matched(&world, "");
        // As its reviewers do: rejected, taken away, put back to wait.
        world.sql(&format!(
            "UPDATE photo_tags SET review_status = 'rejected' WHERE photo_id = '{}';
             DELETE FROM photo_tags WHERE photo_id = '{}';
             UPDATE photo_tags SET review_status = 'pending' WHERE photo_id = '{}'",
            photo(1),
            photo(2),
            photo(3)
        ));
        let stands = "001:001:rejected 003:001:pending 004:001:confirmed 005:001:confirmed 006:001:pending";
        let report = matched(&world, "--all");
        assert_eq!(report["decided_elsewhere"], 3, "{report}");
        assert_eq!(told(&world), stands);
        // A new selfie of the same person, nearer than ever.
        seed.selfie(1, &[(1, 0.999)]).plant(&world);
        matched(&world, "");
        assert_eq!(told(&world), stands);
        // The rejected row is removed by the web application: that takes nothing back.
        world.sql(&format!("DELETE FROM photo_tags WHERE photo_id = '{}'", photo(1)));
        matched(&world, "--all");
        assert_eq!(told(&world), stands.trim_start_matches("001:001:rejected "));
        let history = format!(
            "SELECT string_agg(decision || ':' || by_web, ' ' ORDER BY id) FROM photoctl.tag_decisions WHERE photo_id = '{}'",
            photo(1)
        );
        assert_eq!(world.sql(&history), "rejected:true removed:true");
        assert_eq!(
            world.sql("SELECT count(*) FROM photo_tags WHERE confidence = 91 AND review_status = 'pending'"),
            "1"
        );
    }
}

#[test]
fn a_photo_that_comes_back_is_compared_with_who_came_meanwhile() {
    for by_web in [false, true] {
        let world = World::real();
        let mut seed = Seed::default();
        seed.guest(1).photo(&photo(1), &[&[(1, 0.8)], &[(2, 0.8)]]).plant(&world);
        matched(&world, "");
        world.photos(&format!("delete {} --yes", photo(1))).run().code(0);
        seed.guest(2).plant(&world);
        assert_eq!(matched(&world, "")["new_selfies"], 1);
        if by_web {
            world.sql("UPDATE photos SET deleted_at = NULL");
        } else {
            world.photos(&format!("restore {}", photo(1))).run().code(0);
        }
        assert_eq!(matched(&world, "")["photos"], 1);
        assert_eq!(told(&world), "001:001:confirmed 001:002:confirmed", "by_web {by_web}");
    }
}

/// The web application has decided and not committed yet when the run comes to that tag.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_decided_while_a_run_goes_on_stands() {
    use sqlx::Connection;
    let world = World::real();
    let mut seed = Seed::default();
    seed.guest(1).photo(&photo(1), &[&[(1, 0.4)]]).plant(&world);
    matched(&world, "");
    assert_eq!(told(&world), "001:001:pending");
    // A better selfie would have it confirmed.
    seed.selfie(1, &[(1, 0.5), (41, 0.86)]).plant(&world);
    let better = "UPDATE selfies SET embedding = (SELECT vector FROM photoctl.faces) WHERE id::text LIKE '%e002'";
    world.sql(better);
    let db = world.database().unwrap();
    let mut web = db.outsider().await;
    let decide = "BEGIN; UPDATE photo_tags SET review_status = 'rejected'";
    sqlx::raw_sql(decide).execute(&mut web).await.unwrap();
    let run = world.machine().line(&format!("tags match --project {PROJECT} --json")).spawn();
    db.until_blocked(1);
    sqlx::raw_sql("COMMIT").execute(&mut web).await.unwrap();
    web.close().await.unwrap();
    let report = run.wait().code(0).json();
    assert_eq!((&report["decided_elsewhere"], &report["changed"]), (&1.into(), &0.into()), "{report}");
    assert_eq!(told(&world), "001:001:rejected");
    matched(&world, "--all");
    assert_eq!(told(&world), "001:001:rejected");
}

#[test]
fn thresholds_are_the_projects_and_contradictions_are_refused() {
    let world = World::real();
    let mut seed = Seed::default();
    seed.guest(1).photo(&photo(1), &[&[(1, 0.6)]]).photo(&photo(2), &[&[(1, 0.5)]]).plant(&world);
    let set = |line: &str| world.machine().args(shlex::split(line).unwrap()).run();
    set(&format!("project settings set --project {PROJECT} match_confirm 0.7")).code(0);
    set(&format!("project settings set --project {PROJECT} match_review 0.55")).code(0);
    matched(&world, "");
    assert_eq!(told(&world), "001:001:pending");
    // What nobody decided follows the rules of the day.
    set(&format!("project settings set --project {PROJECT} match_review 0.45")).code(0);
    set(&format!("project settings set --project {PROJECT} match_confirm 0.55")).code(0);
    let report = matched(&world, "--all");
    assert_eq!(counts(&report, &["changed", "pending"]), [1, 1], "{report}");
    assert_eq!(told(&world), "001:001:confirmed 002:001:pending");
    set(&format!("project settings set --project {PROJECT} match_review 0.9")).code(0);
    let refused = tags(&world, &format!("match --project {PROJECT} --json")).code(2);
    assert!(refused.error()["message"].as_str().unwrap().contains("0.9"), "{}", refused.error());
}

#[test]
fn faces_go_when_their_time_is_over_and_tags_stay() {
    for world in World::both() {
        let mut seed = Seed::default();
        seed.guest(1).photo(&photo(1), &[&[(1, 0.8)]]).plant(&world);
        world
            .sql(&format!("UPDATE photos SET uploaded_at = now() - interval '29 days' WHERE project_id = '{PROJECT}'"));
        let faces = |line: &str| world.machine().args(shlex::split(&format!("faces {line}")).unwrap()).run();
        assert_eq!(faces("purge --json").code(0).json()["faces"], 0);
        matched(&world, "");
        world.sql(&format!("UPDATE projects SET end_at = now() - interval '31 days' WHERE id = '{PROJECT}'"));
        assert_eq!(faces("purge --dry-run --json").code(0).json()["faces"], 1);
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.faces"), "1");
        let run = matched(&world, "");
        assert_eq!(run["faces_purged"], 1, "a run of matching obeys it too: {run}");
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.faces"), "0");
        assert_eq!(told(&world), "001:001:confirmed");
        assert_eq!(
            world.sql("SELECT action, fields->'faces'->>'before' FROM photoctl.audit WHERE action LIKE 'purge%'"),
            "purge_faces|1"
        );
        let refused = faces(&format!("index --project {PROJECT} --json"));
        assert_eq!(refused.code(7).error()["code"], "policy");
    }
}
