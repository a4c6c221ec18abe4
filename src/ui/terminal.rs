//! The terminal as it was when we came, to be left that way whatever happens: a question switches echo off.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

static BEFORE: OnceLock<Option<Termios>> = OnceLock::new();

/// Whether another screen is shown on stdout.
static FULL: AtomicBool = AtomicBool::new(false);

/// Remembers how the terminal on stdin is set.
pub(super) fn remember() {
    BEFORE.get_or_init(|| tcgetattr(std::io::stdin()).ok());
}

/// Remembers that another screen is shown.
pub(super) fn fill(full: bool) {
    FULL.store(full, Ordering::SeqCst);
}

/// Whether another screen is shown now.
pub(super) fn is_full() -> bool {
    FULL.load(Ordering::SeqCst)
}

/// Sets it that way again, shows the cursor, and goes back from another screen.
pub(super) fn restore() {
    if let Some(Some(before)) = BEFORE.get() {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        if std::io::stderr().is_terminal() {
            let _ = std::io::stderr().write_all(b"\x1b[?25h");
        }
    }
    if FULL.swap(false, Ordering::SeqCst) {
        let _ = std::io::stdout().write_all(b"\x1b[0m\x1b[?25h\x1b[?1049l");
        let _ = std::io::stdout().flush();
    }
}
