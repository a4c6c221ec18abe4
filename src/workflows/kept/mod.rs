//! What stays in the data folder when a command with the database ends: the end of the audit log as it was seen, and
//! the names that completions offer.

pub mod heads;
pub mod names;

use std::io::Write;
use std::path::Path;

use crate::db::{Db, audit};
use crate::error::{Error, Result};

/// Keeps what a command that went well has seen.
///
/// # Errors
/// What the database or the file system says; nobody's work depends on it.
pub async fn remember(db: &Db, folder: &Path) -> Result<()> {
    let conn = &mut db.conn().await?;
    let (installation, head) = audit::head(conn).await?;
    heads::advance(conn, folder, installation, head).await?;
    if db.is_embedded() {
        names::refresh(conn, folder, head).await?;
    }
    Ok(())
}

/// Puts a small file in its place at once: a reader sees the old one or the new one. Only this user can read it.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let unwritable = |error| Error::io("write", path, error);
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(unwritable)?;
    let mut file = tempfile::Builder::new().prefix(".photoctl-").tempfile_in(folder).map_err(unwritable)?;
    file.write_all(bytes).map_err(unwritable)?;
    file.persist(path).map_err(|error| unwritable(error.error))?;
    Ok(())
}
