use serde_json::json;

use super::{House, id};

#[test]
fn a_project_is_stored_as_given() {
    let (house, ana) = House::with_operator();
    let finn = house.photographer(&ana, "Finn", "finn@example.org");
    let words = ["project", "create", "--operator", "ana@example.org", "--name", "Summer Run", "--location", "Hamburg"];
    let times = ["--start", "2026-06-01 14:00", "--end", "2026-06-01 20:30", "--timezone", "America/New_York"];
    let rest = ["--photographer", "Finn", "--photographer", "finn@example.org", "--link", "https://example.org/run"];
    let run = house.machine.args(words).args(times).args(rest).args(["--terms-file", "-", "--json"]);
    let made = run.stdin("Be kind.\nNo drones.\n").ok().json();
    assert_eq!(made["start_at"], "2026-06-01T18:00:00Z");
    let row = house.psql(
        "SELECT id, operator_id, name, location_name, start_at, end_at, project_link, timezone,
                replace(terms_and_conditions, chr(10), '/') FROM projects",
    );
    let want = "Summer Run|Hamburg|2026-06-01 18:00:00|2026-06-02 00:30:00|https://example.org/run|America/New_York";
    assert_eq!(row, format!("{}|{ana}|{want}|Be kind./No drones.", id(&made)));
    let assigned = house.psql("SELECT project_id, photographer_id FROM project_photographers");
    assert_eq!(assigned, format!("{}|{finn}", id(&made)));
}

#[test]
fn times_are_the_operators_where_the_project_has_no_zone() {
    let (house, _) = House::with_operator();
    let create = |name: &str, start: &str, end: &str| {
        let words = ["project", "create", "--operator", "ana@example.org", "--name", name, "--start", start];
        house.machine.args(words).args(["--end", end, "--json"]).run()
    };
    // Berlin: +2 in summer, +1 in winter; a bare end date includes its day.
    create("Summer", "2026-06-01 14:00", "2026-06-01").code(0);
    create("Winter", "2026-12-01 14:00", "2026-12-02 01:00").code(0);
    create("Offset", "2026-06-01T14:00-03:00", "2026-06-01T17:00:00Z").code(0);
    let rows = house.psql("SELECT name, start_at, end_at FROM projects ORDER BY created_at");
    assert_eq!(
        rows,
        "Summer|2026-06-01 12:00:00|2026-06-01 22:00:00\n\
         Winter|2026-12-01 13:00:00|2026-12-02 00:00:00\n\
         Offset|2026-06-01 17:00:00|2026-06-01 17:00:00"
    );
    create("Skipped", "2026-03-29 02:30", "2026-03-30").code(2).stderr_has("does not exist in Europe/Berlin");
    create("Doubled", "2026-10-25 02:30", "2026-10-26").code(2).stderr_has("happens twice");
    create("Named", "2026-10-25T02:30+01:00", "2026-10-26").code(0);
    create("Backwards", "2026-06-02 14:00", "2026-06-01 14:00").code(2).stderr_has("before it starts");
    create("Nonsense", "soon", "later").code(2).stderr_has("is not a time");
    assert_eq!(house.psql("SELECT count(*) FROM projects"), "4");
}

#[test]
fn names_are_unique_under_one_operator() {
    let (house, ana) = House::with_operator();
    let bo = house.operator("Bo", "bo@example.org");
    let gala = house.project(&ana, "Gala");
    house.project(&bo, "Gala");
    let words = ["project", "create", "--operator", &ana, "--name", "Gala"];
    let error = house.error(1, &words);
    assert_eq!(error["code"], "already_exists");
    assert!(error["message"].as_str().unwrap().contains(&gala), "{error}");
    assert!(error["hint"].as_str().unwrap().contains("--if-not-exists"), "{error}");

    let again = house.json(&[&words[..], &["--if-not-exists"]].concat());
    assert_eq!((id(&again), &again["created"]), (gala.clone(), &json!(false)));
    let finn = house.photographer(&ana, "Finn", "finn@example.org");
    let more = ["--if-not-exists", "--location", "Kiel", "--photographer", &finn, "--start", "2026-06-01"];
    let error = house.fails(1, &[&words[..], &more].concat()).stderr;
    for said in ["location is not set, given was \"Kiel\"", "finn@example.org is not assigned", "start is not set"] {
        assert!(error.contains(said), "{said} in {error}");
    }
    house.fails(2, &[&words[..], &["--if-not-exists", "--allow-duplicate"]].concat());
    let second = house.json(&[&words[..], &["--allow-duplicate"]].concat());
    assert_ne!(id(&second), gala);
    // A deleted one stands in nobody's way.
    house.psql("UPDATE projects SET deleted_at = now()");
    house.project(&ana, "Gala");
}

