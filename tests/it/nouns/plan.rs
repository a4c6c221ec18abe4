//! `project plan|apply|export`: an event from one file.

use serde_json::{Value, json};

use super::{House, id};
use crate::support::pg::psql;

const FILE: &str = r#"
[variables]
year = "2026"

[[operators]]
key = "alpine"
name = "Alpine"
email = "office@alpine.example"
timezone = "Europe/Vienna"
password = { env = "ALPINE_PASSWORD" }

[[photographers]]
key = "mara"
operator = "alpine"
name = "Mara"
email = "mara@alpine.example"

[[packages]]
key = "ten"
operator = "alpine"
name = "Ten photos"
price = "19.90 EUR"
photos = 10

[[projects]]
key = "gala"
operator = "alpine"
name = "Gala ${year}"
location = "Graz"
start = 2026-06-01 14:00:00
end = "2026-06-01"
terms_file = "terms.txt"
photographers = ["mara"]
packages = ["ten"]
coaches = ["Ida"]

[projects.settings]
watermark = "none"
preview_size = 1024
"#;

impl House {
    fn file(&self, text: &str) -> String {
        self.machine.file("terms.txt", "Be nice.\n");
        self.machine.file("event.toml", text).to_str().unwrap().to_owned()
    }

    fn plan(&self, text: &str) -> Value {
        let file = self.file(text);
        self.json(&["project", "plan", &file])
    }

    fn apply(&self, text: &str, more: &[&str]) -> Value {
        let file = self.file(text);
        let words = [&["project", "apply", &file][..], more].concat();
        self.machine.args(words).arg("--json").env("ALPINE_PASSWORD", "correct horse").ok().json()
    }

    /// The mistakes that a file has.
    fn mistakes(&self, text: &str) -> Vec<String> {
        let file = self.file(text);
        let error = self.error(2, &["project", "plan", &file]);
        let details = error["details"].as_array().unwrap_or_else(|| panic!("no details: {error}"));
        let short = |detail: &Value| detail.as_str().unwrap().rsplit_once("event.toml:").unwrap().1.to_owned();
        details.iter().map(short).collect()
    }
}

fn counts(plan: &Value) -> [u64; 5] {
    ["creates", "changes", "restores", "removes", "unchanged"].map(|name| plan[name].as_u64().unwrap())
}

#[test]
fn a_file_becomes_an_event_and_then_makes_no_difference() {
    for house in House::both() {
        let before = house.everything();
        let plan = house.plan(FILE);
        assert_eq!(counts(&plan), [4, 0, 0, 0, 0]);
        assert_eq!(house.everything(), before, "a plan changes nothing");
        assert_eq!(counts(&house.apply(FILE, &[])), [4, 0, 0, 0, 0]);
        let row = house.psql(
            "SELECT o.name, o.currency, o.timezone, p.name, p.location_name, p.start_at, p.end_at, p.terms_and_conditions
               FROM projects p JOIN operators o ON o.id = p.operator_id",
        );
        let expected = "Alpine|EUR|Europe/Vienna|Gala 2026|Graz|2026-06-01 12:00:00|2026-06-01 22:00:00|Be nice.";
        assert_eq!(row, expected);
        let parts = house.psql(
            "SELECT (SELECT count(*) FROM project_photographers), (SELECT price FROM packages),
                    (SELECT count(*) FROM project_packages), (SELECT name FROM project_coaches),
                    (SELECT string_agg(key || '=' || value, ',' ORDER BY key) FROM photoctl.project_settings)",
        );
        assert_eq!(parts, "1|1990|1|Ida|preview_size=1024,watermark=none");
        assert!(bcrypt::verify("correct horse", &house.psql("SELECT password_hash FROM operators")).unwrap());
        assert!(!bcrypt::verify("", &house.psql("SELECT password_hash FROM photographers")).unwrap());
        house.machine.args(["audit", "list", "--verify"]).ok();

        let applied = house.everything();
        let file = house.file(FILE);
        let again = house.json(&["project", "plan", &file, "--exit-code"]);
        assert_eq!(counts(&again), [0, 0, 0, 0, 4]);
        // The password is of no account any more.
        house.json(&["project", "apply", &file]);
        assert_eq!(house.everything(), applied);
    }
}

