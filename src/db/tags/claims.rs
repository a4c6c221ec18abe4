//! Which pending tags a reviewer has before them, so that two never look at the same one.
//!
//! A claim is a lease: who goes on working renews it, and what a crashed reviewer held comes back once it has run out.

use std::cmp::Ordering;
use std::time::Duration;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::consent::BIOMETRIC;
use crate::model::face::FaceBox;
use crate::model::ids::{PhotoId, ProjectId, SelfieId, TagId, UserId};
use crate::model::tag::Pair;

/// What a reviewer gets first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ReviewOrder {
    /// The best scores: quick to confirm.
    #[default]
    Likely,
    /// The worst scores.
    Doubtful,
    /// Those that wait the longest.
    Oldest,
    /// Photo by photo.
    Photo,
    /// Person by person.
    User,
}

impl ReviewOrder {
    fn word(self) -> &'static str {
        match self {
            ReviewOrder::Likely => "likely",
            ReviewOrder::Doubtful => "doubtful",
            ReviewOrder::Oldest => "oldest",
            ReviewOrder::Photo => "photo",
            ReviewOrder::User => "user",
        }
    }

    /// As the rows are ordered that are taken.
    fn compare(self, a: &PendingTag, b: &PendingTag) -> Ordering {
        let first = match self {
            ReviewOrder::Likely => b.confidence.total_cmp(&a.confidence),
            ReviewOrder::Doubtful => a.confidence.total_cmp(&b.confidence),
            ReviewOrder::Oldest => Ordering::Equal,
            ReviewOrder::Photo => a.pair.photo.cmp(&b.pair.photo),
            ReviewOrder::User => a.pair.user.cmp(&b.pair.user),
        };
        first.then(a.created_at.cmp(&b.created_at)).then(a.id.cmp(&b.id))
    }
}

/// A tag that waits for a person's decision, with what they decide by.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PendingTag {
    pub id: TagId,
    #[serde(flatten)]
    pub pair: Pair,
    pub project: ProjectId,
    /// As `photo_tags` holds it: 0 to 100.
    pub confidence: f32,
    /// Of the face with the best of the user's selfies, 0 to 1, and which selfie that is; where photoctl compared them.
    pub score: Option<f32>,
    pub selfie: Option<SelfieId>,
    pub area: Option<FaceBox>,
    /// Who else the face resembles most.
    pub runner_up: Option<RunnerUp>,
    pub user_name: String,
    pub email: String,
    /// The name on the card, where photoctl uploaded it.
    pub photo_name: Option<String>,
    pub storage_key: String,
    pub watermarked_key: Option<String>,
    pub thumbnail_key: Option<String>,
    pub created_at: DateTime<Utc>,
}

/// The member who comes next.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunnerUp {
    pub user: UserId,
    /// `None`: the user is gone.
    pub name: Option<String>,
    pub score: f32,
}

/// Which pending tags are wanted: all that is set must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    pub project: Option<ProjectId>,
    pub user: Option<UserId>,
    /// How many at most.
    pub limit: u32,
}

/// Claims the first of the wanted pending tags that nobody holds, `by` included, in that order. Tags of
/// deleted photos, users and projects are left out, and those of users without an active consent, who could not be
/// confirmed. Fewer than the limit: there are no more.
///
/// # Errors
/// What the database says.
pub async fn claim(
    conn: &mut PgConnection,
    wanted: Wanted,
    by: Uuid,
    lease: Duration,
    order: ReviewOrder,
) -> Result<Vec<PendingTag>> {
    let mut claimed = Vec::new();
    loop {
        let left = wanted.limit.saturating_sub(u32::try_from(claimed.len()).unwrap_or(u32::MAX));
        let (free, won) = take(conn, Wanted { limit: left, ..wanted }, by, lease, order).await?;
        claimed.extend(won);
        // What somebody else won between the look and the lock does not count: there may be more behind it.
        if claimed.len() >= wanted.limit as usize || free < i64::from(left) {
            let mut tags = pending(conn, &claimed).await?;
            tags.sort_by(|a, b| order.compare(a, b));
            return Ok(tags);
        }
    }
}

