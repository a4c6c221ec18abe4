//! `users`

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::Page;
use crate::error::Result;
use crate::model::ids::{ProjectId, UserId};
use crate::model::people::User;

/// What a new row holds besides what the database fills in.
#[derive(Debug, Clone, Copy)]
pub struct NewUserRow<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub password_hash: &'a str,
    pub address: Option<&'a str>,
    pub billing_address: Option<&'a str>,
}

/// What is compared, never shown.
#[derive(Debug, Clone)]
pub struct PrivateUser {
    pub password_hash: String,
    pub address: Option<String>,
    pub billing_address: Option<String>,
}

/// # Errors
/// `AlreadyExists` for a taken email, or what the database says.
pub async fn insert(conn: &mut PgConnection, new: &NewUserRow<'_>) -> Result<User> {
    let row = sqlx::query_as!(
        UserRow,
        "
        INSERT INTO users (name, email, password_hash, address, billing_address)
        VALUES ($1, $2, $3, $4, $5)
        RETURNING id, name, email, created_at, deleted_at
        ",
        new.name,
        new.email,
        new.password_hash,
        new.address,
        new.billing_address,
    )
    .fetch_one(conn)
    .await?;
    Ok(row.into())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: UserId) -> Result<Option<User>> {
    let row =
        sqlx::query_as!(UserRow, "SELECT id, name, email, created_at, deleted_at FROM users WHERE id = $1", id.0,)
            .fetch_optional(conn)
            .await?;
    Ok(row.map(User::from))
}

/// The user of that email in any case, deleted or not.
///
/// # Errors
/// What the database says.
pub async fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<User>> {
    let row = sqlx::query_as!(
        UserRow,
        "
        SELECT id, name, email, created_at, deleted_at
          FROM users
         WHERE lower(email) = lower($1)
         ORDER BY deleted_at IS NOT NULL, email <> $1, id
         LIMIT 1
        ",
        email,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(User::from))
}

/// # Errors
/// What the database says.
pub async fn private(conn: &mut PgConnection, id: UserId) -> Result<Option<PrivateUser>> {
    let row =
        sqlx::query_as!(PrivateUser, "SELECT password_hash, address, billing_address FROM users WHERE id = $1", id.0,);
    Ok(row.fetch_optional(conn).await?)
}

/// The newest first; with `project`, its members only.
///
/// # Errors
/// What the database says.
pub async fn list(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    name: Option<&str>,
    page: Page,
) -> Result<Vec<User>> {
    let rows = sqlx::query_as!(
        UserRow,
        "
        SELECT u.id, u.name, u.email, u.created_at, u.deleted_at
          FROM users u
         WHERE ($1 OR u.deleted_at IS NULL)
           AND ($2::uuid IS NULL
                OR EXISTS (SELECT FROM project_members m WHERE m.user_id = u.id AND m.project_id = $2))
           AND ($3::text IS NULL OR strpos(lower(u.name), lower($3)) > 0)
           AND ($4::uuid IS NULL OR (u.created_at, u.id) < (SELECT a.created_at, a.id FROM users a WHERE a.id = $4))
         ORDER BY u.created_at DESC, u.id DESC
         LIMIT $5
        ",
        page.deleted,
        project.map(|id| id.0),
        name,
        page.after,
        page.limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

struct UserRow {
    id: Uuid,
    name: String,
    email: String,
    created_at: NaiveDateTime,
    deleted_at: Option<NaiveDateTime>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            email: row.email,
            created_at: row.created_at.and_utc(),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
        }
    }
}
