//! What becomes of a selfie later: a person's decision, another vector, its end.

use sqlx::PgConnection;

use super::record::forget_matches;
use crate::db::consented::Allowed;
use crate::db::faces::{FaceColumns, to_column};
use crate::error::Result;
use crate::model::face::{Embedding, FoundFace};
use crate::model::ids::{SelfieId, UserId};

/// Lets a selfie pass that a person has looked at. Returns whether it was one of the user's, and is not deleted.
///
/// # Errors
/// What the database says.
pub async fn approve(allowed: &mut Allowed<'_>, id: SelfieId, vector: &Embedding, codes: &[String]) -> Result<bool> {
    let user = allowed.user();
    let changed = sqlx::query!(
        "
        UPDATE selfies SET status = 'approved', rejection_reason = NULL, embedding = $3, updated_at = now()
         WHERE id = $1 AND user_id = $2 AND deleted_at IS NULL
        ",
        id.0,
        user.0,
        to_column(vector) as _,
    )
    .execute(allowed.conn())
    .await?;
    sqlx::query!(
        "UPDATE photoctl.selfie_facts SET allowed = $2 WHERE selfie_id = $1 AND allowed IS DISTINCT FROM $2",
        id.0,
        codes,
    )
    .execute(allowed.conn())
    .await?;
    forget_matches(allowed.conn(), id).await?;
    Ok(changed.rows_affected() == 1)
}

/// Gives an approved selfie its vector anew. Returns whether it was one of the user's that is approved.
///
/// # Errors
/// What the database says.
pub async fn embed(allowed: &mut Allowed<'_>, id: SelfieId, vector: &Embedding) -> Result<bool> {
    let user = allowed.user();
    let changed = sqlx::query!(
        "
        UPDATE selfies SET embedding = $3, updated_at = now()
         WHERE id = $1 AND user_id = $2 AND status = 'approved' AND deleted_at IS NULL
        ",
        id.0,
        user.0,
        to_column(vector) as _,
    )
    .execute(allowed.conn())
    .await?;
    forget_matches(allowed.conn(), id).await?;
    Ok(changed.rows_affected() == 1)
}

/// Writes what the engine has seen of a selfie that has facts already.
///
/// # Errors
/// What the database says.
pub async fn measured(
    allowed: &mut Allowed<'_>,
    id: SelfieId,
    engine: &str,
    model: &str,
    face: &FoundFace,
) -> Result<()> {
    let FaceColumns { area, landmarks, quality } = FaceColumns::of(face);
    sqlx::query!(
        "
        UPDATE photoctl.selfie_facts
           SET engine = $2, model = $3, face_left = $4, face_top = $5, face_width = $6, face_height = $7,
               landmarks = $8, score = $9, width_px = $10, sharpness = $11, luma = $12, yaw = $13, pitch = $14,
               roll = $15, judged_at = now()
         WHERE selfie_id = $1
        ",
        id.0,
        engine,
        model,
        area[0],
        area[1],
        area[2],
        area[3],
        &landmarks,
        quality[0],
        quality[1],
        quality[2],
        quality[3],
        quality[4],
        quality[5],
        quality[6],
    )
    .execute(allowed.conn())
    .await?;
    Ok(())
}

/// Says where a selfie's picture is now, and where the one is that was given.
///
/// # Errors
/// What the database says.
pub async fn moved(allowed: &mut Allowed<'_>, id: SelfieId, storage_key: &str, original_key: &str) -> Result<()> {
    let user = allowed.user();
    sqlx::query!(
        "UPDATE selfies SET storage_key = $3, updated_at = now() WHERE id = $1 AND user_id = $2",
        id.0,
        user.0,
        storage_key
    )
    .execute(allowed.conn())
    .await?;
    sqlx::query!(
        "UPDATE photoctl.selfie_facts SET original_key = coalesce(original_key, $2) WHERE selfie_id = $1",
        id.0,
        original_key
    )
    .execute(allowed.conn())
    .await?;
    Ok(())
}

