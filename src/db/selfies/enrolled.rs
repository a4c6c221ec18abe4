//! The selfies that faces of photos are compared with.

use std::collections::BTreeSet;

use pgvector::Vector;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::consented::Consented;
use crate::db::faces::of_column;
use crate::error::Result;
use crate::model::face::Embedding;
use crate::model::ids::{ProjectId, SelfieId, UserId};

/// An approved selfie with its vector.
#[derive(Debug, Clone)]
pub struct Enrolled {
    pub user: UserId,
    pub selfie: SelfieId,
    pub vector: Embedding,
}

/// A selfie as it is: with another vector or another status it is another version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    pub user: UserId,
    pub selfie: SelfieId,
    /// The transaction that wrote the row.
    pub row: i64,
}

/// Live members of a project who have an approved selfie with a vector, of whichever model, by id.
///
/// # Errors
/// What the database says.
pub async fn members_with_selfies(conn: &mut PgConnection, project: ProjectId) -> Result<Vec<UserId>> {
    let ids = sqlx::query_scalar!(
        "
        SELECT DISTINCT m.user_id
          FROM project_members m
          JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
          JOIN selfies s ON s.user_id = m.user_id
         WHERE m.project_id = $1 AND s.status = 'approved' AND s.deleted_at IS NULL AND s.embedding IS NOT NULL
         ORDER BY m.user_id
        ",
        project.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(UserId).collect())
}

/// The approved selfies of a project's members whose consent is held, with their vectors by `model`.
///
/// # Errors
/// What the database says.
pub async fn enrolled(consented: &mut Consented, project: ProjectId, model: &str) -> Result<Vec<Enrolled>> {
    let users: Vec<Uuid> = consented.users().map(|user| user.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT s.id, s.user_id, s.embedding AS "embedding!: Vector"
          FROM selfies s
          JOIN photoctl.selfie_facts f ON f.selfie_id = s.id AND f.model = $3
          JOIN project_members m ON m.user_id = s.user_id AND m.project_id = $1
         WHERE s.user_id = ANY($2) AND s.status = 'approved' AND s.deleted_at IS NULL AND s.embedding IS NOT NULL
         ORDER BY s.user_id, s.id
        "#,
        project.0,
        &users,
        model,
    )
    .fetch_all(consented.conn())
    .await?;
    let one = |id, user, vector| Ok(Enrolled { user: UserId(user), selfie: SelfieId(id), vector: of_column(vector)? });
    rows.iter().map(|row| one(row.id, row.user_id, &row.embedding)).collect()
}

/// Which selfies [`enrolled`] would give, and in which version: what was read is used again while this is the same.
///
/// # Errors
/// What the database says.
pub async fn versions(consented: &mut Consented, project: ProjectId, model: &str) -> Result<BTreeSet<Version>> {
    let users: Vec<Uuid> = consented.users().map(|user| user.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT s.user_id, s.id, s.xmin::text::bigint AS "row!"
          FROM selfies s
          JOIN photoctl.selfie_facts f ON f.selfie_id = s.id AND f.model = $3
          JOIN project_members m ON m.user_id = s.user_id AND m.project_id = $1
         WHERE s.user_id = ANY($2) AND s.status = 'approved' AND s.deleted_at IS NULL AND s.embedding IS NOT NULL
        "#,
        project.0,
        &users,
        model,
    )
    .fetch_all(consented.conn())
    .await?;
    let version = |user, selfie, row| Version { user: UserId(user), selfie: SelfieId(selfie), row };
    Ok(rows.into_iter().map(|row| version(row.user_id, row.id, row.row)).collect())
}

/// How many approved selfies of a project's members have a vector that is not of `model`, or of none that is known.
///
/// # Errors
/// What the database says.
pub async fn of_other_models(conn: &mut PgConnection, project: ProjectId, model: &str) -> Result<u64> {
    let count = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
          FROM selfies s
          JOIN project_members m ON m.user_id = s.user_id AND m.project_id = $1
          LEFT JOIN photoctl.selfie_facts f ON f.selfie_id = s.id
         WHERE s.status = 'approved' AND s.deleted_at IS NULL AND s.embedding IS NOT NULL
           AND f.model IS DISTINCT FROM $2
        "#,
        project.0,
        model,
    )
    .fetch_one(conn)
    .await?;
    Ok(count.unsigned_abs())
}

/// Selfies that were compared with all earlier faces of a project.
///
/// # Errors
/// What the database says.
pub async fn matched(conn: &mut PgConnection, project: ProjectId, model: &str) -> Result<BTreeSet<SelfieId>> {
    let ids = sqlx::query_scalar!(
        "SELECT selfie_id FROM photoctl.selfie_matches WHERE project_id = $1 AND model = $2",
        project.0,
        model,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(SelfieId).collect())
}

/// Takes note that selfies were compared with all earlier faces of a project.
///
/// # Errors
/// What the database says.
pub async fn mark_matched(
    conn: &mut PgConnection,
    project: ProjectId,
    model: &str,
    selfies: &[SelfieId],
) -> Result<()> {
    let ids: Vec<Uuid> = selfies.iter().map(|id| id.0).collect();
    sqlx::query!(
        "
        INSERT INTO photoctl.selfie_matches (selfie_id, project_id, model)
        SELECT s.id, $1, $2 FROM selfies s WHERE s.id = ANY($3) AND s.embedding IS NOT NULL
        ON CONFLICT (selfie_id, project_id, model) DO UPDATE SET matched_at = now()
        ",
        project.0,
        model,
        &ids,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets that selfies of others than `but` were compared: who is not compared with what comes now is compared with
/// everything once they are back.
///
/// # Errors
/// What the database says.
pub async fn forget_matches(conn: &mut PgConnection, project: ProjectId, model: &str, but: &[SelfieId]) -> Result<()> {
    let ids: Vec<Uuid> = but.iter().map(|id| id.0).collect();
    sqlx::query!(
        "DELETE FROM photoctl.selfie_matches m
          WHERE m.project_id = $1 AND m.model = $2
            AND NOT EXISTS (SELECT FROM unnest($3::uuid[]) AS t (id) WHERE t.id = m.selfie_id)",
        project.0,
        model,
        &ids,
    )
    .execute(conn)
    .await?;
    Ok(())
}
