use super::{LINK, assert_not_in_the_audit_log, issue, member, prepare, qr, real, scan, scan_pdf, told, tool, user};
use crate::photos_world::{OTHER_PROJECT, PROJECT, World};

fn links(tokens: &[String]) -> Vec<String> {
    let mut links: Vec<String> = tokens.iter().map(|token| format!("{LINK}?token={token}")).collect();
    links.sort();
    links
}

/// Names from everywhere, and those that people make up to break things.
const NAMES: &[&str] = &[
    "Gus Gast",
    "Zoë Ångström",
    "محمد بن عبد الله",
    "שרה כהן",
    "山田 太郎",
    "Ελένη Παπαδοπούλου",
    "🎉🎟️ Party 👩‍👩‍👧",
    "\u{202e}live\u{1b}[2J\u{7}",
    "Robert'); DROP TABLE qr_tokens;--",
    "(a) \\(b\\) <</Type>> %PDF endstream",
];

#[test]
fn every_card_is_read_by_another_decoder() {
    for world in World::both() {
        prepare(&world);
        world.sql(&format!(
            "UPDATE projects SET name = E'R\\u00e9union \\x1b[31m\\u202e (\\\\)' WHERE id = '{PROJECT}'"
        ));
        for (n, name) in NAMES.iter().enumerate() {
            member(&world, name, &format!("g{n}@example.org"));
        }
        member(&world, &"Wolfeschlegelsteinhausen".repeat(11)[..255], "long@example.org");
        let mut tokens = issue(&world, "--members");
        tokens.extend(issue(&world, "--count 7 --expires 30d"));
        // What lets nobody join is not printed.
        for dead in issue(&world, "--count 3").iter().zip(["used_at = now()", "expires_at = now()"]) {
            world.sql(&format!("UPDATE qr_tokens SET {} WHERE token = '{}'", dead.1, dead.0));
        }
        let live = world.sql("SELECT token FROM qr_tokens WHERE used_at IS NULL AND expires_at > now() ORDER BY token");
        let tokens: Vec<String> = live.lines().map(str::to_owned).collect();
        assert_eq!(tokens.len(), 19);
        issue(&world, "--reusable");

        let pdf = world.machine().path().join("cards.pdf");
        let line = format!("sheet --project {PROJECT} --to cards.pdf");
        let output = qr(&world, &format!("{line} --json")).code(0);
        let report = output.json();
        assert_eq!((&report["cards"], &report["pages"], &report["cut"]), (&19.into(), &3.into(), &1.into()));
        assert!(output.stderr.contains("U+5C71") && output.stderr.contains("boxes"), "{}", output.stderr);
        assert!(!output.stderr.contains('\u{1b}'));
        let pages = scan_pdf(&pdf);
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [8, 8, 3]);
        let mut found = pages.concat();
        found.sort();
        assert_eq!(found, links(&tokens));

        // A reprint is a reprint.
        let first = std::fs::read(&pdf).unwrap();
        qr(&world, &line).code(0);
        assert!(std::fs::read(&pdf).unwrap() == first, "the same cards are the same bytes");
        assert_eq!(world.sql("SELECT count(*) FROM qr_tokens"), "22", "nothing is issued");
        assert!(told(&world).ends_with("export|19 export|19"), "{}", told(&world));
        assert_not_in_the_audit_log(&world, &tokens);
    }
}