#[test]
fn an_export_makes_no_difference_in_either_form() {
    for house in House::both() {
        let ana = house.operator("Ana ${x} Events", "ana@example.org");
        let finn = house.photographer(&ana, "Finn \"F\" Ærø", "finn@example.org");
        let words = ["package", "create", "--operator", &ana, "--name", "Ten", "--price", "5", "--photo-count", "1"];
        house.json(&words);
        let words = ["project", "create", "--operator", &ana, "--name", "Gala", "--photographer", &finn, "--package"];
        let more = ["Ten", "--start", "2026-10-25T02:30+02:00", "--end", "2026-10-25T02:30:15+01:00"];
        let gala = id(&house.json(&[&words[..], &more].concat()));
        house.json(&["project", "coaches", "add", "--project", &gala, "--name", "Ida $${y}"]);
        house.json(&["project", "settings", "set", "--project", &gala, "watermark", "(c) {photographer}"]);
        house.psql("UPDATE projects SET terms_and_conditions = E'a\\n\"\"\"\\n''''''\\\\ ${z}\\nend'");
        for format in ["toml", "json"] {
            let text = house.machine.args(["project", "export", "Gala", "--format", format]).ok().stdout;
            let file = house.machine.file("export", &text);
            let plan = house.json(&["project", "plan", file.to_str().unwrap(), "--exit-code", "--prune"]);
            assert_eq!(counts(&plan), [0, 0, 0, 0, 4], "{text}");
            assert_eq!(plan["steps"][0]["adopt"], json!(true));
        }
        let file = house.machine.path().join("export");
        let entry = house.psql("SELECT count(*) FROM photoctl.audit WHERE action = 'export'");
        assert_eq!(entry, "2");
        house.json(&["project", "apply", file.to_str().unwrap()]);
        let adopted = "SELECT count(*), count(fields->'key') FROM photoctl.audit WHERE action = 'adopt'";
        assert_eq!(house.psql(adopted), "4|4", "what is taken over is noted");
        let known = house.machine.args(["project", "export", "Gala"]).ok().stdout;
        assert!(!known.contains("id = "), "what has a key needs no id: {known}");
    }
}

/// The web application lets in what our own checks refuse or write otherwise.
#[test]
fn rows_of_the_web_application_export_without_a_difference() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    house.project(&ana, "Ball");
    house.json(&["package", "create", "--operator", &ana, "--name", "Ten", "--price", "5", "--photo-count", "1"]);
    house.json(&["project", "packages", "add", "--project", &gala, "--package", "Ten"]);
    house.psql(
        "UPDATE projects SET start_at = '2026-06-01 12:00' WHERE name = 'Ball';
         UPDATE operators SET name = ' Ana ', locale = 'de_DE', timezone = 'europe/vienna', profile_picture_url = '';
         UPDATE packages SET photo_count = 0;
         UPDATE projects SET terms_and_conditions = E'Be kind.\\n', location_name = E'Hall \\x07', timezone = 'Mars/Olympus',
                             project_link = 'gala.example', start_at = '2026-06-01 12:00' WHERE name = 'Gala';
         INSERT INTO project_coaches (name, project_id) SELECT ' Ida', id FROM projects WHERE name = 'Gala'
                                     UNION ALL SELECT 'Ida', id FROM projects WHERE name = 'Gala';
         INSERT INTO photoctl.project_settings (project_id, key, value)
              SELECT id, 'from_the_future', '1' FROM projects WHERE name = 'Gala'",
    );
    let before = house.everything();
    let output = house.machine.args(["project", "export", "Gala", "Ball"]).ok();
    for left_out in [
        "de_DE",
        "is written Europe/Vienna",
        "europe/vienna\" is no IANA zone",
        "0 is no number of photos",
        "the location",
        "Mars/Olympus",
        "gala.example",
        "future",
    ] {
        assert!(output.stderr.contains(left_out), "{left_out}: {}", output.stderr);
    }
    assert!(output.stdout.contains("Be kind.") && output.stdout.matches("Ida").count() == 1, "{}", output.stdout);
    let file = house.machine.file("export.toml", &output.stdout);
    let plan = house.json(&["project", "plan", file.to_str().unwrap(), "--exit-code", "--prune"]);
    assert_eq!(counts(&plan), [0, 0, 0, 0, 4], "{}", output.stdout);
    house.json(&["project", "apply", file.to_str().unwrap(), "--prune", "--yes"]);
    let rows =
        "SELECT (SELECT row(o.*)::text FROM operators o), (SELECT row(p.*)::text FROM projects p WHERE name = 'Gala'),
                       (SELECT count(*) FROM project_coaches), (SELECT count(*) FROM photoctl.project_settings)";
    let kept = house.psql(rows);
    assert!(kept.ends_with("|2|1") && kept.contains("de_DE") && kept.contains(" Ana "), "{kept}");
    assert_ne!(house.everything(), before, "only the keys are new");
    // The file can mend them.
    let mended = output.stdout.replacen("email = ", "timezone = \"Europe/Vienna\"\nlocale = \"de-DE\"\nemail = ", 1);
    let file = house.machine.file("mended.toml", &mended);
    house.json(&["project", "apply", file.to_str().unwrap()]);
    assert_eq!(house.psql("SELECT timezone, locale FROM operators"), "Europe/Vienna|de-DE");
}

