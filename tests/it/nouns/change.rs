//! `update` and `set-password`: what is read is what is changed, and nothing else.

use serde_json::json;

use super::{House, id};
use crate::support::pg::psql;

#[test]
fn each_column_can_be_changed_and_nothing_else_is() {
    for house in House::both() {
        let ana = house.operator("Ana Events", "ana@example.org");
        let finn = house.photographer(&ana, "Finn", "finn@example.org");
        let gus = house.user("Gus", "gus@example.org");
        let gala = house.project(&ana, "Gala");
        let hashes = "SELECT md5(string_agg(password_hash, '' ORDER BY password_hash)) FROM
                      (SELECT password_hash FROM operators UNION ALL SELECT password_hash FROM users
                       UNION ALL SELECT password_hash FROM photographers) p";
        let before = house.psql(hashes);

        let words = ["operator", "update", "Ana Events", "--name", "Ana", "--email", "a@example.org", "--currency"];
        let more =
            ["CHF", "--locale", "de-ch", "--timezone", "europe/zurich", "--picture", "https://example.org/a.png"];
        let changed = house.json(&[&words[..], &more].concat());
        assert_eq!((changed["id"].as_str(), &changed["changed"]), (Some(ana.as_str()), &json!(true)));
        assert_eq!(changed["changes"]["currency"], json!({"before": "EUR", "after": "CHF"}));
        let row = house.psql("SELECT name, email, currency, locale, timezone, profile_picture_url FROM operators");
        assert_eq!(row, "Ana|a@example.org|CHF|de-CH|Europe/Zurich|https://example.org/a.png");
        house.json(&["operator", "update", &ana, "--no-picture"]);
        assert_eq!(house.psql("SELECT profile_picture_url IS NULL AND updated_at > created_at FROM operators"), "t");

        let words = ["photographer", "update", &finn, "--name", "Finn Ærø", "--email", "FINN@example.org", "--address"];
        house.json(&[&words[..], &["Hafen 1"]].concat());
        assert_eq!(house.psql("SELECT name, email, address FROM photographers"), "Finn Ærø|FINN@example.org|Hafen 1");

        let words = ["user", "update", "gus@example.org", "--address", "Ufer", "--billing-address", "Büro"];
        house.json(&words);
        let shown = house.json(&["user", "show", &gus]);
        assert_eq!((&shown["address"], &shown["billing_address"]), (&json!("Ufer"), &json!("Büro")));
        house.json(&["user", "update", &gus, "--no-address"]);
        assert_eq!(house.psql("SELECT name, address IS NULL, billing_address FROM users"), "Gus|t|Büro");
        let listed = house.json(&["user", "list"]).to_string();
        assert!(!listed.contains("Büro"), "addresses are not for lists: {listed}");

        let words = ["project", "update", &gala, "--start", "2026-06-01 14:00", "--end", "2026-06-01", "--location"];
        house.json(&[&words[..], &["Hamburg", "--link", "https://example.org/gala"]].concat());
        let row = "SELECT name, location_name, start_at, end_at, project_link FROM projects";
        let stored = house.psql(row);
        assert_eq!(stored, "Gala|Hamburg|2026-06-01 12:00:00|2026-06-01 22:00:00|https://example.org/gala");
        house.json(&["project", "update", "--project", "Gala", "--no-end", "--no-link", "--name", "Ball"]);
        assert_eq!(house.psql(row), "Ball|Hamburg|2026-06-01 12:00:00||");
        assert_eq!(house.psql(hashes), before, "no password was touched");

        let entries = "SELECT count(*) FROM photoctl.audit WHERE action = 'update'";
        let count = house.psql(entries);
        let again = house.json(&["project", "update", "Ball", "--location", "Hamburg"]);
        assert_eq!((&again["changed"], &again["changes"]), (&json!(false), &json!({})));
        assert_eq!(house.psql(entries), count, "what changes nothing is no entry");
        assert_eq!(count, "7");
    }
}

