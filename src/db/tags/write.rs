//! What a run writes about people in photos.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::consented::Consented;
use crate::error::{Error, Kind, Result};
use crate::model::ids::TagId;
use crate::model::matching::Thresholds;
use crate::model::status::ReviewStatus;
use crate::model::tag::{Found, Pair};

/// A tag to be written.
#[derive(Debug, Clone, Copy)]
pub struct Written<'a> {
    pub pair: Pair,
    /// Of the row that is there; else the tag gets the id of its pair.
    pub row: Option<TagId>,
    pub status: ReviewStatus,
    pub found: &'a Found,
}

/// Writes tags with the marks that say why. Only of users whose consent is held: anybody else is an error, and nothing
/// is written.
///
/// # Errors
/// What the database says.
pub async fn write(
    consented: &mut Consented,
    tags: &[Written<'_>],
    engine: &str,
    model: &str,
    thresholds: &Thresholds,
) -> Result<()> {
    if tags.iter().any(|tag| !consented.allows(tag.pair.user)) {
        return Err(Error::new(Kind::Internal, "a tag was to be written for somebody who has not consented"));
    }
    if tags.is_empty() {
        return Ok(());
    }
    let conn = consented.conn();
    let ids: Vec<Uuid> = tags.iter().map(|tag| tag.row.unwrap_or_else(|| of_pair(tag.pair)).0).collect();
    let photos: Vec<Uuid> = tags.iter().map(|tag| tag.pair.photo.0).collect();
    let users: Vec<Uuid> = tags.iter().map(|tag| tag.pair.user.0).collect();
    let statuses: Vec<String> = tags.iter().map(|tag| tag.status.as_str().to_owned()).collect();
    let confidences: Vec<f32> = tags.iter().map(|tag| tag.found.confidence()).collect();
    sqlx::query!(
        r#"
        INSERT INTO photo_tags (id, photo_id, user_id, confidence, source, review_status)
        SELECT id, photo_id, user_id, confidence, 'auto', status
          FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::real[], $5::text[])
               AS t (id, photo_id, user_id, confidence, status)
        ON CONFLICT (id) DO UPDATE
           SET confidence = excluded.confidence, review_status = excluded.review_status, updated_at = now()
        "#,
        &ids,
        &photos,
        &users,
        &confidences,
        &statuses,
    )
    .execute(&mut *conn)
    .await?;
    marks(conn, tags, engine, model, thresholds).await
}

fn of_pair(pair: Pair) -> TagId {
    TagId::of_pair(pair.photo, pair.user)
}

async fn marks(
    conn: &mut PgConnection,
    tags: &[Written<'_>],
    engine: &str,
    model: &str,
    thresholds: &Thresholds,
) -> Result<()> {
    let photos: Vec<Uuid> = tags.iter().map(|tag| tag.pair.photo.0).collect();
    let users: Vec<Uuid> = tags.iter().map(|tag| tag.pair.user.0).collect();
    let statuses: Vec<String> = tags.iter().map(|tag| tag.status.as_str().to_owned()).collect();
    let real = |of: fn(&Found) -> f32| tags.iter().map(|tag| of(tag.found)).collect::<Vec<f32>>();
    let ordinals: Vec<i32> = tags.iter().map(|tag| tag.found.ordinal).collect();
    let selfies: Vec<Uuid> = tags.iter().map(|tag| tag.found.selfie.0).collect();
    let others: Vec<Option<Uuid>> = tags.iter().map(|tag| tag.found.runner_up.map(|(user, _)| user.0)).collect();
    let other_scores: Vec<Option<f32>> = tags.iter().map(|tag| tag.found.runner_up.map(|(_, score)| score)).collect();
    sqlx::query!(
        r#"
        INSERT INTO photoctl.tag_marks (photo_id, user_id, status, engine, model, score, selfie_id, ordinal, face_left,
                                        face_top, face_width, face_height, runner_up, runner_up_score, confirm_at,
                                        review_at, margin)
        SELECT photo_id, user_id, status, $13, $14, score, selfie_id, ordinal, face_left, face_top, face_width,
               face_height, runner_up, runner_up_score, $15, $16, $17
          FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::real[], $5::uuid[], $6::integer[], $7::real[],
                      $8::real[], $9::real[], $10::real[], $11::uuid[], $12::real[])
               AS t (photo_id, user_id, status, score, selfie_id, ordinal, face_left, face_top, face_width,
                     face_height, runner_up, runner_up_score)
        ON CONFLICT (photo_id, user_id) DO UPDATE
           SET status = excluded.status, engine = excluded.engine, model = excluded.model, score = excluded.score,
               selfie_id = excluded.selfie_id, ordinal = excluded.ordinal, face_left = excluded.face_left,
               face_top = excluded.face_top, face_width = excluded.face_width, face_height = excluded.face_height,
               runner_up = excluded.runner_up, runner_up_score = excluded.runner_up_score,
               confirm_at = excluded.confirm_at, review_at = excluded.review_at, margin = excluded.margin,
               context_photo = NULL, context_score = NULL, withdrawn_at = NULL, marked_at = now()
        "#,
        &photos,
        &users,
        &statuses,
        &real(|found| found.score),
        &selfies,
        &ordinals,
        &real(|found| found.area.left),
        &real(|found| found.area.top),
        &real(|found| found.area.width),
        &real(|found| found.area.height),
        &others as &[Option<Uuid>],
        &other_scores as &[Option<f32>],
        engine,
        model,
        thresholds.confirm,
        thresholds.review,
        thresholds.margin,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes away tags that no person decided about; the marks say that photoctl itself did.
///
/// # Errors
/// What the database says.
pub async fn remove(conn: &mut PgConnection, tags: &[(TagId, Pair)]) -> Result<()> {
    if tags.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = tags.iter().map(|(id, _)| id.0).collect();
    let photos: Vec<Uuid> = tags.iter().map(|(_, pair)| pair.photo.0).collect();
    let users: Vec<Uuid> = tags.iter().map(|(_, pair)| pair.user.0).collect();
    sqlx::query!("DELETE FROM photo_tags WHERE id = ANY($1)", &ids).execute(&mut *conn).await?;
    sqlx::query!(
        "
        UPDATE photoctl.tag_marks m SET status = NULL, marked_at = now()
          FROM unnest($1::uuid[], $2::uuid[]) AS t (photo_id, user_id)
         WHERE m.photo_id = t.photo_id AND m.user_id = t.user_id
        ",
        &photos,
        &users,
    )
    .execute(conn)
    .await?;
    Ok(())
}
