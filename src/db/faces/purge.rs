//! How long faces of photos are kept.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;

use crate::error::Result;
use crate::model::ids::ProjectId;

/// A project that faces are kept for, and from when on the time to keep them runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expired {
    pub project: ProjectId,
    pub name: String,
    /// The event's end, or the last upload where it has none; `None`: neither is there.
    pub since: Option<DateTime<Utc>>,
    pub faces: u64,
}

/// Projects that faces are kept for, also deleted ones, or only this one.
///
/// # Errors
/// What the database says.
pub async fn expired(conn: &mut PgConnection, only: Option<ProjectId>) -> Result<Vec<Expired>> {
    let rows = sqlx::query!(
        r#"
        SELECT p.id, p.name, p.end_at AS "end_at?: NaiveDateTime",
               (SELECT max(uploaded_at) FROM photos WHERE project_id = p.id) AS "last: NaiveDateTime",
               count(f.photo_id) AS "faces!"
          FROM projects p
          JOIN photos o ON o.project_id = p.id
          JOIN photoctl.faces f ON f.photo_id = o.id
         WHERE $1::uuid IS NULL OR p.id = $1
         GROUP BY p.id
         ORDER BY p.name, p.id
        "#,
        only.map(|id| id.0),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Expired {
            project: ProjectId(row.id),
            name: row.name,
            since: row.end_at.or(row.last).map(|time| time.and_utc()),
            faces: row.faces.unsigned_abs(),
        })
        .collect())
}

/// Removes the faces of a project's photos, whichever model found them. That the photos were looked at, and what was
/// tagged, stays. Returns how many faces went.
///
/// # Errors
/// What the database says.
pub async fn purge(conn: &mut PgConnection, project: ProjectId) -> Result<u64> {
    sqlx::query!(
        "UPDATE photoctl.face_scans s SET kept = false
           FROM photos p
          WHERE p.id = s.photo_id AND p.project_id = $1 AND s.kept",
        project.0,
    )
    .execute(&mut *conn)
    .await?;
    let gone = sqlx::query!(
        "DELETE FROM photoctl.faces f USING photos p WHERE p.id = f.photo_id AND p.project_id = $1",
        project.0,
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

/// From when on the time runs that faces of a project's photos are kept: its end, or its last upload.
///
/// # Errors
/// What the database says.
pub async fn kept_since(conn: &mut PgConnection, project: ProjectId) -> Result<Option<DateTime<Utc>>> {
    let since = sqlx::query_scalar!(
        r#"
        SELECT coalesce(p.end_at, (SELECT max(uploaded_at) FROM photos WHERE project_id = p.id))
          FROM projects p
         WHERE p.id = $1
        "#,
        project.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(since.flatten().map(|time: NaiveDateTime| time.and_utc()))
}