#[test]
fn dry_runs_show_each_change() {
    let (house, ana) = House::with_operator();
    let words = ["package", "create", "--operator", &ana, "--name", "Ten", "--price", "19.90", "--photo-count", "10"];
    house.json(&words);
    let before = house.everything();
    let words = ["package", "update", "Ten", "--price", "24.90", "--photo-count", "12", "--dry-run"];
    let shown = house.machine.args(words).ok().stderr_has("Target: ").stdout;
    assert!(shown.contains("Would update package") && shown.contains("19.90 EUR -> 24.90 EUR"), "{shown}");
    let json = house.json(&words);
    assert_eq!(json["changes"]["price"], json!({"before": 1990, "after": 2490}));
    assert_eq!((&json["changed"], &json["dry_run"], &json["price"]), (&json!(false), &json!(true), &json!(2490)));
    assert_eq!(house.everything(), before);
}

#[test]
fn a_change_by_somebody_else_is_not_overwritten() {
    let (house, ana) = House::with_operator();
    let words = ["operator", "update", &ana, "--name", "Ours"];
    // The web application changes the row after ours has read it: ours waits for the row, and finds another version.
    let url = house.real().url().to_owned();
    let theirs = "BEGIN; UPDATE operators SET name = 'Theirs'; SELECT pg_sleep(1.5); COMMIT";
    let writer = std::thread::spawn(move || psql(&url, theirs));
    std::thread::sleep(std::time::Duration::from_millis(500));
    let error = house.error(1, &words);
    writer.join().unwrap();
    assert_eq!(error["code"], "conflict");
    assert!(error["message"].as_str().unwrap().contains("somebody else"), "{error}");
    assert_eq!(house.psql("SELECT name FROM operators"), "Theirs");
    assert_eq!(house.psql("SELECT count(*) FROM photoctl.audit WHERE action = 'update'"), "0");
    house.json(&words);
    assert_eq!(house.psql("SELECT name FROM operators"), "Ours");
}

#[test]
fn a_currency_stays_once_something_has_a_price() {
    let (house, ana) = House::with_operator();
    house.json(&["operator", "update", &ana, "--currency", "JPY"]);
    let words = ["package", "create", "--operator", &ana, "--name", "Ten", "--price", "1990", "--photo-count", "10"];
    let ten = id(&house.json(&words));
    let error = house.error(7, &["operator", "update", &ana, "--currency", "EUR"]);
    assert!(error["message"].as_str().unwrap().contains("1 package and 0 sales are counted in JPY"), "{error}");
    house.machine.args(["package", "delete", &ten, "--yes"]).ok();
    house.error(7, &["operator", "update", &ana, "--currency", "EUR"]);
    house.json(&["operator", "update", &ana, "--name", "Other"]);
    assert_eq!(house.psql("SELECT currency, name FROM operators"), "JPY|Other");
}

#[test]
fn a_price_is_stored_in_the_currency_it_was_read_in_or_not_at_all() {
    let (house, ana) = House::with_operator();
    let url = house.real().url().to_owned();
    let theirs = "BEGIN; UPDATE operators SET currency = 'JPY'; SELECT pg_sleep(1.5); COMMIT";
    let writer = std::thread::spawn(move || psql(&url, theirs));
    std::thread::sleep(std::time::Duration::from_millis(500));
    let words = ["package", "create", "--operator", &ana, "--name", "Ten", "--price", "19.90", "--photo-count", "10"];
    let error = house.error(1, &words);
    writer.join().unwrap();
    assert_eq!(error["code"], "conflict");
    assert!(error["message"].as_str().unwrap().contains("counts in JPY"), "{error}");
    assert_eq!(house.psql("SELECT count(*) FROM packages"), "0");
}

#[test]
fn a_price_that_was_paid_warns_when_it_changes() {
    let (house, ana) = House::with_operator();
    let words = ["package", "create", "--operator", &ana, "--name", "Ten", "--price", "19.90", "--photo-count", "10"];
    let ten = id(&house.json(&words));
    let (gala, gus) = (house.project(&ana, "Gala"), house.user("Gus", "gus@example.org"));
    for (n, status) in ["paid", "pending", "failed"].iter().enumerate() {
        house.psql(&format!(
            "INSERT INTO purchases (user_id, project_id, package_id, stripe_payment_intent_id, status)
             VALUES ('{gus}', '{gala}', '{ten}', 'pi_{n}', '{status}')"
        ));
    }
    house.machine.args(["package", "update", "Ten", "--price", "25"]).ok().stderr_has("was sold 2 times");
    let quiet = house.machine.args(["package", "update", "Ten", "--name", "Eleven"]).ok().stderr;
    assert!(!quiet.contains("sold"), "{quiet}");
    house.fails(2, &["package", "update", "Eleven", "--price", "25.001"]).stderr_has("2 digits");
    house.fails(2, &["package", "update", "Eleven", "--photo-count", "0"]).stderr_has("makes no sense");
    assert_eq!(house.psql("SELECT name, price FROM packages"), "Eleven|2500");
}

