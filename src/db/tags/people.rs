//! Whose photos and which users decisions are about.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::ids::{PhotoId, ProjectId, UserId};

/// The project of each of these photos that is there and not deleted. A photo never moves to another.
///
/// # Errors
/// What the database says.
pub async fn projects_of(conn: &mut PgConnection, photos: &[PhotoId]) -> Result<BTreeMap<PhotoId, ProjectId>> {
    let ids: Vec<Uuid> = photos.iter().map(|id| id.0).collect();
    let rows = sqlx::query!("SELECT id, project_id FROM photos WHERE id = ANY($1) AND deleted_at IS NULL", &ids)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (PhotoId(row.id), ProjectId(row.project_id))).collect())
}

/// Those of these users who are there and not deleted.
///
/// # Errors
/// What the database says.
pub async fn live_users(conn: &mut PgConnection, users: impl Iterator<Item = UserId>) -> Result<BTreeSet<UserId>> {
    let ids: Vec<Uuid> = users.map(|id| id.0).collect();
    let there = sqlx::query_scalar!("SELECT id FROM users WHERE id = ANY($1) AND deleted_at IS NULL", &ids)
        .fetch_all(conn)
        .await?;
    Ok(there.into_iter().map(UserId).collect())
}

/// A photo that somebody may mean by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedPhoto {
    pub id: PhotoId,
    pub name: String,
    pub project: String,
    pub captured_at: Option<DateTime<Utc>>,
    pub uploaded_at: DateTime<Utc>,
}

/// Photos with that file name, in any case and with or without its ending, also under a name of another card; of a
/// project or of all. At most `limit`.
///
/// # Errors
/// What the database says.
pub async fn photos_named(
    conn: &mut PgConnection,
    name: &str,
    project: Option<ProjectId>,
    limit: i64,
) -> Result<Vec<NamedPhoto>> {
    let rows = sqlx::query!(
        r#"
        SELECT p.id, f.original_name AS name, j.name AS project, f.captured_at, p.uploaded_at
          FROM photoctl.photo_files f
          JOIN photos p ON p.id = f.photo_id AND p.deleted_at IS NULL
          JOIN projects j ON j.id = p.project_id AND j.deleted_at IS NULL
         WHERE ($2::uuid IS NULL OR p.project_id = $2)
           AND (lower($1) IN (lower(f.original_name), lower(regexp_replace(f.original_name, '\.[^.]*$', '')))
                OR EXISTS (SELECT FROM photoctl.photo_names n
                            WHERE n.photo_id = p.id
                              AND lower($1) IN (lower(n.name), lower(regexp_replace(n.name, '\.[^.]*$', '')))))
         ORDER BY f.captured_at, p.id
         LIMIT $3
        "#,
        name,
        project.map(|id| id.0),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| NamedPhoto {
            id: PhotoId(row.id),
            name: row.name,
            project: row.project,
            captured_at: row.captured_at.map(|time| time.and_utc()),
            uploaded_at: row.uploaded_at.and_utc(),
        })
        .collect())
}