/// Objects as the web application put them, beside pictures of ours: a run that was cut short left them.
///
/// # Errors
/// What the database says.
pub async fn left_originals(conn: &mut PgConnection) -> Result<Vec<(SelfieId, UserId, String)>> {
    let rows = sqlx::query!(
        r#"
        SELECT f.selfie_id, f.user_id, f.original_key AS "key!"
          FROM photoctl.selfie_facts f
          JOIN selfies s ON s.id = f.selfie_id AND s.deleted_at IS NULL AND s.storage_key <> f.original_key
         WHERE f.original_key NOT LIKE 'users/%/selfies/%-original.%'
         ORDER BY f.selfie_id
        "#
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (SelfieId(row.selfie_id), UserId(row.user_id), row.key)).collect())
}

/// Whether another selfie that is not deleted has this object.
///
/// # Errors
/// What the database says.
pub async fn key_is_shared(conn: &mut PgConnection, id: SelfieId, key: &str) -> Result<bool> {
    let shared = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM selfies WHERE storage_key = $2 AND id <> $1 AND deleted_at IS NULL) AS "shared!""#,
        id.0,
        key,
    );
    Ok(shared.fetch_one(conn).await?)
}

/// Refuses a selfie, with the reason: nothing is compared with it any more. Returns whether it was there.
///
/// # Errors
/// What the database says.
pub async fn reject(conn: &mut PgConnection, id: SelfieId, reason: &str) -> Result<bool> {
    let changed = sqlx::query!(
        "
        UPDATE selfies SET status = 'rejected', rejection_reason = $2, embedding = NULL, updated_at = now()
         WHERE id = $1 AND deleted_at IS NULL
        ",
        id.0,
        reason,
    )
    .execute(&mut *conn)
    .await?;
    forget_matches(conn, id).await?;
    Ok(changed.rows_affected() == 1)
}

/// Marks a selfie as deleted. Its vector and what was measured of the face go; that this content was given stays
/// known. Returns whether it was live.
///
/// # Errors
/// What the database says.
pub async fn delete(conn: &mut PgConnection, id: SelfieId) -> Result<bool> {
    let changed = sqlx::query!(
        "
        UPDATE selfies SET deleted_at = now(), updated_at = now(), embedding = NULL
         WHERE id = $1 AND deleted_at IS NULL
        ",
        id.0,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "
        UPDATE photoctl.selfie_facts
           SET face_left = NULL, face_top = NULL, face_width = NULL, face_height = NULL, landmarks = NULL, score = NULL,
               width_px = NULL, sharpness = NULL, luma = NULL, yaw = NULL, pitch = NULL, roll = NULL, file_name = NULL
         WHERE selfie_id = $1
        ",
        id.0,
    )
    .execute(&mut *conn)
    .await?;
    forget_matches(conn, id).await?;
    Ok(changed.rows_affected() == 1)
}

/// Forgets the file as it was given: it is not in the store any more.
///
/// # Errors
/// What the database says.
pub async fn forget_original(conn: &mut PgConnection, id: SelfieId) -> Result<()> {
    sqlx::query!("UPDATE photoctl.selfie_facts SET original_key = NULL WHERE selfie_id = $1", id.0)
        .execute(conn)
        .await?;
    Ok(())
}

/// Forgets that this content was given as a selfie that is deleted, and of which nothing is left in the store: it comes
/// again as another one. Returns whether it was so.
///
/// # Errors
/// What the database says.
pub async fn forget_deleted(conn: &mut PgConnection, id: SelfieId) -> Result<bool> {
    let gone = sqlx::query!(
        "
        DELETE FROM photoctl.selfie_facts f USING selfies s
         WHERE f.selfie_id = $1 AND s.id = f.selfie_id AND s.deleted_at IS NOT NULL AND f.original_key IS NULL
        ",
        id.0,
    );
    Ok(gone.execute(conn).await?.rows_affected() == 1)
}

/// How a selfie stands now, for the transaction that is about to change it: nobody else does until it has ended.
///
/// # Errors
/// What the database says.
pub async fn status_for_update(conn: &mut PgConnection, id: SelfieId) -> Result<Option<String>> {
    let status =
        sqlx::query_scalar!("SELECT status FROM selfies WHERE id = $1 AND deleted_at IS NULL FOR UPDATE", id.0);
    Ok(status.fetch_optional(conn).await?)
}
