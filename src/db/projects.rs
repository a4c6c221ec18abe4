//! `projects`

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::Page;
use crate::error::Result;
use crate::model::ids::{OperatorId, PhotographerId, ProjectId};
use crate::model::project::{Project, ProjectCounts};

/// What a new row holds besides what the database fills in.
#[derive(Debug, Clone, Copy)]
pub struct NewProjectRow<'a> {
    pub operator: OperatorId,
    pub name: &'a str,
    pub location: Option<&'a str>,
    pub start_at: Option<DateTime<Utc>>,
    pub end_at: Option<DateTime<Utc>>,
    pub link: Option<&'a str>,
    pub terms: Option<&'a str>,
    pub timezone: Option<&'a str>,
}

/// Which projects to list. All that is set must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct ProjectFilter<'a> {
    pub operator: Option<OperatorId>,
    /// This photographer is assigned.
    pub photographer: Option<PhotographerId>,
    /// A part of the name, in any case.
    pub name: Option<&'a str>,
}

/// # Errors
/// What the database says.
pub async fn insert(conn: &mut PgConnection, new: &NewProjectRow<'_>) -> Result<Project> {
    let row = sqlx::query_as!(
        ProjectRow,
        r#"
        INSERT INTO projects
               (operator_id, name, location_name, start_at, end_at, project_link, terms_and_conditions, timezone)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        RETURNING id, name, operator_id, location_name, start_at, end_at, project_link, terms_and_conditions,
                  timezone, created_at, deleted_at,
                  (SELECT o.name FROM operators o WHERE o.id = operator_id) AS "operator!",
                  (SELECT o.timezone FROM operators o WHERE o.id = operator_id) AS "operator_timezone!"
        "#,
        new.operator.0,
        new.name,
        new.location,
        new.start_at.map(|time| time.naive_utc()),
        new.end_at.map(|time| time.naive_utc()),
        new.link,
        new.terms,
        new.timezone,
    )
    .fetch_one(conn)
    .await?;
    Ok(row.into())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: ProjectId) -> Result<Option<Project>> {
    let row = sqlx::query_as!(
        ProjectRow,
        "
        SELECT p.id, p.name, p.operator_id, o.name AS operator, o.timezone AS operator_timezone, p.location_name,
               p.start_at, p.end_at, p.project_link, p.terms_and_conditions, p.timezone, p.created_at, p.deleted_at
          FROM projects p
          JOIN operators o ON o.id = p.operator_id
         WHERE p.id = $1
        ",
        id.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Project::from))
}

/// Live projects of an operator with exactly that name, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn by_name(conn: &mut PgConnection, operator: OperatorId, name: &str) -> Result<Vec<Project>> {
    let rows = sqlx::query_as!(
        ProjectRow,
        "
        SELECT p.id, p.name, p.operator_id, o.name AS operator, o.timezone AS operator_timezone, p.location_name,
               p.start_at, p.end_at, p.project_link, p.terms_and_conditions, p.timezone, p.created_at, p.deleted_at
          FROM projects p
          JOIN operators o ON o.id = p.operator_id
         WHERE p.operator_id = $1 AND p.name = $2 AND p.deleted_at IS NULL
         ORDER BY p.created_at, p.id
        ",
        operator.0,
        name,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Project::from).collect())
}

/// The newest first.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, filter: ProjectFilter<'_>, page: Page) -> Result<Vec<Project>> {
    let rows = sqlx::query_as!(
        ProjectRow,
        "
        SELECT p.id, p.name, p.operator_id, o.name AS operator, o.timezone AS operator_timezone, p.location_name,
               p.start_at, p.end_at, p.project_link, p.terms_and_conditions, p.timezone, p.created_at, p.deleted_at
          FROM projects p
          JOIN operators o ON o.id = p.operator_id
         WHERE ($1 OR p.deleted_at IS NULL)
           AND ($2::uuid IS NULL OR p.operator_id = $2)
           AND ($3::uuid IS NULL
                OR EXISTS (SELECT FROM project_photographers a WHERE a.project_id = p.id AND a.photographer_id = $3))
           AND ($4::text IS NULL OR strpos(lower(p.name), lower($4)) > 0)
           AND ($5::uuid IS NULL
                OR (p.created_at, p.id) < (SELECT a.created_at, a.id FROM projects a WHERE a.id = $5))
         ORDER BY p.created_at DESC, p.id DESC
         LIMIT $6
        ",
        page.deleted,
        filter.operator.map(|id| id.0),
        filter.photographer.map(|id| id.0),
        filter.name,
        page.after,
        page.limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(Project::from).collect())
}

/// How much there is in a project, deleted things left out.
///
/// # Errors
/// What the database says.
pub async fn counts(conn: &mut PgConnection, id: ProjectId) -> Result<ProjectCounts> {
    let row = sqlx::query_as!(
        ProjectCounts,
        r#"
        SELECT (SELECT count(DISTINCT a.photographer_id)
                  FROM project_photographers a
                  JOIN photographers p ON p.id = a.photographer_id AND p.deleted_at IS NULL
                 WHERE a.project_id = $1) AS "photographers!",
               (SELECT count(*)
                  FROM project_members m
                  JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
                 WHERE m.project_id = $1) AS "members!",
               (SELECT count(*)
                  FROM project_packages a
                  JOIN packages p ON p.id = a.package_id AND p.deleted_at IS NULL
                 WHERE a.project_id = $1) AS "packages!",
               count(f.id) AS "photos!",
               count(f.id) FILTER (WHERE f.status = 'ready') AS "photos_ready!",
               count(f.id) FILTER (WHERE f.status = 'processing') AS "photos_processing!",
               count(f.id) FILTER (WHERE f.status = 'failed') AS "photos_failed!"
          FROM photos f
         WHERE f.project_id = $1 AND f.deleted_at IS NULL
        "#,
        id.0,
    )
    .fetch_one(conn)
    .await?;
    Ok(row)
}

struct ProjectRow {
    id: Uuid,
    name: String,
    operator_id: Uuid,
    operator: String,
    operator_timezone: String,
    location_name: Option<String>,
    start_at: Option<NaiveDateTime>,
    end_at: Option<NaiveDateTime>,
    project_link: Option<String>,
    terms_and_conditions: Option<String>,
    timezone: Option<String>,
    created_at: NaiveDateTime,
    deleted_at: Option<NaiveDateTime>,
}

impl From<ProjectRow> for Project {
    fn from(row: ProjectRow) -> Self {
        Self {
            id: row.id.into(),
            name: row.name,
            operator_id: row.operator_id.into(),
            operator: row.operator,
            location: row.location_name,
            start_at: row.start_at.map(|time| time.and_utc()),
            end_at: row.end_at.map(|time| time.and_utc()),
            link: row.project_link,
            terms: row.terms_and_conditions,
            timezone: row.timezone,
            operator_timezone: row.operator_timezone,
            created_at: row.created_at.and_utc(),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
        }
    }
}
