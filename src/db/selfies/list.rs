//! Selfies as they are shown and worked through: never with their vectors.

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::faces::FaceColumns;
use crate::error::Result;
use crate::model::ids::{ProjectId, SelfieId, UserId};
use crate::model::selfie::{Selfie, SelfieFacts};
use crate::model::status::SelfieStatus;

/// Which selfies to read. All that is set must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct SelfieFilter<'a> {
    pub ids: Option<&'a [SelfieId]>,
    /// Ids from the first to the second: an id given by its beginning.
    pub between: Option<(Uuid, Uuid)>,
    pub user: Option<UserId>,
    /// Of members of this project.
    pub project: Option<ProjectId>,
    pub status: Option<SelfieStatus>,
    /// Deleted ones too.
    pub deleted: bool,
    /// Only those that nobody has judged here yet.
    pub unjudged: bool,
    /// Only approved ones without a vector by this model.
    pub outdated: Option<&'a str>,
    /// Begin behind this one.
    pub after: Option<SelfieId>,
}

/// Selfies, the newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, filter: SelfieFilter<'_>, limit: i64) -> Result<Vec<Selfie>> {
    let ids: Option<Vec<Uuid>> = filter.ids.map(|ids| ids.iter().map(|id| id.0).collect());
    let rows = sqlx::query_as!(
        SelfieRow,
        r#"
        SELECT s.id, s.user_id, u.name, u.email, s.status, s.rejection_reason, s.storage_key, s.quality_score,
               s.embedding IS NOT NULL AS "has_vector!", s.created_at, s.deleted_at,
               f.file_name AS "file_name?", f.engine AS "engine?", f.model AS "model?", f.width AS "width?",
               f.height AS "height?", f.original_key AS "original_key?", f.allowed AS "allowed?",
               f.judged_at AS "judged_at?", f.landmarks AS "landmarks?",
               ARRAY[f.face_left, f.face_top, f.face_width, f.face_height] AS "area!: Vec<Option<f32>>",
               ARRAY[f.score, f.width_px, f.sharpness, f.luma, f.yaw, f.pitch, f.roll]
                   AS "quality!: Vec<Option<f32>>"
          FROM selfies s
          JOIN users u ON u.id = s.user_id
          LEFT JOIN photoctl.selfie_facts f ON f.selfie_id = s.id
         WHERE ($1::uuid[] IS NULL OR s.id = ANY($1))
           AND ($2::uuid IS NULL OR s.id BETWEEN $2 AND $3)
           AND ($4::uuid IS NULL OR s.user_id = $4)
           AND ($5::uuid IS NULL OR EXISTS (SELECT FROM project_members m
                                             WHERE m.project_id = $5 AND m.user_id = s.user_id))
           AND ($6::text IS NULL OR s.status = $6)
           AND ($7 OR s.deleted_at IS NULL)
           AND (NOT $8 OR f.selfie_id IS NULL)
           AND ($9::text IS NULL
                OR (s.status = 'approved' AND (s.embedding IS NULL OR f.model IS DISTINCT FROM $9)))
           AND ($10::uuid IS NULL
                OR (s.created_at, s.id) < (SELECT a.created_at, a.id FROM selfies a WHERE a.id = $10))
         ORDER BY s.created_at DESC, s.id DESC
         LIMIT $11
        "#,
        ids.as_deref(),
        filter.between.map(|ids| ids.0),
        filter.between.map(|ids| ids.1),
        filter.user.map(|id| id.0),
        filter.project.map(|id| id.0),
        filter.status.map(SelfieStatus::as_str),
        filter.deleted,
        filter.unjudged,
        filter.outdated,
        filter.after.map(|id| id.0),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(SelfieRow::into_selfie).collect())
}

/// One of them, also a deleted one.
///
/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: SelfieId) -> Result<Option<Selfie>> {
    let filter = SelfieFilter { ids: Some(&[id]), deleted: true, ..SelfieFilter::default() };
    Ok(list(conn, filter, 1).await?.pop())
}

struct SelfieRow {
    id: Uuid,
    user_id: Uuid,
    name: String,
    email: String,
    status: String,
    rejection_reason: Option<String>,
    storage_key: String,
    quality_score: Option<f32>,
    has_vector: bool,
    created_at: NaiveDateTime,
    deleted_at: Option<NaiveDateTime>,
    file_name: Option<String>,
    engine: Option<String>,
    model: Option<String>,
    width: Option<i32>,
    height: Option<i32>,
    original_key: Option<String>,
    allowed: Option<Vec<String>>,
    judged_at: Option<NaiveDateTime>,
    landmarks: Option<Vec<f32>>,
    area: Vec<Option<f32>>,
    quality: Vec<Option<f32>>,
}

impl SelfieRow {
    fn into_selfie(self) -> Selfie {
        let columns = || {
            let area: Vec<f32> = self.area.iter().copied().collect::<Option<_>>()?;
            let quality: Vec<f32> = self.quality.iter().copied().collect::<Option<_>>()?;
            Some(FaceColumns {
                area: area.try_into().ok()?,
                landmarks: self.landmarks.clone()?,
                quality: quality.try_into().ok()?,
            })
        };
        let face = columns().map(|columns| columns.face());
        let facts = match (self.engine, self.model, self.judged_at) {
            (Some(engine), Some(model), Some(judged_at)) => Some(SelfieFacts {
                file_name: self.file_name,
                engine,
                model,
                width: self.width,
                height: self.height,
                original_key: self.original_key,
                face,
                allowed: self.allowed.unwrap_or_default(),
                judged_at: judged_at.and_utc(),
            }),
            _ => None,
        };
        Selfie {
            id: SelfieId(self.id),
            user_id: UserId(self.user_id),
            user: self.name,
            email: self.email,
            status: self.status,
            reason: self.rejection_reason,
            storage_key: self.storage_key,
            quality_score: self.quality_score,
            has_vector: self.has_vector,
            created_at: self.created_at.and_utc(),
            deleted_at: self.deleted_at.map(|at| at.and_utc()),
            facts,
        }
    }
}
