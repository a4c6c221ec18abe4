use serde_json::json;

use super::{House, id};

#[test]
fn each_person_is_stored_as_given() {
    let (house, ana) = House::with_operator();
    let row = house.psql("SELECT id, name, email, currency, locale, timezone FROM operators");
    assert_eq!(row, format!("{ana}|Ana Events|ana@example.org|EUR|en|Europe/Berlin"));

    let words = ["operator", "create", "--name", " Bo ", "--email", "Bo@Example.org", "--currency", "chf"];
    let bo = house.json(&[&words[..], &["--locale", "de-ch", "--timezone", "europe/zurich", "--no-password"]].concat());
    assert_eq!(bo["created"], true);
    assert_eq!(bo["target"]["store"], json!(null));
    let row = house.psql("SELECT name, email, currency, locale, timezone FROM operators WHERE name = 'Bo'");
    assert_eq!(row, "Bo|Bo@Example.org|CHF|de-CH|Europe/Zurich");

    let finn = house.photographer("ana@example.org", "Finn Ærø", "finn@example.org");
    let row = house.psql("SELECT id, operator_id, name, email, address IS NULL FROM photographers");
    assert_eq!(row, format!("{finn}|{ana}|Finn Ærø|finn@example.org|t"));

    let words = ["user", "create", "--name", "Gus", "--email", "gus@example.org", "--no-password"];
    let gus =
        house.json(&[&words[..], &["--address", "Am Ufer 1\n20095 Hamburg", "--billing-address", "Büro"]].concat());
    let row = house.psql("SELECT id, name, email, replace(address, chr(10), '/'), billing_address FROM users");
    assert_eq!(row, format!("{}|Gus|gus@example.org|Am Ufer 1/20095 Hamburg|Büro", id(&gus)));
    assert_eq!(
        house.psql("SELECT count(*) FROM users WHERE created_at BETWEEN now() - interval '1 min' AND now()"),
        "1"
    );
}

