//! Names that are on the disk: a file is safe from a power cut when its own name and those of its folders are.

use std::collections::HashSet;
use std::io::{Error, ErrorKind, Result};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Folders that are remembered at most; forgetting them costs a sync each.
const MOST: usize = 10_000;

/// Which folders' names this process has put on the disk. The others may have been made by one that was killed before.
pub(super) struct Names {
    settled: Mutex<HashSet<PathBuf>>,
    /// How a folder is synced; in tests a folder of which it is known whether it was.
    sync: fn(&Path) -> Result<()>,
}

impl Default for Names {
    fn default() -> Self {
        Self { settled: Mutex::default(), sync: sync_folder }
    }
}

impl Names {
    /// Puts the name of `file`, which is below `root`, on the disk, and those of its folders where nobody did it yet.
    pub(super) fn settle(&self, file: &Path, root: &Path) -> Result<()> {
        let mut folder = file.parent().unwrap_or(root);
        (self.sync)(folder)?;
        while folder != root && !self.lock().contains(folder) {
            let Some(above) = folder.parent() else { break };
            (self.sync)(above)?;
            let mut settled = self.lock();
            if settled.len() >= MOST {
                settled.clear();
            }
            settled.insert(folder.to_owned());
            folder = above;
        }
        Ok(())
    }

    /// Puts the names in a folder on the disk.
    pub(super) fn sync(&self, folder: &Path) -> Result<()> {
        (self.sync)(folder)
    }

    /// The folder is gone, or made anew.
    pub(super) fn forget(&self, folder: &Path) {
        self.lock().remove(folder);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashSet<PathBuf>> {
        self.settled.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Not every file system can sync a folder: then there is nothing to be done. A disk that fails is told.
fn sync_folder(folder: &Path) -> Result<()> {
    #[cfg(unix)]
    match std::fs::File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if !cannot_be_synced(&error) => return Err(error),
        Err(error) => tracing::debug!(error = %error, "a folder could not be synced"),
        Ok(()) => {}
    }
    #[cfg(not(unix))]
    let _ = folder;
    Ok(())
}

/// Not supported, or a folder that may be written but not opened.
#[cfg_attr(not(unix), allow(dead_code))]
fn cannot_be_synced(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::InvalidInput | ErrorKind::Unsupported | ErrorKind::PermissionDenied | ErrorKind::NotFound
    )
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Arc;

    use super::*;
    use crate::objects::folder::FolderStore;
    use crate::objects::key::StorageKey;
    use crate::objects::source::Source;
    use crate::objects::store::{PutOptions, PutOutcome};

    thread_local! {
        /// The folders that were synced, by name.
        static SYNCED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    fn note(folder: &Path) -> Result<()> {
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        SYNCED.with_borrow_mut(|synced| synced.push(name));
        Ok(())
    }

    fn fail(_folder: &Path) -> Result<()> {
        Err(Error::from_raw_os_error(5))
    }

    fn store(root: &Path, sync: fn(&Path) -> Result<()>) -> FolderStore {
        FolderStore { root: root.into(), names: Arc::new(Names { settled: Mutex::default(), sync }) }
    }

    fn put(store: &FolderStore, key: &str) -> (Option<PutOutcome>, Vec<String>) {
        let key = StorageKey::foreign(key).expect("a key");
        let done = store.put_blocking(&key, &Source::bytes(&b"x"[..]), &PutOptions::default());
        (done.ok().map(|report| report.outcome), SYNCED.take())
    }

    #[test]
    fn names_are_on_the_disk_before_a_file_is_said_to_be_there() {
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().join("root");
        std::fs::create_dir(&root).expect("made");
        let first = store(&root, note);
        assert_eq!(put(&first, "a/b/1"), (Some(PutOutcome::Created), vec!["b".into(), "a".into(), "root".into()]));
        assert_eq!(put(&first, "a/b/2"), (Some(PutOutcome::Created), vec!["b".into()]));
        assert_eq!(put(&first, "a/c/1"), (Some(PutOutcome::Created), vec!["c".into(), "a".into(), "root".into()]));
        // The one who wrote them may have been killed just before: another process does not know.
        let next = store(&root, note);
        assert_eq!(put(&next, "a/b/1"), (Some(PutOutcome::AlreadyThere), vec!["b".into(), "a".into(), "root".into()]));
        assert_eq!(put(&next, "a/b/2"), (Some(PutOutcome::AlreadyThere), vec!["b".into()]));
        // Folders that were removed and come back have new names.
        next.delete_blocking(&StorageKey::foreign("a/c/1").expect("a key")).expect("deleted");
        SYNCED.take();
        assert_eq!(put(&next, "a/c/1"), (Some(PutOutcome::Created), vec!["c".into(), "a".into(), "root".into()]));
    }

    #[test]
    fn a_disk_that_fails_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        assert_eq!(put(&store(dir.path(), fail), "a/1").0, None);
        // The file is there by now, but nobody may rely on it yet.
        assert_eq!(put(&store(dir.path(), fail), "a/1").0, None);
        assert_eq!(put(&store(dir.path(), note), "a/1").0, Some(PutOutcome::AlreadyThere));
        assert!(!cannot_be_synced(&Error::from_raw_os_error(5)), "EIO");
        assert!(cannot_be_synced(&Error::from_raw_os_error(22)), "EINVAL");
    }
}
