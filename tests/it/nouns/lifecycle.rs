//! Deleting softly, bringing back; coaches; a new edition.

use serde_json::json;

use super::{House, id};

#[test]
fn each_noun_is_hidden_and_brought_back() {
    for house in House::both() {
        let ana = house.operator("Ana Events", "ana@example.org");
        house.photographer(&ana, "Finn", "finn@example.org");
        house.user("Gus", "gus@example.org");
        house.project(&ana, "Gala");
        house.json(&["package", "create", "--operator", &ana, "--name", "Ten", "--price", "1", "--photo-count", "1"]);
        let nouns = [
            ("photographer", "finn@example.org"),
            ("user", "gus@example.org"),
            ("package", "Ten"),
            ("project", "ana@example.org/Gala"),
            ("operator", "Ana Events"),
        ];
        for (noun, which) in nouns {
            let error = house.error(2, &[noun, "delete", which]);
            assert_eq!(error["code"], "confirmation_required", "{error}");
            let report = house.json(&[noun, "delete", which, "--yes"]);
            assert_eq!((&report["deleted"], &report["dry_run"]), (&json!(1), &json!(false)), "{report}");
            assert_eq!(house.json(&[noun, "list"]), json!([]));
            let all = house.json(&[noun, "list", "--deleted"]);
            assert!(all[0]["deleted_at"].is_string(), "{all}");
            house.fails(1, &[noun, "show", which]).stderr_has("was deleted");
            house.fails(1, &[noun, "delete", which, "--yes"]).stderr_has("was deleted");

            let report = house.json(&[noun, "restore", which]);
            assert_eq!(report["restored"], json!(1), "{report}");
            assert_eq!(house.json(&[noun, "list"]).as_array().unwrap().len(), 1);
            house.fails(1, &[noun, "restore", which]).stderr_has("is not deleted");
        }
        let entries = "SELECT count(*) FILTER (WHERE action = 'delete'), count(*) FILTER (WHERE action = 'restore')
                         FROM photoctl.audit";
        assert_eq!(house.psql(entries), "5|5");
        house.machine.args(["audit", "list", "--verify"]).ok();
    }
}

#[test]
fn what_hangs_on_it_is_named_first() {
    let (house, ana) = House::with_operator();
    let finn = house.photographer(&ana, "Finn", "finn@example.org");
    let (gala, ball) = (house.project(&ana, "Gala"), house.project(&ana, "Ball"));
    house.psql(&format!(
        "INSERT INTO photos (project_id, photographer_id, storage_key, status)
         SELECT '{gala}', '{finn}', 'k' || n, 'ready' FROM generate_series(1, 2114) n"
    ));
    let refused = house.fails(2, &["operator", "delete", &ana]).stderr;
    assert!(refused.contains("2 projects, 1 photographer, 2,114 photos"), "{refused}");
    let report = house.json(&["project", "delete", &gala, &ball, &gala, "--dry-run"]);
    assert_eq!(report["deleted"], json!(2));
    assert_eq!(report["things"][0]["hanging"][1], json!({"what": "photo", "count": 2114}));
    assert_eq!(house.psql("SELECT count(*) FROM projects WHERE deleted_at IS NULL"), "2");
    house.fails(1, &["project", "delete", &gala, "Nothing", "--yes"]);
    assert_eq!(house.psql("SELECT count(*) FROM projects WHERE deleted_at IS NULL"), "2", "all or nothing");
    house.json(&["project", "delete", &gala, "--yes"]);
    assert_eq!(house.psql("SELECT count(*) FROM photos WHERE deleted_at IS NULL"), "2114");
}

#[test]
fn what_cannot_come_back_says_why() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    house.json(&["project", "delete", &gala, "--yes"]);
    let again = house.machine.args(["project", "create", "--operator", &ana, "--name", "Gala", "--json"]).ok();
    again.stderr_has(&format!("project restore {gala}"));
    house.fails(1, &["project", "restore", &gala]).stderr_has("exists already");
    house.json(&["project", "restore", &gala, "--allow-duplicate"]);
    house.json(&["project", "delete", &gala, "--yes"]);
    house.json(&["operator", "delete", &ana, "--yes"]);
    house.fails(1, &["project", "restore", &gala]).stderr_has("operator restore ana@example.org");
    house.fails(2, &["project", "restore"]);
}

