//! The vectors of photo faces, as matching reads them.

use pgvector::Vector;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{FaceColumns, of_column};
use crate::error::Result;
use crate::model::face::{Embedding, FoundFace};
use crate::model::ids::{PhotoId, ProjectId};

/// A face of a photo with what it is compared by.
#[derive(Debug, Clone)]
pub struct PhotoFace {
    pub photo: PhotoId,
    pub ordinal: i32,
    pub found: FoundFace,
    /// None once it was withdrawn.
    pub vector: Option<Embedding>,
}

/// A vector and whose it is, without the rest: a million of them are read in one run.
#[derive(Debug, Clone)]
pub struct StoredVector {
    pub photo: PhotoId,
    pub ordinal: i32,
    pub vector: Vector,
}

/// Photos of a project whose kept faces are to be compared with every member, by id. With `all`, also those that were.
///
/// # Errors
/// What the database says.
pub async fn unmatched(
    conn: &mut PgConnection,
    project: ProjectId,
    model: &str,
    all: bool,
    after: Option<PhotoId>,
    limit: i64,
) -> Result<Vec<PhotoId>> {
    let ids = sqlx::query_scalar!(
        "
        SELECT s.photo_id
          FROM photoctl.face_scans s
          JOIN photos p ON p.id = s.photo_id
         WHERE p.project_id = $1 AND p.deleted_at IS NULL AND s.model = $2 AND s.kept
           AND (s.matched_at IS NULL OR $3)
           AND ($4::uuid IS NULL OR s.photo_id > $4)
         ORDER BY s.photo_id
         LIMIT $5
        ",
        project.0,
        model,
        all,
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(PhotoId).collect())
}

/// The faces of photos, by photo and ordinal.
///
/// # Errors
/// What the database says.
pub async fn of_photos(conn: &mut PgConnection, photos: &[PhotoId], model: &str) -> Result<Vec<PhotoFace>> {
    let ids: Vec<Uuid> = photos.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT photo_id, ordinal, face_left, face_top, face_width, face_height, landmarks, score, width_px, sharpness,
               luma, yaw, pitch, roll, vector AS "vector: Vector"
          FROM photoctl.faces
         WHERE photo_id = ANY($1) AND model = $2
         ORDER BY photo_id, ordinal
        "#,
        &ids,
        model,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let columns = FaceColumns {
                area: [row.face_left, row.face_top, row.face_width, row.face_height],
                landmarks: row.landmarks,
                quality: [row.score, row.width_px, row.sharpness, row.luma, row.yaw, row.pitch, row.roll],
            };
            Ok(PhotoFace {
                photo: PhotoId(row.photo_id),
                ordinal: row.ordinal,
                found: columns.face(),
                vector: row.vector.as_ref().map(of_column).transpose()?,
            })
        })
        .collect()
}

/// The vectors of photos, by photo and ordinal.
///
/// # Errors
/// What the database says.
pub async fn vectors_of(conn: &mut PgConnection, photos: &[PhotoId], model: &str) -> Result<Vec<StoredVector>> {
    let ids: Vec<Uuid> = photos.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT photo_id, ordinal, vector AS "vector!: Vector"
          FROM photoctl.faces
         WHERE photo_id = ANY($1) AND model = $2 AND vector IS NOT NULL
         ORDER BY photo_id, ordinal
        "#,
        &ids,
        model,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| StoredVector { photo: PhotoId(row.photo_id), ordinal: row.ordinal, vector: row.vector })
        .collect())
}

/// Marks the faces of photos as compared with every member.
///
/// # Errors
/// What the database says.
pub async fn mark_matched(conn: &mut PgConnection, photos: &[PhotoId], model: &str) -> Result<()> {
    let ids: Vec<Uuid> = photos.iter().map(|id| id.0).collect();
    sqlx::query!(
        "UPDATE photoctl.face_scans SET matched_at = now() WHERE photo_id = ANY($1) AND model = $2",
        &ids,
        model
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Has the faces of photos compared again at the next run: whoever came while they were deleted was not compared.
///
/// # Errors
/// What the database says.
pub async fn match_again(conn: &mut PgConnection, photos: &[PhotoId]) -> Result<()> {
    let ids: Vec<Uuid> = photos.iter().map(|id| id.0).collect();
    sqlx::query!(
        "UPDATE photoctl.face_scans SET matched_at = NULL WHERE photo_id = ANY($1) AND matched_at IS NOT NULL",
        &ids
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The same for all photos of a project that are deleted now: the web application may bring them back.
///
/// # Errors
/// What the database says.
pub async fn match_deleted_again(conn: &mut PgConnection, project: ProjectId, model: &str) -> Result<()> {
    sqlx::query!(
        "
        UPDATE photoctl.face_scans s SET matched_at = NULL
          FROM photos p
         WHERE p.id = s.photo_id AND p.project_id = $1 AND p.deleted_at IS NOT NULL AND s.model = $2
           AND s.matched_at IS NOT NULL
        ",
        project.0,
        model,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether faces of a project's photos are kept, also where they are to go.
///
/// # Errors
/// What the database says.
pub async fn any_kept(conn: &mut PgConnection, project: ProjectId, model: &str) -> Result<bool> {
    let kept = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM photoctl.face_scans s JOIN photos p ON p.id = s.photo_id
                        WHERE p.project_id = $1 AND s.model = $2 AND s.kept) AS "kept!"
        "#,
        project.0,
        model,
    );
    Ok(kept.fetch_one(conn).await?)
}
