//! The end of the audit log as this machine saw it last, a file for each database: `audit/<id of the database>.json`
//! in the data folder.
//!
//! Whoever can write the database can also cut its log off and set the recorded end back. He can not reach the ends
//! that other machines have seen. An end that is older than the log's, and lies in it, is fine: other machines have
//! gone on since. The kept end only ever moves on along the same chain, so that what does not fit stays to be found.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::write_whole;
use crate::db::{Db, PgConnection, audit};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Head;

/// An end, and when it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    #[serde(flatten)]
    pub head: Head,
    pub at: DateTime<Utc>,
}

/// Where the end of that database's log is kept.
#[must_use]
pub fn file(folder: &Path, installation: Uuid) -> PathBuf {
    folder.join("audit").join(format!("{installation}.json"))
}

/// What was seen last, if anything.
///
/// # Errors
/// When the file is there and can not be read: it may be what somebody wants to be overlooked.
pub fn read(folder: &Path, installation: Uuid) -> Result<Option<Seen>> {
    let path = file(folder, installation);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", &path, error)),
    };
    let seen = serde_json::from_slice(&bytes).map_err(|error| {
        Error::new(Kind::Damaged, format!("{} is not as it was written", path.display()))
            .with_source(error)
            .hint("photoctl audit verify --accept begins anew with the log as it is now")
    })?;
    Ok(Some(seen))
}

/// Moves what is kept on to `head`, where the log still goes through what was kept.
pub(super) async fn advance(conn: &mut PgConnection, folder: &Path, installation: Uuid, head: Head) -> Result<()> {
    if let Some(seen) = read(folder, installation)?
        && (seen.head.seq >= head.seq || !audit::goes_through(conn, &seen.head).await?)
    {
        return Ok(());
    }
    accept(folder, installation, head)
}

/// Keeps `head`, whatever was kept before.
///
/// # Errors
/// When the file can not be written.
pub fn accept(folder: &Path, installation: Uuid, head: Head) -> Result<()> {
    let seen = Seen { head, at: Utc::now() };
    let text = serde_json::to_string(&seen)
        .map_err(|error| Error::new(Kind::Internal, "the end of the audit log cannot be written").with_source(error))?;
    write_whole(&file(folder, installation), format!("{text}\n").as_bytes())
}

/// What was seen last of that database's log, if that can be told.
pub async fn last_seen(db: &Db, folder: &Path) -> Option<Head> {
    let (installation, _) = audit::head(&mut *db.conn().await.ok()?).await.ok()?;
    read(folder, installation).ok()?.map(|seen| seen.head)
}

/// Keeps the log's present end in place of any other: the database was replaced by a backup of it.
pub async fn begin_again(db: &Db, folder: &Path) {
    let Ok(mut conn) = db.conn().await else { return };
    // A database of an older schema has no log yet.
    if let Ok((installation, head)) = audit::head(&mut conn).await {
        let _where_it_fails_verify_says_so = accept(folder, installation, head);
    }
}
