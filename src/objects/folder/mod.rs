//! A store in a local folder: an object is a plain file, so that people can look at, copy and back up the folder.
//!
//! There is no metadata beside the files: a hash is computed where one is needed. A file appears under its name only
//! when all of it is on the disk: it is written into `.photoctl-tmp` (on the same file system), synced, renamed, and
//! the folder is synced ([`names`]).

mod list;
mod names;
mod unfinished;
mod write;

use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use futures::{FutureExt, StreamExt, TryStreamExt};

use names::Names;

use super::error::{Problem, StoreError};
use super::key::StorageKey;
use super::source::Source;
use super::store::{Backend, ObjectEntry, ObjectFacts, ObjectReader, PutOptions, PutReport, UnfinishedUpload};

/// Where files are written before they get their names. Never listed.
const TEMPORARY: &str = ".photoctl-tmp";
/// A temporary file that nobody has touched for so long belongs to a process that died.
const STALE_AFTER: Duration = Duration::from_secs(24 * 3600);

/// The store. Cheap to clone.
#[derive(Clone)]
pub(super) struct FolderStore {
    root: Arc<Path>,
    names: Arc<Names>,
}

impl FolderStore {
    pub async fn open(dir: &Path, create: bool) -> Result<Self, StoreError> {
        let dir = dir.to_owned();
        run(move || {
            if create {
                std::fs::create_dir_all(&dir)
                    .map_err(|error| StoreError::folder_io("make the store's folder", &dir, error))?;
            }
            let missing = || StoreError::new(Problem::NoSuchFolder { path: dir.clone() }, "open the store");
            // Links above the root are the user's own business; below it none is followed.
            let root = match dir.canonicalize() {
                Ok(root) if root.is_dir() => root,
                Ok(_) => return Err(missing()),
                Err(error) if error.kind() == ErrorKind::NotFound => return Err(missing()),
                Err(error) => return Err(StoreError::folder_io("open the store's folder", &dir, error)),
            };
            let store = Self { root: root.into(), names: Arc::default() };
            store.clean_temporary();
            Ok(store)
        })
        .await
    }

    /// The file of a key. Every part is a plain name, and no folder on the way is a link.
    fn path_of(&self, key: &StorageKey) -> Result<PathBuf, StoreError> {
        let bad = |why: &str| {
            StoreError::new(Problem::BadKey { why: why.to_owned() }, format!("use the key {key:?} in a folder"))
        };
        let text = key.as_str();
        if text.split('/').any(|part| part.is_empty() || part == "." || part == "..") || text.contains('\0') {
            return Err(bad("it has an empty, . or .. part"));
        }
        let relative = Path::new(text);
        if !relative.components().all(|part| matches!(part, Component::Normal(_))) {
            return Err(bad("it is not a relative path"));
        }
        if relative.components().next() == Some(Component::Normal(TEMPORARY.as_ref())) {
            return Err(bad("it is where the store keeps its temporary files"));
        }
        let mut path = self.root.to_path_buf();
        for part in relative.components() {
            path.push(part);
            match std::fs::symlink_metadata(&path) {
                Ok(found) if found.file_type().is_symlink() => {
                    return Err(bad("a part of it is a symbolic link, which could lead out of the store"));
                }
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(self.root.join(relative)),
                Err(error) if error.kind() == ErrorKind::NotADirectory => {
                    return Err(bad("a part of it is a file"));
                }
                Err(error) => return Err(StoreError::folder_io(format!("look at {key:?}"), &path, error)),
            }
        }
        Ok(path)
    }

