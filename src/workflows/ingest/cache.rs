//! What was found about files before: (volume, path, size, times, hash of both ends) -> SHA-256.
//!
//! The hash is the identity of a photo, so a wrong answer would lose one. An entry therefore counts only when
//! everything agrees: the volume's own identity, the path on it, size, both times to the nanosecond, and the hash of
//! the first 64 KiB and the last 16 KiB, which are read each time. The cache is only ever a saving: one that is
//! damaged, locked or not writable is done without.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use super::volume::OnVolume;
use crate::imaging::{Captured, Format};
use crate::model::digest::Sha256;

/// Bytes at the front of a file that are hashed each time.
pub const HEAD_BYTES: u64 = 64 * 1024;
/// Bytes at the end of a file that are hashed each time: a picture of the same camera may well begin like another.
pub const TAIL_BYTES: u64 = 16 * 1024;

/// Raised whenever entries of older versions must not be used.
const VERSION: i64 = 2;

/// What must agree.
#[derive(Debug, Clone)]
pub struct CacheKey {
    pub at: OnVolume,
    pub size_bytes: u64,
    pub modified_ns: i64,
    /// The change of the directory entry, where the file system has one: copying an old time onto a file moves it.
    pub changed_ns: i64,
    /// BLAKE3 of the first [`HEAD_BYTES`] and the last [`TAIL_BYTES`]: a second run does little else than this.
    pub ends: [u8; 32],
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remembered {
    pub sha256: Sha256,
    pub format: Format,
    pub captured: Option<Captured>,
}

/// The cache of one data folder. Shared by threads.
#[derive(Debug)]
pub struct Cache {
    conn: Mutex<Connection>,
}

impl Cache {
    /// Opens the cache in a file, making it where it is not there. `None` where that is not possible: a saving is lost,
    /// nothing else.
    #[must_use]
    pub fn open(file: &Path) -> Option<Self> {
        let opened = Self::try_open(file).or_else(|error| {
            // A damaged one is worth nothing: begin anew. One that is merely locked or read-only stays.
            let damaged = matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt)
            );
            if !damaged || std::fs::remove_file(file).is_err() {
                return Err(error);
            }
            Self::try_open(file)
        });
        match opened {
            Ok(cache) => Some(cache),
            Err(error) => {
                tracing::info!(%error, "no fingerprint cache");
                None
            }
        }
    }

    fn try_open(file: &Path) -> rusqlite::Result<Self> {
        if let Some(folder) = file.parent() {
            let _ = std::fs::create_dir_all(folder);
        }
        let conn = Connection::open(file)?;
        conn.busy_timeout(std::time::Duration::from_secs(2))?;
        // Losing the latest entries in a power cut costs a little time, nothing else.
        conn.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")?;
        let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        if version != VERSION {
            conn.execute_batch(&format!(
                "DROP TABLE IF EXISTS fingerprints;
                 CREATE TABLE fingerprints (
                     volume TEXT NOT NULL, path BLOB NOT NULL,
                     size_bytes INTEGER NOT NULL, modified_ns INTEGER NOT NULL, changed_ns INTEGER NOT NULL,
                     ends BLOB NOT NULL, sha256 BLOB NOT NULL, format TEXT NOT NULL,
                     captured TEXT, captured_offset INTEGER,
                     PRIMARY KEY (volume, path)
                 ) WITHOUT ROWID;
                 PRAGMA user_version = {VERSION};"
            ))?;
        }
        Ok(Self { conn: Mutex::new(conn) })
    }

    /// What is remembered of exactly this file.
    #[must_use]
    pub fn get(&self, key: &CacheKey) -> Option<Remembered> {
        let conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let found = conn
            .prepare_cached(
                "SELECT sha256, format, captured, captured_offset FROM fingerprints
                  WHERE volume = ?1 AND path = ?2 AND size_bytes = ?3 AND modified_ns = ?4 AND changed_ns = ?5 AND ends = ?6",
            )
            .and_then(|mut statement| {
                statement
                    .query_row(
                        params![
                            key.at.volume,
                            key.at.path.as_os_str().as_encoded_bytes(),
                            i64::try_from(key.size_bytes).unwrap_or(i64::MAX),
                            key.modified_ns,
                            key.changed_ns,
                            key.ends,
                        ],
                        |row| {
                            Ok((
                                row.get::<_, Vec<u8>>(0)?,
                                row.get::<_, String>(1)?,
                                row.get::<_, Option<String>>(2)?,
                                row.get::<_, Option<i16>>(3)?,
                            ))
                        },
                    )
                    .optional()
            });
        let (sha256, format, captured, offset_minutes) = found.ok()??;
        Some(Remembered {
            sha256: Sha256::from_slice(&sha256)?,
            format: format.parse().ok()?,
            captured: captured.and_then(|text| text.parse().ok()).map(|at| Captured { at, offset_minutes }),
        })
    }

    /// Remembers files, all or none.
    pub fn put(&self, entries: &[(CacheKey, Remembered)]) {
        let mut conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = insert(&mut conn, entries) {
            tracing::debug!(%error, "not remembered");
        }
    }
}

