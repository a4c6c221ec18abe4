//! The full screen: each key, both sizes, resizing, no colour.

use std::os::unix::fs::PermissionsExt;

use super::world::{CY, PROJECT, World, tag};

#[test]
fn each_key_does_what_it_says_at_both_sizes() {
    for (columns, rows) in [(80, 24), (200, 60)] {
        let world = World::new(4, 2);
        let mut screen = world.screen(columns, rows);
        let shown = screen.wait_until("the keys", |shown| shown.contains("q quit"));
        // The name can not move the cursor.
        assert!(shown.contains("Ana \\x1b[31mRed") && shown.contains("6 left"), "{shown}");
        assert!(shown.contains("Score 0.370   asked from 0.363, sure from 0.450"), "{shown}");
        assert!(shown.contains("Then Bo Berg 0.200, 0.170 less"), "{shown}");
        screen.wait_until("both pictures", |shown| shown.matches('▀').count() + shown.matches('▄').count() > 200);
        screen.send("c");
        screen.wait_for("In DSC_0002.JPG");
        screen.send("r");
        screen.wait_for("In DSC_0003.JPG");
        world.until("crpppp");
        screen.send("s");
        screen.wait_for("In DSC_0004.JPG");
        screen.send("u");
        screen.wait_for("In DSC_0003.JPG");
        screen.send("u");
        screen.wait_for("In DSC_0002.JPG");
        world.until("cppppp");
        screen.send("z");
        screen.wait_for("(close)");
        screen.send("z");
        screen.wait_for("(wide)");
        screen.send("z");
        screen.wait_for("(face)");
        screen.send("p");
        screen.wait_for("the box is who may be Ana");
        screen.send("p");
        screen.wait_for("Selfie of Ana");
        screen.send("h");
        screen.wait_for("It is someone else");
        screen.send("h");
        screen.wait_until("help gone", |shown| !shown.contains("It is someone else"));
        // All of Ana, but not at once: any other key is no.
        screen.send("an");
        screen.wait_until("no question", |shown| shown.contains("In DSC_0002.JPG") && !shown.contains("(y/n)"));
        screen.send("x");
        screen.wait_for("Reject all 3 tags of Ana");
        screen.send("y");
        screen.wait_for("In DSC_0005.JPG");
        world.until("crrrpp");
        // From a score on: the text begins with the present one's.
        screen.send("t");
        screen.wait_for("Enter confirms 2 tags of Bo Berg.");
        screen.send("\u{7f}\u{7f}\u{7f}415");
        screen.wait_for("Enter confirms 1 tag of Bo Berg.");
        screen.send("\r");
        screen.wait_for("1 of this person");
        world.until("crrrpc");
        screen.send("q");
        let (code, shown) = screen.wait();
        assert_eq!(code, 0, "{shown}");
        assert!(shown.contains("5 tags decided, ") && shown.contains("1 left."), "{shown}");
        assert!(shown.contains("Confirmed") && shown.contains("Rejected"), "{shown}");
        assert_eq!(world.db.psql("SELECT count(*) FROM photoctl.review_claims"), "0");
    }
}

#[test]
fn undo_goes_back_to_the_beginning() {
    let world = World::new(5, 5);
    let mut screen = world.screen(80, 24);
    screen.send("crcsr");
    screen.wait_for("In DSC_0006.JPG");
    screen.send("a");
    screen.wait_for("Confirm all 5 tags");
    screen.send("y");
    world.until("crcprccccc");
    screen.wait_for("Nothing is left");
    screen.send("uuuuuu");
    screen.wait_for("In DSC_0001.JPG");
    world.until("pppppppppp");
    screen.send("u");
    screen.wait_for("There is nothing to take back.");
    screen.send("ccccc");
    world.until("cccccppppp");
    screen.send("q");
    assert_eq!(screen.wait().0, 0);
    // What was decided and taken back stays to be read.
    let told = world.db.psql("SELECT decision, count(*) FROM photoctl.tag_decisions GROUP BY 1 ORDER BY 1");
    assert_eq!(told, "confirmed|12\nrejected|2\nreopened|9");
}

