//! Backup and restore of the embedded database: one file, complete and checked, so that nobody's event lies in one
//! folder only.
//!
//! The file is a zstd-compressed tar: a header, PostgreSQL's data directory, and at the end the SHA-256 of each file.
//! A file that is cut off has no such end; one that was changed does not agree with it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::embedded::{
    Embedded, LastBackup, Layout, ProcessLock, State, damaged, make_private_dir, remove_tree, sync_tree,
};
use super::{Db, DbConfig, EmbeddedConfig, migrate};
use crate::error::{Error, Kind, Result};
use crate::model::digest::{Sha256, Sha256Hasher};
use crate::model::text;

/// Version of the backup file's form.
const FORMAT: u32 = 1;

const HEADER: &str = "photoctl-backup.json";
const SUMS: &str = "sha256sums.json";
const DATA: &str = "data";

/// zstd's own default; higher levels save little on database pages.
const LEVEL: i32 = 3;

/// Text files of the backup itself are small; anything longer is not ours.
const LONGEST_TEXT_BYTES: u64 = 16 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: u32,
    created_by: String,
    created_at: chrono::DateTime<chrono::Utc>,
    /// Newest migration in the database.
    schema: i64,
    /// Of all files together, before compression.
    data_bytes: u64,
}

/// What [`backup`] wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    pub file: PathBuf,
    pub schema: i64,
    pub files: u64,
    /// Before compression.
    pub data_bytes: u64,
    pub file_bytes: u64,
}

/// What [`restore`] did, or would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    pub created_at: chrono::DateTime<chrono::Utc>,
    pub created_by: String,
    pub schema: i64,
    pub files: u64,
    pub data_bytes: u64,
    /// Whether a database was there before.
    pub replaced: bool,
    /// Where the folder of a damaged database was put.
    pub kept_aside: Option<PathBuf>,
}

/// What is to be done about what is there already.
#[derive(Debug, Clone, Copy, Default)]
pub struct BackupOptions {
    /// Replace an existing file or database.
    pub overwrite: bool,
    /// Check only.
    pub dry_run: bool,
}

/// Writes a backup of the embedded database of a data folder, which must not be in use.
///
/// # Errors
/// [`Kind::AlreadyExists`] where the file is there, [`Kind::Locked`], [`Kind::Damaged`], [`Kind::DiskFull`].
pub async fn backup(dir: &Path, file: &Path, options: BackupOptions) -> Result<BackupReport> {
    if file.exists() && !options.overwrite {
        return Err(Error::new(Kind::AlreadyExists, format!("{} is there already", text::path(file)))
            .hint("choose another name, or replace it with `--overwrite`"));
    }
    // Opening proves that the backup will be worth something, and ends with all changes in their places.
    let db = Db::connect(&DbConfig::Embedded(EmbeddedConfig::new(dir))).await?;
    let status = migrate::status(&mut *db.conn().await?).await;
    db.close().await;
    let schema = status?.schema;
    let (dir, file) = (dir.to_owned(), file.to_owned());
    blocking(move || {
        let layout = Layout::new(&dir);
        let _lock = ProcessLock::acquire(&layout, std::time::Duration::ZERO)?;
        write_backup(&layout, &file, schema, options)
    })
    .await
}

/// Puts a backup into the place of a data folder's embedded database. The backup is unpacked, checked and opened
/// beside it first; a sound database there is replaced only if asked, a damaged one is kept aside.
///
/// # Errors
/// [`Kind::AlreadyExists`], [`Kind::Damaged`] or [`Kind::Integrity`] for a backup that cannot be used,
/// [`Kind::Locked`], [`Kind::DiskFull`].
pub async fn restore(file: &Path, dir: &Path, options: BackupOptions) -> Result<RestoreReport> {
    let (from, to) = (file.to_owned(), dir.to_owned());
    let (layout, lock, before, mut report) = blocking(move || {
        let layout = Layout::new(&to);
        let header = read_header(&from)?;
        let lock = ProcessLock::acquire(&layout, std::time::Duration::ZERO)?;
        layout.roll_back_interrupted_restore()?;
        let before = layout.state()?;
        if before == State::Sound && !options.overwrite {
            return Err(Error::new(
                Kind::AlreadyExists,
                format!("there is a database in {}", text::path(layout.dir())),
            )
            .hint("to replace it, back it up first and add `--overwrite`"));
        }
        layout.require_free(header.data_bytes.saturating_add(header.data_bytes / 8))?;
        let report = unpack(&layout, &from, header).inspect_err(|_| {
            let _leftover = fs::remove_dir_all(layout.staging());
        })?;
        Ok((layout, lock, before, report))
    })
    .await?;
    let opens = opens(&layout).await;
    if opens.is_err() || options.dry_run {
        remove_tree(&layout.staging())?;
    }
    let schema = opens?;
    if schema != report.schema {
        return Err(unusable(file, "its header tells of another database"));
    }
    report.replaced = before != State::Missing;
    if options.dry_run {
        return Ok(report);
    }
    report.kept_aside = blocking(move || {
        let kept = install(&layout, &before);
        drop(lock);
        kept
    })
    .await?;
    Ok(report)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::new(Kind::Internal, "the work on the backup ended early").with_source(error))?
}

