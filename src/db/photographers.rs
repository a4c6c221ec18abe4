//! `photographers`

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::listing::{Listing, SortKey};
use super::page::Page;
use crate::error::Result;
use crate::model::ids::{OperatorId, PhotographerId, ProjectId};
use crate::model::people::Photographer;

/// The columns that a person sets; whose photographer it is stays.
#[derive(Debug, Clone, Copy)]
pub struct PhotographerValues<'a> {
    pub name: &'a str,
    pub email: &'a str,
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

/// A checked query for whole rows of `t`, the photographers, with `o`, their operator.
macro_rules! select {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            PhotographerRow,
            "SELECT t.id, t.name, t.email, t.address, t.operator_id, o.name AS operator, t.created_at, t.deleted_at
               FROM photographers t
               JOIN operators o ON o.id = t.operator_id " + $tail
            $(, $arg)*
        )
    };
}

/// How photographers are listed.
pub const LISTING: Listing = Listing {
    columns: "t.id, t.name, t.email, t.address, t.operator_id, o.name AS operator, t.created_at, t.deleted_at",
    from: "photographers t JOIN operators o ON o.id = t.operator_id",
    sorts: &[(SortKey::Created, "t.created_at"), (SortKey::Name, "lower(t.name)"), (SortKey::Email, "lower(t.email)")],
};

/// # Errors
/// `AlreadyExists` for a taken email, or what the database says.
pub async fn insert(
    conn: &mut PgConnection,
    operator: OperatorId,
    values: &PhotographerValues<'_>,
    password_hash: &str,
) -> Result<PhotographerId> {
    let id = sqlx::query_scalar!(
        "
        INSERT INTO photographers (operator_id, name, email, password_hash, address)
        VALUES ($1, $2, $3, $4, $5)
        RETURNING id
        ",
        operator.0,
        values.name,
        values.email,
        password_hash,
        values.address,
    );
    Ok(id.fetch_one(conn).await?.into())
}

/// Writes every column of `values`. The row must be locked: see [`super::rows::lock`].
///
/// # Errors
/// `AlreadyExists` for a taken email, or what the database says.
pub async fn update(conn: &mut PgConnection, id: PhotographerId, values: &PhotographerValues<'_>) -> Result<()> {
    sqlx::query!(
        "UPDATE photographers SET name = $2, email = $3, address = $4, updated_at = now() WHERE id = $1",
        id.0,
        values.name,
        values.email,
        values.address,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: PhotographerId) -> Result<Option<Photographer>> {
    let row = select!("WHERE t.id = $1", id.0).fetch_optional(conn).await?;
    Ok(row.map(Photographer::from))
}

/// The photographer of that email in any case, deleted or not.
///
/// # Errors
/// What the database says.
pub async fn by_email(conn: &mut PgConnection, email: &str) -> Result<Option<Photographer>> {
    let row = select!(
        "WHERE lower(t.email) = lower($1) ORDER BY t.deleted_at IS NOT NULL, t.email <> $1, t.id LIMIT 1",
        email
    );
    Ok(row.fetch_optional(conn).await?.map(Photographer::from))
}

/// Live photographers of an operator with exactly that name, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn by_name(conn: &mut PgConnection, operator: OperatorId, name: &str) -> Result<Vec<Photographer>> {
    let rows = select!(
        "WHERE t.operator_id = $1 AND t.name = $2 AND t.deleted_at IS NULL ORDER BY t.created_at, t.id",
        operator.0,
        name,
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(Photographer::from).collect())
}

/// # Errors
/// What the database says; a sentence for an order that photographers do not have.
pub async fn list(conn: &mut PgConnection, filter: PhotographerFilter<'_>, page: &Page) -> Result<Vec<Photographer>> {
    let rows: Vec<PhotographerRow> = LISTING
        .fetch(conn, page, |sql| {
            if let Some(operator) = filter.operator {
                sql.push(" AND t.operator_id = ").push_bind(operator.0);
            }
            if let Some(project) = filter.project {
                sql.push(
                    " AND EXISTS (SELECT FROM project_photographers a WHERE a.photographer_id = t.id \
                      AND a.project_id = ",
                );
                sql.push_bind(project.0).push(")");
            }
            if let Some(name) = filter.name {
                sql.push(" AND strpos(lower(t.name), lower(").push_bind(name.to_owned()).push(")) > 0");
            }
        })
        .await?;
    Ok(rows.into_iter().map(Photographer::from).collect())
}

#[derive(sqlx::FromRow)]
struct PhotographerRow {
    id: Uuid,
    name: String,
    email: String,
    address: Option<String>,
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
            address: row.address,
            operator_id: row.operator_id.into(),
            operator: row.operator,
            created_at: row.created_at.and_utc(),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
        }
    }
}