#[test]
fn no_two_of_one_name_come_back() {
    let (house, ana) = House::with_operator();
    let finn = house.photographer(&ana, "Finn", "finn@example.org");
    house.json(&["photographer", "delete", &finn, "--yes"]);
    house.photographer(&ana, "Finn", "finn2@example.org");
    house.fails(1, &["photographer", "restore", &finn]).stderr_has("exists already");
    let one = house.project(&ana, "Gala");
    house.json(&["project", "delete", &one, "--yes"]);
    let two = house.project(&ana, "Gala");
    house.json(&["project", "delete", &two, "--yes"]);
    house.fails(1, &["project", "restore", &one, &two]).stderr_has("exists already");
    assert_eq!(house.psql("SELECT count(*) FROM projects WHERE deleted_at IS NULL"), "0", "all or nothing");
    house.json(&["project", "restore", &one]);
}

#[test]
fn a_mark_that_the_web_application_does_not_know_is_said() {
    let (house, ana) = House::with_operator();
    house.psql(
        "INSERT INTO photoctl.adopted (table_name, object_name, kind) VALUES ('operators', 'deleted_at', 'column')",
    );
    house.machine.args(["operator", "delete", &ana, "--dry-run"]).ok().stderr_has("stays visible there");
}

#[test]
fn parts_of_a_project_are_taken_out() {
    for house in House::both() {
        let ana = house.operator("Ana Events", "ana@example.org");
        house.photographer(&ana, "Finn", "finn@example.org");
        house.user("Gus", "gus@example.org");
        house.project(&ana, "Gala");
        house.json(&["package", "create", "--operator", &ana, "--name", "Ten", "--price", "1", "--photo-count", "1"]);
        for (part, option, which) in [
            ("photographers", "--photographer", "Finn"),
            ("members", "--user", "Gus"),
            ("packages", "--package", "Ten"),
        ] {
            house.json(&["project", part, "add", "--project", "Gala", option, which]);
            let words = ["project", part, "remove", "--project", "Gala", option, which];
            assert_eq!(house.error(2, &words)["code"], "confirmation_required");
            assert_eq!(house.json(&[&words[..], &["--dry-run"]].concat())["removed"], json!(false));
            assert_eq!(house.json(&["project", part, "list", "--project", "Gala"]).as_array().unwrap().len(), 1);
            assert_eq!(house.json(&[&words[..], &["--yes"]].concat())["removed"], json!(true));
            assert_eq!(house.json(&["project", part, "list", "--project", "Gala"]), json!([]));
            assert_eq!(house.error(1, &[&words[..], &["--yes"]].concat())["code"], "not_found");
            assert_eq!(house.json(&[&words[..], &["--yes", "--if-exists"]].concat())["removed"], json!(false));
        }
        assert_eq!(house.psql("SELECT count(*) FROM photoctl.audit WHERE action = 'delete'"), "3");
    }
}

#[test]
fn coaches_come_and_go() {
    for house in House::both() {
        let ana = house.operator("Ana Events", "ana@example.org");
        house.project(&ana, "Gala");
        let coaches = |words: &[&str]| {
            let words = [&["project", "coaches"][..], words, &["--project", "Gala"]].concat();
            house.json(&words)
        };
        let ida = id(&coaches(&["add", "--name", " Ida Lund "]));
        assert_eq!(coaches(&["add", "--name", "Ida Lund", "--if-not-exists"])["id"], json!(ida));
        house.fails(1, &["project", "coaches", "add", "--project", "Gala", "--name", "Ida Lund"]);
        coaches(&["add", "--name", "Uwe"]);
        house.fails(1, &["project", "coaches", "rename", "--project", "Gala", "--coach", "Uwe", "--name", "Ida Lund"]);
        assert_eq!(coaches(&["rename", "--coach", "uwe", "--name", "Udo"])["before"], json!("Uwe"));
        assert_eq!(coaches(&["rename", "--coach", &ida, "--name", "X", "--dry-run"])["name"], json!("X"));
        assert_eq!(house.psql("SELECT string_agg(name, ',' ORDER BY name) FROM project_coaches"), "Ida Lund,Udo");
        assert_eq!(coaches(&["remove", "--coach", &ida[..8], "--yes"])["removed"], json!(true));
        assert_eq!(coaches(&["remove", "--coach", &ida, "--yes", "--if-exists"])["removed"], json!(false));
        house.fails(1, &["project", "coaches", "remove", "--project", "Gala", "--coach", "Ida Lund", "--yes"]);
        assert_eq!(coaches(&["list"])[0]["name"], json!("Udo"));
        assert_eq!(house.psql("SELECT count(*) FROM photoctl.audit WHERE entity = 'project_coach'"), "4");
        let log = house.psql("SELECT string_agg(fields::text, '') FROM photoctl.audit WHERE entity = 'project_coach'");
        assert!(!log.contains("Ida"), "{log}");
    }
}

