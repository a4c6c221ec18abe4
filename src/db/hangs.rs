//! What hangs on a thing: what a person wants to know before deleting it.

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::projects;
use super::refs::Noun;
use crate::error::Result;
use crate::model::ids::ProjectId;
use crate::model::text::count;

/// So many of a kind. Deleted ones are not counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Hanging {
    /// `photo`
    pub what: &'static str,
    pub count: i64,
}

impl Hanging {
    /// `3 projects, 2,114 photos`, or `nothing`.
    #[must_use]
    pub fn sentence(all: &[Self]) -> String {
        let parts: Vec<String> =
            all.iter().filter(|one| one.count > 0).map(|one| count(one.count.unsigned_abs(), one.what)).collect();
        if parts.is_empty() { "nothing".to_owned() } else { parts.join(", ") }
    }
}

/// What hangs on a thing, kinds of which there is nothing too.
///
/// # Errors
/// What the database says.
pub async fn of(conn: &mut PgConnection, noun: Noun, id: Uuid) -> Result<Vec<Hanging>> {
    let counts: Vec<(&'static str, i64)> = match noun {
        Noun::Operator => operator(conn, id).await?,
        Noun::Photographer => photographer(conn, id).await?,
        Noun::User => user(conn, id).await?,
        Noun::Package => package(conn, id).await?,
        Noun::Project => project(conn, id).await?,
    };
    Ok(counts.into_iter().map(|(what, count)| Hanging { what, count }).collect())
}

async fn operator(conn: &mut PgConnection, id: Uuid) -> Result<Vec<(&'static str, i64)>> {
    let row = sqlx::query!(
        r#"
        SELECT (SELECT count(*) FROM projects WHERE operator_id = $1 AND deleted_at IS NULL) AS "projects!",
               (SELECT count(*) FROM photographers WHERE operator_id = $1 AND deleted_at IS NULL) AS "photographers!",
               (SELECT count(*) FROM packages WHERE operator_id = $1 AND deleted_at IS NULL) AS "packages!",
               (SELECT count(*) FROM photos f JOIN projects p ON p.id = f.project_id
                 WHERE p.operator_id = $1 AND f.deleted_at IS NULL) AS "photos!",
               (SELECT count(*) FROM purchases s JOIN projects p ON p.id = s.project_id
                 WHERE p.operator_id = $1) AS "sales!"
        "#,
        id,
    )
    .fetch_one(conn)
    .await?;
    Ok(vec![
        ("project", row.projects),
        ("photographer", row.photographers),
        ("package", row.packages),
        ("photo", row.photos),
        ("sale", row.sales),
    ])
}

async fn photographer(conn: &mut PgConnection, id: Uuid) -> Result<Vec<(&'static str, i64)>> {
    let row = sqlx::query!(
        r#"
        SELECT (SELECT count(DISTINCT a.project_id) FROM project_photographers a JOIN projects p ON p.id = a.project_id
                 WHERE a.photographer_id = $1 AND p.deleted_at IS NULL) AS "projects!",
               (SELECT count(*) FROM photos WHERE photographer_id = $1 AND deleted_at IS NULL) AS "photos!"
        "#,
        id,
    )
    .fetch_one(conn)
    .await?;
    Ok(vec![("project", row.projects), ("photo", row.photos)])
}

async fn user(conn: &mut PgConnection, id: Uuid) -> Result<Vec<(&'static str, i64)>> {
    let row = sqlx::query!(
        r#"
        SELECT (SELECT count(*) FROM project_members m JOIN projects p ON p.id = m.project_id
                 WHERE m.user_id = $1 AND p.deleted_at IS NULL) AS "projects!",
               (SELECT count(*) FROM selfies WHERE user_id = $1 AND deleted_at IS NULL) AS "selfies!",
               (SELECT count(*) FROM photo_tags t JOIN photos f ON f.id = t.photo_id
                 WHERE t.user_id = $1 AND f.deleted_at IS NULL) AS "tags!",
               (SELECT count(*) FROM purchases WHERE user_id = $1) AS "sales!",
               (SELECT count(*) FROM user_consents WHERE user_id = $1 AND revoked_at IS NULL) AS "consents!"
        "#,
        id,
    )
    .fetch_one(conn)
    .await?;
    Ok(vec![
        ("project", row.projects),
        ("selfie", row.selfies),
        ("tag", row.tags),
        ("sale", row.sales),
        ("active consent", row.consents),
    ])
}

async fn package(conn: &mut PgConnection, id: Uuid) -> Result<Vec<(&'static str, i64)>> {
    let row = sqlx::query!(
        r#"
        SELECT (SELECT count(*) FROM project_packages a JOIN projects p ON p.id = a.project_id
                 WHERE a.package_id = $1 AND p.deleted_at IS NULL) AS "projects!",
               (SELECT count(*) FROM purchases WHERE package_id = $1) AS "sales!"
        "#,
        id,
    )
    .fetch_one(conn)
    .await?;
    Ok(vec![("project", row.projects), ("sale", row.sales)])
}

async fn project(conn: &mut PgConnection, id: Uuid) -> Result<Vec<(&'static str, i64)>> {
    // What its page shows too; sales whatever has become of them.
    let counts = projects::counts(&mut *conn, ProjectId(id)).await?;
    let sales =
        sqlx::query_scalar!(r#"SELECT count(*) AS "count!" FROM purchases WHERE project_id = $1"#, id).fetch_one(conn);
    Ok(vec![
        ("member", counts.members),
        ("photo", counts.photos),
        ("tag", counts.tags_confirmed + counts.tags_pending + counts.tags_rejected),
        ("sale", sales.await?),
        ("open QR token", counts.open_tokens),
    ])
}
