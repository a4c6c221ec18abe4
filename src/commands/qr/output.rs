//! Where a picture or a document goes: a file, or stdout where that is no terminal.

use std::path::Path;

use crate::app::App;
use crate::error::{Error, Result};
use crate::model::text;
use crate::ui::Format;
use crate::workflows::whole::WholeFile;

/// Refuses bytes for a terminal, and beside an answer for machines: before any work is done.
///
/// # Errors
/// A usage error that names `--to`.
pub fn require_place(app: &App, to: Option<&Path>) -> Result<()> {
    if to.is_some() {
        return Ok(());
    }
    if app.ui.stdout_is_terminal() {
        return Err(Error::usage("a terminal can not show this").hint("give --to FILE, or send stdout to a file"));
    }
    if app.ui.format() != Format::Human {
        return Err(Error::usage("stdout can not carry the file and an answer for machines").hint("give --to FILE"));
    }
    Ok(())
}

/// Writes `bytes` to the file, all or nothing, or to stdout.
///
/// # Errors
/// When they can not be written.
pub fn write(app: &App, to: Option<&Path>, bytes: &[u8]) -> Result<()> {
    let Some(path) = to else {
        app.ui.bytes(bytes);
        return Ok(());
    };
    let mut file = WholeFile::new(path)?;
    file.write(bytes)?;
    file.finish(true)
}

/// `cards.pdf`, for sentences.
#[must_use]
pub fn shown(to: Option<&Path>) -> String {
    to.map_or_else(|| "stdout".to_owned(), text::path)
}
