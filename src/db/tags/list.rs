//! Tags as a list, and the one that an id means.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::ids::{PhotoId, ProjectId, TagId, UserId};
use crate::model::status::{ReviewStatus, TagSource};
use crate::model::tag::Pair;

/// Which tags. All that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct TagFilter {
    pub id: Option<TagId>,
    pub project: Option<ProjectId>,
    pub photo: Option<PhotoId>,
    pub user: Option<UserId>,
    /// One of these; empty: any.
    pub statuses: Vec<ReviewStatus>,
    pub source: Option<TagSource>,
    /// 0 to 1.
    pub min_score: Option<f32>,
    /// 0 to 1.
    pub max_score: Option<f32>,
    /// Only those that no person has decided.
    pub undecided: bool,
    /// Behind this one.
    pub after: Option<TagId>,
}

/// One tag of a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ListedTag {
    pub id: TagId,
    pub photo_id: PhotoId,
    pub user_id: UserId,
    /// As `photo_tags` holds it: 0 to 100.
    pub confidence: f32,
    /// `auto` or `manual`; others may write anything.
    pub source: String,
    /// `confirmed`, `pending` or `rejected`; others may write anything.
    pub review_status: String,
    /// Which engine scored it; `None` where photoctl has not looked yet.
    pub engine: Option<String>,
    /// The latest decision of a person.
    pub decision: Option<String>,
    /// The name on the card, where photoctl uploaded it.
    pub photo: Option<String>,
    pub user: String,
    pub email: String,
    pub project_id: ProjectId,
    pub project: String,
    pub created_at: DateTime<Utc>,
}

/// Tags of photos, users and projects that are not deleted, the newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, filter: &TagFilter, limit: i64) -> Result<Vec<ListedTag>> {
    let statuses: Vec<String> = filter.statuses.iter().map(|status| status.as_str().to_owned()).collect();
    let rows = sqlx::query_as!(
        TagRow,
        r#"
        SELECT t.id AS "id!", t.photo_id AS "photo_id!", t.user_id AS "user_id!", t.confidence AS "confidence!",
               t.source AS "source!", t.review_status AS "review_status!",
               t.created_at AS "created_at!: NaiveDateTime", m.engine AS "engine?", f.original_name AS "photo?",
               u.name AS "user!", u.email AS "email!", j.id AS "project_id!", j.name AS "project!",
               (SELECT d.decision FROM photoctl.tag_decisions d
                 WHERE d.photo_id = t.photo_id AND d.user_id = t.user_id ORDER BY d.id DESC LIMIT 1) AS decision
          FROM photo_tags t
          JOIN photos p ON p.id = t.photo_id AND p.deleted_at IS NULL
          JOIN projects j ON j.id = p.project_id AND j.deleted_at IS NULL
          JOIN users u ON u.id = t.user_id AND u.deleted_at IS NULL
          LEFT JOIN photoctl.photo_files f ON f.photo_id = t.photo_id
          LEFT JOIN photoctl.tag_marks m ON m.photo_id = t.photo_id AND m.user_id = t.user_id
         WHERE ($1::uuid IS NULL OR t.id = $1)
           AND ($2::uuid IS NULL OR p.project_id = $2)
           AND ($3::uuid IS NULL OR t.photo_id = $3)
           AND ($4::uuid IS NULL OR t.user_id = $4)
           AND (cardinality($5::text[]) = 0 OR t.review_status = ANY($5))
           AND ($6::text IS NULL OR t.source = $6)
           AND ($7::real IS NULL OR t.confidence >= $7 * 100)
           AND ($8::real IS NULL OR t.confidence < $8 * 100)
           AND (NOT $9 OR CASE WHEN m.photo_id IS NULL THEN t.review_status = 'pending'
                               ELSE m.status = t.review_status
                                    AND coalesce((SELECT d.decision FROM photoctl.tag_decisions d
                                                   WHERE d.photo_id = t.photo_id AND d.user_id = t.user_id
                                                   ORDER BY d.id DESC LIMIT 1), 'undone') = 'undone' END)
           AND ($10::uuid IS NULL OR (t.created_at, t.id) < (SELECT created_at, id FROM photo_tags WHERE id = $10))
         ORDER BY t.created_at DESC, t.id DESC
         LIMIT $11
        "#,
        filter.id.map(|id| id.0),
        filter.project.map(|id| id.0),
        filter.photo.map(|id| id.0),
        filter.user.map(|id| id.0),
        &statuses,
        filter.source.map(TagSource::as_str),
        filter.min_score,
        filter.max_score,
        filter.undecided,
        filter.after.map(|id| id.0),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ListedTag::from).collect())
}

/// Whether there is a tag of that id, whatever became of its photo.
///
/// # Errors
/// What the database says.
pub async fn is_there(conn: &mut PgConnection, id: TagId) -> Result<bool> {
    let there = sqlx::query_scalar!("SELECT true FROM photo_tags WHERE id = $1", id.0).fetch_optional(conn).await?;
    Ok(there.is_some())
}

/// What tags there are with ids between two, both included, and whom they are of; at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn between(conn: &mut PgConnection, from: TagId, to: TagId, limit: i64) -> Result<Vec<(TagId, Pair)>> {
    let rows = sqlx::query!(
        "SELECT id, photo_id, user_id FROM photo_tags WHERE id BETWEEN $1 AND $2 ORDER BY id LIMIT $3",
        from.0,
        to.0,
        limit,
    )
    .fetch_all(conn)
    .await?;
    let pair = |photo, user| Pair { photo: PhotoId(photo), user: UserId(user) };
    Ok(rows.into_iter().map(|row| (TagId(row.id), pair(row.photo_id, row.user_id))).collect())
}

/// Whom these tags are of; those that are gone are left out.
///
/// # Errors
/// What the database says.
pub async fn pairs_of(conn: &mut PgConnection, ids: &[TagId]) -> Result<Vec<(TagId, Pair)>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!("SELECT id, photo_id, user_id FROM photo_tags WHERE id = ANY($1) ORDER BY id", &ids)
        .fetch_all(conn)
        .await?;
    let pair = |photo, user| Pair { photo: PhotoId(photo), user: UserId(user) };
    Ok(rows.into_iter().map(|row| (TagId(row.id), pair(row.photo_id, row.user_id))).collect())
}

struct TagRow {
    id: Uuid,
    photo_id: Uuid,
    user_id: Uuid,
    confidence: f32,
    source: String,
    review_status: String,
    created_at: NaiveDateTime,
    engine: Option<String>,
    photo: Option<String>,
    user: String,
    email: String,
    project_id: Uuid,
    project: String,
    decision: Option<String>,
}

impl From<TagRow> for ListedTag {
    fn from(row: TagRow) -> Self {
        Self {
            id: TagId(row.id),
            photo_id: PhotoId(row.photo_id),
            user_id: UserId(row.user_id),
            confidence: row.confidence,
            source: row.source,
            review_status: row.review_status,
            engine: row.engine,
            decision: row.decision,
            photo: row.photo,
            user: row.user,
            email: row.email,
            project_id: ProjectId(row.project_id),
            project: row.project,
            created_at: row.created_at.and_utc(),
        }
    }
}
