//! Consents: acted through the binary, read by psql.

use std::sync::Barrier;

use serde_json::{Value, json};
use sqlx::Connection;

use crate::photos_world::{PROJECT, World};
use crate::support::Output;

const GRANT: &str = "--consent-version 2026-05 --evidence desk";

#[track_caller]
fn consent(world: &World, line: &str) -> Output {
    world.machine().args(shlex::split(&format!("consent {line}")).unwrap()).run()
}

fn member(world: &World, email: &str) -> String {
    world.sql(&format!(
        "WITH made AS (INSERT INTO users (name, email, password_hash) VALUES (E'Gus \\x1b[31m', '{email}', 'x') RETURNING id)
         INSERT INTO project_members (project_id, user_id) SELECT '{PROJECT}', id FROM made RETURNING user_id"
    ))
}

fn told(world: &World) -> String {
    let rows = world.sql("SELECT action FROM photoctl.audit WHERE entity = 'user_consent' ORDER BY seq");
    rows.lines().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_consent_is_recorded_with_its_proof_and_ended_with_what_was_known_by_it() {
    for world in World::both() {
        let gus = member(&world, "gus@example.org");
        let eva = member(&world, "eva@example.org");
        world.machine().file("form.pdf", b"%PDF-1.4 a form");
        let line = "grant --user gus@example.org --consent-version 1 --evidence-file form.pdf --given-at 2026-05-30T14:00+02:00";
        let given = consent(&world, &format!("{line} --json")).code(0).json();
        assert_eq!((&given["created"], &given["version"]), (&json!(true), &json!("1")), "{given}");
        assert_eq!(given["given_at"], "2026-05-30T12:00:00Z");
        assert_eq!(given["evidence"]["file_name"], "form.pdf");
        let proof = "SELECT c.consent_type, c.given_at, convert_from(e.file, 'UTF8'), encode(e.sha256, 'hex') = encode(sha256(e.file), 'hex')
                       FROM user_consents c JOIN photoctl.consent_evidence e ON e.consent_id = c.id";
        assert_eq!(world.sql(proof), "biometric_processing|2026-05-30 12:00:00|%PDF-1.4 a form|t");

        // The same again is there; another version is another consent; another's stay.
        assert_eq!(consent(&world, &format!("{line} --json")).code(1).error()["code"], "already_exists");
        let again = consent(&world, &format!("{line} --if-not-exists --json")).code(0).json();
        assert_eq!((&again["created"], &again["id"]), (&json!(false), &given["id"]));
        consent(&world, &format!("grant --user gus@example.org {GRANT}")).code(0).stdout_has("Recorded consent");
        consent(&world, &format!("grant --user eva@example.org {GRANT}")).code(0);

        let vector = format!("[{}]", vec!["0.1"; 128].join(","));
        world.sql(&format!(
            "INSERT INTO selfies (user_id, storage_key, embedding, status)
             SELECT id, 'selfies/' || id, '{vector}', 'approved' FROM users WHERE id IN ('{gus}', '{eva}');
             INSERT INTO photographers (name, email, password_hash, operator_id)
             SELECT 'p', 'p@example.org', 'x', operator_id FROM projects WHERE id = '{PROJECT}';
             INSERT INTO photos (project_id, photographer_id, storage_key, status)
             SELECT '{PROJECT}', id, 'k', 'ready' FROM photographers WHERE email = 'p@example.org';
             INSERT INTO photo_tags (photo_id, user_id, confidence, source, review_status)
             SELECT f.id, u.id, 50, 'ai', s FROM photos f, users u, unnest(ARRAY['pending', 'confirmed', 'rejected']) s
              WHERE f.storage_key = 'k' AND u.id IN ('{gus}', '{eva}')"
        ));
        let known = "SELECT (SELECT count(embedding) FROM selfies), (SELECT count(*) FROM photo_tags WHERE review_status = 'pending'),
                            (SELECT count(*) FROM photo_tags), (SELECT count(*) FROM user_consents WHERE revoked_at IS NULL)";
        assert_eq!(world.sql(known), "2|2|6|3");
        consent(&world, "revoke --user gus@example.org").code(2).stderr_has("--yes");
        let dry = consent(&world, "revoke --user gus@example.org --dry-run --json").code(0).json();
        assert_eq!((&dry["revoked"], &dry["dry_run"]), (&json!(2), &json!(true)));
        assert_eq!(world.sql(known), "2|2|6|3");
        let done = consent(&world, "revoke --user gus@example.org --yes --json").code(0).json();
        let counts = ["revoked", "selfies_withdrawn", "pending_tags_removed", "tags_kept", "selfies_kept"];
        assert_eq!(counts.map(|key| done[key].as_u64().unwrap()), [2, 1, 1, 2, 1], "{done}");
        assert_eq!(world.sql(known), "1|1|5|1");
        assert_eq!(world.sql(&format!("SELECT count(*) FROM user_consents WHERE user_id = '{gus}'")), "2", "rows stay");
        let done = consent(&world, "revoke --user gus@example.org --yes").code(0);
        done.stdout_has("no active consent");
        assert_eq!(told(&world), "grant grant grant revoke");

        // What was given before the revocation does not bring it back.
        let old = consent(&world, &format!("grant --user gus@example.org {GRANT} --given-at 2026-01-01T00:00:00Z"));
        old.code(2).stderr_has("that holds");
        // Granting again adds a row.
        consent(&world, &format!("grant --user gus@example.org {GRANT}")).code(0);
        assert_eq!(world.sql(&format!("SELECT count(*) FROM user_consents WHERE user_id = '{gus}'")), "3");
        let list: Value = consent(&world, "list --user gus@example.org --active --json").code(0).json();
        assert_eq!(list.as_array().unwrap().len(), 1, "{list}");
        assert_eq!(consent(&world, "list --json").code(0).json().as_array().unwrap().len(), 4);
        let page = consent(&world, "list --limit 1").code(0);
        assert!(page.stderr.contains("--after") && !page.stdout.contains('\u{1b}'), "{}", page.transcript());
        let log = world.sql("SELECT a::text FROM photoctl.audit a");
        assert!(!log.contains("gus@example.org") && !log.contains("desk") && !log.contains("form.pdf"), "{log}");
    }
}

#[test]
fn status_says_who_may_be_looked_for() {
    let world = World::real();
    for (email, versions) in [("a@x.org", &["1", "2"][..]), ("b@x.org", &["1"]), ("c@x.org", &["2"]), ("d@x.org", &[])]
    {
        member(&world, email);
        for version in versions {
            consent(&world, &format!("grant --user {email} --consent-version {version} --evidence desk")).code(0);
        }
    }
    consent(&world, "revoke --user c@x.org --yes").code(0);
    consent(&world, "grant --user d@x.org --type newsletter --consent-version 2 --evidence desk").code(0);
    let counts =
        |status: &Value| ["allowed", "old_version", "revoked", "missing"].map(|key| status[key].as_u64().unwrap());
    let status = |more: &str| consent(&world, &format!("status --project {PROJECT} --json {more}")).code(0).json();
    assert_eq!(counts(&status("")), [2, 0, 1, 1]);
    let set = |value: &str| {
        let words = ["project", "settings", "set", "--project", PROJECT, "consent_versions", value];
        world.machine().args(words).run()
    };
    set("2,any").code(2).stderr_has("any stands alone");
    set(",").code(2);
    set("2, 3").code(0);
    let told = status("--only old_version");
    assert_eq!(counts(&told), [1, 1, 1, 1]);
    let named = told["members"].as_array().unwrap();
    assert_eq!((named.len(), &named[0]["email"]), (1, &json!("b@x.org")));
    assert_eq!(told["sufficient_versions"], json!(["2", "3"]));
    world.sql("UPDATE users SET deleted_at = now() WHERE email = 'd@x.org'");
    let page = consent(&world, &format!("status --project {PROJECT}")).code(0);
    assert!(page.stdout.contains("old version") && !page.stdout.contains("d@x.org") && !page.stdout.contains('\u{1b}'));
}

#[test]
fn what_proves_nothing_is_no_consent() {
    let world = World::real();
    member(&world, "gus@example.org");
    world.machine().file("empty.pdf", b"");
    world.machine().file("huge.pdf", vec![b'x'; 10_000_001]);
    for (line, said) in [
        ("--consent-version 1", "what proves"),
        ("--consent-version 1 --evidence ' '", "evidence is empty"),
        ("--consent-version 1 --evidence-file empty.pdf", "proves nothing"),
        ("--consent-version 1 --evidence-file huge.pdf", "larger than"),
        ("--evidence x", "--consent-version"),
        ("--consent-version 1,2 --evidence x", "cannot hold"),
        ("--consent-version 123456789012345678901 --evidence x", "room for 20"),
        ("--consent-version 1 --evidence x --type Face", "cannot hold"),
        ("--consent-version 1 --evidence x --given-at 2199-01-01", "lies ahead"),
        ("--consent-version 1 --evidence x --given-at soon", "--given-at"),
    ] {
        consent(&world, &format!("grant --user gus@example.org {line}")).code(2).stderr_has(said);
    }
    consent(&world, "grant --user gus@example.org --consent-version 1 --evidence-file gone.pdf").code(1);
    consent(&world, &format!("grant --user nobody@example.org {GRANT}")).code(1).stderr_has("no user");
    world.sql("UPDATE users SET deleted_at = now()");
    consent(&world, &format!("grant --user gus@example.org {GRANT}")).code(1).stderr_has("was deleted");
    assert_eq!(world.sql("SELECT count(*) FROM user_consents"), "0");
}

#[test]
fn two_at_once_make_one_consent() {
    let world = World::real();
    member(&world, "gus@example.org");
    let start = Barrier::new(4);
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let run = || {
            start.wait();
            consent(&world, &format!("grant --user gus@example.org {GRANT}")).code
        };
        let hands: Vec<_> = (0..4).map(|_| scope.spawn(run)).collect();
        hands.into_iter().map(|hand| hand.join().unwrap()).collect()
    });
    assert_eq!(codes.iter().filter(|code| **code == 0).count(), 1, "{codes:?}");
    assert_eq!(world.sql("SELECT count(*) FROM user_consents"), "1");
}