#[test]
fn cards_say_whose_they_are_and_when_the_event_is() {
    let world = real();
    member(&world, "Gus Gast", "gus@example.org");
    member(&world, "Zoë Ångström", "zoe@example.org");
    member(&world, "محمد", "m@example.org");
    issue(&world, "--members");
    world.sql(&format!("UPDATE projects SET end_at = '2098-06-01 18:00' WHERE id = '{PROJECT}'"));
    qr(&world, &format!("sheet --project {PROJECT} --paper letter --card 55x85 --to cards.pdf")).code(0);
    let pdf = world.machine().path().join("cards.pdf");
    let said = tool("pdftotext", &["-layout", pdf.to_str().unwrap(), "-"]);
    for words in ["Summer Run", "2098-06-01", "14:00 – 20:00 CEST", "Gus Gast", "Zoë Ångström"] {
        assert!(said.contains(words), "{said}");
    }
    let info = tool("pdfinfo", &[pdf.to_str().unwrap()]);
    assert!(info.contains("612 x 792 pts") && info.contains("Title:           Summer Run"), "{info}");
    assert!(!info.contains("CreationDate"), "{info}");
    let fonts = tool("pdffonts", &[pdf.to_str().unwrap()]);
    assert!(fonts.lines().nth(2).is_some_and(|font| font.contains("yes yes yes")), "embedded, cut: {fonts}");
    assert!(std::fs::metadata(&pdf).unwrap().len() < 60_000);

    // One card again, by its guest or its id.
    qr(&world, &format!("sheet --project {PROJECT} --user gus@example.org --to gus.pdf")).code(0);
    let by_user = scan_pdf(&world.machine().path().join("gus.pdf")).concat();
    let id = world
        .sql("SELECT l.token_id FROM photoctl.qr_tokens l JOIN users u ON u.id = l.user_id WHERE u.name = 'Gus Gast'");
    let output = qr(&world, &format!("sheet --project {PROJECT} --token {id}")).code(0);
    assert!(output.stdout_bytes.starts_with(b"%PDF-"));
    assert_eq!(output.stdout_bytes, std::fs::read(world.machine().path().join("gus.pdf")).unwrap());
    assert_eq!(by_user.len(), 1);
}

#[test]
fn a_guest_who_was_deleted_gets_no_card() {
    let world = real();
    let id = member(&world, "Gus Gast", "gus@example.org");
    let token = issue(&world, "--members").remove(0);
    world.sql(&format!("UPDATE users SET deleted_at = now() WHERE id = '{id}'"));
    qr(&world, &format!("sheet --project {PROJECT} --to cards.pdf --token {token}")).code(7).stderr_has("was deleted");
    qr(&world, &format!("render {token} --format svg")).code(7);
    assert!(!world.machine().path().join("cards.pdf").exists());
}

#[test]
fn no_grid_of_cards_and_no_name_covers_a_code() {
    let world = real();
    world.sql(&format!("UPDATE projects SET name = 'Summer Run of the town 2027' WHERE id = '{PROJECT}'"));
    for (n, name) in ["Alexandra Konstantinopoulos", "Maximilian von Hohenlohe", "Anna Li"].iter().enumerate() {
        member(&world, name, &format!("g{n}@example.org"));
    }
    let tokens = issue(&world, "--members");
    let sizes = [
        "--columns 3 --rows 3",
        "--columns 2 --rows 2",
        "--columns 2 --rows 4",
        "--columns 1 --rows 2",
        "--card 60x80",
    ];
    for size in sizes {
        qr(&world, &format!("sheet --project {PROJECT} --to cards.pdf {size}")).code(0);
        let mut found = scan_pdf(&world.machine().path().join("cards.pdf")).concat();
        found.sort();
        assert_eq!(found, links(&tokens), "{size}");
    }
}

