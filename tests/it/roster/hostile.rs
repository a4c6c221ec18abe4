use super::{counts, everything, guests, import, run};
use crate::photos_world::{PROJECT, World};

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// What is text is stored as it is; what can not be stored is rejected; nothing of it does anything.
#[test]
fn hostile_text_in_every_field_is_only_text() {
    let megabyte = "m".repeat(1_000_000);
    let texts: [(&str, bool, bool); 9] = [
        ("'; DROP TABLE users; --", true, true),
        ("$(touch pwned) `touch pwned` | touch pwned", true, true),
        ("=HYPERLINK(\"http://x\")", true, true),
        ("Robert\\'); DELETE FROM project_members; --", true, true),
        ("{}\"},[\u{1F480}] %s %n ../../etc/passwd", true, true),
        ("\u{1b}[2J\u{1b}]0;pwned\u{7}", false, true),
        ("a\0b", false, false),
        (&megabyte, false, false),
        ("\u{202e}gnp.exe", true, true),
    ];
    for world in World::both() {
        let mut file = "email,name,address,billing_address,terms_accepted_at\n".to_owned();
        let mut expected = 0;
        for (number, (text, as_name, as_text)) in texts.iter().enumerate() {
            let q = quoted(text);
            file += &format!("n{number}@example.org,{q},,,\n");
            file += &format!("a{number}@example.org,A,{q},,\n");
            file += &format!("b{number}@example.org,B,,{q},\n");
            file += &format!("t{number}@example.org,T,,,{q}\n");
            file += &format!("{},E,,,\n", quoted(&format!("{text}@example.org")));
            file += &format!("{q},E,,,\n");
            expected += usize::from(*as_name) + 2 * usize::from(*as_text);
        }
        let output = run(&world, "hostile.csv", &file, &["--rejects", "r.csv", "--report", "l.jsonl"]).run().code(3);
        assert!(!output.stderr.contains(['\u{1b}', '\0', '\u{202e}']), "a terminal is moved");
        let report = output.json();
        let [rows, created, joined, _, unchanged, rejected] = counts(&report);
        assert_eq!((rows, created, joined, unchanged), (54, created, created, 0), "{report}");
        assert_eq!(rows, created + rejected);
        let names = world.sql("SELECT count(*)::text FROM users WHERE email ~ '^[nab][0-9]@'");
        assert_eq!(names, expected.to_string());
        assert_eq!(world.sql("SELECT count(*)::text FROM users WHERE email ~ '^t[0-9]@'"), "0");
        for item in report["items_failed"].as_array().unwrap() {
            assert!(item["message"].as_str().unwrap().len() < 2_000, "{}", item["ref"]);
        }
        let name = world.sql("SELECT name FROM users WHERE email = 'n0@example.org'");
        assert_eq!(name, "'; DROP TABLE users; --");
        assert!(!world.machine().path().join("pwned").exists());
        let page = world.machine().args(["user", "import", "--project", PROJECT, "hostile.csv"]).run().code(3);
        assert!(!page.stdout.contains(['\u{1b}', '\0', '\u{202e}']));
        // What went in comes out and in again.
        let exported = world.machine().args(["user", "export", "--project", PROJECT]).ok().stdout;
        assert_eq!(counts(&import(&world, exported, &[], 0).json())[4], created);
    }
}

/// What is said about the file and does not fit it ends in a sentence that names what there is.
#[test]
fn options_that_do_not_fit_the_file_are_refused() {
    let world = World::real();
    let before = everything(&world);
    let text = "Who,Mail\nAl,al@example.org\n";
    let xlsx: &[u8] = include_bytes!("../../data/rosters/guests.xlsx");
    let cases: [(&[u8], &[&str], &str, &str); 9] = [
        (text.as_bytes(), &["--map", "x=y;DROP"], " is no field: ", "terms_accepted_at"),
        (text.as_bytes(), &["--map", "email"], "field=Header", ""),
        (text.as_bytes(), &["--map", "name="], "the header is empty", ""),
        (text.as_bytes(), &["--map", "name=Who'); DROP TABLE users;--"], "there is no column", r#"\"Who\", \"Mail\""#),
        (text.as_bytes(), &["--map", "name=Who", "--map", "name=Mail"], "--map names name twice", ""),
        (text.as_bytes(), &["--encoding", "klingon\u{1b}[2J"], "is not an encoding", "windows-1252"),
        (text.as_bytes(), &["--sheet", "Guests"], "only workbooks (.xlsx) have sheets", "leave --sheet out"),
        (xlsx, &["--sheet", "Guests\u{1b}[2J"], "the workbook has no sheet", "Gäste"),
        (xlsx, &["--encoding", "utf-8"], "this is a workbook", "leave --encoding out"),
    ];
    for (bytes, words, said, there_is) in cases {
        let output = import(&world, bytes, words, 2).stderr_has(said);
        assert!(output.stderr.contains(there_is) && !output.stderr.contains('\u{1b}'), "{}", output.transcript());
    }
    assert_eq!(everything(&world), before);
}

/// Files that are no roster end in a sentence, and change nothing.
#[test]
fn files_that_are_no_roster_are_refused() {
    let world = World::real();
    let before = everything(&world);
    let zip_bomb = {
        let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        writer.start_file("xl/workbook.xml", zip::write::SimpleFileOptions::default()).unwrap();
        let mut bytes = writer.finish().unwrap().into_inner();
        // The size that the directory says the file unpacks to.
        let directory = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
        bytes[directory + 24..directory + 28].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
        bytes
    };
    let open_quote = format!("email,name\na@x.org,A\nb@x.org,\"B\n{}", "c@x.org,C\n".repeat(10));
    let wide = format!("{}\n", "x,".repeat(200_000));
    let cases: [(&[u8], i32, &str); 9] = [
        (b"", 1, "empty"),
        (b"\n\n;;\n", 1, "empty"),
        (b"PK\x03\x04 not a zip", 1, "no workbook"),
        (&zip_bomb, 1, "unpacks to"),
        (b"\xd0\xcf\x11\xe0 old", 1, ".xls"),
        (b"%PDF-1.7", 1, "PDF"),
        (open_quote.as_bytes(), 1, "line 3"),
        (wide.as_bytes(), 2, "200,001 columns"),
        (b"\0\0\0\0\0\0\0\0", 2, "no column holds the email"),
    ];
    for (bytes, code, said) in cases {
        import(&world, bytes, &[], code).stderr_has(said);
    }
    import(&world, "email,name\n\"a@x.org,A", &[], 1).stderr_has("never closed");
    let endless = format!("email,name\na@x.org,\"{}", "x\n".repeat(20_000_000));
    import(&world, endless, &[], 1).stderr_has("never closed");
    world.machine().args(["user", "import", "--project", PROJECT, "/"]).run().code(2).stderr_has("folder");
    world
        .machine()
        .args(["user", "import", "--project", PROJECT, "missing.csv"])
        .run()
        .code(1)
        .stderr_has("missing.csv");
    assert_eq!(everything(&world), before);
    assert_eq!(guests(&world), "");
}
