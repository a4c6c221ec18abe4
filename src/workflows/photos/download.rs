//! Objects of photos as files in a folder. Runs again where it stopped; never writes over a file of other content.

use std::collections::HashMap;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::batch::progress::Outcome;
use crate::db::Db;
use crate::db::photos::select::PhotoRecord;
use crate::error::{Error, Kind, Result};
use crate::model::digest::{Sha256, Sha256Hasher};
use crate::model::ids::PhotoId;
use crate::model::status::PhotoObject;
use crate::model::text;
use crate::objects::{StorageKey, Store};

use super::handout::{self, Handout};
use super::job::Told;
use super::names;

/// Where to and what.
pub struct Downloader {
    db: Db,
    store: Store,
    dir: PathBuf,
    object: PhotoObject,
    /// Names of this run: two photos must not be one file.
    taken: Mutex<HashMap<String, PhotoId>>,
}

/// What came of the files of one photo.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fetched {
    pub written: u64,
    /// The same file was there.
    pub present: u64,
    pub written_bytes: u64,
}

impl Fetched {
    const PRESENT: Self = Self { written: 0, present: 1, written_bytes: 0 };

    fn written(written_bytes: u64) -> Self {
        Self { written: 1, present: 0, written_bytes }
    }
}

impl Told for Fetched {}

impl Downloader {
    #[must_use]
    pub fn new(db: Db, store: Store, dir: PathBuf, object: PhotoObject) -> Self {
        Self { db, store, dir, object, taken: Mutex::default() }
    }

    /// Fetches a photo's object, or each of its RAWs, unless the same is there already.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when there is no such object, [`Kind::Integrity`] when it is not what was recorded,
    /// [`Kind::AlreadyExists`] when a file of other content has its name; those of store and file system.
    pub async fn fetch(&self, photo: &PhotoRecord, dry_run: bool) -> Result<(Outcome, Fetched)> {
        let mut sum = Fetched::default();
        for object in handout::of(&self.db, photo, self.object).await? {
            let one = self.fetch_one(&object, dry_run).await?;
            sum.written += one.written;
            sum.present += one.present;
            sum.written_bytes += one.written_bytes;
        }
        Ok((if sum.written == 0 { Outcome::Present } else { Outcome::Done }, sum))
    }

    async fn fetch_one(&self, object: &Handout, dry_run: bool) -> Result<Fetched> {
        let key = StorageKey::foreign(&object.key)?;
        let path = self.dir.join(self.name(object));
        if let (Some((sha256, size_bytes)), true) = (object.known, path.exists()) {
            return match same(&path, sha256, size_bytes).await? {
                true => Ok(Fetched::PRESENT),
                false => Err(taken(&path)),
            };
        }
        if dry_run {
            return Ok(Fetched::written(object.known.map_or(0, |(_, size_bytes)| size_bytes)));
        }
        self.write(&key, path, object.known.map(|(sha256, _)| sha256)).await
    }

    fn name(&self, object: &Handout) -> String {
        let short = names::unique(object, false);
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        // File systems of cards and of macOS take names that differ in case for the same.
        match taken.insert(short.to_lowercase(), object.photo) {
            Some(other) if other != object.photo => names::unique(object, true),
            _ => short,
        }
    }

    /// Writes beside the place first, so that no half file is ever seen under the name.
    async fn write(&self, key: &StorageKey, path: PathBuf, expected: Option<Sha256>) -> Result<Fetched> {
        let unwritable = |error| Error::io("write", &path, error);
        // Temporary files are for their owner only by default; downloads are ordinary files, as the umask says.
        let mode = std::fs::Permissions::from_mode(0o666);
        let temporary = tempfile::Builder::new().prefix(".photoctl-").permissions(mode).tempfile_in(&self.dir);
        let temporary = temporary.map_err(unwritable)?;
        let mut file = tokio::fs::File::from_std(temporary.as_file().try_clone().map_err(unwritable)?);
        let read = self.store.copy_to(key, &mut file, expected.as_ref()).await?;
        tokio::io::AsyncWriteExt::flush(&mut file).await.map_err(unwritable)?;
        file.sync_all().await.map_err(unwritable)?;
        match temporary.persist_noclobber(&path) {
            Ok(_) => Ok(Fetched::written(read.size_bytes)),
            Err(error) if error.error.kind() == std::io::ErrorKind::AlreadyExists => {
                match same(&path, read.sha256, read.size_bytes).await? {
                    true => Ok(Fetched::PRESENT),
                    false => Err(taken(&path)),
                }
            }
            Err(error) => Err(unwritable(error.error)),
        }
    }
}

/// Whether a file has this content.
async fn same(path: &Path, sha256: Sha256, size_bytes: u64) -> Result<bool> {
    let path = path.to_owned();
    let work = tokio::task::spawn_blocking(move || {
        let unreadable = |error| Error::io("read", &path, error);
        let metadata = std::fs::symlink_metadata(&path).map_err(unreadable)?;
        if !metadata.is_file() || metadata.len() != size_bytes {
            return Ok(false);
        }
        let mut file = std::fs::File::open(&path).map_err(unreadable)?;
        let mut hasher = Sha256Hasher::default();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(hasher.finish() == sha256),
                Ok(read) => hasher.update(&buffer[..read]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(error)),
            }
        }
    });
    work.await.map_err(|error| Error::new(Kind::Internal, "reading ended badly").with_source(error))?
}

fn taken(path: &Path) -> Error {
    Error::new(Kind::AlreadyExists, format!("{} is there with other content", text::path(path)))
        .hint("move it away, or choose another --dir")
}
