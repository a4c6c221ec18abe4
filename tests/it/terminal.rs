//! What a person sees: a real pseudo terminal, at 80 and 120 columns.

use std::fmt::Write as _;
use std::time::Duration;

use photoctl::batch::progress::{ItemEvent, Outcome};
use photoctl::ui::{Colour, Format, Options, Ui};
use portable_pty::CommandBuilder;

use crate::support::Photoctl;
use crate::support::terminal::Terminal;

/// Set in the process that plays a workflow.
const PLAY: &str = "PHOTOCTL_TEST_PLAY";

/// Not a test of its own: the others run it on a terminal, since progress is shown by a process.
#[test]
fn play() {
    let Ok(scene) = std::env::var(PLAY) else { return };
    let environment = std::env::vars().collect();
    let format = if scene == "jsonl" { Format::Jsonl } else { Format::Human };
    let ui = Ui::new(&Options { format, quiet: scene == "quiet", colour: Colour::Auto, environment: &environment });
    let progress = ui.progress("file");
    let item = |name: &str, outcome, reason| {
        progress.item(&ItemEvent { name, outcome, reason, told_together: false, detail: None })
    };
    progress.phase("uploading");
    progress.expect(200, 2_000_000_000);
    for slot in 0..3 {
        progress.worker(slot, Some(&format!("sending  /media/card/DCIM/100NIKON/with a long name/DSC_{slot:04}.JPG")));
    }
    item("DCIM/DSC_0666.JPG", Outcome::Failed, Some("not a picture"));
    for n in 0..50 {
        progress.advance(10_000_000);
        item("x", Outcome::Done, None);
        if n == 25 {
            progress.note(format_args!("network gone since 14:03, waiting"));
        }
        std::thread::sleep(Duration::from_millis(30));
    }
    item("DCIM/\u{1b}[2Jevil\n.JPG", Outcome::Failed, Some("vanished"));
    if scene == "hold" {
        std::thread::sleep(Duration::from_secs(3));
    }
    progress.finish();
    ui.note("The end.");
}

fn scene(name: &str) -> CommandBuilder {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "terminal::play", "--nocapture", "--test-threads=1"]);
    command.env_clear();
    command.env(PLAY, name);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command
}

/// The lines of the frame, from its first to its last.
fn frame(screen: &str) -> String {
    let start = screen.lines().position(|line| line.contains("uploading")).expect("a frame");
    let lines: Vec<&str> = screen.lines().skip(start).collect();
    lines.join("\n")
}

#[test]
fn bars_fit_80_and_120_columns() {
    for columns in [80, 120] {
        let terminal = Terminal::spawn(scene("hold"), columns, 24);
        let screen = terminal.wait_until("the whole frame", |screen| {
            screen.contains("52 of 200 files") && screen.contains("DSC_0002.JPG")
        });
        let shown = frame(&screen);
        assert!(shown.contains("25 %"), "{shown}");
        assert!(
            shown.contains("500.0 of 2.0 GB")
                || shown.contains("0.5 of 2.0 GB")
                || shown.contains("500.0 MB of 2.0 GB"),
            "{shown}"
        );
        assert!(shown.contains("left"), "{shown}");
        assert!(shown.contains("1 failed") || shown.contains("2 failed"), "{shown}");
        assert_eq!(shown.matches("sending").count(), 3, "a line a worker: {shown}");
        for line in shown.lines() {
            assert!(line.chars().count() < usize::from(columns), "{columns}: {line}");
        }
        assert!(screen.contains("failed   DCIM/DSC_0666.JPG: not a picture"), "{screen}");
        let (code, screen) = terminal.wait();
        assert_eq!(code, 0, "{screen}");
        assert!(!screen.contains("uploading") && screen.contains("The end."), "the frame has gone:\n{screen}");
        assert!(screen.contains("failed   DCIM/\\x1b[2Jevil\\n.JPG: vanished"), "escaped:\n{screen}");
        assert!(screen.contains("network gone since 14:03, waiting"), "{screen}");
    }
}

#[test]
fn a_resize_leaves_nothing_behind() {
    let mut command = scene("hold");
    // This screen cuts lines when it becomes narrower, as xterm does.
    command.env("XTERM_VERSION", "XTerm(379)");
    let terminal = Terminal::spawn(command, 120, 24);
    terminal.wait_for("uploading");
    for columns in [60, 100, 80] {
        terminal.resize(columns, 24);
        std::thread::sleep(Duration::from_millis(350));
        let screen = terminal.screen();
        assert_eq!(screen.matches("uploading").count(), 1, "{columns} columns:\n{screen}");
        assert_eq!(screen.matches("DCIM/DSC_0666.JPG").count(), 1, "{columns} columns:\n{screen}");
    }
    let (_, screen) = terminal.wait();
    assert!(!screen.contains("uploading"), "{screen}");
}

#[test]
fn no_colour_where_it_is_not_wanted() {
    let mut command = scene("short");
    command.env("NO_COLOR", "1");
    let terminal = Terminal::spawn(command, 80, 24);
    terminal.wait_for("uploading");
    let raw = terminal.raw();
    assert!(!raw.contains("\u{1b}[3") && !raw.contains("\u{1b}[1m"), "{raw:?}");
    let terminal = Terminal::spawn(scene("short"), 80, 24);
    terminal.wait_for("uploading");
    assert!(terminal.raw().contains("\u{1b}[36m"), "the bar has colour: {:?}", terminal.raw());
}

