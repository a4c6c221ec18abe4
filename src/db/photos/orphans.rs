//! What `photos verify` asks: which rows there are in each project, and which keys belong to none.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::digest::Sha256;
use crate::model::ids::{PhotoId, ProjectId};

/// Every project, deleted ones too, ascending by id.
///
/// # Errors
/// Those of the database.
pub async fn projects(conn: &mut PgConnection) -> Result<Vec<ProjectId>> {
    let ids = sqlx::query_scalar!("SELECT id FROM projects ORDER BY id").fetch_all(conn).await?;
    Ok(ids.into_iter().map(ProjectId).collect())
}

/// A key in the store, with the photo whose path it lies under, if it is one of ours.
pub type Found = (String, Option<PhotoId>);

/// Those keys that no row knows, ascending. A key under the path of a photo that is not `ready` is known: its upload
/// may still go on.
///
/// # Errors
/// Those of the database.
pub async fn unknown(conn: &mut PgConnection, found: &[Found]) -> Result<Vec<String>> {
    let keys: Vec<String> = found.iter().map(|(key, _)| key.clone()).collect();
    let ids: Vec<Option<Uuid>> = found.iter().map(|(_, id)| id.map(|id| id.0)).collect();
    let unknown = sqlx::query_scalar!(
        r#"
        SELECT found.key AS "key!"
          FROM UNNEST($1::text[], $2::uuid[]) AS found (key, photo_id)
         WHERE NOT EXISTS (SELECT FROM photos p WHERE p.id = found.photo_id
                              AND (p.status <> 'ready'
                                   OR found.key IN (p.storage_key, p.thumbnail_key, p.watermarked_key)))
           AND NOT EXISTS (SELECT FROM photos p WHERE p.storage_key = found.key)
           AND NOT EXISTS (SELECT FROM photos p WHERE p.thumbnail_key = found.key)
           AND NOT EXISTS (SELECT FROM photos p WHERE p.watermarked_key = found.key)
           AND NOT EXISTS (SELECT FROM photoctl.photo_companions c WHERE c.storage_key = found.key)
           AND NOT EXISTS (SELECT FROM selfies s WHERE s.storage_key = found.key)
         ORDER BY found.key
        "#,
        &keys,
        &ids as &[Option<Uuid>],
    )
    .fetch_all(conn)
    .await?;
    Ok(unknown)
}

/// The RAW beside a JPEG, as it should be in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredCompanion {
    pub key: String,
    pub size_bytes: u64,
    pub sha256: Option<Sha256>,
    pub original_name: String,
    /// It was found gone, or other bytes in its place.
    pub lost: bool,
}

/// The RAWs beside a photo, in the order of their keys.
///
/// # Errors
/// Those of the database.
pub async fn companions(conn: &mut PgConnection, photo: PhotoId) -> Result<Vec<StoredCompanion>> {
    let rows = sqlx::query!(
        r#"
        SELECT storage_key, size_bytes, sha256, original_name, (lost_at IS NOT NULL) AS "lost!"
          FROM photoctl.photo_companions
         WHERE photo_id = $1
         ORDER BY storage_key
        "#,
        photo.0
    )
    .fetch_all(conn)
    .await?;
    let companions = rows.into_iter().map(|row| StoredCompanion {
        key: row.storage_key,
        size_bytes: u64::try_from(row.size_bytes).unwrap_or(0),
        sha256: Sha256::from_slice(&row.sha256),
        original_name: row.original_name,
        lost: row.lost,
    });
    Ok(companions.collect())
}

/// Which of these photos have RAWs beside them, ascending.
///
/// # Errors
/// Those of the database.
pub async fn with_companions(conn: &mut PgConnection, ids: &[PhotoId]) -> Result<Vec<PhotoId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT photo_id FROM photoctl.photo_companions WHERE photo_id = ANY($1) ORDER BY photo_id",
        &ids
    );
    Ok(found.fetch_all(conn).await?.into_iter().map(PhotoId).collect())
}

/// Marks the original of a photo as lost, or (`lost` false) as there. Whether that was news.
///
/// # Errors
/// Those of the database.
pub async fn mark_lost(conn: &mut PgConnection, photo: PhotoId, lost: bool) -> Result<bool> {
    let done = sqlx::query!(
        "
        UPDATE photoctl.photo_files
           SET original_lost_at = CASE WHEN $2 THEN now() END
         WHERE photo_id = $1 AND (original_lost_at IS NOT NULL) <> $2
        ",
        photo.0,
        lost
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Marks a RAW beside a photo as lost, or (`lost` false) as there. Whether that was news.
///
/// # Errors
/// Those of the database.
pub async fn mark_companion_lost(conn: &mut PgConnection, photo: PhotoId, key: &str, lost: bool) -> Result<bool> {
    let done = sqlx::query!(
        "
        UPDATE photoctl.photo_companions
           SET lost_at = CASE WHEN $3 THEN now() END
         WHERE photo_id = $1 AND storage_key = $2 AND (lost_at IS NOT NULL) <> $3
        ",
        photo.0,
        key,
        lost
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}
