//! The database that photoctl shares with the web application: connecting, migrations, and all the SQL.
//!
//! Functions of this floor take a `&mut PgConnection`, never the pool: the embedded database has one connection, and
//! whoever holds it while asking for another waits for ever. For the same reason no stream stays open across other
//! statements. `timestamp` columns hold UTC, and so does each session.

pub mod adopt;
pub mod audit;
pub mod backup;
pub mod catalog;
pub mod check;
pub mod coaches;
mod connect;
pub mod consent_lines;
pub mod consented;
pub mod consents;
pub mod declared;
mod embedded;
pub mod error;
pub mod faces;
pub mod grants;
pub mod guard;
pub mod hangs;
pub mod installation;
pub mod listing;
pub mod members;
pub mod migrate;
pub mod names;
pub mod operators;
pub mod packages;
pub mod page;
pub mod photographers;
pub mod photos;
mod place;
mod pool;
pub mod projects;
pub mod qr;
pub mod refs;
pub mod roster;
pub mod rows;
pub mod selfies;
pub mod server;
pub mod settings;
pub mod shell;
pub mod tags;
pub mod users;

use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};
use std::time::Duration;

pub use embedded::State as EmbeddedState;
pub use embedded::programs;
pub use place::Place;
pub use pool::{DbConn, Tx};
use pool::{Limits, Pool};
/// What the functions of this floor work on: a connection or a transaction, whichever the caller holds.
pub use sqlx::PgConnection;
use sqlx::postgres::PgConnectOptions;
use tracing::info;

use crate::error::{Error, Kind, Result};
use embedded::Embedded;

/// Which database, and how to talk to it.
#[derive(Debug, Clone)]
pub enum DbConfig {
    Url(ServerConfig),
    Embedded(EmbeddedConfig),
}

/// A real PostgreSQL server, 14 or newer.
#[derive(Clone)]
pub struct ServerConfig {
    /// A secret: it usually carries a password.
    pub url: String,
    /// For one connection, TLS and log-in included.
    pub connect_timeout: Duration,
    /// How long to wait for one of `max_connections` to become free.
    pub acquire_timeout: Duration,
    /// After which the server stops a statement; `None` is never.
    pub statement_timeout: Option<Duration>,
    pub max_connections: u32,
}

impl ServerConfig {
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            connect_timeout: Duration::from_secs(15),
            acquire_timeout: Duration::from_secs(60),
            statement_timeout: Some(Duration::from_secs(120)),
            max_connections: 8,
        }
    }
}

impl std::fmt::Debug for ServerConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServerConfig").field("max_connections", &self.max_connections).finish_non_exhaustive()
    }
}

/// The embedded server of a data folder.
#[derive(Debug, Clone)]
pub struct EmbeddedConfig {
    /// The data folder; the database is in `postgres` in it.
    pub dir: PathBuf,
    /// Make the database if there is none.
    pub create: bool,
    /// How long to wait for another process that uses it.
    pub wait: Duration,
}

impl EmbeddedConfig {
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), create: false, wait: Duration::ZERO }
    }
}

/// A database. Clones share the same connections.
#[derive(Debug, Clone)]
pub struct Db {
    pool: Arc<Pool>,
    created: bool,
}

/// A database as long as others keep it: it does not keep an embedded server running.
#[derive(Debug, Clone)]
pub struct WeakDb {
    pool: Weak<Pool>,
    created: bool,
}

impl WeakDb {
    /// The database, where it is still in use.
    #[must_use]
    pub fn upgrade(&self) -> Option<Db> {
        Some(Db { pool: self.pool.upgrade()?, created: self.created })
    }
}

