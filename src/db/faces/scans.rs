//! Which photos were looked at for faces, and what was found.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{FaceColumns, to_column};
use crate::db::guard;
use crate::error::Result;
use crate::model::consent::BIOMETRIC;
use crate::model::face::{Face, FaceBox, SAME_FACE};
use crate::model::ids::{PhotoId, ProjectId, UserId};

/// Ready photos of a project that are to be looked at by `model`, by id: those that were not yet, those whose faces went
/// before they were compared, and those where somebody's face was withdrawn who has consented again. With `unkept`, also
/// those whose faces were compared and not kept, or were purged.
///
/// # Errors
/// What the database says.
pub async fn unscanned(conn: &mut PgConnection, project: ProjectId, model: &str, unkept: bool) -> Result<Vec<PhotoId>> {
    let ids = sqlx::query_scalar!(
        "
        SELECT p.id
          FROM photos p
         WHERE p.project_id = $1 AND p.status = 'ready' AND p.deleted_at IS NULL
           AND NOT EXISTS (SELECT FROM photoctl.face_scans s
                            WHERE s.photo_id = p.id AND s.model = $2
                              AND (s.kept OR (s.matched_at IS NOT NULL AND NOT $3))
                              AND NOT EXISTS (SELECT FROM photoctl.faces f
                                                JOIN user_consents c ON c.user_id = f.withdrawn_for
                                                                    AND c.consent_type = $4 AND c.revoked_at IS NULL
                                               WHERE f.photo_id = p.id AND f.model = $2 AND f.vector IS NULL))
         ORDER BY p.id
        ",
        project.0,
        model,
        unkept,
        BIOMETRIC,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(PhotoId).collect())
}

/// Ready photos of a project that were looked at by `model`, by id.
///
/// # Errors
/// What the database says.
pub async fn scanned(conn: &mut PgConnection, project: ProjectId, model: &str) -> Result<Vec<PhotoId>> {
    let ids = sqlx::query_scalar!(
        "
        SELECT p.id
          FROM photos p
          JOIN photoctl.face_scans s ON s.photo_id = p.id AND s.model = $2
         WHERE p.project_id = $1 AND p.status = 'ready' AND p.deleted_at IS NULL
         ORDER BY p.id
        ",
        project.0,
        model,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(PhotoId).collect())
}

/// Locks a photo against others who look at it or compare what was found. Returns whether somebody's face is withdrawn
/// from it who has consented again: then it is to be looked at anew.
///
/// # Errors
/// What the database says.
pub async fn lock(conn: &mut PgConnection, photo: PhotoId, model: &str) -> Result<bool> {
    sqlx::query!("SELECT FROM photos WHERE id = $1 FOR NO KEY UPDATE", photo.0).fetch_optional(&mut *conn).await?;
    let given_again = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM photoctl.faces f
                         JOIN user_consents c ON c.user_id = f.withdrawn_for AND c.consent_type = $3
                                             AND c.revoked_at IS NULL
                        WHERE f.photo_id = $1 AND f.model = $2 AND f.vector IS NULL) AS "given_again!"
        "#,
        photo.0,
        model,
        BIOMETRIC,
    );
    Ok(given_again.fetch_one(conn).await?)
}

/// What a look at a photo gave.
#[derive(Debug, Clone, Copy)]
pub struct Scan<'a> {
    pub photo: PhotoId,
    pub model: &'a str,
    /// Good enough to be compared, the largest first.
    pub faces: &'a [Face],
    /// How many were too small or blurred.
    pub poor: usize,
    /// Whether the faces stay for later selfies.
    pub kept: bool,
}

