use sqlx::{AssertSqlSafe, Connection};

use super::{assert_not_in_the_audit_log, issue, member, prepare, qr, real, text, user};
use crate::photos_world::{PROJECT, USER, World, wait};

/// Members, tokens that were used, uses that were noted.
fn counts(world: &World) -> String {
    world.sql(
        "SELECT (SELECT count(*) FROM project_members), (SELECT count(*) FROM qr_tokens WHERE used_at IS NOT NULL),
                (SELECT count(*) FROM photoctl.qr_uses)",
    )
}

#[track_caller]
fn refused(world: &World, line: &str, code: &str, sentence: &str) {
    // Each look costs the embedded database a start of its own.
    let look = || if world.is_embedded() { String::new() } else { counts(world) };
    let before = look();
    let error = qr(world, &format!("redeem {line} --json")).code(7).error();
    assert_eq!(error["code"], code, "{error}");
    assert!(text(&error, "message").contains(sentence), "{error}");
    assert_eq!(look(), before, "{code}");
}

#[test]
fn a_guest_joins_once_and_each_refusal_has_its_word() {
    for world in World::both() {
        prepare(&world);
        let tokens = issue(&world, "--count 6");
        let gus = user(&world, "Gus", "gus@example.org");
        let eve = user(&world, "Eve", "eve@example.org");
        let redeem = |token: &str, more: &str| qr(&world, &format!("redeem {token} {more} --json"));

        let dry = redeem(&tokens[0], "--user Gus --dry-run").code(0).json();
        assert_eq!((&dry["joined"], counts(&world).as_str()), (&true.into(), "0|0|0"));
        let joined = redeem(&tokens[0], "--user Gus").code(0).json();
        assert_eq!((text(&joined, "user_id"), text(&joined, "project_id")), (gus.clone(), PROJECT.to_owned()));
        let sql =
            "SELECT project_id, user_id, terms_accepted_at, joined_at BETWEEN now() - interval '1 minute' AND now()
                     FROM project_members";
        let row = world.sql(sql);
        assert!(row.starts_with(&format!("{PROJECT}|{gus}||t")), "{row}");
        assert_eq!(counts(&world), "1|1|1");

        refused(&world, &format!("{} --user Eve", tokens[0]), "token_used", "was used at");
        refused(&world, &format!("{} --user Gus", tokens[1]), "already_member", "is a member of");
        refused(&world, "nosuchtoken --user Eve", "token_unknown", "there is no token no…");
        qr(&world, &format!("revoke {}", tokens[2])).code(0);
        refused(&world, &format!("{} --user Eve", tokens[2]), "token_revoked", "was revoked at");
        world.sql(&format!("UPDATE qr_tokens SET expires_at = now() - interval '1 s' WHERE token = '{}'", tokens[3]));
        refused(&world, &format!("{} --user Eve", tokens[3]), "token_expired", "expired at");
        let own = issue(&world, "--user di@example.org");
        refused(&world, &format!("{} --user Eve", own[0]), "token_of_another", "another guest");

        world.sql(&format!("UPDATE projects SET terms_and_conditions = 'Be kind.' WHERE id = '{PROJECT}'"));
        refused(&world, &format!("{} --user Eve", tokens[4]), "terms_required", "has terms");
        let accepted = redeem(&tokens[4], "--user eve@example.org --accept-terms").code(0).json();
        assert!(accepted["terms_accepted_at"].is_string(), "{accepted}");
        let sql = format!("SELECT terms_accepted_at = joined_at FROM project_members WHERE user_id = '{eve}'");
        assert!(world.sql(&sql).starts_with('t'));

        world.sql(&format!("UPDATE users SET deleted_at = now() WHERE id = '{USER}'"));
        for name in ["di@example.org", USER] {
            refused(&world, &format!("{} --user {name} --accept-terms", own[0]), "user_deleted", "was deleted");
        }
        qr(&world, &format!("redeem {} --user nobody@example.org", tokens[5])).code(1);
        user(&world, "Fay", "fay@example.org");
        let fay = format!("{} --user Fay --accept-terms", tokens[5]);
        world.sql(&format!("UPDATE projects SET end_at = now() - interval '1 s' WHERE id = '{PROJECT}'"));
        refused(&world, &fay, "project_over", "ended at");
        world.sql(&format!("UPDATE projects SET deleted_at = now() WHERE id = '{PROJECT}'"));
        refused(&world, &fay, "project_deleted", "was deleted");

        assert_not_in_the_audit_log(&world, tokens.iter().chain(&own));
        let sql = "SELECT entity, action FROM photoctl.audit WHERE command = 'qr redeem' ORDER BY seq";
        let entries = ["project_member|create", "qr_token|redeem"].repeat(2).join("\n");
        assert_eq!(world.sql(sql), entries);
        world.machine().line("audit list --verify").ok().stderr_has("sound");
    }
}

