//! `operators`

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::listing::{Listing, SortKey};
use super::page::Page;
use crate::error::Result;
use crate::model::ids::OperatorId;
use crate::model::people::Operator;

/// The columns that a person sets.
#[derive(Debug, Clone, Copy)]
pub struct OperatorValues<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub currency: &'a str,
    pub locale: &'a str,
    pub timezone: &'a str,
    pub profile_picture_url: Option<&'a str>,
}

/// A checked query for whole rows of `t`, the operators.
macro_rules! select {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            OperatorRow,
            "SELECT t.id, t.name, t.email, t.currency, t.locale, t.timezone, t.profile_picture_url, t.created_at,
                    t.deleted_at
               FROM operators t " + $tail
            $(, $arg)*
        )
    };
}

/// How operators are listed.
pub const LISTING: Listing = Listing {
    columns: "t.id, t.name, t.email, t.currency, t.locale, t.timezone, t.profile_picture_url, t.created_at, \
              t.deleted_at",
    from: "operators t",
    sorts: &[(SortKey::Created, "t.created_at"), (SortKey::Name, "lower(t.name)"), (SortKey::Email, "lower(t.email)")],
};

/// # Errors
/// `AlreadyExists` for a taken email, or what the database says.
pub async fn insert(conn: &mut PgConnection, values: &OperatorValues<'_>, password_hash: &str) -> Result<OperatorId> {
    let id = sqlx::query_scalar!(
        "
        INSERT INTO operators (name, email, password_hash, currency, locale, timezone, profile_picture_url)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        RETURNING id
        ",
        values.name,
        values.email,
        password_hash,
        values.currency,
        values.locale,
        values.timezone,
        values.profile_picture_url,
    );
    Ok(id.fetch_one(conn).await?.into())
}

/// Writes every column of `values`. The row must be locked: see [`super::rows::lock`].
///
/// # Errors
/// `AlreadyExists` for a taken email, or what the database says.
pub async fn update(conn: &mut PgConnection, id: OperatorId, values: &OperatorValues<'_>) -> Result<()> {
    sqlx::query!(
        "
        UPDATE operators
           SET name = $2, email = $3, currency = $4, locale = $5, timezone = $6, profile_picture_url = $7,
               updated_at = now()
         WHERE id = $1
        ",
        id.0,
        values.name,
        values.email,
        values.currency,
        values.locale,
        values.timezone,
        values.profile_picture_url,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: OperatorId) -> Result<Option<Operator>> {
    let row = select!("WHERE t.id = $1", id.0).fetch_optional(conn).await?;
    Ok(row.map(Operator::from))
}

/// The operator of that email in any case, deleted or not.
///
/// # Errors
/// What the database says.
pub async fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<Operator>> {
    let row = select!(
        "WHERE lower(t.email) = lower($1) ORDER BY t.deleted_at IS NOT NULL, t.email <> $1, t.id LIMIT 1",
        email
    );
    Ok(row.fetch_optional(conn).await?.map(Operator::from))
}

/// # Errors
/// What the database says; a sentence for an order that operators do not have.
pub async fn list(conn: &mut PgConnection, name: Option<&str>, page: &Page) -> Result<Vec<Operator>> {
    let rows: Vec<OperatorRow> = LISTING
        .fetch(conn, page, |sql| {
            if let Some(name) = name {
                sql.push(" AND strpos(lower(t.name), lower(").push_bind(name.to_owned()).push(")) > 0");
            }
        })
        .await?;
    Ok(rows.into_iter().map(Operator::from).collect())
}

/// What counts prices in an operator's currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Priced {
    pub packages: i64,
    pub purchases: i64,
}

/// Packages and sales of an operator, deleted ones too: their amounts have no currency of their own.
///
/// # Errors
/// What the database says.
pub async fn priced(conn: &mut PgConnection, id: OperatorId) -> Result<Priced> {
    let row = sqlx::query_as!(
        Priced,
        r#"
        SELECT (SELECT count(*) FROM packages WHERE operator_id = $1) AS "packages!",
               (SELECT count(*)
                  FROM purchases s
                  JOIN packages p ON p.id = s.package_id
                 WHERE p.operator_id = $1) AS "purchases!"
        "#,
        id.0,
    );
    Ok(row.fetch_one(conn).await?)
}

#[derive(sqlx::FromRow)]
struct OperatorRow {
    id: Uuid,
    name: String,
    email: String,
    currency: String,
    locale: String,
    timezone: String,
    profile_picture_url: Option<String>,
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
            profile_picture_url: row.profile_picture_url,
            created_at: row.created_at.and_utc(),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
        }
    }
}
