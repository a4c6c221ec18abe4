//! Photos that got facts or derivatives later than their upload.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::error::Result;
use crate::model::ids::PhotoId;

/// Puts the time of the upload back: becoming `ready` sets it, but looking at a photo again is no upload.
///
/// # Errors
/// Those of the database.
pub async fn keep_upload_time(conn: &mut PgConnection, photo: PhotoId, uploaded_at: DateTime<Utc>) -> Result<()> {
    let time = uploaded_at.naive_utc();
    sqlx::query!("UPDATE photos SET uploaded_at = $2 WHERE id = $1 AND uploaded_at <> $2", photo.0, time)
        .execute(conn)
        .await?;
    Ok(())
}
