//! `photographers`

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::Page;
use crate::error::Result;
use crate::model::ids::{OperatorId, PhotographerId, ProjectId};
use crate::model::people::Photographer;

/// What a new row holds besides what the database fills in.
#[derive(Debug, Clone, Copy)]
pub struct NewPhotographerRow<'a> {
    pub operator: OperatorId,
    pub name: &'a str,
    pub email: &'a str,
    pub password_hash: &'a str,
    pub address: Option<&'a str>,
}

/// Which photographers to list. All that is set must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct PhotographerFilter<'a> {
    pub operator: Option<OperatorId>,
    pub project: Option<ProjectId>,
    /// A part of the name, in any case.
    pub name: Option<&'a str>,
}

/// # Errors
/// `AlreadyExists` for a taken email, or what the database says.
pub async fn insert(conn: &mut PgConnection, new: &NewPhotographerRow<'_>) -> Result<Photographer> {
    let row = sqlx::query_as!(
        PhotographerRow,
        r#"
        INSERT INTO photographers (operator_id, name, email, password_hash, address)
        VALUES ($1, $2, $3, $4, $5)
        RETURNING id, name, email, operator_id, created_at, deleted_at,
                  (SELECT o.name FROM operators o WHERE o.id = operator_id) AS "operator!"
        "#,
        new.operator.0,
        new.name,
        new.email,
        new.password_hash,
        new.address,
    )
    .fetch_one(conn)
    .await?;
    Ok(row.into())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: PhotographerId) -> Result<Option<Photographer>> {
    let row = sqlx::query_as!(
        PhotographerRow,
        "
        SELECT p.id, p.name, p.email, p.operator_id, o.name AS operator, p.created_at, p.deleted_at
          FROM photographers p
          JOIN operators o ON o.id = p.operator_id
         WHERE p.id = $1
        ",
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Photographer::from))
}

/// The photographer of that email in any case, deleted or not.
///
/// # Errors
/// What the database says.
pub async fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<Photographer>> {
    let row = sqlx::query_as!(
        PhotographerRow,
        "
        SELECT p.id, p.name, p.email, p.operator_id, o.name AS operator, p.created_at, p.deleted_at
          FROM photographers p
          JOIN operators o ON o.id = p.operator_id
         WHERE lower(p.email) = lower($1)
         ORDER BY p.deleted_at IS NOT NULL, p.email <> $1, p.id
         LIMIT 1
        ",
        email,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Photographer::from))
}

/// Live photographers of an operator with exactly that name, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn by_name(conn: &mut PgConnection, operator: OperatorId, name: &str) -> Result<Vec<Photographer>> {
    let rows = sqlx::query_as!(
        PhotographerRow,
        "
        SELECT p.id, p.name, p.email, p.operator_id, o.name AS operator, p.created_at, p.deleted_at
          FROM photographers p
          JOIN operators o ON o.id = p.operator_id
         WHERE p.operator_id = $1 AND p.name = $2 AND p.deleted_at IS NULL
         ORDER BY p.created_at, p.id
        ",
        operator.0,
        name,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Photographer::from).collect())
}

/// What is compared, never shown: the hash of the password, and the postal address.
///
/// # Errors
/// What the database says.
pub async fn private(conn: &mut PgConnection, id: PhotographerId) -> Result<Option<(String, Option<String>)>> {
    let row = sqlx::query!("SELECT password_hash, address FROM photographers WHERE id = $1", id.0)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| (row.password_hash, row.address)))
}

/// The newest first.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, filter: PhotographerFilter<'_>, page: Page) -> Result<Vec<Photographer>> {
    let rows = sqlx::query_as!(
        PhotographerRow,
        "
        SELECT p.id, p.name, p.email, p.operator_id, o.name AS operator, p.created_at, p.deleted_at
          FROM photographers p
          JOIN operators o ON o.id = p.operator_id
         WHERE ($1 OR p.deleted_at IS NULL)
           AND ($2::uuid IS NULL OR p.operator_id = $2)
           AND ($3::uuid IS NULL
                OR EXISTS (SELECT FROM project_photographers a WHERE a.photographer_id = p.id AND a.project_id = $3))
           AND ($4::text IS NULL OR strpos(lower(p.name), lower($4)) > 0)
           AND ($5::uuid IS NULL
                OR (p.created_at, p.id) < (SELECT a.created_at, a.id FROM photographers a WHERE a.id = $5))
         ORDER BY p.created_at DESC, p.id DESC
         LIMIT $6
        ",
        page.deleted,
        filter.operator.map(|id| id.0),
        filter.project.map(|id| id.0),
        filter.name,
        page.after,
        page.limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Photographer::from).collect())
}

struct PhotographerRow {
    id: Uuid,
    name: String,
    email: String,
    operator_id: Uuid,
    operator: String,
    created_at: NaiveDateTime,
    deleted_at: Option<NaiveDateTime>,
}

impl From<PhotographerRow> for Photographer {
    fn from(row: PhotographerRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            email: row.email,
            operator_id: row.operator_id.into(),
            operator: row.operator,
            created_at: row.created_at.and_utc(),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
        }
    }
}
