use std::collections::BTreeSet;

use super::{LINK, assert_not_in_the_audit_log, issue, member, prepare, qr, real, text, told, user};
use crate::photos_world::{OTHER_PROJECT, PROJECT, USER, World};
use crate::support::pg;

#[test]
fn tokens_are_issued_listed_revoked_and_pruned() {
    for world in World::both() {
        prepare(&world);
        let tokens = issue(&world, "--count 4 --expires 30d");
        let different: BTreeSet<&String> = tokens.iter().collect();
        assert_eq!(different.len(), 4);
        assert!(tokens.iter().all(|token| token.len() == 26 && token.bytes().all(|b| b.is_ascii_alphanumeric())));
        let rows = world.sql(
            "SELECT token, used_at, expires_at BETWEEN now() + interval '719 hours' AND now() + interval '30 days'
               FROM qr_tokens ORDER BY token",
        );
        let expected: Vec<String> = different.iter().map(|token| format!("{token}||t")).collect();
        assert_eq!(rows, expected.join("\n"));

        let list = qr(&world, &format!("list --project {PROJECT} --json")).code(0);
        assert!(tokens.iter().all(|token| !list.stdout.contains(token.as_str())), "{}", list.transcript());
        let list = list.json();
        assert_eq!(list.as_array().unwrap().len(), 4);
        let begins: BTreeSet<String> = list.as_array().unwrap().iter().map(|row| text(row, "begins")).collect();
        assert!(begins.contains(&format!("{}…", &tokens[0][..4])));
        let shown = qr(&world, &format!("list --project {PROJECT} --show-tokens --output csv")).code(0).stdout;
        assert!(tokens.iter().all(|token| shown.contains(&format!("{LINK}?token={token}"))), "{shown}");

        // One by the token, one by its id; again, there is nothing to revoke.
        let id = text(&list[0], "id");
        let other = world.sql(&format!("SELECT token FROM qr_tokens WHERE id <> '{id}' ORDER BY token LIMIT 1"));
        let revoked = qr(&world, &format!("revoke {other} {} --json", &id[..13])).code(0).json();
        assert_eq!((&revoked["revoked"], &revoked["unchanged"]), (&2.into(), &0.into()));
        assert_eq!(world.sql("SELECT count(*) FROM qr_tokens WHERE expires_at <= now()"), "2");
        assert_eq!(qr(&world, &format!("revoke {other} --json")).code(0).json()["unchanged"], 1);
        qr(&world, "revoke nosuchtokenatall").code(1).stderr_has("there is no token nosu…");

        world.sql(
            "UPDATE qr_tokens SET used_at = now(), expires_at = now()
              WHERE id = (SELECT id FROM qr_tokens WHERE expires_at > now() LIMIT 1)",
        );
        for (status, count) in [("open", 1), ("used", 1), ("revoked", 2), ("expired", 0)] {
            let list = qr(&world, &format!("list --status {status} --json")).code(0).json();
            assert_eq!(list.as_array().unwrap().len(), count, "{status}");
        }

        // Those that were used stay: they tell who came by which card.
        qr(&world, "prune").code(2).stderr_has("--yes");
        assert_eq!(qr(&world, "prune --dry-run --json").code(0).json()["pruned"], 2);
        assert_eq!(qr(&world, "prune --before 1h --yes --json").code(0).json()["pruned"], 0);
        assert_eq!(qr(&world, &format!("prune --project {OTHER_PROJECT} --yes --json")).code(0).json()["pruned"], 0);
        assert_eq!(qr(&world, "prune --yes --json").code(0).json()["pruned"], 2);
        assert_eq!(world.sql("SELECT count(*) FROM qr_tokens"), "2");
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.qr_tokens"), "0");

        assert_eq!(told(&world), "issue|4 export|4 revoke|2 prune|2");
        assert_not_in_the_audit_log(&world, &tokens);
        qr(&world, "revoke --all --project Summer").code(1);
        qr(&world, &format!("revoke --all --project {PROJECT}")).code(2).stderr_has("1 open token");
        qr(&world, &format!("revoke --all --project {PROJECT} --yes")).code(0).stdout_has("Revoked 1 token");
        world.machine().line("audit list --verify").ok().stderr_has("sound");
    }
}