/// On the narrowest cards too the dates are whole; where something is cut, it is said what.
#[test]
fn dates_are_never_cut() {
    let world = real();
    member(&world, "Anna Li", "a@example.org");
    let tokens = issue(&world, "--members");
    let pdf = world.machine().path().join("cards.pdf");
    let sizes =
        ["--columns 4 --rows 4", "--columns 4 --rows 6", "--columns 3 --rows 7", "--card 31x43", "--card 52x31"];
    for end in ["2098-06-01 18:00", "2099-06-01 18:30"] {
        world.sql(&format!("UPDATE projects SET name = 'Run', end_at = '{end}' WHERE id = '{PROJECT}'"));
        for size in sizes {
            let output = qr(&world, &format!("sheet --project {PROJECT} --to cards.pdf {size}")).code(0);
            assert!(!output.stderr.contains("cut"), "{size}: {}", output.stderr);
            let said = tool("pdftotext", &["-raw", pdf.to_str().unwrap(), "-"]);
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            let dates = match end {
                "2098-06-01 18:00" => "2098-06-01 14:00 – 20:00 CEST",
                _ => "2098-06-01 14:00 – 2099-06-01 20:30 CEST",
            };
            assert!(said.contains(dates) && !said.contains('…'), "{size}: {said}");
            assert_eq!(scan_pdf(&pdf).concat(), links(&tokens), "{size}");
        }
    }
    world.sql(&format!("UPDATE projects SET name = '{}' WHERE id = '{PROJECT}'", "Run of the town ".repeat(10)));
    let cut = qr(&world, &format!("sheet --project {PROJECT} --to cards.pdf --columns 4 --rows 4")).code(0);
    cut.stderr_has("cut, with an ellipsis, on 1 card: the event's name\n");
    let said = tool("pdftotext", &["-raw", pdf.to_str().unwrap(), "-"]);
    assert!(said.contains("20:30 CEST") || said.contains("20:30\nCEST"), "{said}");
}

#[test]
fn a_posters_token_stands_on_every_card() {
    let world = real();
    let first = issue(&world, "--reusable");
    let sheet = |more: &str| qr(&world, &format!("sheet --project {PROJECT} --reusable --to cards.pdf {more}"));
    sheet("--columns 3 --rows 5 --cards 20").code(0).stdout_has("20 cards on 2 pages");
    let pages = scan_pdf(&world.machine().path().join("cards.pdf"));
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [15, 5]);
    assert!(pages.concat().iter().all(|link| *link == links(&first)[0]));
    issue(&world, "--reusable");
    sheet("").code(2).stderr_has("--token ");
    sheet(&format!("--token {}", first[0])).code(0).stdout_has("8 cards on 1 page");
    assert_eq!(scan_pdf(&world.machine().path().join("cards.pdf")).concat(), vec![links(&first)[0].clone(); 8]);
}

#[test]
fn what_can_not_be_printed_is_said_before_it_is_printed() {
    let world = real();
    let sheet = |more: &str| qr(&world, &format!("sheet --to cards.pdf --project {PROJECT} {more}"));
    sheet("").code(1).stderr_has("photoctl qr issue");
    sheet("--reusable").code(1).stderr_has("--reusable");
    let token = issue(&world, "").remove(0);
    sheet("--columns 9").code(2).stderr_has("do not fit");
    sheet("--card 300x55").code(2);
    sheet("--card big").code(2);
    sheet("--card 85x55 --rows 3").code(2);
    sheet("--reusable --token").code(2);
    sheet(&format!("--reusable --token {token}")).code(2).stderr_has("other kind");
    world.machine().file("no.ttf", "no font");
    sheet("--font no.ttf").code(1).stderr_has("font");
    sheet("--font missing.ttf").code(1).stderr_has("missing.ttf");
    qr(&world, &format!("sheet --project {PROJECT} --json")).code(2).stderr_has("--to");
    // A token of another project, and one that nobody can use any more.
    world.sql(&format!(
        "INSERT INTO qr_tokens (project_id, token, expires_at) VALUES ('{OTHER_PROJECT}', 'elsewhere', now() + interval '1 day')"
    ));
    sheet("--token elsewhere").code(2).stderr_has("not one of project");
    // Where the code would be too dense to be read from paper.
    let set = |value: &str| {
        world.machine().args(["project", "settings", "set", "--project", PROJECT, "qr_url_template", value])
    };
    set("https://example.org/join").run().code(2).stderr_has("{token}");
    set("javascript:{token}").run().code(2);
    set(&format!("https://example.org/{}/{{token}}", "x".repeat(100_000))).run().code(2);
    set(&format!("https://example.org/{}/{{token}}", "x".repeat(400))).ok();
    sheet("--columns 4 --rows 8").code(2).stderr_has("too small to be read");
    set("https://example.org/join/{token}?from=card").ok();
    sheet("").code(0);
    let found = scan_pdf(&world.machine().path().join("cards.pdf")).concat();
    assert_eq!(found, [format!("https://example.org/join/{token}?from=card")]);
    qr(&world, &format!("revoke {token}")).code(0);
    sheet(&format!("--token {token}")).code(7).stderr_has("was revoked");
    // A guest who was deleted gets no card.
    let eve = user(&world, "Eve", "eve@example.org");
    issue(&world, "--user Eve");
    world.sql(&format!("UPDATE users SET deleted_at = now() WHERE id = '{eve}'"));
    sheet("").code(1);
    // Where neither a template nor a link says what to open.
    world.machine().args(["project", "settings", "unset", "--project", PROJECT, "qr_url_template"]).ok();
    issue(&world, "");
    world.sql("UPDATE projects SET project_link = NULL");
    sheet("").code(2).stderr_has("qr_url_template");
    world.sql("UPDATE projects SET project_link = 'javascript:alert(1)'");
    sheet("").code(2).stderr_has("not a web address");
}

