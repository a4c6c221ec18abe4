//! The embedded PostgreSQL of an installation without `DATABASE_URL`: a folder in the data folder, one process at a
//! time, one connection.
//!
//! The folder is complete in itself: the engine's own copy-on-write layer over a cached template would tie people's
//! data to one version of the engine, so the template is unpacked instead. It is made beside its place and renamed
//! into it, so a folder in that place is whole, or damaged: it is never made anew over one that was there.

mod folder;
mod last_backup;
mod lock;
pub mod programs;

use std::path::Path;
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, SystemTime};

use pglite_oxide::{PgliteServer, extensions};
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tracing::{debug, warn};

pub use folder::State;
pub(super) use folder::{Layout, make_private_dir, remove_tree, sync_tree};
pub(super) use last_backup::LastBackup;
pub use lock::ProcessLock;

use crate::error::{Error, Kind, Result};
use crate::model::text;

/// The user and the database in the embedded server. Nobody else can connect: there is no password.
pub(super) const USER: &str = "postgres";
pub(super) const DATABASE: &str = "postgres";

/// The engine's own 128 MB are resident from the start: with 32 MB the process holds 100 MB less.
const SHARED_BUFFERS: &str = "32MB";

/// Less free space than this, and a write-ahead log segment (16 MiB) or a checkpoint may not fit.
const LEAST_FREE_BYTES: u64 = 48 * 1024 * 1024;

/// How long a dropped server may take to stop before it is left to the end of the process.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Longest path of a Unix socket, with some room (`sun_path` holds 108 bytes on Linux, 104 on macOS).
#[cfg(unix)]
const LONGEST_SOCKET_PATH: usize = 100;

/// A running embedded server.
#[derive(Debug)]
pub(super) struct Embedded {
    layout: Layout,
    running: Mutex<Option<Running>>,
    /// Files that were written before this are on the disk.
    synced_until: SystemTime,
}

/// Field order matters: the lock is released when the server has stopped.
#[derive(Debug)]
struct Running {
    server: PgliteServer,
    _socket: Option<tempfile::TempDir>,
    _lock: Option<ProcessLock>,
}

impl Embedded {
    /// Starts the server of the data folder `dir`; with `create`, makes its database if there is none.
    /// Also says whether it made one. Blocks.
    pub(super) fn start(dir: &Path, create: bool, wait: Duration) -> Result<(Self, PgConnectOptions, bool)> {
        let layout = Layout::new(dir);
        if !create && layout.state()? == State::Missing {
            return Err(missing(dir));
        }
        let lock = ProcessLock::acquire(&layout, wait)?;
        layout.roll_back_interrupted_restore()?;
        let created = match layout.state()? {
            State::Sound => false,
            State::Missing if create => {
                layout.require_free(LEAST_FREE_BYTES)?;
                layout.create()?;
                true
            }
            State::Missing => return Err(missing(dir)),
            State::Damaged(reason) => return Err(damaged(&layout, &reason)),
        };
        layout.require_writable()?;
        layout.require_free(LEAST_FREE_BYTES)?;
        let (embedded, options) = Self::launch(layout, Some(lock))?;
        Ok((embedded, options, created))
    }

    /// Makes what was committed survive a power cut; the engine itself does not flush its files (it runs with fsync
    /// off). To be called after a checkpoint. Blocks.
    pub(super) fn sync(&self) -> Result<()> {
        sync(&self.layout, self.synced_until)
    }

    /// Starts the server of a folder that is known to be there. Without a lock, the caller holds it. Blocks.
    pub(super) fn launch(layout: Layout, lock: Option<ProcessLock>) -> Result<(Self, PgConnectOptions)> {
        let synced_until = mark_unsynced(&layout)?;
        layout.discard_engine_notes()?;
        let (server, options, socket) = launch(&layout)?;
        let running = Running { server, _socket: socket, _lock: lock };
        Ok((Self { layout, running: Mutex::new(Some(running)), synced_until }, options))
    }