#[test]
fn a_dumb_terminal_gets_lines() {
    let mut command = scene("hold");
    command.env("TERM", "dumb");
    let terminal = Terminal::spawn(command, 80, 24);
    terminal.wait_for("uploading: ");
    let (_, screen) = terminal.wait();
    assert!(!terminal_escapes(&screen), "{screen}");
}

fn terminal_escapes(text: &str) -> bool {
    text.contains('\u{1b}')
}

/// The scene with pipes instead of a terminal: stdout and stderr.
fn off_terminal(name: &str) -> (String, String) {
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "terminal::play", "--nocapture", "--test-threads=1"])
        .env_clear()
        .env(PLAY, name)
        .output()
        .unwrap();
    (String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn in_a_log_there_is_a_line_now_and_then() {
    let (_, err) = off_terminal("hold");
    assert!(!terminal_escapes(&err), "{err:?}");
    let lines: Vec<&str> = err.lines().filter(|line| line.starts_with("uploading: ")).collect();
    assert!((1..=3).contains(&lines.len()), "{err}");
    assert!(lines[0].contains("of 200 files") && lines[0].contains(" failed"), "{err}");
    assert!(err.contains("failed   DCIM/DSC_0666.JPG: not a picture"), "{err}");
}

#[test]
fn quiet_says_failures_only() {
    let (_, err) = off_terminal("quiet");
    let said: Vec<&str> = err.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(
        said,
        ["Warning: failed DCIM/DSC_0666.JPG: not a picture", "Warning: failed DCIM/\\x1b[2Jevil\\n.JPG: vanished"]
    );
}

#[test]
fn jsonl_tells_each_item() {
    let (out, _) = off_terminal("jsonl");
    let events: Vec<serde_json::Value> =
        out.lines().filter(|line| line.starts_with('{')).map(|line| serde_json::from_str(line).unwrap()).collect();
    let items: Vec<&serde_json::Value> = events.iter().filter(|event| event["type"] == "item").collect();
    assert_eq!(items.len(), 52);
    assert_eq!(items[0]["ref"], "DCIM/DSC_0666.JPG");
    assert_eq!((items[0]["outcome"].as_str(), items[0]["reason"].as_str()), (Some("failed"), Some("not a picture")));
    assert_eq!(items[51]["ref"], "DCIM/\u{1b}[2Jevil\n.JPG");
    let last = events.iter().rev().find(|event| event["type"] == "progress").unwrap();
    assert_eq!(
        (last["items"].as_u64(), last["bytes"].as_u64(), last["failed"].as_u64()),
        (Some(52), Some(500_000_000), Some(2))
    );
}

#[test]
fn help_fits_the_terminal() {
    for columns in [80, 120] {
        let terminal = Photoctl::new().args(["db", "migrate", "--help"]).on_terminal(columns, 100);
        let (code, screen) = terminal.wait();
        assert_eq!(code, 0);
        assert!(screen.contains("Usage: photoctl db migrate"), "{screen}");
        let widest = screen.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(widest <= usize::from(columns), "{columns} columns:\n{screen}");
    }
}

#[test]
fn tables_fit_the_terminal_and_ids_stay_whole() {
    let machine = Photoctl::new();
    machine
        .args(["operator", "create", "--email", "ana@example.org", "--no-password"])
        .args(["--name", &"Long ".repeat(30)])
        .ok();
    let listed = machine.line("operator list --json").ok().json();
    let id = listed[0]["id"].as_str().unwrap();
    let mut all = String::new();
    for columns in [80, 120] {
        let (code, screen) = machine.line("operator list").on_terminal(columns, 40).wait();
        assert_eq!(code, 0, "{screen}");
        assert!(screen.contains(id), "{columns} columns:\n{screen}");
        let _ = writeln!(all, "{screen}");
    }
    assert!(all.contains("NAME"), "{all}");
}

#[test]
fn a_question_can_be_declined_and_left() {
    let machine = Photoctl::new();
    machine.args(["db", "migrate"]).ok();
    machine.args(["db", "backup", "b.photoctl"]).ok();
    let restore = || machine.args(["db", "restore", "--overwrite", "b.photoctl"]).on_terminal(100, 24);
    let mut terminal = restore();
    terminal.wait_for("Replace the database");
    terminal.send("n");
    let (code, screen) = terminal.wait();
    assert_eq!(code, 130, "{screen}");
    assert!(screen.contains("nothing was changed"), "{screen}");
    let mut terminal = restore();
    terminal.wait_for("Replace the database");
    terminal.send("\u{3}");
    let (code, screen) = terminal.wait();
    assert_eq!(code, 130, "Ctrl-C at a question leaves at once:\n{screen}");
}

#[test]
fn a_password_is_hidden_and_echo_comes_back() {
    let machine = Photoctl::new();
    machine.args(["db", "migrate"]).ok();
    let create = ["operator", "create", "--name", "Ana", "--email", "ana@example.org"];
    let mut terminal = machine.args(create).on_terminal(100, 24);
    terminal.wait_for("Password");
    terminal.send("correct horse battery\r");
    terminal.wait_for("Again");
    terminal.send("\u{3}");
    let raw = terminal.raw();
    let (code, screen) = terminal.wait();
    assert_eq!(code, 130, "{screen}");
    assert!(!raw.contains("horse") && !screen.contains("horse"), "{raw:?}");
}