/// One round: how many tags were free to be taken, and which were won.
async fn take(
    conn: &mut PgConnection,
    wanted: Wanted,
    by: Uuid,
    lease: Duration,
    order: ReviewOrder,
) -> Result<(i64, Vec<Uuid>)> {
    // Who looked before another's claim committed finds the rows unlocked again, but not the claim: so the claim is
    // written only over one that has run out, which the latest row tells and not the look.
    let row = sqlx::query!(
        r#"
        WITH free AS (
            SELECT t.id
              FROM photo_tags t
              JOIN photos p ON p.id = t.photo_id AND p.deleted_at IS NULL
              JOIN projects j ON j.id = p.project_id AND j.deleted_at IS NULL
              JOIN users u ON u.id = t.user_id AND u.deleted_at IS NULL
             WHERE t.review_status = 'pending'
               AND ($1::uuid IS NULL OR p.project_id = $1)
               AND ($7::uuid IS NULL OR t.user_id = $7)
               AND EXISTS (SELECT FROM user_consents c
                            WHERE c.user_id = t.user_id AND c.consent_type = $6 AND c.revoked_at IS NULL)
               AND NOT EXISTS (SELECT FROM photoctl.review_claims c
                                WHERE c.tag_id = t.id AND c.claimed_until > clock_timestamp()::timestamp)
             ORDER BY CASE $5::text WHEN 'likely' THEN -t.confidence WHEN 'doubtful' THEN t.confidence END,
                      CASE $5::text WHEN 'photo' THEN t.photo_id WHEN 'user' THEN t.user_id END,
                      t.created_at, t.id
             LIMIT $4
               FOR UPDATE OF t SKIP LOCKED
        ), won AS (
            INSERT INTO photoctl.review_claims AS c (tag_id, claimed_by, claimed_until)
            SELECT id, $2, clock_timestamp()::timestamp + $3::float8 * interval '1 second' FROM free ORDER BY id
            ON CONFLICT (tag_id) DO UPDATE
               SET claimed_by = excluded.claimed_by, claimed_until = excluded.claimed_until
             WHERE c.claimed_until <= clock_timestamp()::timestamp
            RETURNING tag_id
        )
        SELECT (SELECT count(*) FROM free) AS "free!", ARRAY(SELECT tag_id FROM won) AS "won!"
        "#,
        wanted.project.map(|id| id.0),
        by,
        lease.as_secs_f64(),
        i64::from(wanted.limit),
        order.word(),
        BIOMETRIC,
        wanted.user.map(|id| id.0),
    )
    .fetch_one(conn)
    .await?;
    Ok((row.free, row.won))
}