#[test]
fn the_page_of_a_project_says_what_there_is() {
    let (house, ana) = House::with_operator();
    let finn = house.photographer(&ana, "Finn", "finn@example.org");
    let words = ["project", "create", "--operator", &ana, "--name", "Gala", "--photographer", &finn];
    let gala = id(&house.json(&[&words[..], &["--start", "2026-06-01 14:00", "--location", "Hamburg"]].concat()));
    let gus = house.user("Gus", "gus@example.org");
    house.json(&["project", "members", "add", "--project", "Gala", "--user", &gus]);
    for (status, deleted) in [("ready", "null"), ("ready", "null"), ("failed", "null"), ("ready", "now()")] {
        house.psql(&format!(
            "INSERT INTO photos (project_id, photographer_id, storage_key, status, deleted_at)
             VALUES ('{gala}', '{finn}', 'k', '{status}', {deleted})"
        ));
    }
    let page = house.machine.args(["project", "show", "Gala"]).ok().stdout;
    for said in ["2026-06-01 14:00 CEST", "Hamburg", "3 (2 ready, 1 failed)", "1 photographer", "finn@example.org"] {
        assert!(page.contains(said), "{said} in\n{page}");
    }
    let shown = house.json(&["project", "show", &gala[..8]]);
    assert_eq!(shown["counts"]["photos_ready"], 2);
    assert_eq!(shown["counts"]["members"], 1);
    assert_eq!(shown["photographers"][0]["id"], finn.as_str());
    assert_eq!(shown["start_at"], "2026-06-01T12:00:00Z");
    assert_eq!(house.json(&["project", "list", "--photographer", &finn])[0]["id"], gala.as_str());
}

#[test]
fn prices_are_minor_units_as_stripe_counts_them() {
    let (house, ana) = House::with_operator();
    let words =
        ["operator", "create", "--name", "Iv", "--email", "iv@example.org", "--currency", "ISK", "--no-password"];
    let iv = id(&house.json(&words));
    let words =
        ["operator", "create", "--name", "Ky", "--email", "ky@example.org", "--currency", "JPY", "--no-password"];
    let ky = id(&house.json(&words));
    let create = |operator: &str, price: &str| {
        let words = ["package", "create", "--operator", operator, "--name", price, "--price", price];
        house.machine.args(words).args(["--photo-count", "10", "--json"]).run()
    };
    let made = create(&ana, "19.90").code(0).json();
    assert_eq!((&made["price"], &made["currency"]), (&json!(1990), &json!("EUR")));
    create(&ana, "5 EUR").code(0);
    create(&iv, "2500").code(0);
    create(&ky, "1200").code(0);
    let rows = house.psql("SELECT price, photo_count FROM packages ORDER BY created_at");
    assert_eq!(rows, "1990|10\n500|10\n250000|10\n1200|10");
    let list = house.machine.args(["package", "list", "--operator", &iv]).ok().stdout;
    assert!(list.contains("2500.00 ISK"), "{list}");
    let csv = house.machine.args(["package", "list", "--output", "csv"]).ok().stdout;
    assert!(csv.lines().next().unwrap().contains("price,currency,price_text,photo_count"), "{csv}");
    for price in [",1990,EUR,19.90 EUR,10,", ",250000,ISK,2500.00 ISK,10,", ",1200,JPY,1200 JPY,10,"] {
        assert!(csv.contains(price), "{price}: {csv}");
    }
    for bad in ["19,90", "1.999", "-5", "5 USD", "21474836.48", ""] {
        create(&ana, bad).code(2);
    }
    create(&ky, "1.5").code(2).stderr_has("no digits after the point");
    let words = ["package", "create", "--operator", &ana, "--name", "None", "--price", "1", "--photo-count", "0"];
    house.fails(2, &words);
}

#[test]
fn rows_that_the_web_application_wrote_are_shown_as_they_are() {
    let house = House::new();
    house.psql(
        "INSERT INTO operators (name, email, password_hash, currency, locale, timezone)
         VALUES ('Old', 'Old@X.org', 'x', 'eur', 'de_DE', 'Local')",
    );
    let old = house.psql("SELECT id FROM operators");
    house.psql(&format!(
        "INSERT INTO projects (operator_id, name, start_at) VALUES ('{old}', 'Past', '2020-01-01 10:00');
         INSERT INTO packages (operator_id, name, price, photo_count) VALUES ('{old}', 'P', 1990, 5)"
    ));
    house.machine.args(["project", "show", "old@x.org/Past"]).ok().stdout_has("2020-01-01 10:00 UTC");
    house.machine.args(["package", "show", "P"]).ok().stdout_has("19.90 EUR");
    let words = ["project", "create", "--operator", &old, "--name", "New", "--start", "2026-01-01"];
    house.fails(2, &words).stderr_has("--timezone");
    house.json(&[&words[..], &["--timezone", "Europe/Berlin"]].concat());
}
