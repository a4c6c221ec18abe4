use serde_json::json;

use super::{counts, everything, guests, import};
use crate::photos_world::{PROJECT, USER, World};
use crate::support::Output;

const ROSTER: &str = "\
Name,E-Mail,Address,Billing address,Terms accepted at
Di,DI@example.org,,,
Gus,gus@example.org,\"Am Ufer 1
20095 Hamburg\",Büro,2026-06-01 09:30
Zoë Voß,zoe@example.org,,,2026-06-01T09:30:00Z
";

#[test]
fn guests_become_users_and_members_once() {
    for world in World::both() {
        let before = everything(&world);
        let tried = import(&world, ROSTER, &["--dry-run"], 0).json();
        assert_eq!((counts(&tried), &tried["dry_run"]), ([3, 2, 3, 0, 0, 0], &json!(true)), "{tried}");
        assert_eq!(everything(&world), before);

        let report = import(&world, ROSTER, &[], 0).stderr_has("Target: database").json();
        assert_eq!((counts(&report), &report["ok"]), ([3, 2, 3, 0, 0, 0], &json!(true)), "{report}");
        assert_eq!(report["items_failed"], json!([]));
        assert!(report["elapsed_ms"].is_u64() && report["target"]["database"].is_string());
        assert_eq!(
            guests(&world),
            "gus@example.org|Gus|Am Ufer 1/20095 Hamburg|Büro|true|2026-06-01 07:30:00\n\
             zoe@example.org|Zoë Voß|||true|2026-06-01 09:30:00"
        );
        assert_eq!(world.sql(&format!("SELECT count(*)::text FROM project_members WHERE user_id = '{USER}'")), "1");
        let hashes = "SELECT (count(DISTINCT password_hash) = 2 AND bool_and(length(password_hash) = 60
                             AND password_hash LIKE '$2b$%'))::text FROM users WHERE password_hash <> 'x'";
        assert_eq!(world.sql(hashes), "true");

        let stored = everything(&world);
        let again = import(&world, ROSTER, &[], 0).json();
        assert_eq!(counts(&again), [3, 0, 0, 0, 3, 0]);
        assert_eq!(everything(&world), stored, "a second run changes nothing");
        let audit = world.machine().line("audit list --verify --json").ok().json();
        let entry = &audit[0];
        assert_eq!((&entry["action"], &entry["entity"]), (&json!("import"), &json!("user")));
        assert_eq!((&entry["item_count"], &entry["project_id"]), (&json!(3), &json!(PROJECT)));
        assert!(entry["items_digest"].as_str().unwrap().len() == 64 && !entry.to_string().contains("gus@"), "{entry}");
        assert_eq!(audit.as_array().unwrap().iter().filter(|entry| entry["action"] == "import").count(), 1);
    }
}

#[test]
fn a_line_for_each_ticket_is_one_guest_and_costs_no_more() {
    for world in World::both() {
        let mut file = "email,name,ticket\n".to_owned();
        for n in 0..6_000 {
            for ticket in 0..2 {
                file.push_str(&format!("g{n}@example.org,Guest {n},{n}-{ticket}\n"));
            }
        }
        // Who says something new the second time is settled in between.
        file.push_str("late@example.org,Late,1\nlate@example.org,,2\n");
        let tried = import(&world, &file, &["--dry-run"], 0).json();
        assert_eq!(counts(&tried), [12_002, 6_001, 6_001, 0, 6_001, 0]);
        let begun = std::time::Instant::now();
        let report = import(&world, &file, &[], 0).json();
        let took = begun.elapsed();
        assert_eq!(counts(&report), [12_002, 6_001, 6_001, 0, 6_001, 0]);
        // Settled one by one they took a minute.
        assert!(took < std::time::Duration::from_secs(25), "{took:?}");
        assert_eq!(counts(&import(&world, &file, &[], 0).json()), [12_002, 0, 0, 0, 12_002, 0]);
        assert_eq!(world.sql("SELECT count(*)::text FROM users WHERE email LIKE 'g%'"), "6000");
    }
}

#[test]
fn files_that_cannot_be_written_are_said_before_anybody_is_created() {
    let world = World::real();
    std::fs::create_dir(world.machine().path().join("folder")).unwrap();
    let folder = world.machine().path().join("folder");
    for option in ["--rejects", "--report"] {
        import(&world, ROSTER, &[option, folder.to_str().unwrap()], 1).stderr_has("folder");
    }
    import(&world, ROSTER, &["--rejects", "one", "--report", "one"], 2).stderr_has("the same file");
    assert_eq!(guests(&world), "");
}