    fn head_blocking(&self, key: &StorageKey) -> Result<Option<ObjectFacts>, StoreError> {
        let path = self.path_of(key)?;
        match std::fs::metadata(&path) {
            Ok(found) if found.is_file() => Ok(Some(facts(key, &found))),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                // An unmounted disk must not look like objects that are lost.
                if self.root.is_dir() { Ok(None) } else { Err(self.root_is_gone()) }
            }
            Err(error) => Err(StoreError::folder_io(format!("look at {key:?}"), &path, error)),
        }
    }

    fn root_is_gone(&self) -> StoreError {
        StoreError::new(Problem::NoSuchFolder { path: self.root.to_path_buf() }, "use the store")
    }

    fn open_blocking(&self, key: &StorageKey, from: u64) -> Result<(std::fs::File, ObjectFacts), StoreError> {
        let path = self.path_of(key)?;
        let failed = |error| StoreError::folder_io(format!("read {key:?}"), &path, error);
        let mut file = match std::fs::File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound && !self.root.is_dir() => return Err(self.root_is_gone()),
            Err(error) => return Err(failed(error)),
        };
        let found = file.metadata().map_err(failed)?;
        if !found.is_file() {
            return Err(StoreError::new(Problem::NotFound, format!("read {key:?}")));
        }
        file.seek(SeekFrom::Start(from)).map_err(failed)?;
        Ok((file, facts(key, &found)))
    }

    fn delete_blocking(&self, key: &StorageKey) -> Result<(), StoreError> {
        let path = self.path_of(key)?;
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return if self.root.is_dir() { Ok(()) } else { Err(self.root_is_gone()) };
            }
            Err(error) => return Err(StoreError::folder_io(format!("delete {key:?}"), &path, error)),
        }
        // Folders that it leaves empty go as well: like S3, a folder store has objects only.
        let above = path.ancestors().skip(1).take_while(|folder| **folder != *self.root);
        for folder in above {
            if std::fs::remove_dir(folder).is_err() {
                // An object that comes back after a power cut is an orphan, not a loss.
                let _ = self.names.sync(folder);
                break;
            }
            self.names.forget(folder);
        }
        Ok(())
    }

    fn clean_temporary(&self) {
        let Ok(entries) = std::fs::read_dir(self.root.join(TEMPORARY)) else { return };
        for entry in entries.flatten() {
            let age = entry
                .metadata()
                .and_then(|found| found.modified())
                .ok()
                .and_then(|time| SystemTime::now().duration_since(time).ok());
            if age.is_some_and(|age| age > STALE_AFTER) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
                // Best effort: it is only room on the disk.
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

fn facts(key: &StorageKey, found: &std::fs::Metadata) -> ObjectFacts {
    ObjectFacts {
        size_bytes: found.len(),
        etag: None,
        sha256: None,
        content_type: Some(key.content_type().to_owned()),
        last_modified: found.modified().ok().map(DateTime::<Utc>::from),
    }
}

/// Runs what blocks on a thread that may.
async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::new(Problem::Other, "use the store's folder").with_source(error))?
}

fn pieces(file: std::fs::File, doing: String) -> BoxStream<'static, Result<Bytes, StoreError>> {
    const PIECE_BYTES: u64 = 1024 * 1024;
    stream::try_unfold((file, doing), |(mut file, doing)| {
        run(move || {
            let mut piece = Vec::with_capacity(usize::try_from(PIECE_BYTES).unwrap_or_default());
            let read = file.by_ref().take(PIECE_BYTES).read_to_end(&mut piece);
            read.map_err(|error| StoreError::folder_io(doing.as_str(), Path::new("the store"), error))?;
            Ok((!piece.is_empty()).then(|| (Bytes::from(piece), (file, doing))))
        })
    })
    .boxed()
}

impl Backend for FolderStore {
    fn put<'a>(
        &'a self,
        key: &'a StorageKey,
        source: &'a Source,
        options: &'a PutOptions,
    ) -> BoxFuture<'a, Result<PutReport, StoreError>> {
        let (store, key, source, options) = (self.clone(), key.clone(), source.clone(), options.clone());
        run(move || store.put_blocking(&key, &source, &options)).boxed()
    }

    fn head<'a>(&'a self, key: &'a StorageKey) -> BoxFuture<'a, Result<Option<ObjectFacts>, StoreError>> {
        let (store, key) = (self.clone(), key.clone());
        run(move || store.head_blocking(&key)).boxed()
    }

    fn read<'a>(
        &'a self,
        key: &'a StorageKey,
        from: u64,
        _etag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<ObjectReader, StoreError>> {
        let (store, key) = (self.clone(), key.clone());
        run(move || {
            let (file, facts) = store.open_blocking(&key, from)?;
            Ok(ObjectReader { facts, pieces: pieces(file, format!("read {key:?}")) })
        })
        .boxed()
    }

    fn delete<'a>(&'a self, key: &'a StorageKey) -> BoxFuture<'a, Result<(), StoreError>> {
        let (store, key) = (self.clone(), key.clone());
        run(move || store.delete_blocking(&key)).boxed()
    }

    fn list(&self, prefix: &str) -> BoxStream<'static, Result<ObjectEntry, StoreError>> {
        list::list(self.root.clone(), prefix.to_owned())
    }

    fn unfinished(&self, _prefix: &str) -> BoxStream<'static, Result<UnfinishedUpload, StoreError>> {
        let store = self.clone();
        let all = async move { run(move || store.temporary_files()).await.map(|all| stream::iter(all).map(Ok)) };
        stream::once(all).try_flatten().boxed()
    }

    fn abort<'a>(&'a self, upload: &'a UnfinishedUpload) -> BoxFuture<'a, Result<(), StoreError>> {
        let (store, upload) = (self.clone(), upload.clone());
        run(move || store.remove_temporary(&upload)).boxed()
    }

    fn presign_get<'a>(
        &'a self,
        key: &'a StorageKey,
        _expires: Duration,
        _file_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<String, StoreError>> {
        let (store, key) = (self.clone(), key.clone());
        run(move || {
            let path = store.path_of(&key)?;
            let url = url::Url::from_file_path(&path)
                .map_err(|()| StoreError::new(Problem::Other, format!("make a link to {key:?}")))?;
            Ok(url.to_string())
        })
        .boxed()
    }

    fn clock_offset_seconds(&self) -> Option<i64> {
        None
    }
}
