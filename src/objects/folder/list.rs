//! Listing a folder like a bucket: all files below it, in the order of their keys' bytes.

use std::fs::DirEntry;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::mpsc;

use super::TEMPORARY;
use crate::objects::error::{Problem, StoreError};
use crate::objects::store::ObjectEntry;

type Line = Result<ObjectEntry, StoreError>;

/// A thread walks ahead of the reader by so many lines at most.
const AHEAD: usize = 1000;

pub(super) fn list(root: Arc<Path>, prefix: String) -> BoxStream<'static, Line> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    // It ends when the reader is dropped.
    tokio::task::spawn_blocking(move || {
        let walk = Walk { root, prefix, sender };
        if !walk.root.is_dir() {
            let gone = StoreError::new(Problem::NoSuchFolder { path: walk.root.to_path_buf() }, "list the store");
            let _ = walk.sender.blocking_send(Err(gone));
            return;
        }
        walk.folder("");
    });
    stream::unfold(receiver, async |mut receiver| receiver.recv().await.map(|line| (line, receiver))).boxed()
}

struct Walk {
    root: Arc<Path>,
    prefix: String,
    sender: mpsc::Sender<Line>,
}

impl Walk {
    /// Lists what is below the folder of the key `above` (empty, or ending in a slash); false when nobody reads on.
    fn folder(&self, above: &str) -> bool {
        let path = self.root.join(above);
        let entries = match std::fs::read_dir(&path) {
            Ok(entries) => entries,
            // Deleted while the listing went on.
            Err(error) if error.kind() == ErrorKind::NotFound => return true,
            Err(error) => return self.fail(&path, error),
        };
        let mut names = Vec::new();
        for entry in entries {
            match entry.map(|entry| name(&entry)) {
                Ok(Some(name)) => names.push(name),
                Ok(None) => {}
                Err(error) => return self.fail(&path, error),
            }
        }
        // A folder sorts as its keys do: with the slash.
        names.sort_unstable();
        for name in names {
            let key = format!("{above}{name}");
            let goes_on = if key.ends_with('/') {
                let within = key.starts_with(&self.prefix) || self.prefix.starts_with(&key);
                !within || (above.is_empty() && name.trim_end_matches('/') == TEMPORARY) || self.folder(&key)
            } else {
                !key.starts_with(&self.prefix) || self.file(key)
            };
            if !goes_on {
                return false;
            }
        }
        true
    }

    fn file(&self, key: String) -> bool {
        let path: PathBuf = self.root.join(&key);
        match std::fs::metadata(&path) {
            Ok(found) => {
                let last_modified = found.modified().ok().map(DateTime::<Utc>::from);
                self.send(Ok(ObjectEntry { key, size_bytes: found.len(), etag: None, last_modified }))
            }
            Err(error) if error.kind() == ErrorKind::NotFound => true,
            Err(error) => self.fail(&path, error),
        }
    }

    fn fail(&self, path: &Path, error: std::io::Error) -> bool {
        self.send(Err(StoreError::folder_io("list the store", path, error)));
        false
    }

    fn send(&self, line: Line) -> bool {
        self.sender.blocking_send(line).is_ok()
    }
}

/// The name as a part of a key, folders with a slash. `None` for what cannot be an object: links, devices, names that
/// are not UTF-8.
fn name(entry: &DirEntry) -> Option<String> {
    let kind = entry.file_type().ok()?;
    let name = entry.file_name().into_string().ok()?;
    if kind.is_dir() { Some(name + "/") } else { kind.is_file().then_some(name) }
}
