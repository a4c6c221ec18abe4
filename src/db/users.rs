//! `users`

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::listing::{Listing, SortKey};
use super::page::Page;
use crate::error::Result;
use crate::model::ids::{ProjectId, UserId};
use crate::model::people::User;

/// The columns that a person sets.
#[derive(Debug, Clone, Copy)]
pub struct UserValues<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub address: Option<&'a str>,
    pub billing_address: Option<&'a str>,
}

/// A checked query for whole rows of `t`, the users.
macro_rules! select {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            UserRow,
            "SELECT t.id, t.name, t.email, t.address, t.billing_address, t.created_at, t.deleted_at
               FROM users t " + $tail
            $(, $arg)*
        )
    };
}

/// How users are listed.
pub const LISTING: Listing = Listing {
    columns: "t.id, t.name, t.email, t.address, t.billing_address, t.created_at, t.deleted_at",
    from: "users t",
    sorts: &[(SortKey::Created, "t.created_at"), (SortKey::Name, "lower(t.name)"), (SortKey::Email, "lower(t.email)")],
};

/// # Errors
/// `AlreadyExists` for a taken email, or what the database says.
pub async fn insert(conn: &mut PgConnection, values: &UserValues<'_>, password_hash: &str) -> Result<UserId> {
    let id = sqlx::query_scalar!(
        "
        INSERT INTO users (name, email, password_hash, address, billing_address)
        VALUES ($1, $2, $3, $4, $5)
        RETURNING id
        ",
        values.name,
        values.email,
        password_hash,
        values.address,
        values.billing_address,
    );
    Ok(id.fetch_one(conn).await?.into())
}

/// Writes every column of `values`. The row must be locked: see [`super::rows::lock`].
///
/// # Errors
/// `AlreadyExists` for a taken email, or what the database says.
pub async fn update(conn: &mut PgConnection, id: UserId, values: &UserValues<'_>) -> Result<()> {
    sqlx::query!(
        "UPDATE users SET name = $2, email = $3, address = $4, billing_address = $5, updated_at = now() WHERE id = $1",
        id.0,
        values.name,
        values.email,
        values.address,
        values.billing_address,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: UserId) -> Result<Option<User>> {
    let row = select!("WHERE t.id = $1", id.0).fetch_optional(conn).await?;
    Ok(row.map(User::from))
}

/// The user of that email in any case, deleted or not.
///
/// # Errors
/// What the database says.
pub async fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<User>> {
    let row = select!(
        "WHERE lower(t.email) = lower($1) ORDER BY t.deleted_at IS NOT NULL, t.email <> $1, t.id LIMIT 1",
        email
    );
    Ok(row.fetch_optional(conn).await?.map(User::from))
}

/// With `project`, its members only.
///
/// # Errors
/// What the database says; a sentence for an order that users do not have.
pub async fn list(
    conn: &mut PgConnection,
    project: Option<ProjectId>,
    name: Option<&str>,
    page: &Page,
) -> Result<Vec<User>> {
    let rows: Vec<UserRow> = LISTING
        .fetch(conn, page, |sql| {
            if let Some(project) = project {
                sql.push(" AND EXISTS (SELECT FROM project_members m WHERE m.user_id = t.id AND m.project_id = ");
                sql.push_bind(project.0).push(")");
            }
            if let Some(name) = name {
                sql.push(" AND strpos(lower(t.name), lower(").push_bind(name.to_owned()).push(")) > 0");
            }
        })
        .await?;
    Ok(rows.into_iter().map(User::from).collect())
}

#[derive(sqlx::FromRow)]
struct UserRow {
    id: Uuid,
    name: String,
    email: String,
    address: Option<String>,
    billing_address: Option<String>,
    created_at: NaiveDateTime,
    deleted_at: Option<NaiveDateTime>,
}

impl From<UserRow> for User {
    fn from(row: UserRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            email: row.email,
            address: row.address,
            billing_address: row.billing_address,
            created_at: row.created_at.and_utc(),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
        }
    }
}