/// Open is what lets somebody join: not the token of a deleted guest, nor any of a project that is over or deleted.
#[test]
fn a_token_that_lets_nobody_in_is_not_open() {
    let world = real();
    member(&world, "Gus", "gus@example.org");
    issue(&world, "--members");
    let token = issue(&world, "").remove(0);
    let stand = |expected: &str| {
        let count = |status: &str| {
            let list = qr(&world, &format!("list --project {PROJECT} --status {status} --json")).code(0).json();
            list.as_array().unwrap().len()
        };
        let counts = [count("open"), count("closed"), count("expired"), count("revoked")];
        assert_eq!(counts.map(|count| count.to_string()).join(" "), expected);
        let shown = world.machine().line(&format!("project show {PROJECT} --json")).ok().json();
        assert_eq!(shown["counts"]["open_tokens"], counts[0], "{shown}");
    };
    stand("2 0 0 0");
    world.sql("UPDATE users SET deleted_at = now() WHERE email = 'gus@example.org'");
    stand("1 1 0 0");
    world.sql(&format!("UPDATE projects SET end_at = now() - interval '1 hour' WHERE id = '{PROJECT}'"));
    stand("0 2 0 0");
    let over = [
        format!("sheet --project {PROJECT} --to cards.pdf"),
        format!("sheet --project {PROJECT} --to cards.pdf --token {token}"),
        format!("render {token} --to code.svg"),
    ];
    for line in &over {
        let output = qr(&world, &format!("{line} --json")).code(7);
        assert_eq!(output.error()["code"], "project_over", "{line}");
    }
    for file in ["cards.pdf", "code.svg"] {
        assert!(!world.machine().path().join(file).exists());
    }
    // Whoever has one is not given a second: the end may be moved.
    issue(&world, "--user Di --expires 30d");
    qr(&world, &format!("issue --project {PROJECT} --user Di --expires 30d")).code(1).stderr_has("an open token");
    // Revoked for good, whatever becomes of the guest and the project.
    qr(&world, &format!("revoke --all --project {PROJECT} --yes")).code(0).stdout_has("Revoked 3 tokens");
    world.sql(&format!("UPDATE projects SET end_at = '2099-06-01 18:00' WHERE id = '{PROJECT}'"));
    stand("0 0 0 3");
    let token = issue(&world, "").remove(0);
    world.sql(&format!("UPDATE projects SET deleted_at = now() WHERE id = '{PROJECT}'"));
    let deleted = qr(&world, &format!("render {token} --format svg --json")).code(7).error();
    assert_eq!(deleted["code"], "project_deleted");
}

#[test]
fn each_member_gets_one_and_never_a_second() {
    let world = real();
    for n in 0..5 {
        member(&world, &format!("Guest {n}"), &format!("g{n}@example.org"));
    }
    world.sql("UPDATE users SET deleted_at = now() WHERE email = 'g4@example.org'");
    user(&world, "No member", "no@example.org");
    let line = format!("issue --project {PROJECT} --members");
    let dry = qr(&world, &format!("{line} --dry-run --json")).code(0).json();
    assert_eq!((&dry["issued"], world.sql("SELECT count(*) FROM qr_tokens").as_str()), (&4.into(), "0"));
    // At once, from several places.
    let runs: Vec<_> = (0..4).map(|_| world.machine().line(&format!("qr {line} --json")).spawn()).collect();
    let issued: u64 = runs.into_iter().map(|run| run.wait().code(0).json()["issued"].as_u64().unwrap()).sum();
    assert_eq!(issued, 4);
    assert_eq!(world.sql("SELECT count(*), count(DISTINCT user_id) FROM photoctl.qr_tokens"), "4|4");
    let again = qr(&world, &format!("{line} --json")).code(0).json();
    assert_eq!((&again["issued"], &again["already_open"]), (&0.into(), &4.into()));
    // Whose was used or lost gets another.
    world.sql(
        "UPDATE qr_tokens SET used_at = now() WHERE id = (SELECT token_id FROM photoctl.qr_tokens l JOIN users u ON u.id = l.user_id
          WHERE u.email = 'g1@example.org')",
    );
    qr(&world, "revoke --all --project Summer --user g2@example.org --yes").code(1);
    qr(&world, &format!("revoke --all --project {PROJECT} --user g2@example.org --yes")).code(0);
    assert_eq!(issue(&world, "--members").len(), 2);
}

