use super::{counts, import, run};
use crate::photos_world::{PROJECT, World};

const XLSX: &[u8] = include_bytes!("../../data/rosters/guests.xlsx");

fn utf16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
    text.encode_utf16().flat_map(bytes).collect()
}

fn windows_1252(text: &str) -> Vec<u8> {
    text.chars().map(|c| if c == '€' { 0x80 } else { u8::try_from(u32::from(c)).unwrap() }).collect()
}

#[test]
fn every_form_of_a_table_says_the_same() {
    let world = World::real();
    let table = |delimiter: &str, end: &str| {
        let rows = ["Adresse;Name;E-Mail", "\"Weg 1; 2, 3\";Zoë Voß €;zoe@example.org", ";Bo;bo@example.org"];
        rows.join(end).replace(';', delimiter).replace(&format!("1{delimiter} 2"), "1; 2") + end
    };
    let forms: Vec<(&str, Vec<u8>)> = vec![
        ("comma", table(",", "\n").into()),
        ("semicolon, CRLF", table(";", "\r\n").into()),
        ("tab, old Mac", table("\t", "\r").into()),
        ("bar", table("|", "\n").into()),
        ("no end", table(",", "\n").trim_end().into()),
        ("UTF-8 with a mark", format!("\u{feff}{}", table(";", "\r\n")).into()),
        ("sep=", format!("sep=;\r\n{}", table(";", "\r\n")).into()),
        ("UTF-16 LE", utf16(&format!("\u{feff}{}", table("\t", "\r\n")), u16::to_le_bytes)),
        ("UTF-16 BE", utf16(&format!("\u{feff}{}", table(";", "\n")), u16::to_be_bytes)),
        ("UTF-16 LE without a mark", utf16(&table(",", "\n"), u16::to_le_bytes)),
        ("UTF-16 BE without a mark", utf16(&table(",", "\n"), u16::to_be_bytes)),
        ("Windows-1252", windows_1252(&table(";", "\r\n"))),
    ];
    for (form, bytes) in forms {
        world.sql("DELETE FROM project_members; DELETE FROM users WHERE email <> 'di@example.org'");
        let report = import(&world, bytes, &[], 0).json();
        assert_eq!(counts(&report), [2, 2, 2, 0, 0, 0], "{form}: {report}");
        let stored = world.sql("SELECT name, address FROM users WHERE email LIKE '%o%@example.org' ORDER BY email");
        assert_eq!(stored, "Bo|\nZoë Voß €|Weg 1; 2, 3", "{form}");
    }
    world.sql("DELETE FROM project_members; DELETE FROM users WHERE email <> 'di@example.org'");
    let text = b"email;name\nl@example.org;\xa3ukasz\n";
    import(&world, text, &["--encoding", "iso-8859-2"], 0);
    assert_eq!(world.sql("SELECT name FROM users WHERE email = 'l@example.org'"), "Łukasz");
    import(&world, text, &["--encoding", "klingon"], 2).stderr_has("not an encoding");
}

#[test]
fn workbooks_are_read() {
    for world in World::both() {
        let report = run(&world, "guests.xlsx", XLSX, &["--rejects", "r.csv"]).run().code(3);
        let report = report.stderr_has("\"Nr.\" is not known").json();
        assert_eq!(counts(&report), [4, 3, 3, 0, 0, 1], "{report}");
        assert_eq!(report["items_failed"][0]["ref"], "line 6");
        let stored = world.sql(
            "SELECT u.name, replace(u.address, chr(10), '/'), m.terms_accepted_at::text FROM users u
               JOIN project_members m ON m.user_id = u.id ORDER BY u.email",
        );
        assert_eq!(
            stored,
            "Bo Li||2026-05-31 22:00:00\nOna 4711||\nZoë Voß|Am Ufer 1/20095 Hamburg|2026-06-01 07:30:00"
        );
        assert_eq!(counts(&run(&world, "guests.xlsx", XLSX, &[]).run().code(3).json()), [4, 0, 0, 0, 3, 1]);
        let other = run(&world, "guests.xlsx", XLSX, &["--sheet", "Notes"]).run().code(2).error();
        assert!(other["hint"].as_str().unwrap().contains("nothing of use"), "{other}");
        let none = run(&world, "guests.xlsx", XLSX, &["--sheet", "None"]).run().code(2).error();
        assert!(none["hint"].as_str().unwrap().contains("Gäste"), "{none}");
    }
}

#[test]
fn columns_are_found_by_name_or_named() {
    let world = World::real();
    let file = "Who;Contact;Shoe size\nAl;al@example.org;41\n";
    let error = import(&world, file, &[], 2).error();
    assert_eq!(error["code"], "invalid_input");
    let hint = error["hint"].as_str().unwrap();
    assert!(hint.contains(r#""Who", "Contact", "Shoe size""#) && hint.contains("--map email="), "{hint}");
    let output = import(&world, file, &["--map", "email=Contact", "--map", "name=who"], 0);
    assert_eq!(output.stderr.matches("not known").count(), 1, "{}", output.transcript());
    assert_eq!(output.json()["columns_ignored"], serde_json::json!(["Shoe size"]));
    assert_eq!(world.sql("SELECT name FROM users WHERE email = 'al@example.org'"), "Al");
    import(&world, file, &["--map", "email=Nobody"], 2).stderr_has("no column");
    import(&world, file, &["--map", "colour=Who"], 2).stderr_has("terms_accepted_at");
    import(&world, "E-Mail,Email address\na@x.org,b@x.org\n", &[], 2).stderr_has("two columns");
    // From a pipe, with a header in another language.
    let words = ["user", "import", "--project", PROJECT, "--json", "-"];
    let piped = world.machine().args(words).stdin("courriel,prénom,nom\nzoe@example.org,Zoë,Voß\n").ok().json();
    assert_eq!(counts(&piped), [1, 1, 1, 0, 0, 0]);
    assert_eq!(world.sql("SELECT name FROM users WHERE email = 'zoe@example.org'"), "Zoë Voß");
}

#[test]
fn people_read_a_page() {
    let world = World::real();
    let file = world.machine().file("guests.csv", "email,name\nal@example.org,Al\nnobody,Bo\n");
    let words = ["user", "import", "--project", PROJECT];
    let page = world.machine().args(words).arg(&file).run().code(3).stdout;
    assert!(page.contains("created") && page.contains("line 3: \"nobody\" is not an email address"), "{page}");
    let page = world.machine().args(words).arg(&file).arg("--strict").run().code(3).stdout;
    assert!(page.contains("Nothing was changed"), "{page}");
    let lines = world.machine().args(words).arg(&file).args(["--output", "jsonl"]).run().code(3).json_lines();
    assert_eq!(lines.last().unwrap()["type"], "summary");
    assert_eq!(lines.iter().filter(|line| line["type"] == "item").count(), 2);
}