#[test]
fn what_the_file_says_replaces_and_what_it_does_not_say_stays() {
    let world = World::real();
    import(&world, ROSTER, &[], 0);
    // Web forms send other line ends, and white space.
    world.sql("UPDATE users SET address = E'Am Ufer 1\\r\\n20095 Hamburg ' WHERE email = 'gus@example.org'");
    let file = "email,name,address,terms accepted at\nGUS@example.org,,\"Am Ufer 1\n20095 Hamburg\",\n";
    assert_eq!(counts(&import(&world, file, &[], 0).json()), [1, 0, 0, 0, 1, 0]);
    let file = "email,name,address,terms accepted at\nGUS@example.org,August,,2026-06-05 10:00\nzoe@example.org,,Weg 2,\n\
                di@example.org,,,2026-06-02\n";
    let report = import(&world, file, &[], 0).json();
    assert_eq!((counts(&report), &report["terms_kept"]), ([3, 0, 0, 3, 0, 0], &json!(1)), "{report}");
    let users = world.sql("SELECT name, address, billing_address, updated_at > created_at FROM users ORDER BY email");
    assert_eq!(
        users.replace('\r', "").replace('\n', "/"),
        "Di|||f/August|Am Ufer 1/20095 Hamburg |Büro|t/Zoë Voß|Weg 2||t"
    );
    let terms = "SELECT terms_accepted_at FROM project_members JOIN users u ON u.id = user_id ORDER BY email";
    assert_eq!(world.sql(terms), "2026-06-01 22:00:00\n2026-06-01 07:30:00\n2026-06-01 09:30:00");
    assert_eq!(counts(&import(&world, file, &[], 0).json()), [3, 0, 0, 0, 3, 0]);
}

#[test]
fn rejected_rows_are_mended_and_imported_again() {
    let world = World::real();
    world.sql(
        "INSERT INTO users (name, email, password_hash, deleted_at) VALUES ('Old', 'old@example.org', 'x', now())",
    );
    let long = "x".repeat(256);
    let file = format!(
        "Shoe size;Name;E-Mail;Address\r\n\
         41;Al;al@example.org;\"a\r\nb\"\r\n\
         \r\n\
         42;=2+2;;\r\n\
         43;Bo;bo;\r\n\
         44;{long};cy@example.org;\r\n\
         45;Ed;ed@example.org;\r\n\
         46;Eddy;ED@example.org;\r\n\
         47;Old;OLD@example.org;\r\n\
         48;;fay@example.org;\r\n\
         49;Al;AL@example.org;\r\n\
         50;Gil;gil@example.org;a;b\r\n"
    );
    let rejects = world.machine().path().join("rejected.csv");
    let words = ["--rejects", rejects.to_str().unwrap(), "--report", "lines.jsonl"];
    let output = import(&world, &file, &words, 3);
    let report = output.stderr_has("\"Shoe size\" is not known").json();
    assert_eq!((counts(&report), &report["ok"]), ([10, 1, 1, 0, 1, 8], &json!(false)), "{report}");
    let failed: Vec<String> = report["items_failed"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| format!("{} {}", item["ref"].as_str().unwrap(), item["reason"].as_str().unwrap()))
        .collect();
    let lines = ["5 no_email", "6 bad_email", "7 bad_value", "8 twice", "9 twice", "10 deleted", "11 no_name"];
    let lines: Vec<String> = lines.iter().chain(&["13 too_many_cells"]).map(|line| format!("line {line}")).collect();
    assert_eq!(failed, lines);
    let twice = report["items_failed"][3]["message"].as_str().unwrap();
    assert!(twice.contains("lines 8 and 9") && twice.contains("another name"), "{twice}");
    let lines = std::fs::read_to_string(world.machine().path().join("lines.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 10);
    assert!(lines.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["line"].is_u64()));

    let text = std::fs::read_to_string(&rejects).unwrap();
    let rows: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes())
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(rows[0], ["line", "reason", "Shoe size", "Name", "E-Mail", "Address"]);
    assert_eq!(rows[1][..4], ["5", "the email is missing", "42", "'=2+2"]);
    assert_eq!(rows.len(), 9);

    // Mended by a person; what the list itself says is no part of a guest.
    let mended = text
        .replace("'=2+2,,", "'=2+2,four@example.org,")
        .replace(",Bo,bo,", ",Bo,bo@example.org,")
        .replace(&long, "Cy")
        .replace("Eddy", "Ed")
        .replace("OLD@", "new@")
        .replace(",,fay@", ",Fay,fay@")
        .replace("a,b\r\n", "\"a,b\"\r\n");
    let words = ["--rejects", "again.csv"];
    let report = import(&world, &mended, &words, 0).json();
    assert_eq!(counts(&report), [8, 7, 7, 0, 1, 0], "{report}");
    assert_eq!(world.sql("SELECT name FROM users WHERE email = 'four@example.org'"), "=2+2");
    assert_eq!(world.sql("SELECT address FROM users WHERE email = 'gil@example.org'"), "a,b");
    assert!(!world.machine().path().join("again.csv").exists(), "nothing was rejected");
    import(&world, &mended, &["--rejects", rejects.to_str().unwrap()], 0).stderr_has("is of an older run");
    assert_eq!(std::fs::read_to_string(&rejects).unwrap(), text);
    import(&world, "email\nnobody\n", &["--rejects", rejects.to_str().unwrap()], 3);
    let newer = std::fs::read_to_string(&rejects).unwrap();
    assert!(newer.starts_with("line,reason,email\r\n2,") && newer.lines().count() == 2, "{newer}");
    let own = world.machine().path().join("guests.csv");
    import(&world, &mended, &["--rejects", own.to_str().unwrap()], 2);
}