#[test]
fn a_plan_warns_of_what_a_sold_package_and_another_zone_mean() {
    let house = House::new();
    house.apply(FILE, &[]);
    house.psql(
        "INSERT INTO users (name, email, password_hash) VALUES ('u', 'u@example.org', 'x');
         INSERT INTO purchases (user_id, project_id, package_id, stripe_payment_intent_id, status)
         SELECT u.id, p.id, k.id, 'pi_1', 'paid' FROM users u, projects p, packages k LIMIT 1",
    );
    let other = FILE.replace("photos = 10", "photos = 99").replace("Europe/Vienna", "Asia/Tokyo");
    let other = other.replace("start = 2026-06-01 14:00:00\nend = \"2026-06-01\"\n", "");
    let plan = house.plan(&other).to_string();
    assert!(plan.contains("was sold 1 time") && plan.contains("other times of day in Asia/Tokyo"), "{plan}");
}

#[test]
fn changes_are_shown_by_field_and_nothing_goes_without_prune() {
    let house = House::new();
    house.apply(FILE, &[]);
    let other = FILE
        .replace("19.90 EUR", "24.90 EUR")
        .replace("name = \"Mara\"", "name = \"Mara L.\"")
        .replace("packages = [\"ten\"]", "packages = []")
        .replace("coaches = [\"Ida\"]", "coaches = [\"Uwe\"]")
        .replace("location = \"Graz\"", "location = \"\"")
        .replace("preview_size = 1024", "preview_size = 512");
    let plan = house.plan(&other);
    assert_eq!(counts(&plan), [0, 3, 0, 0, 1]);
    let step = |noun: &str| plan["steps"].as_array().unwrap().iter().find(|step| step["noun"] == noun).unwrap();
    assert_eq!(step("package")["changes"]["price"], json!({"before": 1990, "after": 2490}));
    assert_eq!(step("photographer")["changes"], json!({"name": {"before": "Mara", "after": "Mara L."}}));
    assert_eq!(step("project")["changes"]["location"], json!({"before": "Graz", "after": null}));
    assert_eq!(step("project")["warnings"].as_array().unwrap().len(), 2, "{plan}");
    house.apply(&other, &[]);
    let parts = "SELECT (SELECT count(*) FROM project_packages),
                        (SELECT string_agg(name, ',' ORDER BY name) FROM project_coaches),
                        (SELECT value FROM photoctl.project_settings WHERE key = 'preview_size'),
                        (SELECT location_name IS NULL FROM projects)";
    assert_eq!(house.psql(parts), "1|Ida,Uwe|512|t");
    let file = house.file(&other);
    house.error(2, &["project", "apply", &file, "--prune"]);
    house.apply(&other, &["--prune", "--yes"]);
    assert_eq!(house.psql(parts), "0|Uwe|512|t");

    let human = house.machine.args(["project", "plan", &house.file(FILE), "--color", "always"]).ok().stdout;
    assert!(human.contains("24.90 EUR -> 19.90 EUR") && human.contains("\u{1b}[33m~"), "{human:?}");
}