impl Db {
    /// Connects. A real server is neither created nor migrated by this, the embedded one is created only if the
    /// configuration says so (and then has no tables yet: see [`migrate::run`]).
    ///
    /// # Errors
    /// [`Kind::DatabaseNotConfigured`] where there is no embedded database, [`Kind::Locked`] where another process
    /// uses it, [`Kind::Damaged`]; [`Kind::Config`] for an unusable URL, a transaction pooler or a too old server,
    /// [`Kind::Credentials`], [`Kind::NetworkDown`], [`Kind::ServiceUnavailable`].
    pub async fn connect(config: &DbConfig) -> Result<Self> {
        match config {
            DbConfig::Url(server) => Self::connect_server(server).await,
            DbConfig::Embedded(embedded) => Self::connect_embedded(embedded).await,
        }
    }

    async fn connect_server(config: &ServerConfig) -> Result<Self> {
        let options = connect::options(config)?;
        let (first, second) = tokio::join!(
            connect::open(&options, config.connect_timeout),
            connect::open(&options, config.connect_timeout)
        );
        // A user who may have one connection gets one; the pooler cannot be looked for then.
        let (mut first, second) = match (first, second) {
            (Ok(first), second) => (first, second.ok()),
            (Err(_), Ok(second)) => (second, None),
            (Err(error), Err(_)) if error::is_full(&error) => {
                (connect::open(&options, config.connect_timeout).await?, None)
            }
            (Err(error), Err(_)) => return Err(error),
        };
        connect::check_version(&mut first).await?;
        let limits = Limits {
            connections: config.max_connections,
            connect: config.connect_timeout,
            acquire: config.acquire_timeout,
            statement: config.statement_timeout,
        };
        let pool = Pool::new(options, limits, None);
        if let Some(mut second) = second {
            connect::refuse_transaction_pooler(&mut first, &mut second).await?;
            connect::prepare(&mut second, config.statement_timeout).await?;
            pool.offer(second);
        }
        connect::prepare(&mut first, config.statement_timeout).await?;
        pool.offer(first);
        Ok(Self { pool, created: false })
    }

    async fn connect_embedded(config: &EmbeddedConfig) -> Result<Self> {
        let EmbeddedConfig { dir, create, wait } = config.clone();
        let (embedded, options, created) =
            tokio::task::spawn_blocking(move || Embedded::start(&dir, create, wait)).await.map_err(|error| {
                Error::new(Kind::Internal, "the embedded database failed to start").with_source(error)
            })??;
        Self::with_embedded(embedded, options, created).await
    }

    async fn with_embedded(embedded: Embedded, options: PgConnectOptions, created: bool) -> Result<Self> {
        // One connection for one process: whoever waits longer than this for it waits for itself.
        let limits = Limits {
            connections: 1,
            connect: Duration::from_secs(60),
            acquire: Duration::from_secs(300),
            statement: None,
        };
        let db = Self { pool: Pool::new(options, limits, Some(embedded)), created };
        match db.pool.acquire().await {
            Ok(conn) => drop(conn),
            Err(error) => {
                let error = match db.pool.embedded() {
                    Some(embedded) => embedded.diagnose(error),
                    None => error,
                };
                return Err(error);
            }
        }
        Ok(db)
    }

    /// The same, without keeping it open.
    #[must_use]
    pub fn downgrade(&self) -> WeakDb {
        WeakDb { pool: Arc::downgrade(&self.pool), created: self.created }
    }

    /// Whether connecting made this (embedded) database.
    #[must_use]
    pub fn created(&self) -> bool {
        self.created
    }

