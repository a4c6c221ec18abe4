//! Codes on a terminal, read from its cells by another decoder.

use std::path::PathBuf;

use super::{LINK, issue, qr, real, scan};
use crate::support::Photoctl;
use crate::support::terminal::Terminal;

const BLACK: vt100::Color = vt100::Color::Idx(16);
const WHITE: vt100::Color = vt100::Color::Idx(231);

/// The screen as a picture, each cell 4 x 8 pixels. Cells without colours of their own are those of a terminal that is
/// dark, or light.
fn photograph(terminal: &Terminal, dark: bool) -> Vec<String> {
    let own = u8::from(!dark) * 255;
    let picture = terminal.with_screen(|screen| {
        let (rows, columns) = screen.size();
        let mut picture = image::GrayImage::new(u32::from(columns.get()) * 4, u32::from(rows.get()) * 8);
        for row in 0..rows.get() {
            for column in 0..columns.get() {
                let cell = screen.cell(row, column).unwrap();
                let shade = |colour, default| match colour {
                    BLACK => 0,
                    WHITE => 255,
                    _ => default,
                };
                let (front, back) = (shade(cell.fgcolor(), 255 - own), shade(cell.bgcolor(), own));
                let (upper, lower) = match cell.contents() {
                    "█" => (front, front),
                    "▀" => (front, back),
                    "▄" => (back, front),
                    _ => (back, back),
                };
                for y in 0..8 {
                    for x in 0..4 {
                        let value = if y < 4 { upper } else { lower };
                        picture.put_pixel(u32::from(column) * 4 + x, u32::from(row) * 8 + y, image::Luma([value]));
                    }
                }
            }
        }
        picture
    });
    let file = tempfile::Builder::new().suffix(".png").tempfile().unwrap();
    picture.save(file.path()).unwrap();
    scan(file.path())
}

#[test]
fn a_code_in_the_terminal_is_read_on_dark_and_light() {
    let world = real();
    let token = issue(&world, "").remove(0);
    let link = format!("{LINK}?token={token}");
    for dark in [true, false] {
        let terminal = world.machine().line(&format!("qr render {token}")).on_terminal(80, 40);
        terminal.wait_until("the code", |_| photograph(&terminal, dark) == [link.as_str()]);
        assert_eq!(terminal.wait().0, 0);
    }
    let narrow = world.machine().line(&format!("qr render {token}")).on_terminal(40, 40);
    let (code, screen) = narrow.wait();
    assert!(code == 2 && screen.contains("the code needs"), "{screen}");
    // A PNG is nothing for a terminal.
    let (code, screen) = world.machine().line(&format!("qr render {token} --format png")).on_terminal(80, 24).wait();
    assert!(code == 2 && screen.contains("--to FILE"), "{screen}");
    // Where it goes into a file or a pipe, the colours go along: they are the code.
    let lines = qr(&world, &format!("render {token}")).code(0).stdout;
    assert!(lines.lines().all(|line| line.starts_with("\u{1b}[38;5;16;48;5;231m") && line.ends_with("\u{1b}[0m")));
}

/// The moment that the slate shows.
fn moment(terminal: &Terminal) -> Option<chrono::DateTime<chrono::FixedOffset>> {
    let found = photograph(terminal, true);
    let said = found.first()?.strip_prefix("photoctl-slate:1:")?;
    assert!(said.len() == 24 && said.ends_with('Z'), "{said}");
    chrono::DateTime::parse_from_rfc3339(said).ok()
}

#[test]
fn the_slate_shows_the_time_until_a_key() {
    let machine = Photoctl::new();
    for (columns, rows, key) in [(80, 24, " "), (200, 60, "\u{3}")] {
        let mut terminal = machine.line("qr slate").on_terminal(columns, rows);
        let mut seen = Vec::new();
        while seen.len() < 3 {
            let now = terminal.wait_until("a moment", |_| moment(&terminal).is_some());
            assert!(now.contains("any key ends"));
            if let Some(at) = moment(&terminal) {
                let late = chrono::Utc::now().signed_duration_since(at).num_milliseconds();
                assert!((0..5_000).contains(&late), "{late} ms");
                if seen.last() != Some(&at) {
                    seen.push(at);
                }
            }
        }
        assert!(seen.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(!terminal.raw().contains("\u{1b}[?1049l"));
        terminal.send(key);
        terminal.wait_until("the end", |_| terminal.raw().contains("\u{1b}[?1049l"));
        let raw_end = terminal.raw();
        assert!(raw_end.rfind("\u{1b}[?25h") > raw_end.rfind("\u{1b}[?25l"), "the cursor is back");
        let (code, screen) = terminal.wait();
        assert_eq!((code, screen.as_str()), (0, ""), "the screen before is back");
    }
}

#[test]
fn the_slate_leaves_the_terminal_as_it_was_when_it_is_stopped() {
    let machine = Photoctl::new();
    let terminal = machine.line("qr slate").on_terminal(80, 24);
    terminal.wait_for("any key ends");
    let pid = rustix::process::Pid::from_raw(terminal.pid()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    terminal.wait_until("the end", |_| terminal.raw().contains("\u{1b}[?1049l"));
    let (code, screen) = terminal.wait();
    assert_eq!(code, 130, "{screen}");

    let mut small = machine.line("qr slate").on_terminal(30, 24);
    small.wait_for("too small");
    small.resize(80, 24);
    small.wait_until("a code", |_| moment(&small).is_some());
    small.send("q");
    assert_eq!(small.wait().0, 0);
}

#[test]
fn the_slate_as_a_picture() {
    let machine = Photoctl::new();
    let before = chrono::Utc::now();
    let said = machine.line("qr slate --png slate.png").ok().stderr;
    let file: PathBuf = machine.path().join("slate.png");
    let found = scan(&file);
    assert!(said.contains(&found[0]), "{said} {found:?}");
    let at = chrono::DateTime::parse_from_rfc3339(found[0].strip_prefix("photoctl-slate:1:").unwrap()).unwrap();
    assert!(at >= before - chrono::Duration::milliseconds(1) && at <= chrono::Utc::now());
    machine.line("qr slate").run().code(2).stderr_has("--png");
}
