//! What a database knows of itself: which object store belongs to it.

use sqlx::PgConnection;

use super::error::translate;
use crate::error::Result;

/// The store that this database remembers, in the canonical form of its URL.
///
/// # Errors
/// Those of the database.
pub async fn store_url(conn: &mut PgConnection) -> Result<Option<String>> {
    sqlx::query_scalar!("SELECT store_url FROM photoctl.installation").fetch_one(conn).await.map_err(translate)
}

/// Remembers a store: the first one, or another since a person says that the objects were moved. Returns whether `expected` was still the one
/// remembered.
///
/// # Errors
/// Those of the database.
pub async fn replace_store(conn: &mut PgConnection, expected: Option<&str>, url: &str) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE photoctl.installation SET store_url = $2 WHERE store_url IS NOT DISTINCT FROM $1",
        expected,
        url
    )
    .execute(conn)
    .await
    .map_err(translate)?;
    Ok(done.rows_affected() == 1)
}
