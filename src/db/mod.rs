//! All the SQL: one file for each domain entity; pool, embedded server, migrator.

use crate::error::{Error, Kind, Result};

/// Where the database is.
#[derive(Debug, Clone)]
pub enum DbConfig {
    Url { url: String },
    Embedded { dir: std::path::PathBuf, create: bool },
}

/// The shared database.
#[derive(Debug, Clone)]
pub struct Db {
    pool: sqlx::PgPool,
}

impl Db {
    pub async fn connect(_config: &DbConfig) -> Result<Self> {
        Err(Error::new(Kind::Internal, "placeholder"))
    }

    /// A connection, held until the guard is dropped. Functions of this folder take `&mut PgConnection`.
    pub async fn conn(&self) -> Result<sqlx::pool::PoolConnection<sqlx::Postgres>> {
        self.pool.acquire().await.map_err(|error| Error::new(Kind::Internal, error.to_string()))
    }

    /// A transaction: rolled back when dropped without commit.
    pub async fn begin(&self) -> Result<sqlx::Transaction<'static, sqlx::Postgres>> {
        self.pool.begin().await.map_err(|error| Error::new(Kind::Internal, error.to_string()))
    }

    /// Fails with `SchemaOutdated` or `SchemaNewer` unless the schema is one this binary can work with.
    pub async fn require_current(&self) -> Result<()> {
        Ok(())
    }
}