#[test]
fn a_guest_gets_one_of_their_own() {
    let world = real();
    let first = issue(&world, "--user di@example.org");
    let line = format!("issue --project {PROJECT} --user di@example.org --json");
    assert_eq!(qr(&world, &line).code(1).error()["code"], "already_exists");
    let there = qr(&world, &format!("{line} --if-not-exists")).code(0).json();
    assert_eq!((text(&there, "token"), &there["issued"]), (first[0].clone(), &0.into()));
    let second = issue(&world, "--user di@example.org --allow-duplicate");
    assert_ne!(first, second);
    assert_eq!(world.sql("SELECT DISTINCT user_id FROM photoctl.qr_tokens"), USER);
    assert_eq!(text(&qr(&world, "list --user Di --json").code(0).json()[0]["user"], "email"), "di@example.org");
}

#[test]
fn tokens_end_when_it_is_said_or_with_the_project() {
    let world = real();
    let line = |more: &str| format!("issue --project {PROJECT} {more} --json");
    let expires = |more: &str| {
        let output = qr(&world, &line(more)).code(0);
        (text(&output.json(), "expires_at"), output.stderr)
    };
    let (end, quiet) = expires("");
    assert_eq!(end, "2099-06-01T18:00:00Z");
    assert!(!quiet.contains("Warning"), "{quiet}");
    // In the project's zone; a bare date includes its day.
    assert_eq!(expires("--expires 2098-07-01T14:00").0, "2098-07-01T12:00:00Z");
    assert_eq!(expires("--expires 2098-07-01").0, "2098-07-01T22:00:00Z");
    assert_eq!(expires("--expires 2098-07-01T14:00-03:00").0, "2098-07-01T17:00:00Z");
    assert!(expires("--expires 30d").1.contains("before the project starts"));
    assert!(expires("--expires 2099-12-01").1.contains("ends (2099-06-01 20:00 CEST) before the tokens expire"));
    for wrong in ["2020-01-01", "soon", "2098-03-30T02:30", "99999999d", "-1d"] {
        qr(&world, &line(&format!("--expires {wrong}"))).code(2);
    }
    qr(&world, &format!("issue --project {OTHER_PROJECT}")).code(2).stderr_has("--expires");
    world.sql(&format!("UPDATE projects SET end_at = now() - interval '1 day' WHERE id = '{OTHER_PROJECT}'"));
    qr(&world, &format!("issue --project {OTHER_PROJECT}")).code(2).stderr_has("is over");
    qr(&world, &format!("issue --project {PROJECT} --count 0")).code(2);
    world.sql(&format!("UPDATE projects SET deleted_at = now() WHERE id = '{OTHER_PROJECT}'"));
    qr(&world, &format!("issue --project {OTHER_PROJECT} --expires 1d")).code(1).stderr_has("was deleted");
    assert_eq!(world.sql(&format!("SELECT count(*) FROM qr_tokens WHERE project_id = '{OTHER_PROJECT}'")), "0");
}

#[test]
fn long_lists_go_on_where_they_were_cut() {
    let world = real();
    issue(&world, "--count 25");
    let mut after = String::new();
    let mut seen = BTreeSet::new();
    for expected in [10, 10, 5] {
        let list = qr(&world, &format!("list --limit 10 {after} --json")).code(0);
        let rows = list.json();
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), expected);
        seen.extend(rows.iter().map(|row| text(row, "id")));
        after = format!("--after {}", text(rows.last().unwrap(), "id"));
        assert_eq!(list.stderr.contains(&after), expected == 10, "{}", list.stderr);
    }
    assert_eq!(seen.len(), 25);
    qr(&world, &format!("list --after {USER}")).code(1);
}

/// A role that only reads sees what there is, and issues nothing.
#[test]
fn least_rights_are_enough_to_look() {
    let world = real();
    issue(&world, "");
    let db = world.database().unwrap();
    let role = format!("reader_{}", &db.name()[5..17]);
    pg::psql(db.url(), &photoctl::db::grants::sql(photoctl::db::grants::Job::Read, &role, db.name(), "public"));
    pg::psql(db.url(), &format!("ALTER ROLE {role} PASSWORD 'test'"));
    let machine = world.machine().clone().env("DATABASE_URL", db.url_of(&role));
    let listed = machine.line("qr list --json").run();
    let refused = machine.line(&format!("qr issue --project {PROJECT}")).run();
    pg::psql(db.url(), &format!("DROP OWNED BY {role}; DROP ROLE {role}"));
    assert_eq!(listed.code(0).json().as_array().unwrap().len(), 1);
    refused.code(4);
}
