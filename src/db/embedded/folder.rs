//! The folder of the embedded database: where its parts lie, whether it is whole, and how it comes to be.

use std::fs::{self, DirBuilder};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::model::text;

/// Version of the folder's layout, written into its manifest.
pub const FORMAT: u32 = 1;

/// Major version of the embedded engine, as PostgreSQL writes it into `PG_VERSION`.
const SERVER_MAJOR: &str = "17";

/// Size of `pg_control` (PostgreSQL's `PG_CONTROL_FILE_SIZE`).
const CONTROL_FILE_BYTES: u64 = 8192;

/// What is found in the place of the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Missing,
    Sound,
    /// With the reason, as part of a sentence.
    Damaged(String),
}

/// Written last into a new folder: its presence says that the folder was made to the end.
#[derive(Debug, Serialize, Deserialize)]
struct Manifest {
    format: u32,
    server: String,
    created_by: String,
}

/// The paths of a data folder's database.
#[derive(Debug, Clone)]
pub(in crate::db) struct Layout {
    dir: PathBuf,
    root: PathBuf,
}

impl Layout {
    pub(in crate::db) fn new(dir: &Path) -> Self {
        let dir = std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned());
        Self { root: dir.join("postgres"), dir }
    }

    /// The data folder.
    pub(in crate::db) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The database's own folder in it.
    pub(in crate::db) fn root(&self) -> &Path {
        &self.root
    }

    /// PostgreSQL's data directory: the place is the engine's choice.
    pub(in crate::db) fn pgdata(&self) -> PathBuf {
        self.root.join("tmp").join("pglite").join("base")
    }

    pub(in crate::db) fn lock_file(&self) -> PathBuf {
        self.dir.join("postgres.lock")
    }

    /// Where a new folder is made before it is renamed into its place.
    pub(in crate::db) fn staging(&self) -> PathBuf {
        self.dir.join("postgres.new")
    }

    /// There while a process may have written what is not on the disk yet: one that was killed leaves it behind.
    pub(in crate::db) fn unsynced_mark(&self) -> PathBuf {
        self.dir.join("postgres.unsynced")
    }

    /// Where a restore keeps the old folder until it is done.
    pub(in crate::db) fn aside(&self) -> PathBuf {
        self.dir.join("postgres.before-restore")
    }

    /// Which file the last backup was written into, and when.
    pub(in crate::db) fn last_backup(&self) -> PathBuf {
        self.dir.join("postgres.backup.json")
    }

    fn manifest(root: &Path) -> PathBuf {
        root.join("photoctl.json")
    }

    /// What is in the place of the database, as far as its files tell.
    pub(in crate::db) fn state(&self) -> Result<State> {
        let mut entries = match fs::read_dir(&self.root) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let interrupted = self.aside().exists();
                return Ok(if interrupted { State::Sound } else { State::Missing });
            }
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                return Ok(State::Damaged("it is a file, not a folder".to_owned()));
            }
            Err(error) => return Err(Error::io("read", &self.root, error)),
        };
        if entries.next().is_none() {
            return Ok(State::Missing);
        }
        Ok(self.examine().map_or_else(State::Damaged, |()| State::Sound))
    }

    fn examine(&self) -> std::result::Result<(), String> {
        let manifest =
            fs::read(Self::manifest(&self.root)).map_err(|_| "its manifest photoctl.json is missing".to_owned())?;
        let manifest: Manifest =
            serde_json::from_slice(&manifest).map_err(|_| "its manifest photoctl.json cannot be read".to_owned())?;
        if manifest.format != FORMAT || manifest.server != SERVER_MAJOR {
            return Err(format!(
                "it has format {} of PostgreSQL {}, this photoctl reads format {FORMAT} of PostgreSQL {SERVER_MAJOR}",
                manifest.format, manifest.server
            ));
        }
        let pgdata = self.pgdata();
        let version = fs::read_to_string(pgdata.join("PG_VERSION")).map_err(|_| "PG_VERSION is missing".to_owned())?;
        if version.trim() != SERVER_MAJOR {
            return Err("PG_VERSION has another content".to_owned());
        }
        let control =
            fs::metadata(pgdata.join("global").join("pg_control")).map_err(|_| "pg_control is missing".to_owned())?;
        if control.len() != CONTROL_FILE_BYTES {
            return Err("pg_control is cut off".to_owned());
        }
        for folder in ["base", "pg_wal", "pg_xact", "pg_multixact"] {
            if !pgdata.join(folder).is_dir() {
                return Err(format!("the folder {folder} is missing"));
            }
        }
        Ok(())
    }

    /// Makes the data folder, for this user only.
    pub(in crate::db) fn make_dir(&self) -> Result<()> {
        make_private_dir(&self.dir).map_err(|error| not_writable(&self.dir, error))
    }

    /// Makes an empty database in its place. The process lock must be held.
    pub(in crate::db) fn create(&self) -> Result<()> {
        let staging = self.staging();
        remove_tree(&staging)?;
        let made = self.unpack_template(&staging);
        made.and_then(|()| self.seal_staging()).and_then(|()| self.install_staging()).inspect_err(|_| {
            let _leftover = fs::remove_dir_all(&staging);
        })
    }

    fn unpack_template(&self, staging: &Path) -> Result<()> {
        make_private_dir(staging).map_err(|error| not_writable(&self.dir, error))?;
        let scratch = staging.join("template");
        let template = pglite_oxide::build_pgdata_template(&scratch)
            .map_err(|error| Error::new(Kind::Io, format!("cannot make the embedded database: {error:#}")))?;
        let place = self.of_staging().pgdata();
        fs::create_dir_all(&place).map_err(|error| Error::io("make", &place, error))?;
        let archive =
            fs::File::open(&template.archive_path).map_err(|error| Error::io("read", &template.archive_path, error))?;
        zstd::Decoder::new(archive)
            .and_then(|decoder| tar::Archive::new(decoder).unpack(&place))
            .map_err(|error| Error::io("unpack the embedded database into", &place, error))?;
        remove_tree(&scratch)
    }

    /// The same data folder with the staging folder as its database.
    pub(in crate::db) fn of_staging(&self) -> Self {
        Self { dir: self.dir.clone(), root: self.staging() }
    }

    /// Completes what was made in the staging folder.
    pub(in crate::db) fn seal_staging(&self) -> Result<()> {
        let staging = self.staging();
        for leftover in ["postmaster.pid", "postmaster.opts"] {
            let _absent = fs::remove_file(self.of_staging().pgdata().join(leftover));
        }
        let manifest = Manifest {
            format: FORMAT,
            server: SERVER_MAJOR.to_owned(),
            created_by: format!("photoctl {}", env!("CARGO_PKG_VERSION")),
        };
        let path = Self::manifest(&staging);
        let text = serde_json::to_vec_pretty(&manifest)
            .map_err(|error| Error::new(Kind::Internal, "the manifest cannot be written").with_source(error))?;
        fs::write(&path, text).map_err(|error| Error::io("write", &path, error))
    }

    /// Moves the completed staging folder into the place of the database, which must be free.
    pub(in crate::db) fn install_staging(&self) -> Result<()> {
        let staging = self.staging();
        sync_tree(&staging).map_err(|error| Error::io("write to the disk", &staging, error))?;
        if self.root.exists() {
            // Empty, or `state` would have said otherwise: this removes nothing else.
            fs::remove_dir(&self.root).map_err(|error| Error::io("replace", &self.root, error))?;
        }
        fs::rename(self.staging(), &self.root).map_err(|error| Error::io("make", &self.root, error))
    }

    /// A restore that was killed between its two renames left the place empty: the old database returns.
    pub(in crate::db) fn roll_back_interrupted_restore(&self) -> Result<()> {
        let aside = self.aside();
        if !self.root.exists() && aside.exists() {
            tracing::warn!("a restore was interrupted; the database from before it is used");
            fs::rename(&aside, &self.root).map_err(|error| Error::io("bring back", &aside, error))?;
        }
        Ok(())
    }

    /// Removes what the engine writes anew at each start, and does not start over where a process was killed while
    /// it wrote it.
    pub(in crate::db) fn discard_engine_notes(&self) -> Result<()> {
        let note = self.root.join("tmp").join("pglite").join(".pglite-oxide-runtime-layout.json");
        match fs::remove_file(&note) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", &note, error)),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// [`Kind::DiskFull`] when less than `bytes` are free.
    pub(in crate::db) fn require_free(&self, bytes: u64) -> Result<()> {
        match free_bytes(&self.dir) {
            Some(free) if free < bytes => Err(Error::new(
                Kind::DiskFull,
                format!(
                    "only {} free in {}: the embedded database needs {}",
                    text::size(free),
                    text::path(&self.dir),
                    text::size(bytes)
                ),
            )
            .hint("free some space, or move the data folder to another disk (PHOTOCTL_HOME)")),
            _ => Ok(()),
        }
    }

    /// # Errors
    /// [`Kind::Io`] where the folder is read-only for this user.
    pub(in crate::db) fn require_writable(&self) -> Result<()> {
        tempfile::Builder::new()
            .prefix(".writable-")
            .tempfile_in(&self.root)
            .map(drop)
            .map_err(|error| not_writable(&self.root, error))
    }
}

