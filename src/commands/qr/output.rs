//! Where a picture or a document goes: a file, or stdout where that is no terminal.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::app::App;
use crate::error::{Error, Result};
use crate::model::text;
use crate::print;
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

/// Bytes of a file that tell what it is.
const LOOKED_AT: u64 = 1024;

/// Refuses to write over a file that is no picture or document such as these commands write: a slip of the hand. A
/// reprint may take the place of the print.
///
/// # Errors
/// A sentence that names the file, or what the system says.
pub fn require_replaceable(to: Option<&Path>) -> Result<()> {
    // What is no file (a pipe, a device) is written into, and nothing of it is lost.
    let Some(path) = to.filter(|path| path.is_file()) else { return Ok(()) };
    let mut begins = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut begins));
    read.map_err(|error| Error::io("read", path, error))?;
    if begins.is_empty() || is_ours(&begins) {
        return Ok(());
    }
    let shown = text::path(path);
    Err(Error::invalid(format!("{shown} is there, and is no PDF, PNG, SVG or code: it is not overwritten"))
        .hint("name another file, or move that one away"))
}

fn is_ours(begins: &[u8]) -> bool {
    let marks: [&[u8]; 5] = [b"%PDF-", b"\x89PNG\r\n\x1a\n", b"<svg", b"<?xml", print::INK.as_bytes()];
    marks.iter().any(|mark| begins.starts_with(mark))
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
