//! `packages`

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::Page;
use crate::error::Result;
use crate::model::ids::{OperatorId, PackageId, ProjectId};
use crate::model::project::Package;

/// What a new row holds besides what the database fills in.
#[derive(Debug, Clone, Copy)]
pub struct NewPackageRow<'a> {
    pub operator: OperatorId,
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

/// # Errors
/// What the database says.
pub async fn insert(conn: &mut PgConnection, new: &NewPackageRow<'_>) -> Result<Package> {
    let row = sqlx::query_as!(
        PackageRow,
        r#"
        INSERT INTO packages (operator_id, name, price, photo_count)
        VALUES ($1, $2, $3, $4)
        RETURNING id, name, operator_id, price, photo_count, created_at, deleted_at,
                  (SELECT o.name FROM operators o WHERE o.id = operator_id) AS "operator!",
                  (SELECT o.currency FROM operators o WHERE o.id = operator_id) AS "currency!"
        "#,
        new.operator.0,
        new.name,
        new.price,
        new.photo_count,
    )
    .fetch_one(conn)
    .await?;
    Ok(row.into())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: PackageId) -> Result<Option<Package>> {
    let row = sqlx::query_as!(
        PackageRow,
        "
        SELECT p.id, p.name, p.operator_id, o.name AS operator, p.price, o.currency, p.photo_count,
               p.created_at, p.deleted_at
          FROM packages p
          JOIN operators o ON o.id = p.operator_id
         WHERE p.id = $1
        ",
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Package::from))
}

/// Live packages of an operator with exactly that name, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn by_name(conn: &mut PgConnection, operator: OperatorId, name: &str) -> Result<Vec<Package>> {
    let rows = sqlx::query_as!(
        PackageRow,
        "
        SELECT p.id, p.name, p.operator_id, o.name AS operator, p.price, o.currency, p.photo_count,
               p.created_at, p.deleted_at
          FROM packages p
          JOIN operators o ON o.id = p.operator_id
         WHERE p.operator_id = $1 AND p.name = $2 AND p.deleted_at IS NULL
         ORDER BY p.created_at, p.id
        ",
        operator.0,
        name,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Package::from).collect())
}

/// The newest first.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, filter: PackageFilter<'_>, page: Page) -> Result<Vec<Package>> {
    let rows = sqlx::query_as!(
        PackageRow,
        "
        SELECT p.id, p.name, p.operator_id, o.name AS operator, p.price, o.currency, p.photo_count,
               p.created_at, p.deleted_at
          FROM packages p
          JOIN operators o ON o.id = p.operator_id
         WHERE ($1 OR p.deleted_at IS NULL)
           AND ($2::uuid IS NULL OR p.operator_id = $2)
           AND ($3::uuid IS NULL
                OR EXISTS (SELECT FROM project_packages a WHERE a.package_id = p.id AND a.project_id = $3))
           AND ($4::text IS NULL OR strpos(lower(p.name), lower($4)) > 0)
           AND ($5::uuid IS NULL
                OR (p.created_at, p.id) < (SELECT a.created_at, a.id FROM packages a WHERE a.id = $5))
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
    Ok(rows.into_iter().map(Package::from).collect())
}

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