fn write_backup(layout: &Layout, file: &Path, schema: i64, options: BackupOptions) -> Result<BackupReport> {
    let pgdata = layout.pgdata();
    let entries = list(&pgdata)?;
    let data_bytes = entries.iter().filter_map(|entry| entry.size).sum();
    let header = Header {
        format: FORMAT,
        created_by: format!("photoctl {}", env!("CARGO_PKG_VERSION")),
        created_at: chrono::Utc::now(),
        schema,
        data_bytes,
    };
    let files = entries.iter().filter(|entry| entry.size.is_some()).count() as u64;
    let mut report = BackupReport { file: file.to_owned(), schema, files, data_bytes, file_bytes: 0 };
    if options.dry_run {
        return Ok(report);
    }
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Only this user may read it (0600), and it gets its name when it is complete.
    let mut unfinished = tempfile::Builder::new()
        .prefix(".photoctl-backup-")
        .tempfile_in(parent)
        .map_err(|error| Error::io("write in", parent, error))?;
    write_archive(unfinished.as_file_mut(), &pgdata, &entries, &header)
        .and_then(|()| unfinished.as_file().sync_all())
        .map_err(|error| Error::io("write the backup", file, error))?;
    let done = if options.overwrite { unfinished.persist(file) } else { unfinished.persist_noclobber(file) };
    let done = done.map_err(|error| Error::io("name the backup", file, error.error))?;
    report.file_bytes = done.metadata().map_err(|error| Error::io("read", file, error))?.len();
    LastBackup::note(layout, file, header.created_at);
    Ok(report)
}

/// A file (with its size) or a folder of the data directory, by its path in it.
struct Entry {
    path: PathBuf,
    size: Option<u64>,
}

fn list(pgdata: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for entry in walkdir::WalkDir::new(pgdata).min_depth(1).sort_by_file_name() {
        let entry = entry.map_err(|error| Error::new(Kind::Io, "cannot read the data folder").with_source(error))?;
        let Ok(path) = entry.path().strip_prefix(pgdata) else { continue };
        let runtime = ["postmaster.pid", "postmaster.opts"].iter().any(|name| path == Path::new(name));
        let size = match entry.file_type() {
            kind if kind.is_dir() => None,
            kind if kind.is_file() && !runtime => Some(
                entry
                    .metadata()
                    .map_err(|error| Error::new(Kind::Io, "cannot read the data folder").with_source(error))?
                    .len(),
            ),
            _ => continue,
        };
        entries.push(Entry { path: path.to_owned(), size });
    }
    Ok(entries)
}

fn write_archive(file: &mut File, pgdata: &Path, entries: &[Entry], header: &Header) -> io::Result<()> {
    let mut encoder = zstd::Encoder::new(BufWriter::new(file), LEVEL)?;
    encoder.include_checksum(true)?;
    let mut tar = tar::Builder::new(encoder);
    append_text(&mut tar, HEADER, &serde_json::to_vec_pretty(header)?)?;
    let mut sums = BTreeMap::new();
    for entry in entries {
        let name = Path::new(DATA).join(&entry.path);
        let Some(size) = entry.size else {
            let mut head = tar_header(tar::EntryType::Directory, 0, 0o700);
            tar.append_data(&mut head, name, io::empty())?;
            continue;
        };
        let mut head = tar_header(tar::EntryType::Regular, size, 0o600);
        let mut reader =
            Hashing { inner: File::open(pgdata.join(&entry.path))?.take(size), hasher: Sha256Hasher::default() };
        tar.append_data(&mut head, &name, &mut reader)?;
        sums.insert(slashes(&entry.path), reader.hasher.finish());
    }
    append_text(&mut tar, SUMS, &serde_json::to_vec(&sums)?)?;
    tar.into_inner()?.finish()?.flush()
}

fn append_text(tar: &mut tar::Builder<impl Write>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut head = tar_header(tar::EntryType::Regular, bytes.len() as u64, 0o600);
    tar.append_data(&mut head, name, bytes)
}

fn tar_header(kind: tar::EntryType, size: u64, mode: u32) -> tar::Header {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_mode(mode);
    header
}

fn slashes(path: &Path) -> String {
    path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

struct Hashing<R> {
    inner: R,
    hasher: Sha256Hasher,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hasher.update(buffer.get(..read).unwrap_or_default());
        Ok(read)
    }
}

fn open_archive(file: &Path) -> Result<tar::Archive<zstd::Decoder<'static, BufReader<File>>>> {
    let opened = File::open(file).map_err(|error| Error::io("read the backup", file, error))?;
    let decoder = zstd::Decoder::new(opened).map_err(|_| unusable(file, "it is no backup of photoctl"))?;
    Ok(tar::Archive::new(decoder))
}

