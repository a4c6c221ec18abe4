//! Locks that keep two creators of the same thing apart.

use sqlx::PgConnection;

use crate::error::Result;
use crate::model::digest::Sha256;

/// Waits until no other transaction of photoctl holds the lock of that name, and holds it until this one ends.
///
/// # Errors
/// What the database says.
pub async fn lock(conn: &mut PgConnection, name: &str) -> Result<()> {
    let hash = Sha256::of(format!("photoctl {name}").as_bytes());
    let mut key = [0; 8];
    key.copy_from_slice(&hash.as_bytes()[..8]);
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", i64::from_be_bytes(key)).execute(conn).await?;
    Ok(())
}
