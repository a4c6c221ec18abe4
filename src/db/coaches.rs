//! `project_coaches`

use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::ids::ProjectId;
use crate::model::project::Coach;

/// A project's coaches by name.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, project: ProjectId) -> Result<Vec<Coach>> {
    let rows =
        sqlx::query!("SELECT id, name FROM project_coaches WHERE project_id = $1 ORDER BY lower(name), id", project.0);
    let rows = rows.fetch_all(conn).await?;
    Ok(rows.into_iter().map(|row| Coach { id: row.id, name: row.name, project_id: project }).collect())
}

/// # Errors
/// What the database says.
pub async fn add(conn: &mut PgConnection, project: ProjectId, name: &str) -> Result<Uuid> {
    let id = sqlx::query_scalar!(
        "INSERT INTO project_coaches (project_id, name) VALUES ($1, $2) RETURNING id",
        project.0,
        name,
    );
    Ok(id.fetch_one(conn).await?)
}

/// Whether the coach was there, with that name still.
///
/// # Errors
/// What the database says.
pub async fn rename(conn: &mut PgConnection, coach: &Coach, name: &str) -> Result<bool> {
    let done =
        sqlx::query!("UPDATE project_coaches SET name = $3 WHERE id = $1 AND name = $2", coach.id, coach.name, name,);
    Ok(done.execute(conn).await?.rows_affected() > 0)
}

/// Whether the coach was there.
///
/// # Errors
/// What the database says.
pub async fn remove(conn: &mut PgConnection, coach: &Coach) -> Result<bool> {
    let done = sqlx::query!("DELETE FROM project_coaches WHERE id = $1", coach.id).execute(conn).await?;
    Ok(done.rows_affected() > 0)
}