fn read_header(file: &Path) -> Result<Header> {
    let mut archive = open_archive(file)?;
    let no_backup = || unusable(file, "it is no backup of photoctl");
    let mut entries = archive.entries().map_err(|_| no_backup())?;
    let mut first = entries.next().and_then(std::result::Result::ok).ok_or_else(no_backup)?;
    if first.path().ok().as_deref() != Some(Path::new(HEADER)) {
        return Err(no_backup());
    }
    let header: Header =
        serde_json::from_slice(&read_text(&mut first).map_err(|_| no_backup())?).map_err(|_| no_backup())?;
    if header.format != FORMAT {
        return Err(unusable(file, &format!("it has form {}, this photoctl reads form {FORMAT}", header.format)));
    }
    Ok(header)
}

fn read_text(entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    entry.take(LONGEST_TEXT_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unusable(file: &Path, reason: &str) -> Error {
    Error::new(Kind::Integrity, format!("the backup {} cannot be used: {reason}", text::path(file)))
        .hint("nothing was changed; use another backup")
}

fn unpack(layout: &Layout, file: &Path, header: Header) -> Result<RestoreReport> {
    let staging = layout.staging();
    remove_tree(&staging)?;
    let place = layout.of_staging().pgdata();
    make_private_dir(&place).map_err(|error| Error::io("make", &place, error))?;
    let broken = |error: io::Error| match error.kind() {
        io::ErrorKind::StorageFull => Error::io("unpack the backup into", &place, error),
        _ => unusable(file, "it is cut off or damaged").with_source(error),
    };
    let mut archive = open_archive(file)?;
    let mut found: BTreeMap<String, Sha256> = BTreeMap::new();
    let mut sums: Option<BTreeMap<String, Sha256>> = None;
    let mut data_bytes = 0_u64;
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let path = entry.path().map_err(broken)?.into_owned();
        if path == Path::new(HEADER) {
            continue;
        }
        if path == Path::new(SUMS) {
            let bytes = read_text(&mut entry).map_err(broken)?;
            sums =
                Some(serde_json::from_slice(&bytes).map_err(|_| unusable(file, "its list of files cannot be read"))?);
            continue;
        }
        let relative = inside(&path).ok_or_else(|| unusable(file, "it holds a path outside of its place"))?;
        data_bytes = data_bytes.saturating_add(entry.size());
        if data_bytes > header.data_bytes {
            return Err(unusable(file, "it holds more than its header says"));
        }
        if entry.header().entry_type().is_dir() {
            make_private_dir(&place.join(&relative)).map_err(broken)?;
        } else if entry.header().entry_type().is_file() {
            let mut reader = Hashing { inner: &mut entry, hasher: Sha256Hasher::default() };
            let mut target = File::create_new(place.join(&relative)).map_err(broken)?;
            io::copy(&mut reader, &mut target).map_err(broken)?;
            found.insert(slashes(&relative), reader.hasher.finish());
        } else {
            return Err(unusable(file, "it holds something that is neither file nor folder"));
        }
    }
    match sums {
        None => return Err(unusable(file, "it is cut off: its list of files is missing")),
        Some(sums) if sums != found => return Err(unusable(file, "its files do not agree with their checksums")),
        Some(_) => {}
    }
    layout.seal_staging()?;
    sync_tree(&staging).map_err(|error| Error::io("write to the disk", &staging, error))?;
    Ok(RestoreReport {
        created_at: header.created_at,
        created_by: text::printable(&header.created_by),
        schema: header.schema,
        files: found.len() as u64,
        data_bytes,
        replaced: false,
        kept_aside: None,
    })
}

/// The path below `data/`, if it stays there.
fn inside(path: &Path) -> Option<PathBuf> {
    let relative = path.strip_prefix(DATA).ok()?;
    let normal = relative.components().all(|part| matches!(part, Component::Normal(_)));
    (normal && relative.components().next().is_some()).then(|| relative.to_owned())
}

/// Opens the database in the staging folder and reads which schema it has.
async fn opens(layout: &Layout) -> Result<i64> {
    let staged = layout.of_staging();
    if let State::Damaged(reason) = staged.state()? {
        return Err(damaged(&staged, &reason));
    }
    let launched = blocking(move || Embedded::launch(staged, None)).await?;
    let db = Db::with_embedded(launched.0, launched.1, false).await?;
    let status = migrate::status(&mut *db.conn().await?).await;
    db.close().await;
    Ok(status?.schema)
}

/// Exchanges the folders. Between the two renames the old one is found again by the next start.
fn install(layout: &Layout, before: &State) -> Result<Option<PathBuf>> {
    let aside = layout.aside();
    remove_tree(&aside)?;
    if *before != State::Missing {
        fs::rename(layout.root(), &aside).map_err(|error| Error::io("put aside", layout.root(), error))?;
    }
    layout.install_staging()?;
    if let State::Damaged(_) = before {
        let name = format!("postgres.damaged-{}", chrono::Utc::now().format("%Y%m%dT%H%M%SZ"));
        let kept = layout.dir().join(name);
        fs::rename(&aside, &kept).map_err(|error| Error::io("keep", &aside, error))?;
        return Ok(Some(kept));
    }
    remove_tree(&aside)?;
    Ok(None)
}