    /// The data folder.
    pub(super) fn dir(&self) -> &Path {
        self.layout.dir()
    }

    /// Whether the server has ended by itself: its engine crashed, and nothing listens any more.
    pub(super) fn has_died(&self) -> bool {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        running.as_ref().is_none_or(|running| !listens(&running.server))
    }

    /// What the folder can tell about an error of a statement: an engine whose disk is full fails in many ways.
    pub(super) fn explain(&self, error: Error) -> Error {
        if !matches!(error.kind(), Kind::ServiceUnavailable | Kind::Failed | Kind::DiskFull | Kind::Damaged) {
            return error;
        }
        match self.layout.require_free(LEAST_FREE_BYTES / 4).and_then(|()| self.layout.require_writable()) {
            Err(reason) => reason.with_source(error),
            Ok(()) if self.has_died() => {
                error.context("the embedded database has stopped").hint("run this again: what was committed is there")
            }
            Ok(()) => error,
        }
    }

    /// Why the server does not start: a full disk, or a damaged folder.
    pub(super) fn diagnose(&self, error: Error) -> Error {
        match self.explain(error) {
            error if matches!(error.kind(), Kind::DiskFull | Kind::Io) => error,
            error => damaged(&self.layout, error.message()).with_source(error),
        }
    }

    /// Stops the server: its shut-down writes a checkpoint. The connections must be closed.
    pub(super) async fn stop(&self) {
        let running = self.running.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (layout, synced_until) = (self.layout.clone(), self.synced_until);
        if let Some(running) = running {
            let _panicked = tokio::task::spawn_blocking(move || running.stop(&layout, synced_until)).await;
        }
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        let Some(running) = self.running.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let (layout, synced_until) = (self.layout.clone(), self.synced_until);
        let (done, stopped) = mpsc::channel();
        std::thread::spawn(move || {
            running.stop(&layout, synced_until);
            let _nobody_waits = done.send(());
        });
        let _in_time = stopped.recv_timeout(STOP_LIMIT);
    }
}

impl Running {
    fn stop(self, layout: &Layout, synced_until: SystemTime) {
        if let Err(error) = self.server.shutdown() {
            warn!("the embedded database did not stop cleanly: {error:#}");
        }
        match sync(layout, synced_until) {
            Ok(()) => {
                let _left_behind_costs_time_only = std::fs::remove_file(layout.unsynced_mark());
            }
            Err(error) => warn!("{error}"),
        }
    }
}

fn sync(layout: &Layout, synced_until: SystemTime) -> Result<()> {
    folder::sync_written(layout.root(), synced_until)
        .map_err(|error| Error::io("write the embedded database to the disk in", layout.root(), error))
}

/// Notes that from now on files are written that are not on the disk. Says since when: where an earlier process was
/// killed before it could flush its own, they are flushed first.
fn mark_unsynced(layout: &Layout) -> Result<SystemTime> {
    let mark = layout.unsynced_mark();
    let failed = |error| Error::io("write in the data folder", layout.dir(), error);
    if mark.exists() {
        folder::sync_tree(layout.root()).map_err(failed)?;
    } else {
        std::fs::File::create(&mark).map_err(failed)?;
    }
    // File systems stamp with the time of the last tick, and some with whole seconds.
    Ok(SystemTime::now() - Duration::from_secs(2))
}

