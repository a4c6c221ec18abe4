//! What a reviewer is shown beside a claimed tag, and how much waits.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::consent::BIOMETRIC;
use crate::model::ids::{ProjectId, SelfieId, UserId};

/// How many tags of a person wait for a decision in a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Waiting {
    pub project_id: ProjectId,
    pub project: String,
    pub user_id: UserId,
    pub user: String,
    pub pending: u64,
    /// Of these, how many somebody has before them now.
    pub in_review: u64,
}

/// What waits, of a project or of all: the project that has waited longest first, then by person. As a claim sees it:
/// nothing of deleted photos, users and projects, nor of users without an active consent.
///
/// # Errors
/// What the database says.
pub async fn waiting(conn: &mut PgConnection, project: Option<ProjectId>) -> Result<Vec<Waiting>> {
    let rows = sqlx::query!(
        r#"
        SELECT p.project_id, j.name AS project, t.user_id, u.name AS "user", count(*) AS "pending!",
               count(*) FILTER (WHERE c.tag_id IS NOT NULL) AS "in_review!"
          FROM photo_tags t
          JOIN photos p ON p.id = t.photo_id AND p.deleted_at IS NULL
          JOIN projects j ON j.id = p.project_id AND j.deleted_at IS NULL
          JOIN users u ON u.id = t.user_id AND u.deleted_at IS NULL
          LEFT JOIN photoctl.review_claims c ON c.tag_id = t.id AND c.claimed_until > clock_timestamp()::timestamp
         WHERE t.review_status = 'pending'
           AND ($1::uuid IS NULL OR p.project_id = $1)
           AND EXISTS (SELECT FROM user_consents a
                        WHERE a.user_id = t.user_id AND a.consent_type = $2 AND a.revoked_at IS NULL)
         GROUP BY p.project_id, j.name, t.user_id, u.name
         ORDER BY min(min(t.created_at)) OVER (PARTITION BY p.project_id), p.project_id, t.user_id
        "#,
        project.map(|id| id.0),
        BIOMETRIC,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Waiting {
            project_id: ProjectId(row.project_id),
            project: row.project,
            user_id: UserId(row.user_id),
            user: row.user,
            pending: row.pending.unsigned_abs(),
            in_review: row.in_review.unsigned_abs(),
        })
        .collect())
}

/// The selfie to show of each of these users, with its key: the one that is named, where it is still there and
/// approved, else the newest that is. Users without one are left out.
///
/// # Errors
/// What the database says.
pub async fn selfies(
    conn: &mut PgConnection,
    wanted: &[(UserId, Option<SelfieId>)],
) -> Result<BTreeMap<(UserId, Option<SelfieId>), (SelfieId, String)>> {
    let users: Vec<Uuid> = wanted.iter().map(|(user, _)| user.0).collect();
    let named: Vec<Option<Uuid>> = wanted.iter().map(|(_, selfie)| selfie.map(|id| id.0)).collect();
    let rows = sqlx::query!(
        r#"
        SELECT w.user_id AS "user_id!", w.named, s.id, s.storage_key
          FROM unnest($1::uuid[], $2::uuid[]) AS w (user_id, named)
         CROSS JOIN LATERAL (SELECT s.id, s.storage_key
                               FROM selfies s
                              WHERE s.user_id = w.user_id AND s.deleted_at IS NULL AND s.status = 'approved'
                              ORDER BY (s.id = w.named) DESC NULLS LAST, s.created_at DESC, s.id
                              LIMIT 1) s
        "#,
        &users,
        &named as &[Option<Uuid>],
    )
    .fetch_all(conn)
    .await?;
    let one = |row: (Uuid, Option<Uuid>), id, key| ((UserId(row.0), row.1.map(SelfieId)), (SelfieId(id), key));
    Ok(rows.into_iter().map(|row| one((row.user_id, row.named), row.id, row.storage_key)).collect())
}