/// Stores a scan, with its faces where they are kept. One that is there already is not made twice; one whose faces
/// were not kept is filled. Returns whether anything was written: `false` also where the photo is gone.
///
/// # Errors
/// What the database says.
pub async fn store(conn: &mut PgConnection, scan: &Scan<'_>) -> Result<bool> {
    let number = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let written = sqlx::query!(
        "
        INSERT INTO photoctl.face_scans AS s (photo_id, model, faces, poor, kept)
        SELECT id, $2, $3, $4, $5 FROM photos WHERE id = $1 FOR NO KEY UPDATE
        ON CONFLICT (photo_id, model) DO UPDATE
           SET faces = excluded.faces, poor = excluded.poor, kept = excluded.kept, scanned_at = now(),
               matched_at = NULL
         WHERE NOT s.kept
        ",
        scan.photo.0,
        scan.model,
        number(scan.faces.len()),
        number(scan.poor),
        scan.kept,
    )
    .execute(&mut *conn)
    .await?;
    if written.rows_affected() == 0 {
        return Ok(false);
    }
    if scan.kept {
        insert(conn, scan).await?;
        follow(conn, scan).await?;
    }
    Ok(true)
}

/// The faces of a photo; where somebody's vector was withdrawn from it, that face stays without one.
async fn insert(conn: &mut PgConnection, scan: &Scan<'_>) -> Result<()> {
    for (ordinal, face) in scan.faces.iter().enumerate() {
        let columns = FaceColumns::of(&face.found);
        let [left, top, width, height] = columns.area;
        let [score, width_px, sharpness, luma, yaw, pitch, roll] = columns.quality;
        sqlx::query!(
            "
            INSERT INTO photoctl.faces (photo_id, model, ordinal, face_left, face_top, face_width, face_height,
                                        landmarks, score, width_px, sharpness, luma, yaw, pitch, roll, vector)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
            ON CONFLICT DO NOTHING
            ",
            scan.photo.0,
            scan.model,
            i32::try_from(ordinal).unwrap_or(i32::MAX),
            left,
            top,
            width,
            height,
            &columns.landmarks,
            score,
            width_px,
            sharpness,
            luma,
            yaw,
            pitch,
            roll,
            to_column(&face.vector) as _,
        )
        .execute(&mut *conn)
        .await?;
    }
    Ok(())
}

