//! Temporary files that a process left behind when it was killed.

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::{FolderStore, TEMPORARY};
use crate::objects::error::{Problem, StoreError};
use crate::objects::store::UnfinishedUpload;

impl FolderStore {
    pub(super) fn temporary_files(&self) -> Result<Vec<UnfinishedUpload>, StoreError> {
        let folder = self.root.join(TEMPORARY);
        let failed = |error| StoreError::folder_io("list temporary files", &folder, error);
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let mut all = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            // One that got its name meanwhile is none any more.
            let Ok(found) = entry.metadata() else { continue };
            if found.is_file() {
                let begun = found.modified().ok().map(DateTime::<Utc>::from);
                all.push(UnfinishedUpload { key: format!("{TEMPORARY}/{name}"), upload_id: name, begun });
            }
        }
        all.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(all)
    }

    pub(super) fn remove_temporary(&self, upload: &UnfinishedUpload) -> Result<(), StoreError> {
        let doing = "remove a temporary file";
        let name = Path::new(&upload.upload_id);
        if name.file_name() != Some(OsStr::new(&upload.upload_id)) {
            return Err(StoreError::new(Problem::BadKey { why: "it is no plain file name".to_owned() }, doing));
        }
        let path = self.root.join(TEMPORARY).join(name);
        match std::fs::remove_file(&path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::folder_io(doing, &path, error)),
        }
    }
}
