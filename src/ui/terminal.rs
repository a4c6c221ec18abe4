//! The terminal as it was when we came, to be left that way whatever happens: a question switches echo off.

use std::io::{IsTerminal, Write};
use std::sync::OnceLock;

use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

static BEFORE: OnceLock<Option<Termios>> = OnceLock::new();

/// Remembers how the terminal on stdin is set.
pub(super) fn remember() {
    BEFORE.get_or_init(|| tcgetattr(std::io::stdin()).ok());
}

/// Sets it that way again, and shows the cursor.
pub(super) fn restore() {
    if let Some(Some(before)) = BEFORE.get() {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, before);
        if std::io::stderr().is_terminal() {
            let _ = std::io::stderr().write_all(b"\x1b[?25h");
        }
    }
}
