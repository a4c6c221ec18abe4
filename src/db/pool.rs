//! A small pool: connections with exact errors, and an embedded server that outlives each of them.
//!
//! The pool of sqlx retries refused connections until its time-out and then says only that it timed out; here the
//! first error is the answer, and waiting for a server to come back is the caller's choice ([`super::Db::retry`]).

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection, PgTransactionManager};
use sqlx_core::transaction::TransactionManager;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::connect;
use super::embedded::Embedded;
use crate::error::{Error, Kind, Result};

/// A connection that rested longer is asked whether it still lives before it is used again.
const FRESH: Duration = Duration::from_secs(5);

/// How long that question, or the end of a transaction that was given up, may take on a real server.
const PING_LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub connections: u32,
    pub connect: Duration,
    pub acquire: Duration,
    pub statement: Option<Duration>,
}

/// Field order matters: the connections are closed before the embedded server stops.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Vec<(PgConnection, Instant)>>,
    permits: Arc<Semaphore>,
    options: PgConnectOptions,
    limits: Limits,
    embedded: Option<Embedded>,
}

impl Pool {
    pub(super) fn new(options: PgConnectOptions, limits: Limits, embedded: Option<Embedded>) -> Arc<Self> {
        let permits = Arc::new(Semaphore::new(limits.connections.max(1) as usize));
        Arc::new(Self { idle: Mutex::default(), permits, options, limits, embedded })
    }

    pub(super) fn embedded(&self) -> Option<&Embedded> {
        self.embedded.as_ref()
    }

    pub(super) fn options(&self) -> &PgConnectOptions {
        &self.options
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Puts a prepared connection at the disposal of the next one who asks.
    pub(super) fn offer(&self, conn: PgConnection) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.permits.is_closed() && idle.len() < self.limits.connections.max(1) as usize {
            idle.push((conn, Instant::now()));
        }
    }

    /// Closes the connections that rest: after one was cut, the others have been cut as well.
    pub(super) fn doubt(&self) {
        drop(std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner)));
    }

    pub(super) async fn acquire(self: &Arc<Self>) -> Result<DbConn> {
        let permit = match timeout(self.limits.acquire, Arc::clone(&self.permits).acquire_owned()).await {
            Ok(Ok(permit)) => permit,
            Ok(Err(_closed)) => return Err(Error::new(Kind::Internal, "the database was closed already")),
            Err(_) => {
                return Err(Error::new(Kind::ServiceUnavailable, "no connection to the database became free in time")
                    .hint("raise PHOTOCTL_DATABASE_CONNECTIONS, or run fewer transfers at once"));
            }
        };
        let conn = match self.living().await {
            Some(conn) => conn,
            None => self.connect().await?,
        };
        Ok(DbConn { conn: Some(conn), pool: Arc::clone(self), _permit: permit })
    }

    async fn living(&self) -> Option<PgConnection> {
        loop {
            let (mut conn, since) = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop()?;
            if self.embedded.is_some() || since.elapsed() < FRESH {
                return Some(conn);
            }
            if let Ok(Ok(())) = timeout(PING_LIMIT, conn.ping()).await {
                return Some(conn);
            }
        }
    }

    async fn connect(&self) -> Result<PgConnection> {
        let mut conn = connect::open(&self.options, self.limits.connect).await?;
        connect::prepare(&mut conn, self.limits.statement).await?;
        Ok(conn)
    }

    /// Waits for the connections that are out, closes all, and stops the embedded server.
    pub(super) async fn close(&self) {
        let all = self.limits.connections.max(1);
        let _all_back = timeout(PING_LIMIT, self.permits.acquire_many(all)).await;
        self.permits.close();
        let idle = std::mem::take(&mut *self.idle.lock().unwrap_or_else(PoisonError::into_inner));
        for (conn, _) in idle {
            let _gone_anyway = timeout(PING_LIMIT, conn.close()).await;
        }
        if let Some(embedded) = &self.embedded {
            embedded.stop().await;
        }
    }
}

/// A connection, given back when it is dropped.
#[derive(Debug)]
pub struct DbConn {
    /// `None` only while it is being dropped or given up.
    conn: Option<PgConnection>,
    pool: Arc<Pool>,
    _permit: OwnedSemaphorePermit,
}

impl DbConn {
    /// Throws the connection away instead of giving it back: for sessions whose state must not be used again.
    pub(super) async fn discard(mut self) {
        if let Some(conn) = self.conn.take() {
            let _gone_anyway = timeout(PING_LIMIT, conn.close()).await;
        }
    }
}

impl Deref for DbConn {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.conn.as_ref().unwrap_or_else(|| unreachable!("a connection is there until it is dropped"))
    }
}

impl DerefMut for DbConn {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.conn.as_mut().unwrap_or_else(|| unreachable!("a connection is there until it is dropped"))
    }
}

impl Drop for DbConn {
    fn drop(&mut self) {
        if let Some(conn) = self.conn.take() {
            self.pool.offer(conn);
        }
    }
}

/// A transaction. Dropped without [`Tx::commit`] it is rolled back.
#[derive(Debug)]
pub struct Tx {
    conn: Option<DbConn>,
}

impl Tx {
    pub(super) async fn begin(mut conn: DbConn) -> Result<Self> {
        PgTransactionManager::begin(&mut conn, None).await?;
        Ok(Self { conn: Some(conn) })
    }

    /// # Errors
    /// When the server did not confirm. After a cut connection it is then unknown whether the work was done:
    /// only idempotent work may be tried again.
    pub async fn commit(mut self) -> Result<()> {
        // The connection stays in its place until the server has answered: a failed or cancelled commit is rolled back.
        PgTransactionManager::commit(&mut self).await?;
        drop(self.conn.take());
        Ok(())
    }

    /// # Errors
    /// When the connection is cut; the server rolls back by itself then.
    pub async fn rollback(mut self) -> Result<()> {
        PgTransactionManager::rollback(&mut self).await?;
        drop(self.conn.take());
        Ok(())
    }
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        self.conn.as_ref().unwrap_or_else(|| unreachable!("a transaction has its connection until it ends"))
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.conn.as_mut().unwrap_or_else(|| unreachable!("a transaction has its connection until it ends"))
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(mut conn) = self.conn.take() else { return };
        PgTransactionManager::start_rollback(&mut conn);
        // The rollback must reach the server now: its locks would last until the connection is used again.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                match timeout(PING_LIMIT, conn.ping()).await {
                    Ok(Ok(())) => drop(conn),
                    _ => conn.discard().await,
                }
            });
        } else {
            drop(conn.conn.take());
        }
    }
}