#[test]
fn it_can_be_someone_else() {
    let world = World::new(2, 0);
    let mut screen = world.screen(80, 24);
    screen.send("o");
    screen.wait_for("Cy Dale  cy@example.org");
    screen.send("zzz");
    screen.wait_for("No other member");
    screen.send("\u{7f}\u{7f}\u{7f}DALE");
    screen.wait_for("> Cy Dale");
    screen.send("\r");
    screen.wait_for("Cy Dale was added by hand.");
    world.until("rp");
    let added = format!("SELECT source, review_status FROM photo_tags WHERE user_id = '{CY}'");
    let begun = std::time::Instant::now();
    while world.db.psql(&added) != "manual|confirmed" {
        assert!(begun.elapsed().as_secs() < 20, "{}", world.db.psql(&added));
    }
    let mark = format!("SELECT face_left, face_width, ordinal FROM photoctl.tag_marks WHERE user_id = '{CY}'");
    assert_eq!(world.db.psql(&mark), "0.3|0.4|", "the face that was shown is theirs");
    screen.send("u");
    world.until("pp");
    assert_eq!(world.db.psql(&added), "", "there was none before");
    let latest = format!("SELECT decision FROM photoctl.tag_decisions WHERE user_id = '{CY}' ORDER BY id DESC LIMIT 1");
    assert_eq!(world.db.psql(&latest), "undone", "and nobody has said that it is not them");
    // Where somebody had said so, that stands again.
    world.db.psql(&format!(
        "INSERT INTO photoctl.tag_decisions (photo_id, user_id, decision) SELECT photo_id, user_id, 'removed'
           FROM photoctl.tag_marks WHERE user_id = '{CY}'"
    ));
    screen.send("oDALE");
    screen.wait_for("> Cy Dale");
    screen.send("\r");
    world.until("rp");
    screen.send("u");
    world.until("pp");
    assert_eq!(world.db.psql(&latest), "removed");
    screen.send("o");
    screen.wait_for("> Bo Berg");
    screen.send("\u{1b}");
    screen.wait_until("the search has gone", |shown| !shown.contains("Who is it?"));
    screen.send("q");
    assert_eq!(screen.wait().0, 0);
    assert_eq!(world.statuses(2), "pp");
}

#[test]
fn many_faces_are_chosen_in_the_grid() {
    let world = World::new(12, 1);
    let mut screen = world.screen(80, 24);
    screen.send("g");
    let shown = screen.wait_for("0 chosen of 12");
    assert!(shown.contains(">[ ] 0.370<") && shown.contains("[ ] 0.380"), "{shown}");
    screen.send(" ");
    screen.wait_for("1 chosen of 12");
    screen.send("\u{1b}[C ");
    screen.wait_for("2 chosen of 12");
    screen.send("r");
    world.until("rprpppppppppp");
    screen.wait_for("0 chosen of 10");
    screen.send("e");
    screen.wait_for("10 chosen of 10");
    screen.send("e");
    screen.wait_for("0 chosen of 10");
    // Without a choice it is the one under the cursor.
    screen.send("\u{1b}[Hc");
    world.until("rcrpppppppppp");
    screen.send("\u{1b}[F");
    screen.wait_for("DSC_0012.JPG");
    screen.send("ec");
    world.until("rcrccccccccc".to_owned().as_str());
    screen.wait_for("0 chosen of 1");
    screen.send("g");
    screen.wait_for("Selfie of Bo Berg");
    screen.send("q");
    let (code, shown) = screen.wait();
    assert_eq!(code, 0, "{shown}");
}

