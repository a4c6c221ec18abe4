//! Selfies that wait for a person, and what a person decides.

use serde_json::json;

use super::{enrolled, face, member, selfie, text, told};
use crate::photos_world::World;

const STATE: &str =
    "SELECT status, embedding IS NOT NULL, split_part(rejection_reason, ':', 1) FROM selfies WHERE id = ";

#[test]
fn a_second_selfie_of_somebody_else_waits() {
    for world in World::both() {
        member(&world, "gus@example.org", Some("1"));
        enrolled(&world, "gus@example.org", &face("person_a_1"), 0, "");
        let item = enrolled(&world, "gus@example.org", &face("person_b_1"), 3, "");
        assert_eq!(text(&item, "status"), "pending", "{item}");
        assert!(text(&item, "reason").starts_with("UNLIKE_OTHER_SELFIES: "), "{item}");
        let id = text(&item, "id");
        let state = || world.sql(&format!("{STATE}'{id}'"));
        assert_eq!(state(), "pending|f|UNLIKE_OTHER_SELFIES");
        assert!(world.object(&world.sql(&format!("SELECT storage_key FROM selfies WHERE id = '{id}'"))).is_some());

        selfie(&world, &format!("approve {} --dry-run", &id[..8])).code(0).stdout_has("1 selfie would be approved");
        assert_eq!(state(), "pending|f|UNLIKE_OTHER_SELFIES");
        selfie(&world, &format!("approve {}", &id[..8])).code(0).stdout_has("1 selfie approved");
        assert_eq!(state(), "approved|t|");
        assert_eq!(
            world.sql(&format!("SELECT allowed FROM photoctl.selfie_facts WHERE selfie_id = '{id}'")),
            "{UNLIKE_OTHER_SELFIES}"
        );
        let again = selfie(&world, &format!("approve {id} --json")).code(0).json();
        assert_eq!((&again["changed"], &again["unchanged"]), (&json!(0), &json!(1)));

        selfie(&world, &format!("reject {id}")).code(2).stderr_has("--reason");
        selfie(&world, &format!("reject {id} --reason 'That is your sister.' --dry-run")).code(0);
        assert_eq!(state(), "approved|t|");
        selfie(&world, &format!("reject {id} --reason 'That is your sister.'")).code(0);
        let reason = world.sql(&format!("SELECT rejection_reason FROM selfies WHERE id = '{id}'"));
        assert_eq!((state().as_str(), reason.as_str()), ("rejected|f|MANUAL", "MANUAL: That is your sister."));
        // It can be taken back: the picture is still there. Not without a consent.
        world.machine().line("consent revoke --user gus@example.org --yes").ok();
        let refused = selfie(&world, &format!("approve {id} --json")).code(7).error();
        assert_eq!(refused["code"], "consent_required");
        world.machine().line("consent grant --user gus@example.org --consent-version 1 --evidence desk").ok();
        selfie(&world, &format!("approve {id}")).code(0);
        assert_eq!(state(), "approved|t|");
        assert_eq!(told(&world), "enroll enroll approve reject approve");
    }
}

#[test]
fn a_selfie_that_looks_like_another_member_waits_and_names_nobody_to_the_guest() {
    for world in World::both() {
        let gus = member(&world, "gus@example.org", Some("1"));
        member(&world, "eva@example.org", Some("1"));
        enrolled(&world, "gus@example.org", &face("person_a_1"), 0, "");
        let item = enrolled(&world, "eva@example.org", &face("person_a_2"), 3, "");
        assert_eq!(text(&item, "status"), "pending", "{item}");
        assert_eq!(text(&item["resembles"][0], "user_id"), gus);
        let reason = text(&item, "reason");
        assert!(
            reason.starts_with("LIKE_ANOTHER_USER: ") && !reason.contains("Gus") && !reason.contains(&gus),
            "{reason}"
        );
        // Whoever has revoked is compared with nobody: the question does not come up.
        world.machine().line("consent revoke --user gus@example.org --yes").ok();
        selfie(&world, &format!("delete {} --yes", text(&item, "id"))).code(0);
        let item = enrolled(&world, "eva@example.org", &face("person_a_2"), 0, "");
        assert_eq!(text(&item, "status"), "approved", "{item}");
    }
}