#[test]
fn a_poster_lets_everybody_join_and_counts_them() {
    for world in World::both() {
        prepare(&world);
        let token = issue(&world, "--reusable").remove(0);
        for name in ["Eve", "Fay", "Gus"] {
            user(&world, name, &format!("{name}@example.org"));
            qr(&world, &format!("redeem {token} --user {name}")).code(0).stdout_has("joined Summer Run");
        }
        refused(&world, &format!("{token} --user Eve"), "already_member", "stays as it is");
        assert_eq!(counts(&world), "3|0|3");
        assert_eq!(world.sql("SELECT use_count FROM photoctl.qr_tokens"), "3");
        assert_eq!(qr(&world, "list --reusable --json").code(0).json()[0]["uses"], 3);
        // Whose uses are known is kept when its time is over.
        qr(&world, &format!("revoke {token}")).code(0);
        assert_eq!(qr(&world, "prune --yes --json").code(0).json()["pruned"], 0);
        user(&world, "Hal", "hal@example.org");
        refused(&world, &format!("{token} --user Hal"), "token_revoked", "revoked");
    }
}

/// Guests of a roster are members before they come: their card checks them in, and takes their word on the terms.
#[test]
fn a_members_own_card_is_used_without_a_second_member() {
    let world = real();
    world.sql(&format!("UPDATE projects SET terms_and_conditions = 'Be kind.' WHERE id = '{PROJECT}'"));
    member(&world, "Gus", "gus@example.org");
    let token = issue(&world, "--members").remove(0);
    refused(&world, &format!("{token} --user Gus"), "terms_required", "has terms");
    let used = qr(&world, &format!("redeem {token} --user Gus --accept-terms --json")).code(0).json();
    assert_eq!((&used["joined"], counts(&world).as_str()), (&false.into(), "1|1|1"));
    assert_eq!(world.sql("SELECT count(*) FROM project_members WHERE terms_accepted_at IS NOT NULL"), "1");
    refused(&world, &format!("{token} --user Gus --accept-terms"), "token_used", "was used");
}

/// Two processes at the same moment, many times over: one member, one use.
#[test]
fn of_two_at_the_same_moment_one_joins() {
    let world = real();
    let rounds = 8;
    let tokens = issue(&world, &format!("--count {rounds}"));
    for (round, token) in tokens.iter().enumerate() {
        let guests = [0, 1].map(|n| user(&world, "x", &format!("g{round}-{n}@example.org")));
        let line = |guest: &String| format!("qr redeem {token} --user {guest} --json");
        let runs = guests.each_ref().map(|guest| world.machine().line(&line(guest)).spawn());
        let mut codes = runs.map(|run| {
            let output = run.wait();
            if output.code == 0 { "joined".to_owned() } else { text(&output.error(), "code") }
        });
        codes.sort();
        assert_eq!(codes, ["joined", "token_used"]);
        assert_eq!(counts(&world), format!("{0}|{0}|{0}", round + 1));
    }
}

#[test]
fn one_guest_with_two_cards_at_the_same_moment_uses_one() {
    let world = real();
    for round in 0..8 {
        let tokens = issue(&world, "--count 2");
        let guest = user(&world, "x", &format!("g{round}@example.org"));
        let line = |token: &String| format!("qr redeem {token} --user {guest} --json");
        let runs: Vec<_> = tokens.iter().map(|token| world.machine().line(&line(token)).spawn()).collect();
        let mut codes: Vec<i32> = runs.into_iter().map(|run| run.wait().code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 7]);
        assert_eq!(counts(&world), format!("{0}|{0}|{0}", round + 1));
    }
}

