//! A screen of its own for work with many keys and pictures. Knows no noun: who works there draws it.
//!
//! The terminal is left as it was found, whatever ends the work: [`Stage`] does so when dropped, a panic and a second
//! Ctrl-C by `terminal::restore`. What others say meanwhile is held back until then.

mod ask;
mod paint;

use std::io::{BufWriter, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::event::{self, Event, KeyEvent, KeyEventKind};
use ratatui::crossterm::terminal::{disable_raw_mode, enable_raw_mode};
use ratatui::{Frame, Terminal};

use super::{Ui, terminal};
use crate::error::{Error, Kind, Result};

pub use ask::Pictures;
pub use paint::{Painted, Painter};

/// Begins another screen without a cursor; the one before is kept by the terminal.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?25l\x1b[2J";

/// How often the reader of keys looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(40);

/// What a person does at the terminal.
#[derive(Debug, Clone, Copy)]
pub enum Input {
    Key(KeyEvent),
    /// The window has another size.
    Resized,
    /// The terminal has gone away.
    Gone,
}

/// The other screen; leaves it when dropped.
pub struct Stage {
    ui: Ui,
    screen: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    painter: Painter,
    stop: Arc<AtomicBool>,
    keys: Option<JoinHandle<()>>,
}

impl Ui {
    /// Whether there is a screen and a keyboard to work with.
    #[must_use]
    pub fn has_stage(&self) -> bool {
        self.stdin_terminal && self.stdout_terminal && !self.dumb
    }

    /// Enters the other screen. `said` is told of each key, on a thread of its own. Asking the terminal which pictures
    /// it can show takes a moment; `wanted` can answer for it.
    ///
    /// # Errors
    /// When there is no screen.
    pub fn stage(&self, wanted: Pictures, said: impl Fn(Input) + Send + 'static) -> Result<Stage> {
        if !self.has_stage() {
            return Err(Error::usage("this needs a terminal with a screen and a keyboard"));
        }
        let broken = |error: std::io::Error| Error::new(Kind::Io, "the terminal can not be used").with_source(error);
        terminal::remember();
        enable_raw_mode().map_err(broken)?;
        terminal::fill(true);
        let mut out = std::io::stdout();
        let entered = out.write_all(ENTER).and_then(|()| out.flush());
        let painter = ask::painter(wanted, self.colour_out, self.unicode);
        let made = Terminal::new(CrosstermBackend::new(BufWriter::with_capacity(1 << 16, std::io::stdout())));
        let screen = entered.and(made).inspect_err(|_| leave(self)).map_err(broken)?;
        let stop = Arc::new(AtomicBool::new(false));
        let keys = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || listen(&stop, &said)
        });
        Ok(Stage { ui: self.clone(), screen, painter, stop, keys: Some(keys) })
    }
}

impl Stage {
    /// Shows what `draw` puts there. `false`: something has taken the screen away (a panic elsewhere).
    ///
    /// # Errors
    /// When the terminal has gone away.
    pub fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> Result<bool> {
        if !terminal::is_full() {
            return Ok(false);
        }
        let gone =
            |error: std::io::Error| Error::new(Kind::Interrupted, "the terminal has gone away").with_source(error);
        self.synchronised(b"\x1b[?2026h").map_err(gone)?;
        self.screen.draw(draw).map_err(gone)?;
        self.synchronised(b"\x1b[?2026l").map_err(gone)?;
        Ok(true)
    }

    /// In one go, where the terminal knows how to.
    fn synchronised(&mut self, mark: &[u8]) -> std::io::Result<()> {
        let out = self.screen.backend_mut();
        out.write_all(mark)?;
        Write::flush(out)
    }

    /// Draws everything anew: after something else wrote to the screen.
    pub fn clear(&mut self) {
        let _where_it_fails_the_next_drawing_does = self.screen.clear();
    }

    /// What makes pictures for this terminal.
    #[must_use]
    pub fn painter(&self) -> &Painter {
        &self.painter
    }

    /// Whether colour is wanted and there is some.
    #[must_use]
    pub fn has_colour(&self) -> bool {
        self.ui.colour_out
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(keys) = self.keys.take() {
            let _it_only_reads = keys.join();
        }
        // Faces do not stay in the terminal's memory.
        let mut out = std::io::stdout();
        let _where_it_fails_it_is_gone = out.write_all(self.painter.forget()).and_then(|()| out.flush());
        leave(&self.ui);
    }
}

fn leave(ui: &Ui) {
    let _restored_below_too = disable_raw_mode();
    terminal::restore();
    ui.say_held();
}

fn listen(stop: &AtomicBool, said: &impl Fn(Input)) {
    while !stop.load(Ordering::SeqCst) {
        match event::poll(LOOK).and_then(|ready| if ready { event::read().map(Some) } else { Ok(None) }) {
            Ok(Some(Event::Key(key))) if key.kind != KeyEventKind::Release => said(Input::Key(key)),
            Ok(Some(Event::Resize(..))) => said(Input::Resized),
            Ok(_) => {}
            Err(_) => return said(Input::Gone),
        }
    }
}
