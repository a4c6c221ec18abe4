//! On a terminal: a bar, the numbers, and a line for what each worker does; failures go by above.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use console::{Style, measure_text_width};

use super::say_trouble;
use super::tally::Tally;
use crate::batch::{ItemEvent, Progress};
use crate::model::text::printable;
use crate::ui::Ui;
use crate::ui::ticker::Ticker;

/// How often the frame is painted.
const PAUSE: Duration = Duration::from_millis(100);
/// Work that is over sooner shows no frame at all: it would only flicker.
const PATIENCE: Duration = Duration::from_millis(300);
const BAR_AT_MOST: usize = 40;

pub(super) struct Bars {
    ui: Ui,
    tally: Arc<Tally>,
    workers: Arc<Mutex<Vec<Option<String>>>>,
    told: AtomicU64,
    painter: Mutex<Option<Ticker>>,
}

impl Bars {
    pub(super) fn start(ui: Ui, unit: &'static str) -> Self {
        let tally = Arc::new(Tally::new(unit));
        let workers = Arc::new(Mutex::new(Vec::new()));
        let painter = {
            let (ui, tally, workers) = (ui.clone(), Arc::clone(&tally), Arc::clone(&workers));
            let started = Instant::now();
            Ticker::start(PAUSE, move || {
                if started.elapsed() >= PATIENCE {
                    let workers = workers.lock().unwrap_or_else(PoisonError::into_inner).clone();
                    let (rows, columns) = ui.screen.size();
                    ui.screen.show(frame(&ui, &tally, &workers, rows, columns));
                }
            })
        };
        Self { ui, tally, workers, told: AtomicU64::new(0), painter: Mutex::new(Some(painter)) }
    }
}

impl Progress for Bars {
    fn expect(&self, items: u64, bytes: u64) {
        self.tally.expect(items, bytes);
    }

    fn phase(&self, name: &str) {
        self.tally.set_phase(name);
    }

    fn worker(&self, slot: usize, doing: Option<&str>) {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        if workers.len() <= slot {
            workers.resize(slot.saturating_add(1), None);
        }
        if let Some(place) = workers.get_mut(slot) {
            *place = doing.map(printable);
        }
    }

    fn advance(&self, bytes: u64) {
        self.tally.advance(bytes);
    }

    fn item(&self, event: &ItemEvent<'_>) {
        self.tally.item(event);
        say_trouble(&self.ui, &self.told, event);
    }

    fn note(&self, text: fmt::Arguments<'_>) {
        self.ui.note(&text.to_string());
    }

    fn warn(&self, text: fmt::Arguments<'_>) {
        self.ui.warn(&text.to_string());
    }

    fn finish(&self) {
        let painter = self.painter.lock().unwrap_or_else(PoisonError::into_inner).take();
        if painter.is_some() {
            drop(painter);
            self.ui.screen.show(Vec::new());
        }
    }
}

impl Drop for Bars {
    fn drop(&mut self) {
        self.finish();
    }
}

/// The lines of the frame for a window of that size.
fn frame(ui: &Ui, tally: &Tally, workers: &[Option<String>], rows: usize, columns: usize) -> Vec<String> {
    let width = columns.saturating_sub(1);
    let mut lines = vec![first_line(ui, tally, width)];
    lines.extend(numbers(tally, width));
    // Messages above the frame need some room too.
    let room = rows.saturating_sub(lines.len() + 4);
    let busy: Vec<(usize, &String)> =
        workers.iter().enumerate().filter_map(|(slot, doing)| Some((slot + 1, doing.as_ref()?))).collect();
    let shown = if busy.len() > room { room.saturating_sub(1) } else { busy.len() };
    for (slot, doing) in busy.iter().take(shown) {
        let number = ui.paint_err(&format!("{slot:>4}"), Style::new().dim());
        lines.push(format!("{number}  {}", middle_cut(doing, width.saturating_sub(6), ui.screen.ellipsis)));
    }
    if busy.len() > shown {
        lines.push(format!("      and {} more", busy.len() - shown));
    }
    lines
}

