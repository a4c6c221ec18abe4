//! What is known of a person and a photo besides their tag.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::ids::{PhotoId, ProjectId, UserId};
use crate::model::tag::Pair;

/// The photo and the user of a pair, deleted or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Names {
    /// The name on the card, else the storage key.
    pub photo: String,
    pub photo_deleted: bool,
    pub photo_status: String,
    pub project_id: ProjectId,
    pub project: String,
    pub timezone: String,
    pub user: String,
    pub email: String,
    pub user_deleted: bool,
    pub member: bool,
}

/// `None`: the photo or the user is not there at all.
///
/// # Errors
/// What the database says.
pub async fn names(conn: &mut PgConnection, pair: Pair) -> Result<Option<Names>> {
    let row = sqlx::query!(
        r#"
        SELECT coalesce(f.original_name, p.storage_key) AS "photo!", p.deleted_at IS NOT NULL AS "photo_deleted!",
               p.status AS "photo_status!", j.id AS "project_id!", j.name AS "project!",
               coalesce(j.timezone, o.timezone) AS "timezone!", u.name AS "user!", u.email AS "email!",
               u.deleted_at IS NOT NULL AS "user_deleted!",
               EXISTS (SELECT FROM project_members m WHERE m.project_id = j.id AND m.user_id = u.id) AS "member!"
          FROM photos p
          JOIN projects j ON j.id = p.project_id
          JOIN operators o ON o.id = j.operator_id
          JOIN users u ON u.id = $2
          LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id
         WHERE p.id = $1
        "#,
        pair.photo.0,
        pair.user.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| Names {
        photo: row.photo,
        photo_deleted: row.photo_deleted,
        photo_status: row.photo_status,
        project_id: ProjectId(row.project_id),
        project: row.project,
        timezone: row.timezone,
        user: row.user,
        email: row.email,
        user_deleted: row.user_deleted,
        member: row.member,
    }))
}

/// A photo's name on the card, else its storage key. `None`: it is gone.
///
/// # Errors
/// What the database says.
pub async fn photo_name(conn: &mut PgConnection, photo: PhotoId) -> Result<Option<String>> {
    let name = sqlx::query_scalar!(
        r#"
        SELECT coalesce(f.original_name, p.storage_key) AS "name!"
          FROM photos p LEFT JOIN photoctl.photo_files f ON f.photo_id = p.id
         WHERE p.id = $1
        "#,
        photo.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(name)
}

/// A look at a photo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ScanNote {
    pub model: String,
    /// Good enough to be compared, and the others.
    pub faces: i32,
    pub poor: i32,
    /// Whether its faces are kept.
    pub kept: bool,
    pub scanned_at: DateTime<Utc>,
    /// When they were compared with every enrolled member.
    pub matched_at: Option<DateTime<Utc>>,
}

/// The looks at a photo, by whichever model, the latest first.
///
/// # Errors
/// What the database says.
pub async fn scans(conn: &mut PgConnection, photo: PhotoId) -> Result<Vec<ScanNote>> {
    let rows = sqlx::query!(
        r#"SELECT model, faces, poor, kept, scanned_at AS "scanned_at: NaiveDateTime",
                  matched_at AS "matched_at: NaiveDateTime"
             FROM photoctl.face_scans WHERE photo_id = $1 ORDER BY scanned_at DESC, model"#,
        photo.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| ScanNote {
            model: row.model,
            faces: row.faces,
            poor: row.poor,
            kept: row.kept,
            scanned_at: row.scanned_at.and_utc(),
            matched_at: row.matched_at.map(|time| time.and_utc()),
        })
        .collect())
}

/// How many selfies of a user there are, by their status; deleted ones do not count.
///
/// # Errors
/// What the database says.
pub async fn selfies(conn: &mut PgConnection, user: UserId) -> Result<BTreeMap<String, u64>> {
    let rows = sqlx::query!(
        r#"SELECT status, count(*) AS "count!" FROM selfies WHERE user_id = $1 AND deleted_at IS NULL GROUP BY status"#,
        user.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.status, row.count.unsigned_abs())).collect())
}

/// Who holds a face of a photo by a tag that was not rejected, and is somebody else.
///
/// # Errors
/// What the database says.
pub async fn holder(conn: &mut PgConnection, pair: Pair, model: &str, ordinal: i32) -> Result<Option<UserId>> {
    let holder = sqlx::query_scalar!(
        "
        SELECT m.user_id
          FROM photoctl.tag_marks m
          JOIN photo_tags t ON t.photo_id = m.photo_id AND t.user_id = m.user_id AND t.review_status <> 'rejected'
         WHERE m.photo_id = $1 AND m.user_id <> $2 AND m.model = $3 AND m.ordinal = $4
         ORDER BY m.score DESC, m.user_id
         LIMIT 1
        ",
        pair.photo.0,
        pair.user.0,
        model,
        ordinal,
    )
    .fetch_optional(conn)
    .await?;
    Ok(holder.map(UserId))
}

/// Names of users, deleted ones too.
///
/// # Errors
/// What the database says.
pub async fn names_of(conn: &mut PgConnection, users: &[UserId]) -> Result<BTreeMap<UserId, String>> {
    let ids: Vec<Uuid> = users.iter().map(|id| id.0).collect();
    let rows = sqlx::query!("SELECT id, name FROM users WHERE id = ANY($1)", &ids).fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| (UserId(row.id), row.name)).collect())
}