fn insert(conn: &mut Connection, entries: &[(CacheKey, Remembered)]) -> rusqlite::Result<()> {
    let tx = conn.transaction()?;
    {
        let mut statement = tx.prepare_cached(
            "INSERT OR REPLACE INTO fingerprints
                    (volume, path, size_bytes, modified_ns, changed_ns, ends, sha256, format, captured, captured_offset)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        for (key, value) in entries {
            statement.execute(params![
                key.at.volume,
                key.at.path.as_os_str().as_encoded_bytes(),
                i64::try_from(key.size_bytes).unwrap_or(i64::MAX),
                key.modified_ns,
                key.changed_ns,
                key.ends,
                value.sha256.as_bytes(),
                value.format.as_str(),
                value.captured.map(|captured| captured.at.format("%Y-%m-%dT%H:%M:%S%.f").to_string()),
                value.captured.and_then(|captured| captured.offset_minutes),
            ])?;
        }
    }
    tx.commit()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(volume: &str) -> CacheKey {
        CacheKey {
            at: OnVolume { volume: volume.to_owned(), path: "DCIM/1.JPG".into() },
            size_bytes: 5,
            modified_ns: 7,
            changed_ns: 8,
            ends: [1; 32],
        }
    }

    fn value() -> Remembered {
        let at = chrono::NaiveDate::from_ymd_opt(2026, 6, 1).and_then(|day| day.and_hms_milli_opt(14, 0, 1, 250));
        let captured = at.map(|at| Captured { at, offset_minutes: Some(-90) });
        Remembered { sha256: Sha256::of(b"all"), format: Format::Jpeg, captured }
    }

    #[test]
    fn only_a_file_that_agrees_in_everything_is_known() {
        let dir = tempfile::tempdir().expect("folder");
        let cache = Cache::open(&dir.path().join("c/f.sqlite")).expect("opens");
        cache.put(&[(key("a"), value())]);
        assert_eq!(cache.get(&key("a")), Some(value()));
        assert_eq!(cache.get(&key("b")), None);
        for other in [
            CacheKey { size_bytes: 6, ..key("a") },
            CacheKey { modified_ns: 6, ..key("a") },
            CacheKey { changed_ns: 6, ..key("a") },
            CacheKey { ends: [2; 32], ..key("a") },
            CacheKey { at: OnVolume { path: "DCIM/2.JPG".into(), ..key("a").at }, ..key("a") },
        ] {
            assert_eq!(cache.get(&other), None);
        }
    }

    #[test]
    fn a_damaged_cache_is_made_anew_and_a_forbidden_one_is_done_without() {
        let dir = tempfile::tempdir().expect("folder");
        let file = dir.path().join("f.sqlite");
        std::fs::write(&file, vec![b'x'; 9000]).expect("written");
        let cache = Cache::open(&file).expect("made anew");
        cache.put(&[(key("a"), value())]);
        assert!(cache.get(&key("a")).is_some());
        assert!(Cache::open(Path::new("/proc/no/such/cache")).is_none());
    }
}