/// `uploading  ━━━━━━━━────────  412 of 2,114 files  37 %`
fn first_line(ui: &Ui, tally: &Tally, width: usize) -> String {
    let phase = tally.phase();
    let items = tally.items_text();
    let Some(fraction) = tally.fraction() else {
        return format!("{}  {items}", ui.paint_err(&phase, Style::new().bold()));
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
    let percent = format!("{:>3} %", (fraction * 100.0).floor() as u64);
    let taken = measure_text_width(&phase) + measure_text_width(&items) + percent.len() + 6;
    let bar = bar(ui, fraction, width.saturating_sub(taken).min(BAR_AT_MOST));
    let phase = ui.paint_err(&phase, Style::new().bold());
    [phase, bar, items, percent].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("  ")
}

fn bar(ui: &Ui, fraction: f64, width: usize) -> String {
    if width < 8 {
        return String::new();
    }
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a few dozen columns"
    )]
    let full = ((fraction * width as f64).floor() as usize).min(width);
    let (done, rest) = if ui.unicode { ("━", "─") } else { ("#", ".") };
    let done = ui.paint_err(&done.repeat(full), Style::new().cyan());
    let rest = ui.paint_err(&rest.repeat(width - full), Style::new().dim());
    format!("{done}{rest}")
}

/// Bytes, speed, time left, outcomes: as many a line as fit.
fn numbers(tally: &Tally, width: usize) -> Vec<String> {
    let parts = [tally.bytes_text(), tally.speed_text(), tally.left_text(), tally.outcomes_text()];
    let mut lines: Vec<String> = Vec::new();
    for part in parts.into_iter().flatten() {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + 3 + measure_text_width(&part) <= width => {
                line.push_str("   ");
                line.push_str(&part);
            }
            _ => lines.push(format!("  {part}")),
        }
    }
    lines
}

/// Cut in the middle: of a path both the beginning and the file's name say something.
fn middle_cut(text: &str, width: usize, ellipsis: &str) -> String {
    if measure_text_width(text) <= width {
        return text.to_owned();
    }
    if width < 8 {
        return console::truncate_str(text, width, "").into_owned();
    }
    let room = width.saturating_sub(measure_text_width(ellipsis));
    let head = room / 3;
    let tail = room - head;
    let start = console::truncate_str(text, head, "");
    let mut end = String::new();
    for c in text.chars().rev() {
        if measure_text_width(&end) + measure_text_width(c.encode_utf8(&mut [0; 4])) > tail {
            break;
        }
        end.insert(0, c);
    }
    format!("{start}{ellipsis}{end}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::{Colour, Format, Options};

    fn plain() -> Ui {
        let environment = std::collections::BTreeMap::new();
        Ui::new(&Options { format: Format::Human, quiet: false, colour: Colour::Never, environment: &environment })
    }

    #[test]
    fn frames_fit_their_window() {
        let tally = Tally::new("file");
        tally.set_phase("uploading");
        tally.expect(2114, 8_400_000_000);
        tally.advance(3_100_000_000);
        let workers: Vec<Option<String>> = (0..12)
            .map(|n| Some(format!("sending  /media/card/DCIM/100NIKON/a folder with a very long name/DSC_{n:04}.JPG")))
            .collect();
        for (rows, columns) in [(24, 80), (24, 120), (10, 40), (4, 20), (60, 300)] {
            let lines = frame(&plain(), &tally, &workers, rows, columns);
            assert!(lines.len() <= rows, "{rows} rows: {lines:#?}");
            for line in &lines {
                // The narrowest is cut by the screen; from 40 columns on each line is made to fit.
                assert!(columns < 40 || measure_text_width(line) < columns, "{columns} columns: {line}");
            }
        }
        let lines = frame(&plain(), &tally, &workers, 12, 80);
        assert!(lines[0].starts_with("uploading  ") && lines[0].ends_with("0 of 2,114 files   36 %"), "{lines:#?}");
        assert!(lines[1].starts_with("  3.1 of 8.4 GB"), "{lines:#?}");
        assert_eq!(lines.last().map(String::as_str), Some("      and 7 more"), "{lines:#?}");
    }

    #[test]
    fn the_file_name_survives_the_cut() {
        let cut = middle_cut("/media/card/DCIM/100NIKON/DSC_0001.JPG", 20, "…");
        assert_eq!(measure_text_width(&cut), 20);
        assert!(cut.starts_with("/media") && cut.ends_with("DSC_0001.JPG"), "{cut}");
    }
}
