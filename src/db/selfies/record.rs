//! What is written of a selfie that was judged.

use sqlx::PgConnection;

use crate::db::consented::Allowed;
use crate::db::faces::{FaceColumns, to_column};
use crate::error::{Error, Kind, Result};
use crate::model::digest::Sha256;
use crate::model::face::{Embedding, FoundFace};
use crate::model::ids::{SelfieId, UserId};
use crate::model::status::SelfieStatus;

/// A selfie that is there already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    pub id: SelfieId,
    pub status: String,
    pub reason: Option<String>,
    pub has_vector: bool,
    pub deleted: bool,
    /// Codes of what somebody let pass.
    pub allowed: Vec<String>,
}

/// The user's selfie of this content, also a deleted one.
///
/// # Errors
/// What the database says.
pub async fn by_content(conn: &mut PgConnection, user: UserId, sha256: &Sha256) -> Result<Option<Known>> {
    let row = sqlx::query!(
        r#"
        SELECT s.id, s.status, s.rejection_reason, s.embedding IS NOT NULL AS "has_vector!",
               s.deleted_at IS NOT NULL AS "deleted!", f.allowed
          FROM photoctl.selfie_facts f
          JOIN selfies s ON s.id = f.selfie_id
         WHERE f.user_id = $1 AND f.sha256 = $2
        "#,
        user.0,
        sha256.as_bytes(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Known {
        id: SelfieId(row.id),
        status: row.status,
        reason: row.rejection_reason,
        has_vector: row.has_vector,
        deleted: row.deleted,
        allowed: row.allowed,
    }))
}

/// A selfie as it is to be.
#[derive(Debug, Clone, Copy)]
pub struct Judged<'a> {
    pub id: SelfieId,
    pub storage_key: &'a str,
    pub status: SelfieStatus,
    pub reason: Option<&'a str>,
    /// Of an approved one.
    pub vector: Option<&'a Embedding>,
    pub sha256: &'a Sha256,
    pub file_name: Option<&'a str>,
    /// Of the upright picture in pixels.
    pub size: Option<(u32, u32)>,
    pub original_key: Option<&'a str>,
    pub engine: &'a str,
    pub model: &'a str,
    pub face: Option<&'a FoundFace>,
    /// Codes.
    pub allowed: &'a [String],
}

impl Judged<'_> {
    /// The detector's confidence x 100, as Rekognition's.
    fn quality_score(&self) -> Option<f32> {
        self.face.map(|face| face.quality.score * 100.0)
    }
}

/// Writes a selfie of the user whose consent is held: a new one, or one that is judged anew.
///
/// # Errors
/// [`Kind::Conflict`] when the id is another user's; what the database says.
pub async fn record(allowed: &mut Allowed<'_>, judged: &Judged<'_>) -> Result<()> {
    let user = allowed.user();
    let vector = judged.vector.map(to_column);
    let written = sqlx::query!(
        r#"
        INSERT INTO selfies (id, user_id, storage_key, embedding, quality_score, status, rejection_reason)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (id) DO UPDATE
           SET storage_key = excluded.storage_key, embedding = excluded.embedding,
               quality_score = excluded.quality_score, status = excluded.status,
               rejection_reason = excluded.rejection_reason, updated_at = now(), deleted_at = NULL
         WHERE selfies.user_id = excluded.user_id
        "#,
        judged.id.0,
        user.0,
        judged.storage_key,
        vector as _,
        judged.quality_score(),
        judged.status.as_str(),
        judged.reason,
    )
    .execute(allowed.conn())
    .await?;
    if written.rows_affected() != 1 {
        return Err(Error::new(Kind::Conflict, format!("selfie {} is another user's", judged.id)));
    }
    facts(allowed, judged).await?;
    forget_matches(allowed.conn(), judged.id).await
}

/// What is new is compared with everything.
pub(super) async fn forget_matches(conn: &mut PgConnection, id: SelfieId) -> Result<()> {
    sqlx::query!("DELETE FROM photoctl.selfie_matches WHERE selfie_id = $1", id.0).execute(conn).await?;
    Ok(())
}

async fn facts(allowed: &mut Allowed<'_>, judged: &Judged<'_>) -> Result<()> {
    let user = allowed.user();
    let columns = judged.face.map(FaceColumns::of);
    let [left, top, width, height] = columns.as_ref().map_or([None; 4], |columns| columns.area.map(Some));
    let [score, width_px, sharpness, luma, yaw, pitch, roll] =
        columns.as_ref().map_or([None; 7], |columns| columns.quality.map(Some));
    let landmarks = columns.map(|columns| columns.landmarks);
    let side = |pick: fn((u32, u32)) -> u32| judged.size.and_then(|size| i32::try_from(pick(size)).ok());
    sqlx::query!(
        "
        INSERT INTO photoctl.selfie_facts (selfie_id, user_id, sha256, file_name, width, height, original_key, engine,
                                           model, face_left, face_top, face_width, face_height, landmarks, score,
                                           width_px, sharpness, luma, yaw, pitch, roll, allowed)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)
        ON CONFLICT (selfie_id) DO UPDATE
           SET sha256 = excluded.sha256, file_name = excluded.file_name, width = excluded.width,
               height = excluded.height,
               -- What was kept before is still in the store.
               original_key = coalesce(excluded.original_key, photoctl.selfie_facts.original_key),
               engine = excluded.engine,
               model = excluded.model, face_left = excluded.face_left, face_top = excluded.face_top,
               face_width = excluded.face_width, face_height = excluded.face_height, landmarks = excluded.landmarks,
               score = excluded.score, width_px = excluded.width_px, sharpness = excluded.sharpness,
               luma = excluded.luma, yaw = excluded.yaw, pitch = excluded.pitch, roll = excluded.roll,
               allowed = excluded.allowed, judged_at = now()
        ",
        judged.id.0,
        user.0,
        judged.sha256.as_bytes(),
        judged.file_name,
        side(|size| size.0),
        side(|size| size.1),
        judged.original_key,
        judged.engine,
        judged.model,
        left,
        top,
        width,
        height,
        landmarks.as_deref(),
        score,
        width_px,
        sharpness,
        luma,
        yaw,
        pitch,
        roll,
        judged.allowed,
    )
    .execute(allowed.conn())
    .await?;
    Ok(())
}