/// The embedded database serves one process at a time: the second waits, and is refused then.
#[test]
fn on_the_embedded_database_one_waits_for_the_other() {
    let world = World::embedded();
    prepare(&world);
    let token = issue(&world, "").remove(0);
    let eve = user(&world, "Eve", "eve@example.org");
    let runs = [USER, &eve]
        .map(|guest| world.machine().line(&format!("qr redeem {token} --user {guest} --wait 2m --json")).spawn());
    let mut codes = runs.map(|run| run.wait().code);
    codes.sort_unstable();
    assert_eq!(codes, [0, 7]);
    assert_eq!(counts(&world), "1|1|1");
}

/// What the web application does at the same moment counts: its token is used, its project deleted, its guest gone.
#[test]
fn what_the_web_application_does_meanwhile_is_waited_for() {
    let world = real();
    let tokens = issue(&world, "--count 3");
    let changes = [
        (format!("UPDATE qr_tokens SET used_at = now() WHERE token = '{}'", tokens[0]), "token_used"),
        (format!("UPDATE users SET deleted_at = now() WHERE id = '{USER}'"), "user_deleted"),
        (format!("UPDATE projects SET deleted_at = now() WHERE id = '{PROJECT}'"), "project_deleted"),
    ];
    for ((sql, code), token) in changes.into_iter().zip(&tokens) {
        let output = wait(async {
            let mut web = world.database().unwrap().outsider().await;
            let mut tx = web.begin().await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *tx).await.unwrap();
            let run = world.machine().line(&format!("qr redeem {token} --user {USER} --json")).spawn();
            world.database().unwrap().until_blocked(1);
            tx.commit().await.unwrap();
            run.wait()
        });
        assert_eq!(output.code(7).error()["code"], code);
        assert_eq!(world.sql("SELECT count(*) FROM project_members"), "0");
        world.sql("UPDATE users SET deleted_at = NULL");
    }
}

#[test]
fn who_waited_for_a_revocation_does_not_join() {
    let world = real();
    let token = issue(&world, "--count 1").remove(0);
    // The revocation begins after the guest does, and holds the row when they come to it.
    let holder = world.database().unwrap().url().to_owned();
    let hold = format!(
        "BEGIN; SELECT 1 FROM qr_tokens WHERE token = '{token}' FOR UPDATE; SELECT pg_sleep(1.5);
         UPDATE qr_tokens SET expires_at = clock_timestamp() AT TIME ZONE 'UTC' WHERE token = '{token}'; COMMIT"
    );
    let revoking = std::thread::spawn(move || crate::support::pg::psql(&holder, &hold));
    std::thread::sleep(std::time::Duration::from_millis(500));
    let output = qr(&world, &format!("redeem {token} --user {USER}"));
    revoking.join().unwrap();
    output.code(7);
    assert_eq!(world.sql("SELECT count(*) FROM project_members"), "0");
}

#[test]
fn hostile_tokens_are_unknown_tokens() {
    let world = real();
    let machine = world.machine();
    let long = "x".repeat(100_000);
    for token in ["\u{1b}[2J\u{202e}", "' OR '1'='1", "$(reboot)", "--", "🎟️", "", " ", long.as_str(), "%", "../.."]
    {
        let run = machine.args(["qr", "redeem", "--user", USER, "--", token]).run();
        let output = run.code(7);
        assert!(!output.stderr.contains('\u{1b}') && output.stderr.len() < 1_000, "{}", output.stderr);
    }
    for bytes in [b"a\0b".to_vec(), vec![b'x'; 1_000_000], vec![0xff; 300], Vec::new()] {
        machine.args(["qr", "redeem", "-", "--user", USER]).stdin(bytes).run().code(7);
    }
    for word in [long.as_str(), "\u{1b}[2J", "", "%"] {
        for verb in ["revoke", "render"] {
            let output = machine.args(["qr", verb, "--", word]).run().code(1);
            assert!(!output.stderr.contains('\u{1b}') && output.stderr.len() < 1_000, "{}", output.stderr);
        }
    }
    // The web application's own form of a token is as good as ours, and comes from stdin too.
    world.sql(&format!(
        "INSERT INTO qr_tokens (project_id, token, expires_at) VALUES ('{PROJECT}', 'Ab-_~.+/=''ü', now() + interval '1 day')"
    ));
    machine.args(["qr", "redeem", "-", "--user", USER]).stdin("Ab-_~.+/='ü\n").ok();
    assert_eq!(counts(&world), "1|1|1");
}