#[test]
fn names_and_emails_that_are_taken_stay_with_whom_they_are() {
    let (house, ana) = House::with_operator();
    let bo = house.operator("Bo", "bo@example.org");
    house.fails(1, &["operator", "update", &bo, "--email", "ANA@example.org"]).stderr_has(&ana);
    house.project(&ana, "Gala");
    let ball = house.project(&ana, "Ball");
    house.fails(1, &["project", "update", &ball, "--name", "Gala"]).stderr_has("--allow-duplicate");
    house.json(&["project", "update", &ball, "--name", "Gala", "--allow-duplicate"]);
    house.machine.args(["operator", "delete", &bo, "--yes"]).ok();
    let error = house.fails(1, &["operator", "update", &ana, "--email", "bo@example.org"]).stderr;
    assert!(error.contains("deleted operator") && error.contains("operator restore"), "{error}");
    house.fails(2, &["project", "update", "--project", &ball, "--end", "2020-01-01", "--start", "2021-01-01"]);
    house.fails(2, &["user", "update", "--name", "x"]).stderr_has("--user is missing");
}

#[test]
fn another_zone_keeps_the_moments_and_says_so() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    house.json(&["project", "update", &gala, "--start", "2026-06-01 14:00"]);
    let words = ["project", "update", &gala, "--timezone", "America/New_York"];
    house.machine.args(words).ok().stderr_has("other times of day in America/New_York");
    assert_eq!(house.psql("SELECT start_at, timezone FROM projects"), "2026-06-01 12:00:00|America/New_York");
}

#[test]
fn passwords_are_set_and_taken_away() {
    for house in House::both() {
        let ana = house.operator("Ana Events", "ana@example.org");
        house.photographer(&ana, "Finn", "finn@example.org");
        house.user("Gus", "gus@example.org");
        let table = |noun: &str| format!("{noun}s");
        for (noun, who) in [("operator", ana.as_str()), ("photographer", "Finn"), ("user", "gus@example.org")] {
            let hash = format!("SELECT password_hash FROM {}", table(noun));
            let before = house.psql(&hash);
            let words = [noun, "set-password", who, "--password-stdin", "--json"];
            let set = house.machine.args(words).stdin("correct horse\n").ok();
            assert!(!set.transcript().contains("correct horse"));
            assert_eq!((&set.json()["changed"], &set.json()["password"]), (&json!(true), &json!("set")));
            let after = house.psql(&hash);
            assert_ne!(after, before);
            assert!(bcrypt::verify("correct horse", &after).unwrap());
            house.json(&[noun, "set-password", who, "--no-password"]);
            assert!(!bcrypt::verify("correct horse", &house.psql(&hash)).unwrap());
            house.fails(2, &[noun, "set-password", who]).stderr_has("--password-stdin");
        }
        let entries = "SELECT count(*), count(*) FILTER (WHERE fields = '{}') FROM photoctl.audit
                        WHERE action = 'set_password'";
        assert_eq!(house.psql(entries), "6|6");
    }
}

#[test]
fn a_person_at_a_terminal_is_shown_what_there_is() {
    let (house, ana) = House::with_operator();
    house.project(&ana, "Gala");
    house.project(&ana, "Ball");
    let mut terminal = house.machine.args(["project", "delete"]).on_terminal(100, 24);
    terminal.wait_for("Which project?");
    terminal.send("\u{1b}[B\r");
    let screen = terminal.wait_for("nothing hangs on it");
    assert!(screen.contains("Gala"), "{screen}");
    terminal.send("y");
    let (code, _) = terminal.wait();
    assert_eq!(code, 0);
    assert_eq!(house.psql("SELECT name FROM projects WHERE deleted_at IS NOT NULL"), "Gala");
}

#[test]
fn an_update_says_what_to_change() {
    let (house, ana) = House::with_operator();
    house.project(&ana, "Gala");
    let before = house.everything();
    for words in [["operator", "update", &ana[..]], ["project", "update", "Gala"]] {
        house.fails(2, &words).stderr_has("not said what to change");
    }
    assert_eq!(house.everything(), before);
}