#[test]
fn what_has_photos_or_sales_is_never_removed() {
    let house = House::new();
    let second = "
[[projects]]
key = \"ball\"
operator = \"alpine\"
name = \"Ball\"
[[packages]]
key = \"one\"
operator = \"alpine\"
name = \"One\"
price = \"1 EUR\"
photos = 1
";
    house.apply(&format!("{FILE}{second}"), &[]);
    house.psql(
        "INSERT INTO photos (project_id, photographer_id, storage_key, status)
         SELECT p.id, f.id, 'k', 'ready' FROM projects p, photographers f WHERE p.name LIKE 'Gala%'",
    );
    let only = FILE.split("[[photographers]]").next().unwrap();
    let file = house.file(only);
    let plan = house.json(&["project", "plan", &file, "--prune"]);
    assert_eq!(counts(&plan), [0, 0, 0, 3, 1], "{plan}");
    let kept: Vec<_> = plan["kept"].as_array().unwrap().iter().map(|one| one["why"].as_str().unwrap()).collect();
    assert_eq!(kept, ["not in the file, but has 1 photo"; 2]);
    house.apply(only, &["--prune", "--yes"]);
    let live = "SELECT (SELECT string_agg(name, ',') FROM projects WHERE deleted_at IS NULL),
                       (SELECT count(*) FROM packages WHERE deleted_at IS NULL),
                       (SELECT count(*) FROM photographers WHERE deleted_at IS NULL)";
    assert_eq!(house.psql(live), "Gala 2026|0|1");
    // What is wanted again has a new life: its key was forgotten with it.
    house.apply(&format!("{FILE}{second}"), &[]);
    assert_eq!(house.psql(live).split('|').nth(1), Some("2"));
}

#[test]
fn what_a_project_of_the_file_names_is_not_pruned() {
    let house = House::new();
    house.apply(FILE, &[]);
    let named = "[[operators]]\nkey = \"alpine\"\n[[projects]]\nkey = \"ball\"\noperator = \"alpine\"\nname = \"Ball\"\n\
                 packages = [\"Ten photos\"]\nphotographers = [\"mara@alpine.example\"]\n";
    house.apply(named, &["--prune", "--yes"]);
    let live = "SELECT (SELECT string_agg(name, ',') FROM projects WHERE deleted_at IS NULL),
                       (SELECT count(*) FROM packages WHERE deleted_at IS NULL),
                       (SELECT count(*) FROM photographers WHERE deleted_at IS NULL)";
    assert_eq!(house.psql(live), "Ball|1|1");
    assert_eq!(counts(&house.json(&["project", "plan", &house.file(named), "--prune"])), [0, 0, 0, 0, 2]);
}

#[test]
fn a_rename_is_a_rename_and_what_was_deleted_comes_back() {
    let house = House::new();
    house.apply(FILE, &[]);
    let before = house.psql("SELECT id FROM projects");
    house.apply(FILE, &["--set", "year=2027"]);
    assert_eq!(house.psql("SELECT id || name FROM projects"), format!("{before}Gala 2027"));
    house.json(&["project", "delete", &before, "--yes"]);
    let plan = house.plan(FILE);
    assert_eq!(counts(&plan), [0, 0, 1, 0, 3]);
    house.apply(FILE, &[]);
    assert_eq!(house.psql("SELECT id || name FROM projects WHERE deleted_at IS NULL"), format!("{before}Gala 2026"));
}