#[test]
fn strict_takes_all_or_none() {
    for world in World::both() {
        let before = everything(&world);
        let file = format!("{ROSTER}Ed,nobody,,,\n");
        let report = import(&world, &file, &["--strict", "--rejects", "r.csv"], 3).json();
        assert_eq!((counts(&report), &report["ok"]), ([4, 0, 0, 0, 0, 1], &json!(false)), "{report}");
        assert_eq!(everything(&world), before);
        let rejects = std::fs::read_to_string(world.machine().path().join("r.csv")).unwrap();
        assert_eq!(rejects.lines().count(), 2, "{rejects}");
        let report = import(&world, ROSTER, &["--strict"], 0).json();
        assert_eq!(counts(&report), [3, 2, 3, 0, 0, 0]);
    }
}

/// A row has one line in what people read and in what programs read, though a strict run goes through the file twice.
#[test]
fn each_row_is_told_once() {
    let world = World::real();
    let told = |file: &str, words: &[&str], code: i32| {
        let file = world.machine().file("guests.csv", file);
        let words = [["user", "import", "--project", PROJECT].as_slice(), words].concat();
        world.machine().args(words).arg(file).run().code(code)
    };
    let bad = format!("{ROSTER}Ed,nobody,,,\n");
    for words in [&["--strict"][..], &[], &["--dry-run"], &["--strict", "--dry-run"]] {
        let output = told(&bad, words, 3);
        let said = format!("{}{}", output.stdout, output.stderr);
        assert_eq!(said.matches("\"nobody\" is not an email address").count(), 1, "{words:?}: {said}");
    }
    let items = |output: &Output| -> Vec<serde_json::Value> {
        output.json_lines().into_iter().filter(|line| line["type"] == "item").collect()
    };
    let refused = items(&told(&bad, &["--strict", "--output", "jsonl"], 3));
    assert_eq!(refused.len(), 1, "{refused:?}");
    assert_eq!(refused[0]["ref"], "line 6");
    assert_eq!(items(&told(ROSTER, &["--strict", "--output", "jsonl"], 0)).len(), 3);
}

