//! Writing a file so that it is there whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use uuid::Uuid;

use super::{FolderStore, TEMPORARY};
use crate::model::digest::Sha256Hasher;
use crate::objects::error::{Problem, StoreError};
use crate::objects::key::StorageKey;
use crate::objects::source::{ByteRange, FileReader, Source};
use crate::objects::store::{PutMode, PutOptions, PutOutcome, PutReport};

/// A file without its name yet; removed unless it gets one.
struct Temporary {
    path: PathBuf,
    keep: bool,
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.keep {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl FolderStore {
    /// How often the name may be taken and freed by others before they are said to be at it.
    const MAX_ROUNDS: u32 = 4;

    pub(super) fn put_blocking(
        &self,
        key: &StorageKey,
        source: &Source,
        options: &PutOptions,
    ) -> Result<PutReport, StoreError> {
        let target = self.path_of(key)?;
        let report = |outcome, attempts| Ok(PutReport { outcome, attempts, etag: None });
        let mut outcome = PutOutcome::Created;
        let mut replace = options.mode == PutMode::Overwrite;
        if !replace && target.exists() {
            if same(&target, source, key)? {
                self.settle(&target, key)?;
                return report(PutOutcome::AlreadyThere, 0);
            }
            (outcome, replace) = (PutOutcome::Replaced, true);
        }
        if !self.root.is_dir() {
            return Err(self.root_is_gone());
        }
        let mut temporary = self.write_temporary(key, source, options)?;
        let folder = target.parent().unwrap_or(&self.root).to_owned();
        self.make_folders(&folder, key)?;
        let failed = |error| StoreError::folder_io(format!("store {key:?}"), &target, error);
        for _ in 0..Self::MAX_ROUNDS {
            let renamed =
                if replace { std::fs::rename(&temporary.path, &target) } else { rename_new(&temporary.path, &target) };
            match renamed {
                Ok(()) => {
                    temporary.keep = true;
                    self.settle(&target, key)?;
                    return report(outcome, 1);
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    if same(&target, source, key)? {
                        self.settle(&target, key)?;
                        return report(PutOutcome::AlreadyThere, 1);
                    }
                    (outcome, replace) = (PutOutcome::Replaced, true);
                }
                // A delete beside us took the folder that was empty until now.
                Err(error) if error.kind() == ErrorKind::NotFound => self.make_folders(&folder, key)?,
                Err(error) => return Err(failed(error)),
            }
        }
        Err(StoreError::new(Problem::Conflict, format!("store {key:?}")))
    }

    fn write_temporary(
        &self,
        key: &StorageKey,
        source: &Source,
        options: &PutOptions,
    ) -> Result<Temporary, StoreError> {
        let folder = self.root.join(TEMPORARY);
        let failed = |error| StoreError::folder_io(format!("store {key:?}"), &folder, error);
        match std::fs::symlink_metadata(&folder) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => {
                let why = format!("{TEMPORARY} in the store's folder is not a folder");
                return Err(StoreError::new(Problem::BadKey { why }, format!("store {key:?}")));
            }
            Err(_) => std::fs::create_dir_all(&folder).map_err(failed)?,
        }
        let path = folder.join(Uuid::new_v4().to_string());
        let mut file = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        let temporary = Temporary { path, keep: false };
        copy(source, &mut file, options, failed)?;
        file.sync_all().map_err(failed)?;
        Ok(temporary)
    }

    /// Makes the folders of a key.
    fn make_folders(&self, folder: &Path, key: &StorageKey) -> Result<(), StoreError> {
        if folder.is_dir() {
            return Ok(());
        }
        let failed = |error| StoreError::folder_io(format!("store {key:?}"), folder, error);
        folder.ancestors().take_while(|above| **above != *self.root).for_each(|above| self.names.forget(above));
        std::fs::create_dir_all(folder).map_err(failed)?;
        // Between the first look and now somebody may have put a link there.
        self.path_of(key).map(|_| ())
    }

    /// Puts the name of a file on the disk. Also of one that was there already: whoever wrote it may have been killed,
    /// or may still be, between the rename and this.
    fn settle(&self, target: &Path, key: &StorageKey) -> Result<(), StoreError> {
        self.names
            .settle(target, &self.root)
            .map_err(|error| StoreError::folder_io(format!("write {key:?} to the disk"), target, error))
    }
}

/// Copies and hashes in one pass: what ends up on the disk is what was hashed.
fn copy(
    source: &Source,
    to: &mut File,
    options: &PutOptions,
    failed: impl Fn(std::io::Error) -> StoreError,
) -> Result<(), StoreError> {
    let mut write = |chunk: &[u8]| -> Result<(), StoreError> {
        let piece_bytes = options.limiter.as_ref().map_or(chunk.len(), |limiter| limiter.piece_bytes());
        for piece in chunk.chunks(piece_bytes.max(1)) {
            if let Some(limiter) = &options.limiter {
                std::thread::sleep(limiter.take(piece.len()));
            }
            to.write_all(piece).map_err(&failed)?;
            if let Some(counter) = &options.progress {
                counter(piece.len() as u64);
            }
        }
        Ok(())
    };
    match source {
        Source::Bytes { bytes, .. } => write(bytes),
        Source::File { path, size_bytes, sha256 } => {
            let range = ByteRange { start: 0, end: *size_bytes };
            let mut reader = FileReader::new(path, *size_bytes, range, Some(*sha256));
            while let Some(chunk) = reader.next_blocking()? {
                write(&chunk)?;
            }
            Ok(())
        }
    }
}

/// Whether a file has the bytes of a source: by size first.
fn same(target: &Path, source: &Source, key: &StorageKey) -> Result<bool, StoreError> {
    let failed = |error| StoreError::folder_io(format!("compare {key:?}"), target, error);
    let found = match std::fs::metadata(target) {
        Ok(found) => found,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    if !found.is_file() {
        let why = "there is a folder of that name".to_owned();
        return Err(StoreError::new(Problem::BadKey { why }, format!("store {key:?}")));
    }
    if found.len() != source.size_bytes() {
        return Ok(false);
    }
    let mut hasher = Sha256Hasher::default();
    let mut reader = FileReader::new(target, found.len(), ByteRange { start: 0, end: found.len() }, None);
    while let Some(chunk) = reader.next_blocking()? {
        hasher.update(&chunk);
    }
    Ok(hasher.finish() == *source.sha256())
}

/// Renames unless the name is taken.
#[cfg(unix)]
fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    use rustix::io::Errno;
    match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
        // Not every file system can; most of those have hard links.
        Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
        done => return done.map_err(Into::into),
    }
    match std::fs::hard_link(from, to) {
        Ok(()) => std::fs::remove_file(from),
        Err(error) if matches!(error.kind(), ErrorKind::AlreadyExists | ErrorKind::NotFound) => Err(error),
        Err(_) => rename_checked(from, to),
    }
}

#[cfg(not(unix))]
fn rename_new(from: &Path, to: &Path) -> std::io::Result<()> {
    rename_checked(from, to)
}

/// The last resort (FAT, exFAT): a look, then a rename. Two writers at the same moment could both succeed; the keys
/// that matter carry the id of their content, so they write the same.
fn rename_checked(from: &Path, to: &Path) -> std::io::Result<()> {
    if to.exists() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    std::fs::rename(from, to)
}
