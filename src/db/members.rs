//! Who takes part in a project, and what is sold there: `project_photographers`, `project_members`,
//! `project_packages`.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::page::Page;
use crate::error::Result;
use crate::model::ids::{PackageId, PhotographerId, ProjectId, UserId};
use crate::model::project::{Assigned, Member};

/// Whether a photographer is assigned to a project.
///
/// # Errors
/// What the database says.
pub async fn has_photographer(
    conn: &mut PgConnection,
    project: ProjectId,
    photographer: PhotographerId,
) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM project_photographers
                        WHERE project_id = $1 AND photographer_id = $2) AS "found!"
        "#,
        project.0,
        photographer.0,
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// Assigns a photographer. The table has no unique on the pair: ask [`has_photographer`] under a lock before.
///
/// # Errors
/// What the database says.
pub async fn add_photographer(
    conn: &mut PgConnection,
    project: ProjectId,
    photographer: PhotographerId,
) -> Result<Uuid> {
    let id = sqlx::query_scalar!(
        "INSERT INTO project_photographers (project_id, photographer_id) VALUES ($1, $2) RETURNING id",
        project.0,
        photographer.0,
    )
    .fetch_one(conn)
    .await?;
    Ok(id)
}

/// A project's photographers by name.
///
/// # Errors
/// What the database says.
pub async fn photographers(conn: &mut PgConnection, project: ProjectId, page: &Page) -> Result<Vec<Assigned>> {
    let rows = sqlx::query_as!(
        AssignedRow,
        r#"
        SELECT p.id, p.name, p.email, min(a.created_at) AS "assigned_at?", p.deleted_at
          FROM project_photographers a
          JOIN photographers p ON p.id = a.photographer_id
         WHERE a.project_id = $1
           AND ($2 OR p.deleted_at IS NULL)
           AND ($3::uuid IS NULL OR (p.name, p.id) > (SELECT b.name, b.id FROM photographers b WHERE b.id = $3))
         GROUP BY p.id, p.name, p.email, p.deleted_at
         ORDER BY p.name, p.id
         LIMIT $4
        "#,
        project.0,
        page.deleted,
        page.after,
        page.limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Assigned {
            id: row.id.into(),
            name: row.name,
            email: row.email,
            project_id: project,
            assigned_at: row.assigned_at.map(|time| time.and_utc()),
            deleted_at: row.deleted_at.map(|time| time.and_utc()),
        })
        .collect())
}

/// Takes a photographer off a project. Whether they were assigned.
///
/// # Errors
/// What the database says.
pub async fn remove_photographer(
    conn: &mut PgConnection,
    project: ProjectId,
    photographer: PhotographerId,
) -> Result<bool> {
    let done = sqlx::query!(
        "DELETE FROM project_photographers WHERE project_id = $1 AND photographer_id = $2",
        project.0,
        photographer.0,
    );
    Ok(done.execute(conn).await?.rows_affected() > 0)
}

/// How many photos of a photographer are in a project, deleted ones left out.
///
/// # Errors
/// What the database says.
pub async fn photos_of(conn: &mut PgConnection, project: ProjectId, photographer: PhotographerId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
          FROM photos
         WHERE project_id = $1 AND photographer_id = $2 AND deleted_at IS NULL
        "#,
        project.0,
        photographer.0,
    );
    Ok(count.fetch_one(conn).await?)
}

/// Whether a user has joined a project, and when they accepted its terms.
///
/// # Errors
/// What the database says.
pub async fn member(conn: &mut PgConnection, project: ProjectId, user: UserId) -> Result<Option<Member>> {
    let row = sqlx::query_as!(
        MemberRow,
        "
        SELECT u.id, u.name, u.email, m.joined_at, m.terms_accepted_at, u.deleted_at
          FROM project_members m
          JOIN users u ON u.id = m.user_id
         WHERE m.project_id = $1 AND m.user_id = $2
        ",
        project.0,
        user.0,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| row.into_member(project)))
}

/// Lets a user join a project now.
///
/// # Errors
/// `AlreadyExists` when they have joined, or what the database says.
pub async fn add_member(
    conn: &mut PgConnection,
    project: ProjectId,
    user: UserId,
    terms_accepted_at: Option<DateTime<Utc>>,
) -> Result<Uuid> {
    let id = sqlx::query_scalar!(
        "INSERT INTO project_members (project_id, user_id, terms_accepted_at) VALUES ($1, $2, $3) RETURNING id",
        project.0,
        user.0,
        terms_accepted_at.map(|time| time.naive_utc()),
    )
    .fetch_one(conn)
    .await?;
    Ok(id)
}

