//! The review in plain lines.

use super::world::World;

#[test]
fn a_dumb_terminal_gets_words_and_links() {
    for dumb in [true, false] {
        let world = World::new(3, 1);
        let run = world.machine.line(if dumb { "tags review" } else { "tags review --plain" });
        let run = if dumb { run.env("TERM", "dumb") } else { run };
        let place = world.machine.path().join("run");
        std::fs::create_dir(&place).unwrap();
        let mut screen = run.env("XDG_RUNTIME_DIR", &place).on_terminal(120, 50);
        let shown = screen.wait_for("c confirm, r reject");
        assert!(shown.contains("Ana \\x1b[31mRed, DSC_0001.JPG (3 of this person, 4 left)"), "{shown}");
        assert!(shown.contains("Score 0.370, asked from 0.363, sure from 0.450; then Bo Berg 0.200"), "{shown}");
        assert_eq!(shown.matches("/photoctl-review-").count(), 3, "{shown}");
        screen.send("c\r");
        screen.wait_for("DSC_0002.JPG");
        screen.send("what\r");
        screen.send("r\r");
        screen.wait_for("DSC_0003.JPG");
        world.until("crpp");
        screen.send("u\r");
        world.until("cppp");
        screen.send("s\r");
        screen.wait_for("DSC_0003.JPG (1 of this person");
        screen.send("q\r");
        let (code, shown) = screen.wait();
        assert!(code == 0 && shown.contains("1 tag decided"), "{shown}");
        assert!(std::fs::read_dir(&place).unwrap().next().is_none(), "nothing stays");
        assert_eq!(world.db.psql("SELECT count(*) FROM photoctl.review_claims"), "0");
    }
}

#[test]
fn an_interrupted_one_says_what_came_of_it() {
    let world = World::new(2, 0);
    let place = world.machine.path().join("run");
    std::fs::create_dir(&place).unwrap();
    let mut screen = world.machine.line("tags review --plain").env("XDG_RUNTIME_DIR", &place).on_terminal(100, 30);
    screen.wait_for("c confirm, r reject");
    screen.send("c\r");
    world.until("cp");
    screen.wait_for("DSC_0002.JPG");
    screen.send("\u{3}");
    let (code, shown) = screen.wait();
    assert!(code == 130 && shown.contains("1 tag decided"), "{shown}");
    assert!(std::fs::read_dir(&place).unwrap().next().is_none(), "nothing stays");
}
