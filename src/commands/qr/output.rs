//! Where a picture or a document goes: a file, or stdout where that is no terminal.

use std::path::Path;

use crate::app::App;
use crate::error::{Error, Result};
use crate::model::text;
use crate::ui::Format;

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
    let failed = |error| Error::io("write", path, error);
    // What is there and is no file (a device, a pipe) is written into.
    if path.exists() && !path.is_file() {
        return std::fs::write(path, bytes).map_err(failed);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Who may read it is decided by the umask, as for any file.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o666);
    let mut file = tempfile::Builder::new().permissions(open).tempfile_in(folder).map_err(failed)?;
    std::io::Write::write_all(&mut file, bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

/// `cards.pdf`, for sentences.
#[must_use]
pub fn shown(to: Option<&Path>) -> String {
    to.map_or_else(|| "stdout".to_owned(), text::path)
}