/// Takes a user out of a project. Whether they were a member.
///
/// # Errors
/// What the database says.
pub async fn remove_member(conn: &mut PgConnection, project: ProjectId, user: UserId) -> Result<bool> {
    let done = sqlx::query!("DELETE FROM project_members WHERE project_id = $1 AND user_id = $2", project.0, user.0);
    Ok(done.execute(conn).await?.rows_affected() > 0)
}

/// How many tags and sales a member has in a project.
///
/// # Errors
/// What the database says.
pub async fn tags_and_sales_of(conn: &mut PgConnection, project: ProjectId, user: UserId) -> Result<(i64, i64)> {
    let row = sqlx::query!(
        r#"
        SELECT (SELECT count(*) FROM photo_tags t JOIN photos f ON f.id = t.photo_id
                 WHERE f.project_id = $1 AND t.user_id = $2) AS "tags!",
               (SELECT count(*) FROM purchases WHERE project_id = $1 AND user_id = $2) AS "sales!"
        "#,
        project.0,
        user.0,
    );
    let row = row.fetch_one(conn).await?;
    Ok((row.tags, row.sales))
}

/// A project's members, who joined last first.
///
/// # Errors
/// What the database says.
pub async fn members(conn: &mut PgConnection, project: ProjectId, page: &Page) -> Result<Vec<Member>> {
    let rows = sqlx::query_as!(
        MemberRow,
        "
        SELECT u.id, u.name, u.email, m.joined_at, m.terms_accepted_at, u.deleted_at
          FROM project_members m
          JOIN users u ON u.id = m.user_id
         WHERE m.project_id = $1
           AND ($2 OR u.deleted_at IS NULL)
           AND ($3::uuid IS NULL
                OR (m.joined_at, m.user_id) < (SELECT a.joined_at, a.user_id
                                                 FROM project_members a
                                                WHERE a.project_id = $1 AND a.user_id = $3))
         ORDER BY m.joined_at DESC, m.user_id DESC
         LIMIT $4
        ",
        project.0,
        page.deleted,
        page.after,
        page.limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.into_member(project)).collect())
}

/// Whether a package is sold at a project.
///
/// # Errors
/// What the database says.
pub async fn has_package(conn: &mut PgConnection, project: ProjectId, package: PackageId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM project_packages WHERE project_id = $1 AND package_id = $2) AS "found!"
        "#,
        project.0,
        package.0,
    )
    .fetch_one(conn)
    .await?;
    Ok(found)
}

/// Sells a package at a project.
///
/// # Errors
/// `AlreadyExists` when it is sold there, or what the database says.
pub async fn add_package(conn: &mut PgConnection, project: ProjectId, package: PackageId) -> Result<()> {
    sqlx::query!("INSERT INTO project_packages (project_id, package_id) VALUES ($1, $2)", project.0, package.0,)
        .execute(conn)
        .await?;
    Ok(())
}

/// Sells a package at a project no more. Whether it was sold there.
///
/// # Errors
/// What the database says.
pub async fn remove_package(conn: &mut PgConnection, project: ProjectId, package: PackageId) -> Result<bool> {
    let done =
        sqlx::query!("DELETE FROM project_packages WHERE project_id = $1 AND package_id = $2", project.0, package.0,);
    Ok(done.execute(conn).await?.rows_affected() > 0)
}

/// How often a package was bought at a project, failed payments left out.
///
/// # Errors
/// What the database says.
pub async fn sales_of(conn: &mut PgConnection, project: ProjectId, package: PackageId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
          FROM purchases
         WHERE project_id = $1 AND package_id = $2 AND status <> 'failed'
        "#,
        project.0,
        package.0,
    );
    Ok(count.fetch_one(conn).await?)
}

struct AssignedRow {
    id: Uuid,
    name: String,
    email: String,
    assigned_at: Option<NaiveDateTime>,
    deleted_at: Option<NaiveDateTime>,
}

struct MemberRow {
    id: Uuid,
    name: String,
    email: String,
    joined_at: NaiveDateTime,
    terms_accepted_at: Option<NaiveDateTime>,
    deleted_at: Option<NaiveDateTime>,
}

impl MemberRow {
    fn into_member(self, project: ProjectId) -> Member {
        Member {
            id: self.id.into(),
            name: self.name,
            email: self.email,
            project_id: project,
            joined_at: self.joined_at.and_utc(),
            terms_accepted_at: self.terms_accepted_at.map(|time| time.and_utc()),
            deleted_at: self.deleted_at.map(|time| time.and_utc()),
        }
    }
}
