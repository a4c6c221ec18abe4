//! `projects`

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::listing::{Listing, SortKey};
use super::page::Page;
use crate::error::Result;
use crate::model::ids::{OperatorId, PhotographerId, ProjectId};
use crate::model::project::{Project, ProjectCounts};

/// The columns that a person sets; whose project it is stays.
#[derive(Debug, Clone, Copy)]
pub struct ProjectValues<'a> {
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
    /// Not over before this; those without dates are left out.
    pub since: Option<DateTime<Utc>>,
    /// Begun before this; those without dates are left out.
    pub until: Option<DateTime<Utc>>,
}

/// A checked query for whole rows of `t`, the projects, with `o`, their operator.
macro_rules! select {
    ($tail:tt $(, $arg:expr)* $(,)?) => {
        sqlx::query_as!(
            ProjectRow,
            "SELECT t.id, t.name, t.operator_id, o.name AS operator, o.timezone AS operator_timezone, t.location_name,
                    t.start_at, t.end_at, t.project_link, t.terms_and_conditions, t.timezone, t.created_at, t.deleted_at
               FROM projects t
               JOIN operators o ON o.id = t.operator_id " + $tail
            $(, $arg)*
        )
    };
}

/// How projects are listed.
pub const LISTING: Listing = Listing {
    columns: "t.id, t.name, t.operator_id, o.name AS operator, o.timezone AS operator_timezone, t.location_name, \
              t.start_at, t.end_at, t.project_link, t.terms_and_conditions, t.timezone, t.created_at, t.deleted_at",
    from: "projects t JOIN operators o ON o.id = t.operator_id",
    sorts: &[
        (SortKey::Created, "t.created_at"),
        (SortKey::Name, "lower(t.name)"),
        // Those without a date stand before all others.
        (SortKey::Start, "coalesce(t.start_at, timestamp '-infinity')"),
    ],
};

/// # Errors
/// What the database says.
pub async fn insert(conn: &mut PgConnection, operator: OperatorId, values: &ProjectValues<'_>) -> Result<ProjectId> {
    let id = sqlx::query_scalar!(
        "
        INSERT INTO projects
               (operator_id, name, location_name, start_at, end_at, project_link, terms_and_conditions, timezone)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        RETURNING id
        ",
        operator.0,
        values.name,
        values.location,
        values.start_at.map(|time| time.naive_utc()),
        values.end_at.map(|time| time.naive_utc()),
        values.link,
        values.terms,
        values.timezone,
    );
    Ok(id.fetch_one(conn).await?.into())
}

