//! `operators`

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::Page;
use crate::error::Result;
use crate::model::ids::OperatorId;
use crate::model::people::Operator;

/// What a new row holds besides what the database fills in.
#[derive(Debug, Clone, Copy)]
pub struct NewOperatorRow<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub password_hash: &'a str,
    pub currency: &'a str,
    pub locale: &'a str,
    pub timezone: &'a str,
}

/// # Errors
/// `AlreadyExists` for a taken email, or what the database says.
pub async fn insert(conn: &mut PgConnection, new: &NewOperatorRow<'_>) -> Result<Operator> {
    let row = sqlx::query_as!(
        OperatorRow,
        "
        INSERT INTO operators (name, email, password_hash, currency, locale, timezone)
        VALUES ($1, $2, $3, $4, $5, $6)
        RETURNING id, name, email, currency, locale, timezone, created_at, deleted_at
        ",
        new.name,
        new.email,
        new.password_hash,
        new.currency,
        new.locale,
        new.timezone,
    )
    .fetch_one(conn)
    .await?;
    Ok(row.into())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: OperatorId) -> Result<Option<Operator>> {
    let row = sqlx::query_as!(
        OperatorRow,
        "SELECT id, name, email, currency, locale, timezone, created_at, deleted_at FROM operators WHERE id = $1",
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Operator::from))
}

/// The operator of that email in any case, deleted or not.
///
/// # Errors
/// What the database says.
pub async fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<Operator>> {
    let row = sqlx::query_as!(
        OperatorRow,
        "
        SELECT id, name, email, currency, locale, timezone, created_at, deleted_at
          FROM operators
         WHERE lower(email) = lower($1)
         ORDER BY deleted_at IS NOT NULL, email <> $1, id
         LIMIT 1
        ",
        email,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Operator::from))
}

/// The stored hash of the password, to be compared, never shown.
///
/// # Errors
/// What the database says.
pub async fn password_hash(conn: &mut PgConnection, id: OperatorId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar!("SELECT password_hash FROM operators WHERE id = $1", id.0).fetch_optional(conn).await?)
}

/// The newest first.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, name: Option<&str>, page: Page) -> Result<Vec<Operator>> {
    let rows = sqlx::query_as!(
        OperatorRow,
        "
        SELECT id, name, email, currency, locale, timezone, created_at, deleted_at
          FROM operators
         WHERE ($1 OR deleted_at IS NULL)
           AND ($2::text IS NULL OR strpos(lower(name), lower($2)) > 0)
           AND ($3::uuid IS NULL OR (created_at, id) < (SELECT a.created_at, a.id FROM operators a WHERE a.id = $3))
         ORDER BY created_at DESC, id DESC
         LIMIT $4
        ",
        page.deleted,
        name,
        page.after,
        page.limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Operator::from).collect())
}

struct OperatorRow {
    id: Uuid,
    name: String,
    email: String,
    currency: String,
    locale: String,
    timezone: String,
    created_at: NaiveDateTime,
    deleted_at: Option<NaiveDateTime>,
}

impl From<OperatorRow> for Operator {
    fn from(row: OperatorRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            email: row.email,
            currency: row.currency,
            locale: row.locale,
            timezone: row.timezone,
            created_at: row.created_at.and_utc(),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
        }
    }
}