#[test]
fn a_script_runs_twice() {
    let (house, ana) = House::with_operator();
    let words = ["operator", "create", "--name", "Ana Events", "--email", "ANA@example.org", "--no-password"];
    let again = house.json(&[&words[..], &["--if-not-exists"]].concat());
    assert_eq!((id(&again), &again["created"]), (ana.clone(), &json!(false)));

    let error = house.error(1, &words);
    assert_eq!(error["code"], "already_exists");
    assert!(error["message"].as_str().unwrap().contains(&ana), "{error}");

    let words = ["operator", "create", "--name", "Ana", "--email", "ana@example.org", "--currency", "USD"];
    let other = [&words[..], &["--locale", "en", "--no-password", "--if-not-exists"]].concat();
    let error = house.fails(1, &other).stderr;
    assert!(error.contains(r#"name is "Ana Events", given was "Ana""#), "{error}");
    assert!(error.contains(r#"currency is "EUR", given was "USD""#), "{error}");
    assert!(!error.contains("locale is"), "{error}");
    assert_eq!(house.psql("SELECT count(*) FROM operators"), "1");
}

#[test]
fn an_email_is_taken_whatever_its_case_and_even_if_deleted() {
    let (house, ana) = House::with_operator();
    let finn = house.photographer("ana@example.org", "Finn", "finn@example.org");
    let bo = house.operator("Bo", "bo@example.org");
    let words = ["photographer", "create", "--operator", &bo, "--name", "Other", "--email", "FINN@EXAMPLE.ORG"];
    let error = house.error(1, &[&words[..], &["--no-password", "--allow-duplicate"]].concat());
    assert!(error["message"].as_str().unwrap().contains(&finn), "{error}");

    house.psql("UPDATE photographers SET deleted_at = now()");
    let error = house.error(1, &[&words[..], &["--no-password", "--if-not-exists"]].concat());
    let message = error["message"].as_str().unwrap();
    assert!(message.contains(&finn) && message.contains("deleted"), "{error}");

    // The same name under one operator, with another email.
    house.photographer(&ana, "Gil", "gil@example.org");
    let words = ["photographer", "create", "--operator", &ana, "--name", "Gil", "--email", "gil2@example.org"];
    house.error(1, &[&words[..], &["--no-password"]].concat());
    assert_eq!(house.json(&[&words[..], &["--no-password", "--allow-duplicate"]].concat())["created"], true);
    assert_eq!(house.psql("SELECT count(*) FROM photographers WHERE name = 'Gil'"), "2");
}

#[test]
fn bad_values_are_usage_errors_with_a_sentence() {
    let (house, _) = House::with_operator();
    let long = "x".repeat(256);
    let before = house.everything();
    let cases: &[(&[&str], &str)] = &[
        (&["--name", " ", "--email", "a@b.org"], "name is empty"),
        (&["--name", &long, "--email", "a@b.org"], "256 characters"),
        (&["--name", "a\nb", "--email", "a@b.org"], "control character"),
        (&["--name", "A", "--email", "nobody"], "not an email"),
        (&["--name", "A", "--email", "a@b.org", "--timezone", "Mars/Base"], "not an IANA time zone"),
        (&["--name", "A", "--email", "a@b.org", "--locale", "klingonisch"], "BCP 47"),
        (&["--name", "A", "--email", "a@b.org", "--currency", "EURO"], "ISO 4217"),
        (&["--email", "a@b.org"], "--name is missing"),
    ];
    for (words, said) in cases {
        let words = [&["operator", "create", "--no-password"][..], words].concat();
        house.fails(2, &words).stderr_has(said);
    }
    assert_eq!(house.everything(), before);
    let fits = "ß".repeat(255);
    house.operator(&fits, "long@example.org");
    assert_eq!(house.psql("SELECT max(char_length(name)) FROM operators"), "255");
}

#[test]
fn lists_are_cut_by_key_and_hide_the_deleted() {
    let house = House::new();
    let ids: Vec<String> = (0..5).map(|n| house.user(&format!("User {n}"), &format!("user{n}@example.org"))).collect();
    house.psql(&format!("UPDATE users SET deleted_at = now() WHERE id = '{}'", ids[1]));
    let names = |words: &[&str]| -> Vec<String> {
        let list = house.json(words);
        list.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(&["user", "list"]), ["User 4", "User 3", "User 2", "User 0"]);
    assert_eq!(names(&["users", "list", "--deleted"]).len(), 5);
    let cut = house.machine.args(["user", "list", "--limit", "2", "--json"]).ok().stderr_has("--after");
    assert_eq!(cut.json().as_array().unwrap().len(), 2);
    assert_eq!(names(&["user", "list", "--limit", "2", "--after", &ids[3]]), ["User 2", "User 0"]);
    let nobody = uuid::Uuid::nil().to_string();
    house.fails(1, &["user", "list", "--after", &nobody]).stderr_has("begin behind");
    assert_eq!(names(&["user", "list", "--after", &ids[1]]), ["User 0"], "a deleted one is a place too");
    assert_eq!(names(&["user", "list", "--name", "SER 4"]), ["User 4"]);
    let shown = house.json(&["user", "show", "USER3@example.org"]);
    assert_eq!(id(&shown), ids[3]);
    let text = house.json(&["user", "list"]).to_string();
    assert!(!text.contains("$2b$") && !text.contains("password"), "{text}");
}

#[test]
fn a_name_cannot_move_the_cursor() {
    let house = House::new();
    house.user("Gus", "gus@example.org");
    house.psql(r"UPDATE users SET name = E'\x1b[2Jevil'");
    for words in [&["user", "list"][..], &["user", "show", "gus@example.org"]] {
        let shown = house.machine.args(words).ok().stdout;
        assert!(shown.contains("\\x1b[2Jevil") && !shown.contains('\u{1b}'), "{shown}");
    }
}

#[test]
fn dry_runs_show_and_change_nothing() {
    let (house, _) = House::with_operator();
    house.photographer("ana@example.org", "Finn", "finn@example.org");
    house.user("Gus", "gus@example.org");
    house.project("ana@example.org", "Gala");
    let words =
        ["package", "create", "--operator", "ana@example.org", "--name", "One", "--price", "5", "--photos", "1"];
    house.json(&words);
    let before = house.everything();
    let cases: &[&[&str]] = &[
        &["operator", "create", "--name", "Bo", "--email", "bo@example.org"],
        &["photographer", "create", "--operator", "ana@example.org", "--name", "Al", "--email", "al@example.org"],
        &["user", "create", "--name", "Al", "--email", "al@example.org"],
        &["package", "create", "--operator", "ana@example.org", "--name", "Two", "--price", "9.5", "--photos", "2"],
        &["project", "create", "--operator", "ana@example.org", "--name", "Ball", "--photographer", "Finn"],
        &["project", "photographers", "add", "--project", "Gala", "--photographer", "Finn"],
        &["project", "members", "add", "--project", "Gala", "--user", "Gus"],
        &["project", "packages", "add", "--project", "Gala", "--package", "One"],
        &["project", "settings", "set", "--project", "Gala", "watermark", "none"],
        &["project", "settings", "unset", "--project", "Gala", "watermark"],
    ];
    for words in cases {
        let answer = house.json(&[words, &["--dry-run"][..]].concat());
        assert_eq!(answer["dry_run"], true, "{words:?}: {answer}");
        assert_ne!(answer["created"], true, "{words:?}: {answer}");
        assert!(answer["target"]["database"].as_str().unwrap().contains(house.real().name()), "{words:?}: {answer}");
        let human = house.machine.args(*words).arg("--dry-run").ok().stderr_has("Target: database");
        assert!(human.stdout.contains("Would") || human.stdout.contains("already"), "{}", human.transcript());
    }
    assert_eq!(house.everything(), before);
    let planned = house.json(&["user", "create", "--name", "Al", "--email", "al@example.org", "--dry-run"]);
    assert_eq!((&planned["id"], &planned["name"]), (&json!(null), &json!("Al")));
    // Where the real run would fail, the dry one does.
    house.fails(1, &["user", "create", "--name", "Gus", "--email", "GUS@example.org", "--dry-run"]);
}

#[test]
fn two_creators_of_the_same_thing_make_one() {
    let (house, _) = House::with_operator();
    for round in 0..3 {
        let name = format!("Race {round}");
        let words = ["project", "create", "--operator", "ana@example.org", "--name", &name, "--json"];
        let running: Vec<_> = (0..4).map(|_| house.machine.args(words).arg("--if-not-exists").spawn()).collect();
        let ids: Vec<String> = running.into_iter().map(|one| id(&one.wait().code(0).json())).collect();
        assert!(ids.iter().all(|one| *one == ids[0]), "{ids:?}");
        assert_eq!(house.psql(&format!("SELECT count(*) FROM projects WHERE name = '{name}'")), "1");
        let email = format!("race{round}@example.org");
        let words = ["user", "create", "--name", "R", "--email", &email, "--no-password"];
        let running: Vec<_> = (0..4).map(|_| house.machine.args(words).spawn()).collect();
        let mut codes: Vec<i32> = running.into_iter().map(|one| one.wait().code).collect();
        codes.sort_unstable();
        assert_eq!(codes, [0, 1, 1, 1]);
    }
}
