//! What the server says of itself: for `doctor` and `db status`.

use chrono::{DateTime, Utc};
use sqlx::postgres::PgConnection;

use crate::error::Result;

/// Facts about a server and this session with it.
#[derive(Debug, Clone)]
pub struct ServerFacts {
    /// `16.4`
    pub version: String,
    /// The server's clock.
    pub now: DateTime<Utc>,
    /// Whether it takes no changes: a standby, or switched so.
    pub read_only: bool,
    /// Whether the connection is encrypted.
    pub encrypted: bool,
    /// The version of pgvector in this database.
    pub pgvector: Option<String>,
    /// Whether pgvector can be had with `CREATE EXTENSION`.
    pub pgvector_available: bool,
    /// Bytes of the database.
    pub size_bytes: i64,
}

/// Asks the server.
///
/// # Errors
/// What the database says.
pub async fn facts(conn: &mut PgConnection) -> Result<ServerFacts> {
    let row = sqlx::query!(
        r#"
        SELECT current_setting('server_version') AS "version!",
               clock_timestamp() AT TIME ZONE 'UTC' AS "now!",
               (pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool) AS "read_only!",
               COALESCE((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS "encrypted!",
               (SELECT extversion FROM pg_extension WHERE extname = 'vector') AS "pgvector?",
               EXISTS (SELECT FROM pg_available_extensions WHERE name = 'vector') AS "pgvector_available!",
               pg_database_size(current_database()) AS "size_bytes!"
        "#
    )
    .fetch_one(conn)
    .await?;
    Ok(ServerFacts {
        version: row.version.split_whitespace().next().unwrap_or_default().to_owned(),
        now: row.now.and_utc(),
        read_only: row.read_only,
        encrypted: row.encrypted,
        pgvector: row.pgvector,
        pgvector_available: row.pgvector_available,
        size_bytes: row.size_bytes,
    })
}
