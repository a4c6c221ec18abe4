//! What the data folder remembers of its last backup, for the day when the database is damaged.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tracing::warn;

use super::folder::Layout;
use crate::model::text;

#[derive(Debug, Serialize, Deserialize)]
pub(in crate::db) struct LastBackup {
    file: PathBuf,
    created_at: DateTime<Utc>,
}

impl LastBackup {
    /// Notes a backup. One that cannot be noted is a backup all the same.
    pub(in crate::db) fn note(layout: &Layout, file: &Path, created_at: DateTime<Utc>) {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let note = layout.last_backup();
        let written = serde_json::to_vec(&Self { file, created_at })
            .map_err(std::io::Error::from)
            .and_then(|text| std::fs::write(&note, text));
        if let Err(error) = written {
            warn!("the place of the backup could not be noted in {}: {error}", text::path(&note));
        }
    }

    /// The last one, if any was noted.
    pub(in crate::db) fn read(layout: &Layout) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(layout.last_backup()).ok()?).ok()
    }

    /// How to bring it back.
    pub(in crate::db) fn hint(&self) -> String {
        let (file, when) = (text::path(&self.file), self.created_at.format("%Y-%m-%d %H:%M UTC"));
        let gone = if self.file.exists() { "" } else { " (which is not there now)" };
        format!(
            "the last backup is of {when}, in {file}{gone}: `photoctl db restore FILE` brings it back, and keeps the \
             damaged folder aside"
        )
    }
}