fn launch(layout: &Layout) -> Result<(PgliteServer, PgConnectOptions, Option<tempfile::TempDir>)> {
    let builder = PgliteServer::builder()
        .path(layout.root())
        .extension(extensions::VECTOR)
        .username(USER)
        .database(DATABASE)
        .postgres_config("jit", "off")
        .postgres_config("shared_buffers", SHARED_BUFFERS);
    let options = PgConnectOptions::new_without_pgpass()
        .username(USER)
        .database(DATABASE)
        .ssl_mode(PgSslMode::Disable)
        .application_name("photoctl");
    let (builder, options, socket) = endpoint(builder, options, layout)?;
    let server = builder.start().map_err(|error| {
        let io = error.chain().find_map(|cause| cause.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
        not_started(layout, io, &format!("{error:#}"))
    })?;
    debug!("embedded database started");
    #[cfg(not(unix))]
    let options = match server.tcp_addr() {
        Some(address) => options.host(&address.ip().to_string()).port(address.port()),
        None => options,
    };
    Ok((server, options, socket))
}

#[cfg(unix)]
fn listens(server: &PgliteServer) -> bool {
    server.socket_path().is_some_and(|path| std::os::unix::net::UnixStream::connect(path).is_ok())
}

#[cfg(not(unix))]
fn listens(server: &PgliteServer) -> bool {
    server.tcp_addr().is_some_and(|address| std::net::TcpStream::connect(address).is_ok())
}

/// A socket that only this user reaches: in the data folder, or, where its path is too long for a socket or its file
/// system has none, in a temporary folder.
#[cfg(unix)]
fn endpoint(
    builder: pglite_oxide::PgliteServerBuilder,
    options: PgConnectOptions,
    layout: &Layout,
) -> Result<(pglite_oxide::PgliteServerBuilder, PgConnectOptions, Option<tempfile::TempDir>)> {
    const NAME: &str = ".s.PGSQL.5432";
    let own = layout.root().to_owned();
    let fits = own.is_absolute() && own.join(NAME).as_os_str().len() <= LONGEST_SOCKET_PATH;
    if fits && binds(&own.join(NAME)) {
        return Ok((builder.unix(own.join(NAME)), options.socket(own).port(5432), None));
    }
    let temporary = tempfile::Builder::new()
        .prefix("photoctl-")
        .tempdir()
        .map_err(|error| Error::io("make a temporary folder in", &std::env::temp_dir(), error))?;
    let path = temporary.path().to_owned();
    Ok((builder.unix(path.join(NAME)), options.socket(path).port(5432), Some(temporary)))
}

#[cfg(unix)]
fn binds(path: &Path) -> bool {
    let _stale = std::fs::remove_file(path);
    let binds = std::os::unix::net::UnixListener::bind(path).is_ok();
    let _probe = std::fs::remove_file(path);
    binds
}

#[cfg(not(unix))]
fn endpoint(
    builder: pglite_oxide::PgliteServerBuilder,
    options: PgConnectOptions,
    _layout: &Layout,
) -> Result<(pglite_oxide::PgliteServerBuilder, PgConnectOptions, Option<tempfile::TempDir>)> {
    Ok((builder, options, None))
}

fn not_started(layout: &Layout, io: Option<std::io::ErrorKind>, said: &str) -> Error {
    let kind = match io {
        Some(std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded) => Kind::DiskFull,
        Some(_) => Kind::Io,
        None => Kind::Failed,
    };
    Error::new(
        kind,
        format!("the embedded database in {} does not start: {}", text::path(layout.root()), text::printable(said)),
    )
    .hint("it keeps its program files in the user's cache folder: see that it can be written (XDG_CACHE_HOME or HOME/.cache)")
}

fn missing(dir: &Path) -> Error {
    Error::new(
        Kind::DatabaseNotConfigured,
        format!("no database is configured, and there is none in {}", text::path(dir)),
    )
    .hint("to use a database on this computer, make it with `photoctl db migrate` or `photoctl operator create`")
    .hint("to use the web application's, set DATABASE_URL")
}

pub(super) fn damaged(layout: &Layout, reason: &str) -> Error {
    Error::new(
        Kind::Damaged,
        format!("the embedded database in {} is damaged: {}", text::path(layout.root()), text::printable(reason)),
    )
    .hint(match LastBackup::read(layout) {
        Some(last) => last.hint(),
        None => "bring back a backup: `photoctl db restore FILE` (it keeps the damaged folder aside)".to_owned(),
    })
}