/// Writes every column of `values`. The row must be locked: see [`super::rows::lock`].
///
/// # Errors
/// What the database says.
pub async fn update(conn: &mut PgConnection, id: ProjectId, values: &ProjectValues<'_>) -> Result<()> {
    sqlx::query!(
        "
        UPDATE projects
           SET name = $2, location_name = $3, start_at = $4, end_at = $5, project_link = $6,
               terms_and_conditions = $7, timezone = $8, updated_at = now()
         WHERE id = $1
        ",
        id.0,
        values.name,
        values.location,
        values.start_at.map(|time| time.naive_utc()),
        values.end_at.map(|time| time.naive_utc()),
        values.link,
        values.terms,
        values.timezone,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// # Errors
/// What the database says.
pub async fn get(conn: &mut PgConnection, id: ProjectId) -> Result<Option<Project>> {
    let row = select!("WHERE t.id = $1", id.0).fetch_optional(conn).await?;
    Ok(row.map(Project::from))
}

/// Live projects of an operator with exactly that name, the oldest first.
///
/// # Errors
/// What the database says.
pub async fn by_name(conn: &mut PgConnection, operator: OperatorId, name: &str) -> Result<Vec<Project>> {
    let rows = select!(
        "WHERE t.operator_id = $1 AND t.name = $2 AND t.deleted_at IS NULL ORDER BY t.created_at, t.id",
        operator.0,
        name,
    );
    Ok(rows.fetch_all(conn).await?.into_iter().map(Project::from).collect())
}

/// # Errors
/// What the database says; a sentence for an order that projects do not have.
pub async fn list(conn: &mut PgConnection, filter: ProjectFilter<'_>, page: &Page) -> Result<Vec<Project>> {
    let rows: Vec<ProjectRow> = LISTING
        .fetch(conn, page, |sql| {
            if let Some(operator) = filter.operator {
                sql.push(" AND t.operator_id = ").push_bind(operator.0);
            }
            if let Some(photographer) = filter.photographer {
                sql.push(
                    " AND EXISTS (SELECT FROM project_photographers a WHERE a.project_id = t.id \
                      AND a.photographer_id = ",
                );
                sql.push_bind(photographer.0).push(")");
            }
            if let Some(name) = filter.name {
                sql.push(" AND strpos(lower(t.name), lower(").push_bind(name.to_owned()).push(")) > 0");
            }
            if let Some(since) = filter.since {
                sql.push(" AND coalesce(t.end_at, t.start_at) >= ").push_bind(since.naive_utc());
            }
            if let Some(until) = filter.until {
                sql.push(" AND coalesce(t.start_at, t.end_at) < ").push_bind(until.naive_utc());
            }
        })
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
                  FROM project_members m
                  JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
                 WHERE m.project_id = $1 AND m.terms_accepted_at IS NOT NULL) AS "members_with_terms!",
               (SELECT count(*)
                  FROM project_packages a
                  JOIN packages p ON p.id = a.package_id AND p.deleted_at IS NULL
                 WHERE a.project_id = $1) AS "packages!",
               (SELECT count(*) FROM project_coaches c WHERE c.project_id = $1) AS "coaches!",
               f.photos AS "photos!", f.ready AS "photos_ready!", f.processing AS "photos_processing!",
               f.failed AS "photos_failed!",
               t.confirmed AS "tags_confirmed!", t.pending AS "tags_pending!", t.rejected AS "tags_rejected!",
               s.paid AS "sales_paid!", s.pending AS "sales_pending!", s.failed AS "sales_failed!",
               (SELECT count(*)
                  FROM qr_tokens q
                  JOIN projects e ON e.id = q.project_id AND e.deleted_at IS NULL
                  LEFT JOIN photoctl.qr_tokens l ON l.token_id = q.id
                  LEFT JOIN users u ON u.id = l.user_id
                 WHERE q.project_id = $1 AND q.used_at IS NULL AND q.expires_at > now()
                   AND u.deleted_at IS NULL AND (e.end_at IS NULL OR e.end_at > now())) AS "open_tokens!"
          FROM (SELECT count(*) AS photos,
                       count(*) FILTER (WHERE status = 'ready') AS ready,
                       count(*) FILTER (WHERE status = 'processing') AS processing,
                       count(*) FILTER (WHERE status = 'failed') AS failed
                  FROM photos
                 WHERE project_id = $1 AND deleted_at IS NULL) f,
               (SELECT count(*) FILTER (WHERE a.review_status = 'confirmed') AS confirmed,
                       count(*) FILTER (WHERE a.review_status = 'pending') AS pending,
                       count(*) FILTER (WHERE a.review_status = 'rejected') AS rejected
                  FROM photo_tags a
                  JOIN photos p ON p.id = a.photo_id
                 WHERE p.project_id = $1 AND p.deleted_at IS NULL) t,
               (SELECT count(*) FILTER (WHERE status = 'paid') AS paid,
                       count(*) FILTER (WHERE status = 'pending') AS pending,
                       count(*) FILTER (WHERE status = 'failed') AS failed
                  FROM purchases
                 WHERE project_id = $1) s
        "#,
        id.0,
    )
    .fetch_one(conn)
    .await?;
    Ok(row)
}

#[derive(sqlx::FromRow)]
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