#[test]
fn what_was_made_by_hand_is_taken_over_by_its_id_only() {
    let house = House::new();
    let alpine = house.operator("Alpine", "office@alpine.example");
    let mistakes = house.mistakes(FILE);
    assert!(mistakes[0].contains(&format!("id = \"{alpine}\"")), "{mistakes:?}");
    let own = FILE.replace("key = \"alpine\"\n", &format!("key = \"alpine\"\nid = \"{alpine}\"\n"));
    let gala = house.project(&alpine, "Gala 2026");
    let mistakes = house.mistakes(&own);
    assert!(mistakes[0].contains(&gala) && mistakes.len() == 1, "{mistakes:?}");
    let own = own.replace("key = \"gala\"\n", &format!("key = \"gala\"\nid = \"{gala}\"\n"));
    house.apply(&own, &[]);
    assert_eq!(house.psql("SELECT count(*) FROM projects"), "1");
    // From now on the key is enough.
    assert_eq!(counts(&house.plan(FILE)), [0, 0, 0, 0, 4]);
    // A file may also be about things of an operator that it does not describe.
    let part = "[[packages]]\nkey = \"one\"\noperator = \"OFFICE@alpine.example\"\nname = \"One\"\nprice = \"1 EUR\"\nphotos = 1\n";
    assert_eq!(counts(&house.apply(part, &[])), [1, 0, 0, 0, 0]);
}

#[test]
fn mistakes_come_all_at_once_with_line_and_column() {
    let house = House::new();
    let bad = r#"
[[operators]]
key = "alpine"
name = "Alpine"
email = "nobody"
password = "secret"
[[photographers]]
key = "mara"
operator = "alpin"
nam = "Mara"
[[packages]]
key = "ten"
operator = "alpine"
price = 19.90
photos = 0
[[projects]]
operator = "alpine"
photografers = ["mara"]
start = "${yaer}"
terms_file = "nothing.txt"
[projects.settings]
watermrk = "x"
preview_size = "large"
"#;
    let mistakes = house.mistakes(bad);
    let places: Vec<&str> = mistakes.iter().map(|said| said.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["5:9", "6:12", "10:1", "14:9", "15:10", "17:1", "18:1", "19:9", "20:14", "22:1", "23:16"]);
    let all = mistakes.join("\n");
    for said in ["did you mean `photographers`?", "did you mean `watermark`", "did you mean `name`?", "never stands"] {
        assert!(all.contains(said), "{all}");
    }
    assert!(!all.contains("\"secret"), "{all}");
    // What only the database tells comes when the file itself is right.
    let bad = FILE
        .replace("19.90 EUR", "19.90 USD")
        .replace("[\"mara\"]", "[\"marra\"]")
        .replace("\"2026-06-01\"", "\"2025\"");
    let mistakes = house.mistakes(&bad);
    assert_eq!(mistakes.len(), 3, "{mistakes:?}");
    assert!(mistakes[2].contains("did you mean `mara`?"), "{mistakes:?}");
    let twice = "[[photographers]]\nkey = \"a\"\noperator = \"x\"\nemail = \"a@b.org\"\n\
                 [[photographers]]\nkey = \"b\"\noperator = \"x\"\nemail = \"A@b.org\"\n";
    assert_eq!(house.mistakes(twice), ["8:9: \"A@b.org\" is another one's email too"]);
    assert_eq!(house.mistakes("{\"packages\": 1, \"packages\": []}")[1], "1:17: in the file, `packages` stands twice");
    assert!(house.mistakes("{\"packages\": [{\"key\": \"a\", \"operator\": \"a\\u0000b\"}]}")[0].contains("NUL"));
    assert_eq!(house.mistakes("[[operators]\nx = \n")[0].split(':').next(), Some("1"));
    assert!(house.mistakes(&FILE.replace("year = ", "jahr = "))[0].contains("there is no variable `year`"));
    house.fails(2, &["project", "plan", &house.file(FILE), "--set", "yaer=1"]).stderr_has("did you mean `year`?");
    house.fails(1, &["project", "plan", "nowhere.toml"]);
    house.fails(2, &["project", "plan"]).stderr_has("which event file");
}

