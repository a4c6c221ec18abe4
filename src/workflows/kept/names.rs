//! The names of things, for completions: on the embedded database they come from a file, since a Tab can not wait for
//! a server to start. The file is of the database of the same folder, and as private.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::write_whole;
use crate::db::PgConnection;
use crate::db::names::{self, Named};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Head;

/// Most names of each kind that are kept.
const MOST: i64 = 2_000;

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    /// The end of the audit log when they were read: as long as it stays, so do the names.
    head: Head,
    names: Vec<Named>,
}

fn file(folder: &Path) -> PathBuf {
    folder.join("names.json")
}

/// The names as the last command left them; none where there is no such file.
#[must_use]
pub fn read(folder: &Path) -> Vec<Named> {
    kept(folder).map(|kept| kept.names).unwrap_or_default()
}

fn kept(folder: &Path) -> Option<Kept> {
    serde_json::from_slice(&std::fs::read(file(folder)).ok()?).ok()
}

/// Reads them anew, where anything was changed since.
pub(super) async fn refresh(conn: &mut PgConnection, folder: &Path, head: Head) -> Result<()> {
    if kept(folder).is_some_and(|kept| kept.head == head) {
        return Ok(());
    }
    let names = names::list(conn, None, "", MOST).await?;
    let text = serde_json::to_string(&Kept { head, names })
        .map_err(|error| Error::new(Kind::Internal, "the names cannot be written").with_source(error))?;
    write_whole(&file(folder), text.as_bytes())
}

/// Makes the next command read them anew: what was done meanwhile is in no audit log.
pub fn doubt(folder: &Path) {
    // Where it can not be removed it is old: no more than that.
    let _kept = std::fs::remove_file(file(folder));
}
