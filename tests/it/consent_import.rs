//! Consents from a spreadsheet: what is taken, what is there already, and what stays revoked.

use serde_json::{Value, json};

use crate::photos_world::World;
use crate::support::Output;

const HEADER: &str = "email,consent_version,given_at,evidence,evidence_file,type,revoked_at\n";
const ACTIVE: &str = "SELECT count(*) FROM user_consents WHERE revoked_at IS NULL";

fn world(embedded: bool) -> World {
    let world = if embedded { World::embedded() } else { World::real() };
    world.sql(
        "INSERT INTO users (id, name, email, password_hash, deleted_at)
         VALUES ('00000000-0000-4000-8000-0000000000e1', 'Gus', 'gus@example.org', 'x', NULL),
                ('00000000-0000-4000-8000-0000000000e2', 'Eva', 'Eva@example.org', 'x', NULL),
                ('00000000-0000-4000-8000-0000000000e3', 'Old', 'old@example.org', 'x', now())",
    );
    world
}

#[track_caller]
fn import(world: &World, lines: &str, more: &str) -> Output {
    world.machine().file("list/consents.csv", format!("{HEADER}{lines}"));
    let line = format!("consent import list/consents.csv {more}");
    world.machine().line(&line).current_dir(world.machine().path()).run()
}

fn counts(report: &Value) -> [u64; 5] {
    ["rows", "granted", "already_present", "revoked_since", "rejected"].map(|key| report[key].as_u64().unwrap())
}

#[test]
fn a_list_is_recorded_once_with_what_proves_it() {
    for embedded in [true, false] {
        let world = world(embedded);
        world.machine().file("list/forms/7.pdf", b"%PDF-1.4 seven");
        let lines = "gus@example.org,1,2026-06-01T14:00+02:00,form 17,,,\n\
                     eva@EXAMPLE.org,1,2026-06-02,,forms/7.pdf,,\n\
                     gus@example.org,1,2026-06-01,again,,newsletter,\n";
        let dry = import(&world, lines, "--dry-run --json").code(0).json();
        assert_eq!((counts(&dry), &dry["dry_run"]), ([3, 3, 0, 0, 0], &json!(true)), "{dry}");
        assert_eq!(world.sql("SELECT count(*) FROM user_consents"), "0");
        assert_eq!(counts(&import(&world, lines, "--json --report each.jsonl").code(0).json()), [3, 3, 0, 0, 0]);
        let each = std::fs::read_to_string(world.machine().path().join("each.jsonl")).unwrap();
        assert_eq!(each.matches("\"became\":\"granted\"").count(), 3, "{each}");
        let proof = "SELECT c.consent_type, c.given_at, coalesce(e.words, convert_from(e.file, 'UTF8')), e.file_name
                       FROM user_consents c JOIN photoctl.consent_evidence e ON e.consent_id = c.id ORDER BY 1, 2";
        assert_eq!(
            world.sql(proof),
            "biometric_processing|2026-06-01 12:00:00|form 17|\n\
             biometric_processing|2026-06-02 00:00:00|%PDF-1.4 seven|7.pdf\n\
             newsletter|2026-06-01 00:00:00|again|"
        );
        let again = import(&world, lines, "--json").code(0).json();
        assert_eq!((counts(&again), &again["ok"]), ([3, 0, 3, 0, 0], &json!(true)));
        assert_eq!(world.sql("SELECT count(*) FROM user_consents"), "3");
        let log = world.sql("SELECT action, a::text FROM photoctl.audit a WHERE entity = 'user_consent'");
        assert_eq!(log.matches("import|").count(), 1, "one entry: {log}");
        assert!(!log.contains("example.org") && !log.contains("form 17"), "{log}");
    }
}

/// A list that is exported before a revocation and imported every night brings nothing back.
#[test]
fn what_was_revoked_stays_so_until_something_newer_is_given() {
    let world = world(false);
    let lines = "gus@example.org,1,2026-06-01,form,,,\neva@example.org,1,2026-06-01,form,,,\n";
    import(&world, lines, "").code(0).stdout_has("granted");
    world.machine().line("consent revoke --user gus@example.org --yes").run().code(0);
    let night = import(&world, lines, "--json").code(0).json();
    assert_eq!(counts(&night), [2, 0, 1, 1, 0]);
    let skipped = &night["items_skipped"][0];
    assert_eq!((&skipped["ref"], &skipped["reason"]), (&json!("line 2"), &json!("revoked_since")), "{night}");
    import(&world, lines, "").code(0).stdout_has("Stays revoked").stdout_has("line 2: it was given at 2026-06-01");
    // In another version too.
    assert_eq!(
        counts(&import(&world, "gus@example.org,2,2026-06-02,form,,,\n", "--json").code(0).json()),
        [1, 0, 0, 1, 0]
    );
    assert_eq!(world.sql(ACTIVE), "1");
    std::thread::sleep(std::time::Duration::from_millis(5));
    let newer = format!("{lines}gus@example.org,1,{},form,,,\n", chrono::Utc::now().to_rfc3339());
    assert_eq!(counts(&import(&world, &newer, "--json").code(0).json()), [3, 1, 1, 1, 0]);
    assert_eq!(world.sql("SELECT count(*) FROM user_consents"), "3", "a row is added");
    // The file tells of a revocation: it grants nothing, and ends nothing.
    let told = "eva@example.org,1,2026-06-01,form,,,2026-06-05\ndi@example.org,1,2026-06-01,form,,,2026-06-05\n\
                di@example.org,2,2026-06-03,form,,,\n";
    let report = import(&world, told, "--json").code(3).json();
    assert_eq!(counts(&report), [3, 0, 0, 2, 1]);
    assert_eq!(report["items_failed"][0]["reason"], "still_active");
    assert_eq!(world.sql(ACTIVE), "2");
}

