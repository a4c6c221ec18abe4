//! Whatever is typed into a text field is stored as it is, or refused with a sentence; it is never run, and never
//! reaches the terminal.

use super::{House, id};

const SQL: &str = "'; DROP TABLE users; --";
const SHELL: &str = "$(touch pwned) `touch pwned` ; touch pwned & |";
const QUOTES: &str = r#"a"b'c\d{}%s$1 ${x} <b>"#;
const WIDE: &str = "東京 Ærø مرحبا 👩‍👩‍👧 e\u{301}";

#[test]
fn what_can_be_stored_is_stored_as_it_is() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    let finn = house.photographer(&ana, "Finn", "finn@example.org");
    let gus = house.user("Gus", "gus@example.org");
    let words = ["package", "create", "--operator", &ana, "--name", "Ten", "--price", "1", "--photo-count", "1"];
    let ten = id(&house.json(&words));
    let things = [
        ("operator", "operators", &ana, "--name", "name"),
        ("photographer", "photographers", &finn, "--name", "name"),
        ("photographer", "photographers", &finn, "--address", "address"),
        ("user", "users", &gus, "--name", "name"),
        ("user", "users", &gus, "--address", "address"),
        ("user", "users", &gus, "--billing-address", "billing_address"),
        ("package", "packages", &ten, "--name", "name"),
        ("project", "projects", &gala, "--name", "name"),
        ("project", "projects", &gala, "--location", "location_name"),
    ];
    for text in [SQL, SHELL, QUOTES, WIDE] {
        for (noun, table, which, option, column) in things {
            house.json(&[noun, "update", which, option, text]);
            assert_eq!(house.psql(&format!("SELECT {column} FROM {table} WHERE id = '{which}'")), text);
            let shown = house.machine.args([noun, "show", which]).ok().stdout;
            assert!(!shown.contains('\u{1b}'), "{shown:?}");
        }
        let words = ["project", "coaches", "add", "--project", &gala, "--name", text];
        let coach = id(&house.json(&words));
        assert_eq!(house.psql(&format!("SELECT name FROM project_coaches WHERE id = '{coach}'")), text);
        // Names that are looked for are texts too.
        house.machine.args(["user", "list", "--name", text]).ok();
        house.fails(1, &["project", "show", &format!("no {text}")]);
    }
    assert_eq!(house.psql("SELECT count(*) FROM users"), "1");
    assert!(!house.machine.path().join("pwned").exists() && !std::path::Path::new("pwned").exists());
    house.machine.args(["audit", "list", "--verify"]).ok();
}

#[test]
fn what_cannot_be_stored_is_refused_and_changes_nothing() {
    let (house, ana) = House::with_operator();
    let gala = house.project(&ana, "Gala");
    let gus = house.user("Gus", "gus@example.org");
    let before = house.everything();
    // An argument of Linux has 128 KiB at most, and holds no NUL: longer ones come in files.
    let long = "x".repeat(100_000);
    for text in ["a\u{1b}[2Jb", "a\nb", "\u{7}", &long, "", "  "] {
        for (noun, which, option) in [
            ("operator", &ana, "--name"),
            ("user", &gus, "--name"),
            ("project", &gala, "--name"),
            ("project", &gala, "--location"),
        ] {
            let refused = house.fails(2, &[noun, "update", which, option, text]);
            assert!(!refused.stderr.contains('\u{1b}') && refused.stderr.len() < 2_000_000, "{}", refused.stderr.len());
        }
        for (noun, which, option) in
            [("operator", &ana, "--email"), ("user", &gus, "--email"), ("project", &gala, "--link")]
        {
            house.fails(2, &[noun, "update", which, option, text]);
        }
    }
    for (name, content) in
        [("nul.txt", vec![b'a', 0, b'b']), ("latin.txt", vec![0xe4, 0xf6]), ("long.txt", vec![b'x'; 1_100_000])]
    {
        let file = house.machine.file(name, content);
        house.fails(2, &["project", "update", &gala, "--terms-file", file.to_str().unwrap()]);
        house.fails(2, &["project", "plan", file.to_str().unwrap()]);
    }
    let file = house.machine.file(
        "names.json",
        format!(r#"{{"operators": [{{"key": "a", "name": "{long}", "email": "a\u0000@b.org"}}]}}"#),
    );
    house.fails(2, &["project", "plan", file.to_str().unwrap()]);
    assert_eq!(house.everything(), before);
}

#[test]
fn a_thing_that_is_deleted_while_it_is_used_is_gone_or_there_but_never_half() {
    let (house, ana) = House::with_operator();
    for round in 0..4 {
        let gala = house.project(&ana, &format!("Gala {round}"));
        let email = format!("finn{round}@example.org");
        let finn = house.photographer(&ana, &format!("Finn {round}"), &email);
        let delete = house.machine.args(["photographer", "delete", &finn, "--yes", "--json"]).spawn();
        let words = ["project", "photographers", "add", "--project", &gala, "--photographer", &email, "--json"];
        let add = house.machine.args(words).spawn();
        let update =
            house.machine.args(["photographer", "update", &finn, "--name", &format!("New {round}"), "--json"]).spawn();
        let (delete, add, update) = (delete.wait(), add.wait(), update.wait());
        assert!([0, 1].contains(&add.code) && [0, 1].contains(&update.code), "{}", update.transcript());
        assert_eq!(delete.code, 0, "{}", delete.transcript());
        assert_eq!(house.psql(&format!("SELECT deleted_at IS NOT NULL FROM photographers WHERE id = '{finn}'")), "t");
        let renamed = house.psql(&format!("SELECT name = 'New {round}' FROM photographers WHERE id = '{finn}'"));
        assert_eq!(renamed == "t", update.code == 0, "an update that says it is done is done, and no other");
    }
    house.machine.args(["audit", "list", "--verify"]).ok();
}