    /// Whether this is the embedded database.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.pool.embedded().is_some()
    }

    /// The data folder of an embedded database.
    #[must_use]
    pub fn data_folder(&self) -> Option<&Path> {
        self.pool.embedded().map(Embedded::dir)
    }

    /// Where it is, for people.
    #[must_use]
    pub fn place(&self) -> Place {
        if let Some(dir) = self.data_folder() {
            return Place::Embedded { dir: dir.to_owned() };
        }
        Place::of(self.pool.options())
    }

    /// How many connections work at the same time.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.pool.limits().connections
    }

    /// A connection. On the embedded database there is one: give it back before asking for another.
    ///
    /// # Errors
    /// When none becomes free in time, or connecting fails.
    pub async fn conn(&self) -> Result<DbConn> {
        self.pool.acquire().await
    }

    /// A transaction. Dropped without a commit it is rolled back.
    ///
    /// # Errors
    /// As [`Db::conn`].
    pub async fn begin(&self) -> Result<Tx> {
        Tx::begin(self.pool.acquire().await?).await
    }

    /// A transaction that sees one state of the database, however many statements it reads by, and writes nothing.
    ///
    /// # Errors
    /// As [`Db::conn`].
    pub async fn snapshot(&self) -> Result<Tx> {
        let mut tx = self.begin().await?;
        sqlx::query!("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY").execute(&mut *tx).await?;
        Ok(tx)
    }

    /// Refuses a database that is not up to date: what commands other than `db migrate` begin with.
    ///
    /// # Errors
    /// [`Kind::SchemaOutdated`], [`Kind::SchemaNewer`].
    pub async fn require_current(&self) -> Result<()> {
        migrate::require_current(&mut *self.conn().await?).await
    }

    /// Asks whether changes can be made now: the schema is current, and the server not read-only.
    ///
    /// # Errors
    /// As [`Db::require_current`]; [`Kind::ServiceUnavailable`] while it is read-only.
    pub async fn require_writable(&self) -> Result<()> {
        let mut conn = self.conn().await?;
        migrate::require_current(&mut conn).await?;
        if server::facts(&mut conn).await?.read_only {
            return Err(error::read_only());
        }
        Ok(())
    }

    /// Runs idempotent work again while it fails for reasons that pass (see [`error::retryable`]): at once, then
    /// with growing pauses, at most for `patience`. The work must take its own connection each time.
    ///
    /// # Errors
    /// The last error of the work.
    pub async fn retry<T, F, Fut>(&self, patience: Duration, mut work: F) -> Result<T>
    where
        F: FnMut(Db) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let since = tokio::time::Instant::now();
        let mut pause = Duration::ZERO;
        loop {
            let failed = match work(self.clone()).await {
                Ok(done) => return Ok(done),
                Err(error) if !error::retryable(&error) || self.is_lost() => return Err(self.explain(error).await),
                Err(error) => error,
            };
            self.pool.doubt();
            if since.elapsed() + pause > patience {
                return Err(self.explain(failed).await);
            }
            info!(pause_ms = pause.as_millis(), "database: {failed}; trying again");
            tokio::time::sleep(pause).await;
            pause = (pause * 2).clamp(Duration::from_millis(100), Duration::from_secs(5));
        }
    }

    /// An embedded server that has crashed does not come back in this process.
    fn is_lost(&self) -> bool {
        self.pool.embedded().is_some_and(Embedded::has_died)
    }

    /// Adds what the database can still tell about an error: the right that is missing, or why an embedded server
    /// went away.
    pub async fn explain(&self, error: Error) -> Error {
        match self.pool.embedded() {
            Some(embedded) => embedded.explain(error),
            None if error.kind() == Kind::Permission => match self.conn().await {
                Ok(mut conn) => grants::name_missing_right(&mut conn, error).await,
                Err(_) => error,
            },
            None => error,
        }
    }

    /// Makes what was committed survive a power cut. A real server does that at each commit; the embedded one writes a
    /// checkpoint, and its files are flushed.
    ///
    /// # Errors
    /// [`Kind::Io`] or [`Kind::DiskFull`] where the disk does not take it.
    pub async fn make_durable(&self) -> Result<()> {
        if !self.is_embedded() {
            return Ok(());
        }
        sqlx::query("CHECKPOINT").execute(&mut *self.conn().await?).await?;
        let db = self.clone();
        let synced = tokio::task::spawn_blocking(move || db.pool.embedded().map_or(Ok(()), Embedded::sync));
        synced
            .await
            .map_err(|error| Error::new(Kind::Internal, "a defect in flushing the database").with_source(error))?
    }

    /// Closes the connections and stops an embedded server cleanly. Dropping does the same, but blocks.
    pub async fn close(self) {
        self.pool.close().await;
    }
}