/// Who works on a face holds the consent's row until their transaction ends; a revocation waits for them, and whoever
/// asks afterwards finds none.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revocation_waits_for_who_works_by_the_consent() {
    let world = World::real();
    let gus = member(&world, "gus@example.org");
    consent(&world, &format!("grant --user gus@example.org {GRANT}")).code(0);
    let db = world.database().unwrap();
    let mut worker = db.outsider().await;
    let active = "SELECT count(*) FROM user_consents WHERE revoked_at IS NULL";
    let held = format!("BEGIN; SELECT FROM user_consents WHERE user_id = '{gus}' AND revoked_at IS NULL FOR SHARE");
    sqlx::raw_sql(sqlx::AssertSqlSafe(held)).execute(&mut worker).await.unwrap();
    let revoke = world.machine().line("consent revoke --user gus@example.org --yes").spawn();
    db.until_blocked(1);
    let seen: i64 = sqlx::query_scalar(active).fetch_one(&mut worker).await.unwrap();
    assert_eq!(seen, 1, "it holds as long as somebody works by it");
    sqlx::raw_sql("COMMIT").execute(&mut worker).await.unwrap();
    worker.close().await.unwrap();
    revoke.wait().code(0).stdout_has("Revoked 1 consent");
    assert_eq!(world.sql(active), "0");
}

/// Whoever is gone may still take back what they allowed.
#[test]
fn a_deleted_users_consent_is_listed_and_revoked() {
    let world = World::real();
    member(&world, "gus@example.org");
    consent(&world, &format!("grant --user gus@example.org {GRANT}")).code(0);
    world.sql("UPDATE users SET deleted_at = now() WHERE email = 'gus@example.org'");
    let list = consent(&world, "list --user gus@example.org --active --json").code(0).json();
    assert_eq!(list.as_array().unwrap().len(), 1);
    consent(&world, "revoke --user gus@example.org --yes").code(0);
    assert_eq!(world.sql("SELECT count(*) FROM user_consents WHERE revoked_at IS NULL"), "0");
    let nobody = "00000000-0000-4000-8000-000000000000";
    consent(&world, &format!("list --after {nobody}")).code(1).stderr_has("begin behind");
}