/// More members than one list shows: whoever asks for them is told that there are more, a quiet script too.
#[test]
fn a_list_of_members_that_is_cut_says_so() {
    let world = World::real();
    world.sql(&format!(
        "INSERT INTO users (name, email, password_hash)
         SELECT 'Guest ' || n, 'g' || n || '@example.org', 'x' FROM generate_series(1, 1001) n;
         INSERT INTO project_members (project_id, user_id)
         SELECT '{PROJECT}', id FROM users WHERE email LIKE 'g%'"
    ));
    let list = |words: &[&str]| {
        let line = ["project", "members", "list", "--project", PROJECT, "--quiet", "--output", "csv"];
        world.machine().args([&line, words].concat()).ok()
    };
    let cut = list(&[]);
    assert_eq!(cut.stdout.lines().count(), 1001, "a header and 1,000 rows");
    let after = cut.stderr.split_once("--after ").and_then(|(_, rest)| rest.split_once(',')).unwrap().0;
    let rest = list(&["--after", after]);
    assert_eq!((rest.stdout.lines().count(), rest.stderr.as_str()), (2, ""));
    assert_eq!(list(&["--limit", "1001"]).stdout.lines().count(), 1002);
}

#[test]
fn a_dry_run_says_what_the_real_one_does() {
    let world = World::real();
    let file = "email,name,address\na@x.org,A,\nb@x.org,B,\nA@X.org,A,Weg 1\na@x.org,,\nc@x.org,,\nc@x.org,C,\ndi@example.org,Dia,\n";
    let tried = counts(&import(&world, file, &["--dry-run"], 3).json());
    let done = counts(&import(&world, file, &[], 3).json());
    assert_eq!(done, [7, 3, 4, 2, 1, 1]);
    // Only what a later row adds to a guest who is not there yet is not told apart.
    assert_eq!(tried, [7, 3, 4, 1, 2, 1]);
    assert_eq!(counts(&import(&world, file, &[], 0).json()), [7, 0, 0, 0, 7, 0]);
}

#[test]
fn what_is_exported_is_read_back() {
    for world in World::both() {
        import(&world, ROSTER, &[], 0);
        world.sql(
            "INSERT INTO users (name, email, password_hash, address) VALUES
             ('=cmd()', '+plus@example.org', 'x', E'@home\\r\\n-1'), ('''=x', 'quote@example.org', 'x', '''t Hofje'),
             ('Gone', 'gone@example.org', 'x', NULL);
             INSERT INTO project_members (project_id, user_id)
             SELECT (SELECT id FROM projects WHERE name = 'Summer Run'), id FROM users WHERE password_hash = 'x'
                    AND email <> 'di@example.org';
             UPDATE users SET deleted_at = now() WHERE name = 'Gone'",
        );
        let machine = world.machine();
        let stored = guests(&world);
        let text = machine.args(["user", "export", "--project", PROJECT]).ok().stdout;
        assert_eq!(text.lines().next(), Some("email,name,address,billing_address,terms_accepted_at"));
        assert!(text.contains("'=cmd()") && text.contains("''=x") && text.contains("'+plus@example.org"), "{text}");
        assert!(text.contains("2026-06-01T09:30:00+02:00") && !text.contains("gone@"), "{text}");
        assert!(!text.contains("$2b$"));
        let members = machine.args(["project", "members", "list", "--project", PROJECT, "--output", "csv"]).ok().stdout;
        for exported in [&text, &members] {
            let output = import(&world, exported, &[], 0);
            assert!(!output.stderr.contains("not known"), "{}", output.transcript());
            assert_eq!(counts(&output.json()), [5, 0, 0, 0, 5, 0]);
        }
        assert_eq!(guests(&world), stored);
        let audit = machine.line("audit list --action export --json").ok().json();
        assert_eq!((&audit[0]["item_count"], &audit[0]["project_id"]), (&json!(5), &json!(PROJECT)));
        if world.is_embedded() {
            continue;
        }
        let all = machine.args(["user", "export", "--to", "users.csv", "--json"]).ok().json();
        assert!(all["file"].as_str().unwrap().ends_with("users.csv"));
        let all = std::fs::read_to_string(machine.path().join("users.csv")).unwrap();
        assert_eq!(all.lines().next(), Some("email,name,address,billing_address"));
        machine.args(["user", "export", "--to", "users.csv"]).run().code(1).stderr_has("--overwrite");
        machine.args(["user", "export", "--to", "users.csv", "--overwrite"]).ok();
        let json = machine.args(["user", "export", "--json"]).ok().json();
        assert_eq!(json.as_array().unwrap().len(), 5);
        // A project whose members are not there yet: all of them join.
        let words = ["user", "import", "--project", "Winter Run", "users.csv", "--json"];
        assert_eq!(counts(&machine.args(words).ok().json()), [5, 0, 5, 0, 0, 0]);
    }
}