#[test]
fn a_member_of_no_common_project_is_not_compared() {
    let world = World::real();
    member(&world, "gus@example.org", Some("1"));
    enrolled(&world, "gus@example.org", &face("person_a_1"), 0, "");
    member(&world, "eva@example.org", Some("1"));
    world.sql(
        "UPDATE project_members SET project_id = (SELECT id FROM projects WHERE name = 'Winter Run')
                WHERE user_id = (SELECT id FROM users WHERE email = 'eva@example.org')",
    );
    let item = enrolled(&world, "eva@example.org", &face("person_a_2"), 0, "");
    assert_eq!(text(&item, "status"), "approved", "{item}");
}

/// What is enough in one project is not enough for a member of another one.
#[test]
fn a_member_is_compared_by_what_is_enough_where_they_are() {
    let world = World::real();
    member(&world, "gus@example.org", Some("1"));
    member(&world, "eva@example.org", Some("1"));
    enrolled(&world, "gus@example.org", &face("person_a_1"), 0, "");
    // Eva takes part in both; Gus only where another version is asked for by now.
    world.sql(
        "INSERT INTO project_members (project_id, user_id)
         SELECT p.id, u.id FROM projects p, users u WHERE p.name = 'Winter Run';
         DELETE FROM project_members m USING users u, projects p
          WHERE u.id = m.user_id AND p.id = m.project_id AND u.email = 'gus@example.org' AND p.name <> 'Winter Run'",
    );
    let settings = ["project", "settings", "set", "--project", "Winter Run", "consent_versions", "2"];
    world.machine().args(settings).ok();
    let item = enrolled(&world, "eva@example.org", &face("person_a_2"), 0, "");
    assert_eq!(text(&item, "status"), "approved", "{item}");
}

#[test]
fn selfies_are_reviewed_at_a_terminal_only() {
    for world in World::both() {
        member(&world, "gus@example.org", Some("1"));
        member(&world, "eva@example.org", Some("1"));
        enrolled(&world, "gus@example.org", &face("person_a_1"), 0, "");
        let refused = selfie(&world, "review").code(2);
        refused.stderr_has("selfie approve ID").stderr_has("selfie reject ID");
        let waiting = enrolled(&world, "eva@example.org", &face("person_a_2"), 3, "");
        let second = enrolled(&world, "gus@example.org", &face("person_b_2"), 3, "");
        let mut terminal = world.machine().args(["selfie", "review"]).on_terminal(120, 60);
        terminal.wait_for("eva@example.org");
        terminal.wait_for("Similarity with Gus");
        terminal.wait_for("approve");
        terminal.send("\r");
        terminal.wait_for("Similarity with their other selfies");
        terminal.send("\u{1b}[B\r");
        terminal.wait_for("What is wrong");
        terminal.send("Somebody else.\r");
        let (code, screen) = terminal.wait();
        assert_eq!(code, 0, "{screen}");
        let state = |id: &str| world.sql(&format!("{STATE}'{id}'"));
        assert_eq!(state(text(&waiting, "id")), "approved|t|");
        assert_eq!(state(text(&second, "id")), "rejected|f|MANUAL");
    }
}

#[test]
fn a_selfie_is_deleted_with_its_picture() {
    for world in World::both() {
        member(&world, "gus@example.org", Some("1"));
        let id = text(&enrolled(&world, "gus@example.org", &face("person_a_1"), 0, ""), "id").to_owned();
        let key = world.sql("SELECT storage_key FROM selfies");
        selfie(&world, &format!("delete {id}")).code(2).stderr_has("--yes");
        selfie(&world, &format!("delete {id} --dry-run")).code(0);
        assert!(world.object(&key).is_some());
        selfie(&world, &format!("delete {id} --yes")).code(0).stdout_has("1 selfie deleted");
        assert!(world.object(&key).is_none());
        let row = "SELECT s.deleted_at IS NOT NULL, s.embedding IS NULL, f.landmarks IS NULL, f.sha256 IS NOT NULL
                     FROM selfies s JOIN photoctl.selfie_facts f ON f.selfie_id = s.id";
        assert_eq!(world.sql(row), "t|t|t|t");
        assert_eq!(selfie(&world, "list --json").code(0).json(), json!([]));
        assert_eq!(selfie(&world, "list --deleted --json").code(0).json().as_array().unwrap().len(), 1);
        let again = selfie(&world, &format!("delete {id} --yes --json")).code(0).json();
        assert_eq!(again["unchanged"], 1);
        selfie(&world, &format!("approve {id}")).code(1).stderr_has("was deleted");
        assert_eq!(told(&world), "enroll delete");
    }
}