#[test]
fn a_plan_is_carried_out_only_on_the_database_that_it_was_made_for() {
    let house = House::new();
    let (file, plan) = (house.file(FILE), house.machine.path().join("plan.json"));
    let plan = plan.to_str().unwrap();
    house.machine.args(["project", "plan", &file, "--to", plan]).ok();
    let apply = || house.machine.args(["project", "apply", "--plan", plan, "--json"]).env("ALPINE_PASSWORD", "x y z");
    assert_eq!(apply().ok().json()["creates"], json!(4));
    assert_eq!(apply().run().code(1).error()["code"], "conflict");
    house.machine.args(["project", "plan", &house.file(&FILE.replace("Graz", "Linz")), "--to", plan]).ok();
    // Something that the plan does not touch, but looked at.
    house.psql("UPDATE packages SET price = 1");
    assert_eq!(apply().run().code(1).error()["code"], "conflict");
    assert_eq!(house.psql("SELECT location_name FROM projects"), "Graz");
    std::fs::write(plan, "{}").unwrap();
    house.fails(2, &["project", "apply", "--plan", plan]).stderr_has("is no plan");
}

#[test]
fn a_password_that_cannot_be_had_changes_nothing() {
    let house = House::new();
    let before = house.everything();
    house.fails(2, &["project", "apply", &house.file(FILE)]).stderr_has("ALPINE_PASSWORD");
    let failing = FILE.replace("{ env = \"ALPINE_PASSWORD\" }", "{ command = \"exit 3\" }");
    house.fails(2, &["project", "apply", &house.file(&failing)]);
    assert_eq!(house.everything(), before);
    let printing = FILE.replace("{ env = \"ALPINE_PASSWORD\" }", "{ command = \"echo 'correct horse'\" }");
    house.json(&["project", "apply", &house.file(&printing)]);
    assert!(bcrypt::verify("correct horse", &house.psql("SELECT password_hash FROM operators")).unwrap());
}

#[test]
fn what_was_deleted_is_not_used_by_its_key_alone() {
    let house = House::new();
    house.apply(FILE, &[]);
    house.json(&["package", "delete", "Ten photos", "--yes"]);
    let ball = "[[projects]]\nkey = \"ball\"\noperator = \"alpine\"\nname = \"Ball\"\npackages = [\"ten\"]\n";
    assert_eq!(house.mistakes(ball), ["5:13: the project's operator has no package `ten`"]);
    house.json(&["operator", "delete", "Alpine", "--yes"]);
    assert_eq!(house.mistakes(ball), ["3:12: there is no operator `alpine`"]);
}

#[test]
fn another_log_in_email_is_asked_about() {
    let house = House::new();
    house.apply(FILE, &[]);
    let other = house.file(&FILE.replace("office@alpine.example", "else@example.org"));
    let plan = house.json(&["project", "plan", &other]);
    assert!(plan["steps"][0]["warnings"][0].as_str().unwrap().contains("logs in as else@example.org"), "{plan}");
    assert_eq!(house.error(2, &["project", "apply", &other])["code"], "confirmation_required");
    house.json(&["project", "apply", &other, "--yes"]);
    assert_eq!(house.psql("SELECT email FROM operators"), "else@example.org");
}

#[test]
fn who_creates_by_hand_waits_for_a_file() {
    let house = House::new();
    house.apply(FILE, &[]);
    let more = format!(
        "{FILE}[[packages]]\nkey = \"race\"\noperator = \"alpine\"\nname = \"Race\"\nprice = \"1 EUR\"\nphotos = 1\n"
    )
    .replace("coaches = [\"Ida\"]", "coaches = [\"Ida\", \"Kim\"]");
    let file = house.file(&more);
    // The file is held up before its last statement: everything else of it is written, and not committed.
    let url = house.real().url().to_owned();
    let hold = "BEGIN; SELECT 1 FROM photoctl.audit_head FOR UPDATE; SELECT pg_sleep(2); COMMIT";
    let holder = std::thread::spawn(move || psql(&url, hold));
    std::thread::sleep(std::time::Duration::from_millis(400));
    let apply = house.machine.args(["project", "apply", &file, "--json"]).env("ALPINE_PASSWORD", "x y z").spawn();
    std::thread::sleep(std::time::Duration::from_millis(900));
    let words = ["package", "create", "--operator", "Alpine", "--name", "Race", "--price", "2", "--photo-count", "1"];
    let package = house.machine.args(words).arg("--json").spawn();
    let coach =
        house.machine.args(["project", "coaches", "add", "--project", "Gala 2026", "--name", "Kim", "--json"]).spawn();
    holder.join().unwrap();
    apply.wait().code(0);
    package.wait().code(1).stderr_has("exists already");
    coach.wait().code(1);
    let rows = "SELECT (SELECT count(*) FROM packages WHERE name = 'Race'),
                       (SELECT count(*) FROM project_coaches WHERE name = 'Kim')";
    assert_eq!(house.psql(rows), "1|1");
}

