//! `photoctl.project_settings`: settings that are an event's policy.

use sqlx::PgConnection;

use crate::error::Result;
use crate::model::ids::ProjectId;

/// A project's own settings, by key.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, project: ProjectId) -> Result<Vec<(String, String)>> {
    let rows =
        sqlx::query!("SELECT key, value FROM photoctl.project_settings WHERE project_id = $1 ORDER BY key", project.0)
            .fetch_all(conn)
            .await?;
    Ok(rows.into_iter().map(|row| (row.key, row.value)).collect())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, project: ProjectId, key: &str) -> Result<Option<String>> {
    let value = sqlx::query_scalar!(
        "SELECT value FROM photoctl.project_settings WHERE project_id = $1 AND key = $2",
        project.0,
        key,
    );
    Ok(value.fetch_optional(conn).await?)
}

/// # Errors
/// What the database says.
pub async fn set(conn: &mut PgConnection, project: ProjectId, key: &str, value: &str) -> Result<()> {
    sqlx::query!(
        "
        INSERT INTO photoctl.project_settings (project_id, key, value)
        VALUES ($1, $2, $3)
        ON CONFLICT (project_id, key) DO UPDATE SET value = excluded.value, set_at = now()
        ",
        project.0,
        key,
        value,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether there was such a setting.
///
/// # Errors
/// What the database says.
pub async fn unset(conn: &mut PgConnection, project: ProjectId, key: &str) -> Result<bool> {
    let done =
        sqlx::query!("DELETE FROM photoctl.project_settings WHERE project_id = $1 AND key = $2", project.0, key,)
            .execute(conn)
            .await?;
    Ok(done.rows_affected() > 0)
}