/// These tags with what a reviewer is shown; those that are gone are left out.
///
/// # Errors
/// What the database says.
async fn pending(conn: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<PendingTag>> {
    let rows = sqlx::query_as!(
        PendingRow,
        r#"
        SELECT t.id AS "id!", t.photo_id AS "photo_id!", t.user_id AS "user_id!", t.confidence AS "confidence!",
               t.created_at AS "created_at!: NaiveDateTime", p.project_id AS "project_id!",
               p.storage_key AS "storage_key!", p.watermarked_key, p.thumbnail_key,
               f.original_name AS "photo_name?", u.name AS "user_name!", u.email AS "email!", m.score AS "score?", m.selfie_id, m.face_left, m.face_top, m.face_width,
               m.face_height, m.runner_up, m.runner_up_score, r.name AS "runner_up_name?"
          FROM photo_tags t
          JOIN photos p ON p.id = t.photo_id
          JOIN users u ON u.id = t.user_id
          LEFT JOIN photoctl.photo_files f ON f.photo_id = t.photo_id
          LEFT JOIN photoctl.tag_marks m ON m.photo_id = t.photo_id AND m.user_id = t.user_id
                                        AND m.engine NOT IN ('none', 'web')
          LEFT JOIN users r ON r.id = m.runner_up AND r.deleted_at IS NULL
         WHERE t.id = ANY($1)
        "#,
        ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(PendingTag::from).collect())
}

/// Keeps what `by` holds for another lease, also what has run out and nobody else took. Returns which tags those are.
///
/// # Errors
/// What the database says.
pub async fn renew(conn: &mut PgConnection, by: Uuid, lease: Duration) -> Result<Vec<TagId>> {
    let ids = sqlx::query_scalar!(
        "
        UPDATE photoctl.review_claims c
           SET claimed_until = clock_timestamp()::timestamp + $2::float8 * interval '1 second'
          FROM (SELECT tag_id FROM photoctl.review_claims WHERE claimed_by = $1 ORDER BY tag_id FOR UPDATE) mine
         WHERE c.tag_id = mine.tag_id
        RETURNING c.tag_id
        ",
        by,
        lease.as_secs_f64(),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(TagId).collect())
}

/// Gives back what `by` holds: these tags, or all. What has run out long ago, whoever held it, is cleared away too.
/// Returns how many were given back.
///
/// # Errors
/// What the database says.
pub async fn release(conn: &mut PgConnection, by: Uuid, tags: Option<&[TagId]>) -> Result<u64> {
    let ids: Option<Vec<Uuid>> = tags.map(|tags| tags.iter().map(|id| id.0).collect());
    let gone = sqlx::query!(
        "
        DELETE FROM photoctl.review_claims c
         USING (SELECT tag_id FROM photoctl.review_claims
                 WHERE claimed_by = $1 AND ($2::uuid[] IS NULL OR tag_id = ANY($2))
                 ORDER BY tag_id FOR UPDATE) mine
         WHERE c.tag_id = mine.tag_id
        ",
        by,
        ids.as_deref(),
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "
        DELETE FROM photoctl.review_claims c
         USING (SELECT tag_id FROM photoctl.review_claims
                 WHERE claimed_until < clock_timestamp()::timestamp - interval '1 day'
                 ORDER BY tag_id FOR UPDATE SKIP LOCKED) old
         WHERE c.tag_id = old.tag_id
        ",
    )
    .execute(conn)
    .await?;
    Ok(gone.rows_affected())
}

struct PendingRow {
    id: Uuid,
    photo_id: Uuid,
    user_id: Uuid,
    confidence: f32,
    created_at: NaiveDateTime,
    project_id: Uuid,
    storage_key: String,
    watermarked_key: Option<String>,
    thumbnail_key: Option<String>,
    photo_name: Option<String>,
    user_name: String,
    email: String,
    score: Option<f32>,
    selfie_id: Option<Uuid>,
    face_left: Option<f32>,
    face_top: Option<f32>,
    face_width: Option<f32>,
    face_height: Option<f32>,
    runner_up: Option<Uuid>,
    runner_up_score: Option<f32>,
    runner_up_name: Option<String>,
}

impl From<PendingRow> for PendingTag {
    fn from(row: PendingRow) -> Self {
        let area = match (row.face_left, row.face_top, row.face_width, row.face_height) {
            (Some(left), Some(top), Some(width), Some(height)) => Some(FaceBox { left, top, width, height }),
            _ => None,
        };
        let runner_up = row.runner_up.zip(row.runner_up_score);
        Self {
            id: TagId(row.id),
            pair: Pair { photo: PhotoId(row.photo_id), user: UserId(row.user_id) },
            project: ProjectId(row.project_id),
            confidence: row.confidence,
            score: row.score,
            selfie: row.selfie_id.map(SelfieId),
            area,
            runner_up: runner_up.map(|(id, score)| RunnerUp { user: UserId(id), name: row.runner_up_name, score }),
            user_name: row.user_name,
            email: row.email,
            photo_name: row.photo_name,
            storage_key: row.storage_key,
            watermarked_key: row.watermarked_key,
            thumbnail_key: row.thumbnail_key,
            created_at: row.created_at.and_utc(),
        }
    }
}
