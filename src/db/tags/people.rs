//! Whose photos and which users decisions are about.

use std::collections::{BTreeMap, BTreeSet};

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