#[test]
fn a_new_edition_has_everything_but_people_who_joined() {
    for house in House::both() {
        let ana = house.operator("Ana Events", "ana@example.org");
        let finn = house.photographer(&ana, "Finn", "finn@example.org");
        let gone = house.photographer(&ana, "Gone", "gone@example.org");
        let gus = house.user("Gus", "gus@example.org");
        let words = ["package", "create", "--operator", &ana, "--name", "Ten", "--price", "1", "--photo-count", "1"];
        let ten = id(&house.json(&words));
        let terms = house.machine.file("terms.txt", "Be nice.\n");
        let words = ["project", "create", "--operator", &ana, "--name", "Gala", "--photographer", &finn, &gone];
        let more = ["--package", &ten, "--location", "Hamburg", "--timezone", "Europe/Vienna", "--start", "2026-06-01"];
        let last = ["--link", "https://example.org/26", "--terms-file", terms.to_str().unwrap()];
        let gala = id(&house.json(&[&words[..], &more, &last].concat()));
        house.json(&["project", "members", "add", "--project", &gala, "--user", &gus]);
        house.json(&["project", "coaches", "add", "--project", &gala, "--name", "Ida"]);
        house.json(&["project", "settings", "set", "--project", &gala, "watermark", "none"]);
        house.json(&["photographer", "delete", &gone, "--yes"]);

        let words = ["project", "clone", &gala, "--name", "Gala 2027", "--start", "2027-06-05 14:00"];
        let planned = house.json(&[&words[..], &["--dry-run"]].concat());
        assert_eq!((&planned["id"], &planned["created"]), (&json!(null), &json!(false)));
        let next = id(&house.json(&words));
        let row = house.psql(&format!(
            "SELECT location_name, timezone, start_at, end_at IS NULL, project_link IS NULL, terms_and_conditions
               FROM projects WHERE id = '{next}'"
        ));
        assert_eq!(row, "Hamburg|Europe/Vienna|2027-06-05 12:00:00|t|t|Be nice.");
        let parts = house.psql(&format!(
            "SELECT (SELECT string_agg(photographer_id::text, ',') FROM project_photographers WHERE project_id = '{next}'),
                    (SELECT string_agg(package_id::text, ',') FROM project_packages WHERE project_id = '{next}'),
                    (SELECT string_agg(name, ',') FROM project_coaches WHERE project_id = '{next}'),
                    (SELECT string_agg(key || value, ',') FROM photoctl.project_settings WHERE project_id = '{next}'),
                    (SELECT count(*) FROM project_members WHERE project_id = '{next}')"
        ));
        assert_eq!(parts, format!("{finn}|{ten}|Ida|watermarknone|0"));
        assert_eq!(house.json(&[&words[..], &["--if-not-exists"]].concat())["id"], json!(next));
        house.fails(1, &words);
        house.machine.args(["audit", "list", "--verify"]).ok();
    }
}

#[test]
fn lists_are_sorted_and_paged_in_any_order() {
    let (house, ana) = House::with_operator();
    for (name, start) in [("B", "2026-06-03"), ("a", "2026-06-01"), ("C", "2026-06-02"), ("D", "")] {
        let words = ["project", "create", "--operator", &ana, "--name", name];
        let dated = [&words[..], &["--start", start]].concat();
        house.json(if start.is_empty() { &words } else { &dated });
    }
    let list = |words: &[&str]| house.json(&[&["project", "list"][..], words].concat());
    let names = |rows: &serde_json::Value| {
        rows.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect::<String>()
    };
    for (sort, order) in
        [("name", "aBCD"), ("-name", "DCBa"), ("start", "DaCB"), ("-start", "BCaD"), ("created", "BaCD")]
    {
        assert_eq!(names(&list(&["--sort", sort])), order, "{sort}");
        let mut paged = String::new();
        let mut after: Option<String> = None;
        loop {
            let mut words = vec!["--sort", sort, "--limit", "1"];
            words.extend(after.as_ref().map(|id| ["--after", id]).into_iter().flatten());
            let page = list(&words);
            let Some(row) = page.get(0) else { break };
            paged.push_str(&names(&page));
            after = Some(id(row));
        }
        assert_eq!(paged, order, "{sort}");
    }
    assert_eq!(names(&list(&["--operator", &ana, "--since", "2026-06-02", "--sort", "name"])), "BC");
    assert_eq!(names(&list(&["--operator", &ana, "--until", "2026-06-02", "--sort", "name"])), "aC");
    house.fails(2, &["project", "list", "--sort", "price"]).stderr_has("created, name, start");
    house.fails(2, &["project", "list", "--sort", "colour"]).stderr_has("is no order");
    house.fails(2, &["user", "list", "--sort", "start"]);
}
