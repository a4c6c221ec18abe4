//! `packages`

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::listing::{Listing, SortKey};
use super::page::Page;
use crate::error::Result;
use crate::model::ids::{OperatorId, PackageId, ProjectId};
use crate::model::project::Package;

/// The columns that a person sets; whose package it is stays.
#[derive(Debug, Clone, Copy)]
pub struct PackageValues<'a> {
    pub name: &'a str,
    /// Minor units of the operator's currency.
    pub price: i32,
    pub photo_count: i32,
}

/// Which packages to list. All that is set must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct PackageFilter<'a> {
    pub operator: Option<OperatorId>,
    pub project: Option<ProjectId>,
    /// A part of the name, in any case.
    pub name: Option<&'a str>,
}

/// A checked query for whole rows of `t`, the packages, with `o`, their operator.
macro_rules! select {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            PackageRow,
            "SELECT t.id, t.name, t.operator_id, o.name AS operator, t.price, o.currency, t.photo_count, t.created_at,
                    t.deleted_at
               FROM packages t
               JOIN operators o ON o.id = t.operator_id " + $tail
            $(, $arg)*
        )
    };
}

/// How packages are listed.
pub const LISTING: Listing = Listing {
    columns: "t.id, t.name, t.operator_id, o.name AS operator, t.price, o.currency, t.photo_count, t.created_at, \
              t.deleted_at",
    from: "packages t JOIN operators o ON o.id = t.operator_id",
    sorts: &[(SortKey::Created, "t.created_at"), (SortKey::Name, "lower(t.name)"), (SortKey::Price, "t.price")],
};

/// # Errors
/// What the database says.
pub async fn insert(conn: &mut PgConnection, operator: OperatorId, values: &PackageValues<'_>) -> Result<PackageId> {
    let id = sqlx::query_scalar!(
        "INSERT INTO packages (operator_id, name, price, photo_count) VALUES ($1, $2, $3, $4) RETURNING id",
        operator.0,
        values.name,
        values.price,
        values.photo_count,
    );
    Ok(id.fetch_one(conn).await?.into())
}

/// The currency that a live operator counts in; it stays until the transaction ends. `None`: there is no such operator.
///
/// # Errors
/// What the database says.
pub async fn hold_currency(conn: &mut PgConnection, operator: OperatorId) -> Result<Option<String>> {
    let currency = sqlx::query_scalar!(
        "SELECT currency FROM operators WHERE id = $1 AND deleted_at IS NULL FOR SHARE",
        operator.0
    );
    Ok(currency.fetch_optional(conn).await?)
}

/// Writes every column of `values`. The row must be locked: see [`super::rows::lock`].
///
/// # Errors
/// What the database says.
pub async fn update(conn: &mut PgConnection, id: PackageId, values: &PackageValues<'_>) -> Result<()> {
    sqlx::query!(
        "UPDATE packages SET name = $2, price = $3, photo_count = $4, updated_at = now() WHERE id = $1",
        id.0,
        values.name,
        values.price,
        values.photo_count,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: PackageId) -> Result<Option<Package>> {
    let row = select!("WHERE t.id = $1", id.0).fetch_optional(conn).await?;
    Ok(row.map(Package::from))
}

/// Live packages of an operator with exactly that name, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn by_name(conn: &mut PgConnection, operator: OperatorId, name: &str) -> Result<Vec<Package>> {
    let rows = select!(
        "WHERE t.operator_id = $1 AND t.name = $2 AND t.deleted_at IS NULL ORDER BY t.created_at, t.id",
        operator.0,
        name,
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(Package::from).collect())
}

/// # Errors
/// What the database says; a sentence for an order that packages do not have.
pub async fn list(conn: &mut PgConnection, filter: PackageFilter<'_>, page: &Page) -> Result<Vec<Package>> {
    let rows: Vec<PackageRow> = LISTING
        .fetch(conn, page, |sql| {
            if let Some(operator) = filter.operator {
                sql.push(" AND t.operator_id = ").push_bind(operator.0);
            }
            if let Some(project) = filter.project {
                sql.push(" AND EXISTS (SELECT FROM project_packages a WHERE a.package_id = t.id AND a.project_id = ");
                sql.push_bind(project.0).push(")");
            }
            if let Some(name) = filter.name {
                sql.push(" AND strpos(lower(t.name), lower(").push_bind(name.to_owned()).push(")) > 0");
            }
        })
        .await?;
    Ok(rows.into_iter().map(Package::from).collect())
}

/// How often a package was bought, failed payments left out.
///
/// # Errors
/// What the database says.
pub async fn sold(conn: &mut PgConnection, id: PackageId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM purchases WHERE package_id = $1 AND status <> 'failed'"#,
        id.0
    );
    Ok(count.fetch_one(conn).await?)
}

#[derive(sqlx::FromRow)]
struct PackageRow {
    id: Uuid,
    name: String,
    operator_id: Uuid,
    operator: String,
    price: i32,
    currency: String,
    photo_count: i32,
    created_at: NaiveDateTime,
    deleted_at: Option<NaiveDateTime>,
}

impl From<PackageRow> for Package {
    fn from(row: PackageRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            operator_id: row.operator_id.into(),
            operator: row.operator,
            price: row.price,
            currency: row.currency,
            photo_count: row.photo_count,
            created_at: row.created_at.and_utc(),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
        }
    }
}