#[test]
fn each_line_that_is_no_consent_is_named() {
    let world = world(false);
    world.machine().file("list/empty.pdf", b"");
    world.machine().file("secret.txt", b"beside the folder");
    let bad = [
        (",1,2026-06-01,form,,,", "no_user"),
        ("gus,1,2026-06-01,form,,,", "bad_user"),
        ("nobody@example.org,1,2026-06-01,form,,,", "unknown_user"),
        ("old@example.org,1,2026-06-01,form,,,", "deleted"),
        ("gus@example.org,,2026-06-01,form,,,", "bad_value"),
        ("gus@example.org,a b,2026-06-01,form,,,", "bad_value"),
        ("gus@example.org,1,2026-06-01,form,,Face,", "bad_value"),
        ("gus@example.org,1,,form,,,", "bad_time"),
        ("gus@example.org,1,yesterday,form,,,", "bad_time"),
        ("gus@example.org,1,2199-01-01,form,,,", "bad_time"),
        ("gus@example.org,1,2026-06-01,form,,,2026-05-01", "bad_time"),
        ("gus@example.org,1,2026-06-01,,,,", "no_evidence"),
        ("gus@example.org,1,2026-06-01,form,empty.pdf,,", "bad_evidence"),
        ("gus@example.org,1,2026-06-01,,empty.pdf,,", "bad_evidence"),
        ("gus@example.org,1,2026-06-01,,gone.pdf,,", "bad_evidence"),
        ("gus@example.org,1,2026-06-01,,../secret.txt,,", "bad_evidence"),
        ("gus@example.org,1,2026-06-01,,/etc/hostname,,", "bad_evidence"),
        ("gus@example.org,1,2026-06-01,form,,,,more", "too_many_cells"),
        ("gus@example.org,1,2026-06-01,\u{1b}[31mform\u{fffd},,,", "bad_value"),
    ];
    let lines: String = bad.iter().map(|(line, _)| format!("{line}\n")).collect();
    let lines = format!("{lines}eva@example.org,1,2026-06-01,form,,,\n");
    let strict = import(&world, &lines, "--strict --json").code(3).json();
    assert_eq!(counts(&strict), [20, 0, 0, 0, 19], "none or all");
    assert_eq!(world.sql(ACTIVE), "0");
    let report = import(&world, &lines, "--json").code(3).json();
    let reasons: Vec<_> =
        report["items_failed"].as_array().unwrap().iter().map(|item| (&item["ref"], &item["reason"])).collect();
    let expected: Vec<_> =
        bad.iter().zip(2..).map(|((_, reason), line)| (json!(format!("line {line}")), json!(reason))).collect();
    assert_eq!(reasons, expected.iter().map(|(line, reason)| (line, reason)).collect::<Vec<_>>());
    assert_eq!((counts(&report), &report["ok"]), ([20, 1, 0, 0, 19], &json!(false)));
    let page = import(&world, &lines, "").code(3);
    assert!(
        page.stdout.contains("line 2: it is not said whose") && !page.stdout.contains('\u{1b}'),
        "{}",
        page.transcript()
    );

    let header = |text: &str| {
        world.machine().file("bare.csv", text);
        world.machine().line("consent import bare.csv").current_dir(world.machine().path()).run()
    };
    header("email,given_at,evidence\n").code(2).stderr_has("no column consent_version");
    header("").code(1).stderr_has("the file is empty");
    let stdin = "user;version;given;evidence\nEVA@example.org;1;01.06.2026;x\n00000000-0000-4000-8000-0000000000e1;1;2026-06-01;x\n";
    let run = world.machine().line("consent import - --json").stdin(stdin).run();
    assert_eq!(counts(&run.code(0).json()), [2, 1, 1, 0, 0]);
}