#[test]
fn the_window_is_pulled_in_mid_work() {
    let world = World::new(3, 0);
    let mut screen = world.screen(80, 24);
    for (columns, rows) in [(200, 60), (44, 14), (120, 30)] {
        screen.resize(columns, rows);
        screen.wait_until("a picture of another size", |shown| {
            shown.contains("Score 0.370") && shown.contains('▀') && shown.lines().count() >= usize::from(rows) - 1
        });
    }
    screen.resize(30, 8);
    screen.wait_for("too small");
    screen.resize(80, 24);
    screen.wait_for("Score 0.370");
    screen.send("c");
    screen.wait_for("In DSC_0002.JPG");
    world.until("cpp");
    screen.send("q");
    assert_eq!(screen.wait().0, 0);
}

#[test]
fn without_colour_there_are_words_and_links() {
    for (name, value) in [("NO_COLOR", "1"), ("TERM", "vt100")] {
        let world = World::new(2, 0);
        let machine_tmp = world.machine.path().join("run");
        std::fs::create_dir(&machine_tmp).unwrap();
        // What a killed process left there goes; what another one works with stays.
        let (left, used) = (format!("photoctl-review-{}-x", i32::MAX), "photoctl-review-1-x");
        std::fs::create_dir(machine_tmp.join(left)).unwrap();
        std::fs::create_dir(machine_tmp.join(used)).unwrap();
        let run = world.review().env("PHOTOCTL_PICTURES", "auto").env("XDG_RUNTIME_DIR", &machine_tmp).env(name, value);
        let mut screen = run.on_terminal(200, 40);
        let shown = screen.wait_until("links", |shown| shown.matches("file://").count() == 2);
        let link = shown.split("file://").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let file = std::path::PathBuf::from(&link);
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700), "{link}");
        assert!(std::fs::read(&file).unwrap().starts_with(b"\xff\xd8"));
        let raw = screen.raw();
        let coloured = ["[38;2;", "[38;5;", "[48;2;", "[48;5;", "▀"].iter().find_map(|mark| raw.find(mark));
        assert_eq!(coloured.map(|at| raw[at..].chars().take(80).collect::<String>()), None, "{name}");
        screen.send("cr");
        world.until("cr");
        screen.send("q");
        assert_eq!(screen.wait().0, 0);
        let stays: Vec<_> = std::fs::read_dir(&machine_tmp).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert!(!file.exists() && stays == [used], "nothing of ours stays: {stays:?}");
    }
}

#[test]
fn what_can_not_be_shown_is_said() {
    let world = World::new(2, 0);
    let photo = world.db.psql(&format!(
        "SELECT watermarked_key FROM photos p JOIN photo_tags t ON t.photo_id = p.id WHERE t.id = '{}'",
        tag(1)
    ));
    world.put(&photo, b"no picture");
    world.db.psql("UPDATE selfies SET deleted_at = now()");
    let mut screen = world.screen(80, 24);
    let shown = screen.wait_for("No picture: ");
    assert!(shown.contains("There is no selfie any more."), "{shown}");
    screen.send("r");
    world.until("rp");
    screen.send("q");
    assert_eq!(screen.wait().0, 0);
}

#[test]
fn nothing_waits_or_it_is_only_tried() {
    let world = World::new(3, 2);
    let report = world.machine.line("tags review --dry-run --json").ok().json();
    assert_eq!((report["pending"].as_u64(), report["dry_run"].as_bool()), (Some(5), Some(true)));
    assert_eq!(report["people"][0]["user"], "Ana \u{1b}[31mRed");
    world.machine.line("tags review --dry-run").ok().stdout_has("5 tags of 2 people wait").stdout_has("Bo Berg");
    assert_eq!(world.db.psql("SELECT count(*) FROM photoctl.review_claims"), "0");
    world.machine.line("tags review").run().code(2).stderr_has("--sheet FILE").stderr_has("tags decide");
    world.db.psql("UPDATE photo_tags SET review_status = 'rejected'");
    let (code, shown) = world.machine.line(&format!("tags review --project {PROJECT}")).on_terminal(80, 24).wait();
    assert!(code == 0 && shown.contains("No tag waits for a decision."), "{shown}");
}
