//! One process at a time: the embedded engine has no other protection against two of them.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::time::{Duration, Instant};

use super::folder::Layout;
use crate::error::{Error, Kind, Result};
use crate::model::text;

/// Between two looks at a lock that another process holds.
const PAUSE: Duration = Duration::from_millis(100);

/// A process that was killed keeps its locks until the system has taken it apart.
const GRACE: Duration = Duration::from_millis(500);

/// The lock on a data folder's database, held until it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct ProcessLock {
    _file: File,
}

impl ProcessLock {
    /// Takes the lock, waiting at most `wait` for another process to release it. Blocks.
    ///
    /// # Errors
    /// [`Kind::Locked`] naming the process that holds it; [`Kind::Io`] where the folder cannot be written.
    pub(in crate::db) fn acquire(layout: &Layout, wait: Duration) -> Result<Self> {
        layout.make_dir()?;
        let path = layout.lock_file();
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| super::folder::not_writable(layout.dir(), error))?;
        let wait = wait.max(GRACE);
        let since = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if since.elapsed() < wait => std::thread::sleep(PAUSE),
                Err(TryLockError::WouldBlock) => return Err(in_use(layout, &mut file)),
                Err(TryLockError::Error(error)) => return Err(Error::io("lock", &path, error)),
            }
        }
        let written =
            file.set_len(0).and_then(|()| file.rewind()).and_then(|()| writeln!(file, "{}", std::process::id()));
        // On a full disk the number is missing, the lock holds all the same.
        let _only_for_people = written;
        Ok(Self { _file: file })
    }
}

fn in_use(layout: &Layout, file: &mut File) -> Error {
    let mut pid = String::new();
    let _unreadable_where_locks_are_mandatory = file.rewind().and_then(|()| file.take(20).read_to_string(&mut pid));
    let by = match pid.trim().parse::<u32>() {
        Ok(pid) => format!("pid {pid}"),
        Err(_) => "another process".to_owned(),
    };
    Error::new(Kind::Locked, format!("the database in {} is in use by {by}", text::path(layout.dir())))
        .hint("wait until that run has ended, or let this one wait for it with `--wait 10m`")
}
