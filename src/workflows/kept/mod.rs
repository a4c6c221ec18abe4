//! What stays in the data folder when a command with the database ends: the end of the audit log as it was seen, and
//! the names that completions offer.

pub mod heads;
pub mod names;

use std::path::Path;

use crate::db::{Db, audit};
use crate::error::{Error, Result};
use crate::workflows::whole::WholeFile;

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
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Error::io("make", folder, error))?;
    }
    let mut file = WholeFile::private(path)?;
    file.write(bytes)?;
    file.finish(true)
}
