//! A picture that fills the terminal and changes several times a second, until a key is pressed.

use std::io::{IsTerminal, Read, Write};
use std::time::{Duration, Instant};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};

use super::{Ui, terminal};
use crate::error::{Error, Result};

/// How often keys are looked for.
const LOOK: Duration = Duration::from_millis(25);

/// Begins another screen without a cursor; the one before is kept by the terminal.
const ENTER: &str = "\x1b[?1049h\x1b[?25l\x1b[2J";

impl Ui {
    /// Shows what `frame` draws for so many rows and columns, anew every `every`, until a key (Ctrl-C is one) or until
    /// `stop` says so. The screen before comes back, whatever ends it. Blocks.
    ///
    /// # Errors
    /// When stdout is no terminal that has a screen.
    pub fn full_screen(
        &self,
        every: Duration,
        stop: impl Fn() -> bool,
        mut frame: impl FnMut(usize, usize) -> Vec<String>,
    ) -> Result<()> {
        if !self.stdout_terminal || self.dumb {
            return Err(Error::usage("stdout is no terminal with a screen"));
        }
        let _screen = FullScreen::enter();
        let term = console::Term::stdout();
        let mut keys = std::io::stdin();
        let reads_keys = self.stdin_terminal;
        loop {
            let drawn = Instant::now();
            let (rows, columns) = term.size_checked().unwrap_or((24, 80));
            // In one go, where the terminal knows how to: half a code can not be read.
            let mut text = String::from("\x1b[?2026h\x1b[H");
            let lines = frame(rows.into(), columns.into());
            for (at, line) in lines.iter().take(rows.into()).enumerate() {
                if at > 0 {
                    text.push_str("\r\n");
                }
                // Before, not after: a line that fills its row would lose its last column.
                text.push_str("\x1b[2K");
                text.push_str(line);
            }
            if lines.len() < usize::from(rows) {
                text.push_str("\r\n\x1b[J");
            }
            text.push_str("\x1b[?2026l");
            if write(&text).is_err() {
                // The terminal has gone away.
                return Ok(());
            }
            while drawn.elapsed() < every {
                if stop() || (reads_keys && matches!(keys.read(&mut [0; 64]), Ok(1..) | Err(_))) {
                    return Ok(());
                }
                std::thread::sleep(LOOK);
            }
        }
    }
}

/// The other screen; leaves it when dropped.
struct FullScreen;

impl FullScreen {
    fn enter() -> Self {
        terminal::remember();
        if std::io::stdin().is_terminal()
            && let Ok(mut raw) = tcgetattr(std::io::stdin())
        {
            // Keys come one by one, none is shown, and none is a signal; a read that finds none does not wait.
            raw.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
            raw.special_codes[SpecialCodeIndex::VMIN] = 0;
            raw.special_codes[SpecialCodeIndex::VTIME] = 0;
            let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &raw);
        }
        let _ = write(ENTER);
        terminal::fill(true);
        Self
    }
}

impl Drop for FullScreen {
    fn drop(&mut self) {
        terminal::restore();
    }
}

fn write(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
}
