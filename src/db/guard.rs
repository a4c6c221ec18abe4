//! Locks that keep two creators of the same thing apart.

use sqlx::PgConnection;

use crate::error::Result;
use crate::model::digest::Sha256;
use crate::model::ids::UserId;

/// Waits until no other transaction of photoctl holds the lock of that name, and holds it until this one ends.
///
/// # Errors
/// What the database says.
pub async fn lock(conn: &mut PgConnection, name: &str) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1)", key(name)).execute(conn).await?;
    Ok(())
}

/// As [`lock`], beside others who share it: waits only for who holds it alone, and makes them wait.
///
/// # Errors
/// What the database says.
pub async fn lock_shared(conn: &mut PgConnection, name: &str) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock_shared($1)", key(name)).execute(conn).await?;
    Ok(())
}

/// The name of the lock that keeps together what changes a user's consents.
#[must_use]
pub fn consents_of(user: UserId) -> String {
    format!("consents of {user}")
}

fn key(name: &str) -> i64 {
    let hash = Sha256::of(format!("photoctl {name}").as_bytes());
    let mut key = [0; 8];
    key.copy_from_slice(&hash.as_bytes()[..8]);
    i64::from_be_bytes(key)
}
