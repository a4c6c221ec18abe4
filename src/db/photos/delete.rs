//! Soft deletion: a time in `deleted_at`. Objects stay where they are.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::faces;
use crate::error::Result;
use crate::model::ids::PhotoId;

/// Rows that one statement changes.
const CHUNK: usize = 5_000;

/// Marks photos as deleted. Returns those that were not deleted before.
///
/// # Errors
/// Those of the database.
pub async fn delete(conn: &mut PgConnection, ids: &[PhotoId]) -> Result<Vec<PhotoId>> {
    let mut done = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let chunk: Vec<Uuid> = chunk.iter().map(|id| id.0).collect();
        let changed = sqlx::query_scalar!(
            "
            UPDATE photos SET deleted_at = now(), updated_at = now()
             WHERE id = ANY($1) AND deleted_at IS NULL
            RETURNING id
            ",
            &chunk
        )
        .fetch_all(&mut *conn)
        .await?;
        done.extend(changed.into_iter().map(PhotoId));
    }
    Ok(done)
}

/// Takes the mark away. Returns those that were deleted before.
///
/// # Errors
/// Those of the database.
pub async fn restore(conn: &mut PgConnection, ids: &[PhotoId]) -> Result<Vec<PhotoId>> {
    let mut done = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let chunk: Vec<Uuid> = chunk.iter().map(|id| id.0).collect();
        let changed = sqlx::query_scalar!(
            "
            UPDATE photos SET deleted_at = NULL, updated_at = now()
             WHERE id = ANY($1) AND deleted_at IS NOT NULL
            RETURNING id
            ",
            &chunk
        )
        .fetch_all(&mut *conn)
        .await?;
        let changed: Vec<PhotoId> = changed.into_iter().map(PhotoId).collect();
        faces::match_again(conn, &changed).await?;
        done.extend(changed);
    }
    Ok(done)
}

/// What hangs on photos, for the question before they are deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    pub size_bytes: u64,
    /// People who have confirmed tags in them.
    pub people: u64,
}

/// # Errors
/// Those of the database.
pub async fn weigh(conn: &mut PgConnection, ids: &[PhotoId]) -> Result<Weight> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let row = sqlx::query!(
        r#"
        SELECT (SELECT coalesce(sum(size_bytes), 0)::bigint FROM photoctl.photo_files WHERE photo_id = ANY($1))
                   AS "size_bytes!",
               (SELECT count(DISTINCT user_id) FROM photo_tags WHERE photo_id = ANY($1) AND review_status = 'confirmed')
                   AS "people!"
        "#,
        &ids
    )
    .fetch_one(conn)
    .await?;
    let count = |n: i64| u64::try_from(n).unwrap_or(0);
    Ok(Weight { size_bytes: count(row.size_bytes), people: count(row.people) })
}

/// Whether `photos.deleted_at` was added by photoctl to tables that the web application made: it does not look at it.
///
/// # Errors
/// Those of the database.
pub async fn mark_is_ours_alone(conn: &mut PgConnection) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM photoctl.adopted
                        WHERE table_name = 'photos' AND object_name = 'deleted_at' AND kind = 'column') AS "found!"
        "#
    );
    Ok(found.fetch_one(conn).await?)
}
