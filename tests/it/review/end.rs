//! However it ends, the terminal is as it was.

use photoctl::ui::stage::Pictures;
use photoctl::ui::{Colour, Format, Options, Ui};
use portable_pty::CommandBuilder;
use rustix::process::{Pid, Signal, kill_process};

use super::world::World;
use crate::support::terminal::Terminal;

/// Set in the process that plays.
const PLAY: &str = "PHOTOCTL_TEST_STAGE";

/// Not a test of its own: the other runs it on a terminal. A thread beside the screen panics.
#[test]
fn play() {
    if std::env::var_os(PLAY).is_none() {
        return;
    }
    let environment = std::env::vars().collect();
    let ui = Ui::new(&Options { format: Format::Human, quiet: false, colour: Colour::Auto, environment: &environment });
    photoctl::ui::panics::watch(&ui);
    let mut stage = ui.stage(Pictures::Blocks, |_| {}).unwrap();
    ui.note("held back until the end");
    let _ = std::thread::spawn(|| panic!("a part that fails")).join();
    assert!(!stage.draw(|_| {}).unwrap(), "the screen was given back");
}

#[track_caller]
fn is_sane(screen: &Terminal) {
    assert!(screen.is_cooked(), "letters are shown and lines are read");
    screen.with_screen(|screen| {
        assert!(!screen.alternate_screen() && !screen.hide_cursor(), "the screen before is back");
    });
}

#[test]
fn a_panic_gives_the_screen_back() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "review::end::play", "--nocapture", "--test-threads=1"]);
    command.env_clear();
    command.env(PLAY, "1");
    command.env("TERM", "xterm-256color");
    let screen = Terminal::spawn(command, 80, 24);
    screen.wait_for("test result");
    is_sane(&screen);
    let shown = screen.screen();
    assert!(shown.contains("a part of photoctl failed: a part that fails"), "{shown}");
    assert!(shown.contains("held back until the end") && screen.raw().contains("\u{1b}[?1049h"), "{shown}");
}

#[test]
fn signals_leave_the_terminal_sane() {
    for signal in [Signal::TERM, Signal::INT] {
        let world = World::new(3, 0);
        let mut screen = world.screen(80, 24);
        screen.send("c");
        world.until("cpp");
        kill_process(Pid::from_raw(screen.pid()).unwrap(), signal).unwrap();
        let shown = screen.wait_for("1 tag decided");
        is_sane(&screen);
        let (code, _) = screen.wait();
        assert_eq!(code, 130, "{shown}");
        assert_eq!(world.db.psql("SELECT count(*) FROM photoctl.review_claims"), "0", "given back");
    }
}

#[test]
fn control_c_is_a_key_and_an_interruption() {
    let world = World::new(3, 0);
    let mut screen = world.screen(80, 24);
    screen.send("c\u{3}");
    let (code, shown) = screen.wait();
    assert!(code == 130 && shown.contains("1 tag decided"), "{shown}");
    assert_eq!(world.statuses(3), "cpp", "what was decided is written");
}

#[test]
fn a_closed_window_ends_it() {
    let world = World::new(2, 0);
    let screen = world.screen(80, 24);
    let pid = Pid::from_raw(screen.pid()).unwrap();
    kill_process(pid, Signal::HUP).unwrap();
    assert_eq!(screen.wait().0, 130);
    assert_eq!(world.db.psql("SELECT count(*) FROM photoctl.review_claims"), "0", "given back");
}