#[test]
fn a_file_of_another_kind_is_not_overwritten() {
    let world = real();
    let token = issue(&world, "").remove(0);
    let before = told(&world);
    let guests = world.machine().file("guests.csv", "email,name\n");
    for line in [format!("sheet --project {PROJECT} --to guests.csv"), format!("render {token} --to guests.csv")] {
        qr(&world, &line).code(2).stderr_has("guests.csv is there").stderr_has("another file");
    }
    assert_eq!(std::fs::read_to_string(guests).unwrap(), "email,name\n");
    assert_eq!(told(&world), before, "nothing has left the house");
    // A file may take the place of what it was, in any form, and of an empty one.
    world.machine().file("code", "");
    for form in ["svg", "png", "terminal", "svg"] {
        qr(&world, &format!("render {token} --format {form} --to code")).code(0);
    }
    qr(&world, &format!("sheet --project {PROJECT} --to code")).code(0);
    qr(&world, &format!("sheet --project {PROJECT} --to code")).code(0);
}

#[test]
fn one_code_as_svg_and_png() {
    for world in World::both() {
        prepare(&world);
        let token = issue(&world, "").remove(0);
        let id = world.sql("SELECT id FROM qr_tokens");
        let file = |name: &str| world.machine().path().join(name);
        qr(&world, &format!("render {token} --to code.svg")).code(0);
        let (svg, png) = (file("code.svg"), file("from-svg.png"));
        tool("rsvg-convert", &["-w", "400", "-o", png.to_str().unwrap(), svg.to_str().unwrap()]);
        assert_eq!(scan(&png), links(std::slice::from_ref(&token)));
        let written = qr(&world, &format!("render {} --to code.png --scale 6 --json", &id[..8])).code(0).json();
        assert_eq!(written["file"], "code.png");
        assert_eq!(scan(&file("code.png")), links(std::slice::from_ref(&token)));
        let piped = qr(&world, &format!("render {id} --format png")).code(0).stdout_bytes;
        std::fs::write(file("piped.png"), piped).unwrap();
        assert_eq!(scan(&file("piped.png")), links(std::slice::from_ref(&token)));
        assert!(qr(&world, &format!("render {id} --format svg --json")).code(0).json()["svg"].is_string());
        qr(&world, &format!("render {id} --to nowhere/code.png")).code(1);
        assert!(told(&world).starts_with("issue|1 link|1 link|1 link|1"), "{}", told(&world));
        assert_not_in_the_audit_log(&world, [&token]);
        world.sql("UPDATE qr_tokens SET used_at = now()");
        assert_eq!(qr(&world, &format!("render {id} --json")).code(7).error()["code"], "token_used");
    }
}