/// Faces are numbered anew by each look: what was written about people goes with the face that lies where theirs did.
async fn follow(conn: &mut PgConnection, scan: &Scan<'_>) -> Result<()> {
    let marks = sqlx::query!(
        r#"
        SELECT user_id, face_left AS "left!", face_top AS "top!", face_width AS "width!", face_height AS "height!"
          FROM photoctl.tag_marks
         WHERE photo_id = $1 AND model = $2 AND face_left IS NOT NULL
        "#,
        scan.photo.0,
        scan.model,
    )
    .fetch_all(&mut *conn)
    .await?;
    let (mut users, mut ordinals) = (Vec::new(), Vec::new());
    for mark in marks {
        let area = FaceBox { left: mark.left, top: mark.top, width: mark.width, height: mark.height };
        let faces = (0_i32..).zip(scan.faces).map(|(ordinal, face)| (ordinal, area.overlap(&face.found.area)));
        let nearest = faces.filter(|(_, overlap)| *overlap >= SAME_FACE).max_by(|a, b| a.1.total_cmp(&b.1));
        users.push(mark.user_id);
        ordinals.push(nearest.map(|(ordinal, _)| ordinal));
    }
    if users.is_empty() {
        return Ok(());
    }
    sqlx::query!(
        "
        UPDATE photoctl.tag_marks m SET ordinal = t.ordinal
          FROM unnest($3::uuid[], $4::integer[]) AS t (user_id, ordinal)
         WHERE m.photo_id = $1 AND m.model = $2 AND m.user_id = t.user_id AND m.ordinal IS DISTINCT FROM t.ordinal
        ",
        scan.photo.0,
        scan.model,
        &users,
        &ordinals as &[Option<i32>],
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// [`withdrawn_areas`] of a photo whose faces are about to be stored: no revocation by photoctl of anybody who was found
/// in it commits before this transaction has, so that it finds what is stored.
///
/// # Errors
/// What the database says.
pub async fn hold_areas(conn: &mut PgConnection, photo: PhotoId) -> Result<Vec<FaceBox>> {
    let users = sqlx::query_scalar!(
        "SELECT user_id FROM photoctl.tag_marks WHERE photo_id = $1 AND face_left IS NOT NULL ORDER BY user_id",
        photo.0
    )
    .fetch_all(&mut *conn)
    .await?;
    for user in users {
        guard::lock_shared(conn, &guard::consents_of(UserId(user))).await?;
    }
    withdrawn_areas(conn, photo).await
}

/// Where in a photo faces of people were found who have revoked their consent and not given it again: what is found
/// there is not computed anew.
///
/// # Errors
/// What the database says.
pub async fn withdrawn_areas(conn: &mut PgConnection, photo: PhotoId) -> Result<Vec<FaceBox>> {
    let rows = sqlx::query!(
        r#"
        SELECT m.face_left AS "left!", m.face_top AS "top!", m.face_width AS "width!", m.face_height AS "height!"
          FROM photoctl.tag_marks m
         WHERE m.photo_id = $1 AND m.face_left IS NOT NULL
           AND (m.withdrawn_at IS NOT NULL
                OR EXISTS (SELECT FROM photo_tags t
                            WHERE t.photo_id = m.photo_id AND t.user_id = m.user_id AND t.review_status <> 'rejected'))
           AND NOT EXISTS (SELECT FROM user_consents c
                            WHERE c.user_id = m.user_id AND c.consent_type = $2 AND c.revoked_at IS NULL)
        "#,
        photo.0,
        BIOMETRIC,
    )
    .fetch_all(conn)
    .await?;
    let area = |left, top, width, height| FaceBox { left, top, width, height };
    Ok(rows.into_iter().map(|row| area(row.left, row.top, row.width, row.height)).collect())
}

/// Forgets that photos were looked at, so that they are looked at again. Returns how many were.
///
/// # Errors
/// What the database says.
pub async fn forget(conn: &mut PgConnection, photos: &[PhotoId], model: &str) -> Result<u64> {
    let ids: Vec<Uuid> = photos.iter().map(|id| id.0).collect();
    sqlx::query!("DELETE FROM photoctl.faces WHERE photo_id = ANY($1) AND model = $2", &ids, model)
        .execute(&mut *conn)
        .await?;
    let gone = sqlx::query!("DELETE FROM photoctl.face_scans WHERE photo_id = ANY($1) AND model = $2", &ids, model)
        .execute(conn)
        .await?;
    Ok(gone.rows_affected())
}

/// How far a project's photos are looked at and compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Standing {
    /// That are ready.
    pub photos: u64,
    pub looked_at: u64,
    pub faces_kept: u64,
    /// Kept without a vector: the person revoked their consent.
    pub faces_withdrawn: u64,
    pub faces_of_other_models: u64,
    /// Photos with kept faces that no run has compared yet.
    pub photos_to_match: u64,
}

/// # Errors
/// What the database says.
pub async fn standing(conn: &mut PgConnection, project: ProjectId, model: &str) -> Result<Standing> {
    let row = sqlx::query!(
        r#"
        WITH live AS (SELECT id FROM photos WHERE project_id = $1 AND status = 'ready' AND deleted_at IS NULL)
        SELECT (SELECT count(*) FROM live) AS "photos!",
               count(*) AS "looked_at!",
               count(*) FILTER (WHERE s.kept AND s.matched_at IS NULL) AS "to_match!",
               (SELECT count(*) FROM photoctl.faces f JOIN live ON live.id = f.photo_id
                 WHERE f.model = $2 AND f.vector IS NOT NULL) AS "kept!",
               (SELECT count(*) FROM photoctl.faces f JOIN live ON live.id = f.photo_id
                 WHERE f.model = $2 AND f.vector IS NULL) AS "withdrawn!",
               (SELECT count(*) FROM photoctl.faces f JOIN live ON live.id = f.photo_id
                 WHERE f.model <> $2) AS "others!"
          FROM photoctl.face_scans s
          JOIN live ON live.id = s.photo_id
         WHERE s.model = $2
        "#,
        project.0,
        model,
    )
    .fetch_one(conn)
    .await?;
    Ok(Standing {
        photos: row.photos.unsigned_abs(),
        looked_at: row.looked_at.unsigned_abs(),
        faces_kept: row.kept.unsigned_abs(),
        faces_withdrawn: row.withdrawn.unsigned_abs(),
        faces_of_other_models: row.others.unsigned_abs(),
        photos_to_match: row.to_match.unsigned_abs(),
    })
}
