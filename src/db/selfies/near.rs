//! Whom a face resembles: the user's own selfies, and those of the members of their projects. Only under their consent.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::consented::Consented;
use crate::db::faces::to_column;
use crate::error::Result;
use crate::model::face::Embedding;
use crate::model::ids::{ProjectId, SelfieId, UserId};

/// Others that are told of at most.
const MOST: i64 = 5;

/// Somebody whose approved selfies a face resembles.
#[derive(Debug, Clone, Copy, PartialEq, serde::Serialize)]
pub struct Resemblance {
    pub user_id: UserId,
    /// Cosine with the nearest of their selfies, 0 to 1.
    pub similarity: f32,
}

/// The live projects that a user is a member of, by id.
///
/// # Errors
/// What the database says.
pub async fn projects_of(conn: &mut PgConnection, user: UserId) -> Result<Vec<ProjectId>> {
    let ids = sqlx::query_scalar!(
        "
        SELECT p.id FROM project_members m JOIN projects p ON p.id = m.project_id AND p.deleted_at IS NULL
         WHERE m.user_id = $1
         ORDER BY p.id
        ",
        user.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ProjectId).collect())
}

/// The other live members of these projects, by id: also those whose selfie is not there yet.
///
/// # Errors
/// What the database says.
pub async fn fellows(conn: &mut PgConnection, user: UserId, projects: &[ProjectId]) -> Result<Vec<UserId>> {
    let projects: Vec<Uuid> = projects.iter().map(|project| project.0).collect();
    let ids = sqlx::query_scalar!(
        r#"
        SELECT DISTINCT o.user_id
          FROM project_members o
          JOIN users u ON u.id = o.user_id AND u.deleted_at IS NULL
         WHERE o.project_id = ANY($2) AND o.user_id <> $1
         ORDER BY o.user_id
        "#,
        user.0,
        &projects,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(UserId).collect())
}

/// How much a face resembles the nearest of the user's other approved selfies by `model`. `None`: there is none, or
/// the user's consent is not held.
///
/// # Errors
/// What the database says.
pub async fn own_nearest(
    consented: &mut Consented,
    user: UserId,
    but: SelfieId,
    model: &str,
    vector: &Embedding,
) -> Result<Option<f32>> {
    let Some(mut allowed) = consented.of(user) else { return Ok(None) };
    let nearest = sqlx::query_scalar!(
        r#"
        SELECT max(1 - (s.embedding <=> $4))::real AS nearest
          FROM selfies s
          JOIN photoctl.selfie_facts f ON f.selfie_id = s.id AND f.model = $3
         WHERE s.user_id = $1 AND s.id <> $2 AND s.status = 'approved' AND s.deleted_at IS NULL
           AND s.embedding IS NOT NULL
        "#,
        user.0,
        but.0,
        model,
        to_column(vector) as _,
    )
    .fetch_one(allowed.conn())
    .await?;
    Ok(nearest)
}

/// Those of the users whose consent is held, but for `user`, whose approved selfies by `model` resemble a face from
/// `floor` on, the nearest first.
///
/// # Errors
/// What the database says.
pub async fn resembled(
    consented: &mut Consented,
    user: UserId,
    model: &str,
    vector: &Embedding,
    floor: f32,
) -> Result<Vec<Resemblance>> {
    let others: Vec<Uuid> = consented.users().filter(|other| *other != user).map(|other| other.0).collect();
    if others.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query!(
        r#"
        SELECT s.user_id, max(1 - (s.embedding <=> $3))::real AS "similarity!"
          FROM selfies s
          JOIN photoctl.selfie_facts f ON f.selfie_id = s.id AND f.model = $2
         WHERE s.user_id = ANY($1) AND s.status = 'approved' AND s.deleted_at IS NULL AND s.embedding IS NOT NULL
         GROUP BY s.user_id
        HAVING max(1 - (s.embedding <=> $3)) >= $4
         ORDER BY 2 DESC, 1
         LIMIT $5
        "#,
        &others,
        model,
        to_column(vector) as _,
        f64::from(floor),
        MOST,
    )
    .fetch_all(consented.conn())
    .await?;
    Ok(rows.into_iter().map(|row| Resemblance { user_id: UserId(row.user_id), similarity: row.similarity }).collect())
}