#[test]
fn two_at_once_make_one_event() {
    let house = House::new();
    let file = house.file(&FILE.replace("password = { env = \"ALPINE_PASSWORD\" }\n", ""));
    let running: Vec<_> = (0..4).map(|_| house.machine.args(["project", "apply", &file, "--json"]).spawn()).collect();
    let codes: Vec<i32> = running.into_iter().map(|one| one.wait().code).collect();
    assert!(codes.contains(&0) && codes.iter().all(|code| [0, 1].contains(code)), "{codes:?}");
    let rows =
        "SELECT (SELECT count(*) FROM operators), (SELECT count(*) FROM projects), (SELECT count(*) FROM packages),
                       (SELECT count(*) FROM project_photographers), (SELECT count(*) FROM photoctl.declared)";
    assert_eq!(house.psql(rows), "1|1|1|1|4");
    house.machine.args(["audit", "list", "--verify"]).ok();
}

#[test]
fn the_season_that_is_shipped_works_year_after_year() {
    for house in House::both() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/season/season.toml");
        let apply = |year: &str| {
            let words = ["project", "apply", file.to_str().unwrap(), "--set", &format!("year={year}"), "--json"];
            house.machine.args(words).ok().json()
        };
        assert_eq!(counts(&apply("2026")), [7, 0, 0, 0, 0]);
        assert_eq!(counts(&apply("2027")), [2, 0, 0, 0, 5]);
        assert_eq!(counts(&apply("2026")), [0, 0, 0, 0, 7]);
        let names = "SELECT string_agg(name || ' ' || extract(year FROM start_at), ', ' ORDER BY name) FROM projects";
        let all = "Night Gala 2026 2026, Night Gala 2027 2027, Spring Run 2026 2026, Spring Run 2027 2027";
        assert_eq!(house.psql(names), all);
    }
}

#[test]
fn the_schema_knows_what_the_reader_knows() {
    let house = House::new();
    let schema: Value = serde_json::from_str(&house.machine.args(["project", "schema"]).ok().stdout).unwrap();
    let top = schema["properties"].as_object().unwrap();
    let things = ["operators", "photographers", "packages", "projects"];
    let mut text = String::new();
    for thing in things {
        // Each key of the schema is one that the reader knows: the mistakes are about values only.
        let keys = top[thing]["items"]["properties"].as_object().unwrap();
        text.push_str(&format!("[[{thing}]]\n"));
        for key in keys.keys() {
            text.push_str(&format!("{key} = 1979-05-27T07:32:00Z\n"));
        }
    }
    let settings = top["projects"]["items"]["properties"]["settings"]["properties"].as_object().unwrap();
    text.push_str("[[projects]]\nkey = \"x\"\noperator = \"x\"\n[projects.settings]\n");
    for key in settings.keys() {
        text.push_str(&format!("{key} = []\n"));
    }
    let mistakes = house.mistakes(&text).join("\n");
    assert!(!mistakes.contains("there is no"), "{mistakes}");
    // And the reader knows no other: a wrong key is offered the right ones.
    let known = photoctl::config::settings::ALL.iter().filter(|setting| setting.project.is_some()).count();
    assert_eq!(settings.len(), known);
}
