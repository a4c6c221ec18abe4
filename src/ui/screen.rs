//! stderr, shared by all that speak there: messages, the log, and the frame of a running progress, which stays below
//! whatever else is said.
//!
//! The painting is ours, not indicatif's: that one pads each line to the terminal's edge and never ends it, so that a
//! window pulled narrower folds the frame, and the messages above it, into each other.

use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use console::{Term, measure_text_width, truncate_str};

/// Where a window that has become narrower breaks the lines it already shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reflow {
    /// Long lines are folded anew: most terminals.
    Folds,
    /// Long lines are cut: xterm itself, the Linux console, GNU screen.
    Cuts,
}

impl Reflow {
    /// Guessed from the environment, as there is no way to ask.
    pub(super) fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let term = variable("TERM").unwrap_or_default();
        let plain_screen = term.starts_with("screen") && variable("TMUX").is_none();
        if variable("XTERM_VERSION").is_some() || term == "linux" || plain_screen { Self::Cuts } else { Self::Folds }
    }
}

/// The one writer to stderr.
#[derive(Debug)]
pub(super) struct Screen {
    term: Term,
    reflow: Reflow,
    /// What stands for the rest of a line that was cut.
    pub(super) ellipsis: &'static str,
    frame: Mutex<Frame>,
}

#[derive(Debug, Default)]
struct Frame {
    lines: Vec<String>,
    /// Widths in columns of the lines as they stand on the screen; empty when nothing does.
    shown: Vec<usize>,
}

impl Screen {
    pub(super) fn new(reflow: Reflow, ellipsis: &'static str) -> Self {
        Self { term: Term::stderr(), reflow, ellipsis, frame: Mutex::default() }
    }

    /// Rows and columns. 24 x 80 where the terminal does not say.
    pub(super) fn size(&self) -> (usize, usize) {
        let (rows, columns) = self.term.size_checked().unwrap_or((24, 80));
        (usize::from(rows.max(2)), usize::from(columns.max(20)))
    }

    /// Says a line, above the frame if there is one. `text` is already escaped.
    pub(super) fn line(&self, text: &str) {
        self.above(|| {
            let _ = write_stderr(&format!("{text}\n"));
        });
    }

    /// Does what writes to the terminal by another way, with the frame out of the way.
    pub(super) fn above<R>(&self, write: impl FnOnce() -> R) -> R {
        let mut frame = self.lock();
        let erase = self.erase(&mut frame);
        let _ = write_stderr(&erase);
        let result = write();
        let again = self.paint(&mut frame);
        let _ = write_stderr(&again);
        result
    }

    /// Shows `lines` as the frame, in place of what it showed. No lines: no frame.
    pub(super) fn show(&self, lines: Vec<String>) {
        let mut frame = self.lock();
        let mut text = self.erase(&mut frame);
        frame.lines = lines;
        text.push_str(&self.paint(&mut frame));
        let _ = write_stderr(&text);
    }

    fn erase(&self, frame: &mut Frame) -> String {
        let (height, columns) = self.size();
        let rows = rows_of(&frame.shown, columns, self.reflow).min(height.saturating_sub(1));
        frame.shown.clear();
        if rows == 0 { String::new() } else { format!("\r\x1b[{rows}A\x1b[J") }
    }

    fn paint(&self, frame: &mut Frame) -> String {
        let (rows, columns) = self.size();
        let mut text = String::new();
        for line in frame.lines.iter().take(rows.saturating_sub(1)) {
            // One column stays free: a full line makes some terminals go on in the next one.
            let line = truncate_str(line, columns.saturating_sub(1), self.ellipsis);
            frame.shown.push(measure_text_width(&line));
            text.push_str(&line);
            text.push_str("\x1b[K\n");
        }
        text
    }

    fn lock(&self) -> MutexGuard<'_, Frame> {
        self.frame.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many rows lines of these widths take in a window of so many columns.
fn rows_of(widths: &[usize], columns: usize, reflow: Reflow) -> usize {
    match reflow {
        Reflow::Cuts => widths.len(),
        Reflow::Folds => widths.iter().map(|width| width.div_ceil(columns).max(1)).sum(),
    }
}

/// One write, so that two processes on one terminal do not mix within a line. A stderr that is closed is no error.
fn write_stderr(text: &str) -> std::io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    std::io::stderr().lock().write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrower_window_folds_lines() {
        assert_eq!(rows_of(&[100, 30, 0], 120, Reflow::Folds), 3);
        assert_eq!(rows_of(&[100, 30, 0], 80, Reflow::Folds), 4);
        assert_eq!(rows_of(&[100, 30, 0], 40, Reflow::Folds), 5);
        assert_eq!(rows_of(&[100, 30, 0], 40, Reflow::Cuts), 3);
    }

    #[test]
    fn terminals_that_cut_are_known() {
        let of = |pairs: &[(&str, &str)]| {
            Reflow::of(|name| pairs.iter().find(|(held, _)| *held == name).map(|(_, value)| (*value).to_owned()))
        };
        assert_eq!(of(&[("TERM", "xterm-256color")]), Reflow::Folds);
        assert_eq!(of(&[("TERM", "xterm-256color"), ("XTERM_VERSION", "XTerm(379)")]), Reflow::Cuts);
        assert_eq!(of(&[("TERM", "screen")]), Reflow::Cuts);
        assert_eq!(of(&[("TERM", "screen"), ("TMUX", "/tmp/t,1,0")]), Reflow::Folds);
    }
}