pub(in crate::db) fn not_writable(dir: &Path, error: io::Error) -> Error {
    Error::io("write in the data folder", dir, error)
        .hint("the embedded database needs a folder that this user may write; PHOTOCTL_HOME names another one")
}

pub(in crate::db) fn remove_tree(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::io("remove", path, error)),
        _ => Ok(()),
    }
}

pub(in crate::db) fn make_private_dir(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        builder.mode(0o700);
    }
    builder.create(path)
}

#[cfg(unix)]
fn free_bytes(dir: &Path) -> Option<u64> {
    let stat = rustix::fs::statvfs(dir).ok()?;
    stat.f_bavail.checked_mul(stat.f_frsize)
}

#[cfg(not(unix))]
fn free_bytes(_dir: &Path) -> Option<u64> {
    None
}

/// Writes a whole folder to the disk: what is in it, and its names. For folders that were just made, or of which
/// nobody knows what is on the disk; on Linux the system is asked for all of the file system at once, which is faster
/// than a thousand files one by one.
pub(in crate::db) fn sync_tree(dir: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    return rustix::fs::syncfs(fs::File::open(dir)?).map_err(io::Error::from);
    #[cfg(not(target_os = "linux"))]
    return sync_written(dir, std::time::SystemTime::UNIX_EPOCH);
}

/// Writes the files of a folder that were written since then to the disk, and the folders whose names changed.
/// Only these: the rest of the file system may be busy with gigabytes that are none of our business.
pub(in crate::db) fn sync_written(dir: &Path, since: std::time::SystemTime) -> io::Result<()> {
    for entry in walkdir::WalkDir::new(dir) {
        let entry = entry?;
        let kind = entry.file_type();
        if !kind.is_dir() && !kind.is_file() {
            continue;
        }
        match entry.metadata() {
            Ok(metadata) if metadata.modified()? < since => {}
            Ok(_) => fs::File::open(entry.path())?.sync_all()?,
            // A segment that the engine had no more use for.
            Err(error) if error.io_error().is_some_and(|io| io.kind() == io::ErrorKind::NotFound) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
