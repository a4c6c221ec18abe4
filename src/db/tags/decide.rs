//! Decisions of people about tags.

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::word;
use crate::error::Result;
use crate::model::face::FaceBox;
use crate::model::ids::TagId;
use crate::model::matching::NO_ENGINE;
use crate::model::status::{ReviewStatus, TagSource, Verdict};
use crate::model::tag::{Decision, Pair, PairState};

/// What somebody decided about a pair.
#[derive(Debug, Clone, Copy)]
pub struct NewDecision<'a> {
    pub pair: Pair,
    pub verdict: Verdict,
    /// The face that the person spoke of, where they saw one.
    pub at: Option<FaceBox>,
    /// As in the audit log.
    pub actor: &'a str,
}

/// Writes a decision and the tag as it says; `state` is what was read under the photo's lock. Returns the tag's id
/// where there is one afterwards.
///
/// A tag that a person makes has confidence 0 where no engine scored it. A rejection of somebody who has no tag is kept
/// without a row: no run adds one.
///
/// # Errors
/// What the database says.
pub async fn decide(conn: &mut PgConnection, new: NewDecision<'_>, state: &PairState) -> Result<Option<TagId>> {
    let Pair { photo, user } = new.pair;
    let score = state.mark.as_ref().map_or(0.0, |mark| mark.score);
    let (id, status) = match (new.verdict, state.row) {
        (Verdict::Removed | Verdict::Undone, row) => {
            sqlx::query!("DELETE FROM photo_tags WHERE photo_id = $1 AND user_id = $2", photo.0, user.0)
                .execute(&mut *conn)
                .await?;
            (row.map(|row| row.id), None)
        }
        (Verdict::Rejected, None) => (None, None),
        (verdict, row) => {
            let (status, source) = match verdict {
                Verdict::Rejected => (ReviewStatus::Rejected, None),
                Verdict::Reopened => (ReviewStatus::Pending, None),
                Verdict::Added => (ReviewStatus::Confirmed, Some(TagSource::Manual)),
                Verdict::Confirmed | Verdict::Removed | Verdict::Undone => (ReviewStatus::Confirmed, None),
            };
            let id = row.map_or_else(|| TagId::of_pair(photo, user), |row| row.id);
            upsert(conn, id, new.pair, (status, source, score * 100.0)).await?;
            (Some(id), Some(status))
        }
    };
    let status = status.map(ReviewStatus::as_str);
    sqlx::query!(
        "
        INSERT INTO photoctl.tag_marks AS m (photo_id, user_id, status, engine, score, face_left, face_top, face_width,
                                             face_height)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        ON CONFLICT (photo_id, user_id) DO UPDATE
           SET status = excluded.status, withdrawn_at = NULL, marked_at = now(),
               ordinal = CASE WHEN excluded.face_left IS NULL THEN m.ordinal END,
               face_left = coalesce(excluded.face_left, m.face_left),
               face_top = coalesce(excluded.face_top, m.face_top),
               face_width = coalesce(excluded.face_width, m.face_width),
               face_height = coalesce(excluded.face_height, m.face_height)
        ",
        photo.0,
        user.0,
        status,
        NO_ENGINE,
        score,
        new.at.map(|at| at.left),
        new.at.map(|at| at.top),
        new.at.map(|at| at.width),
        new.at.map(|at| at.height),
    )
    .execute(&mut *conn)
    .await?;
    let before = state.row.map(|row| row.status.as_str());
    let engine = state.mark.as_ref().map(|mark| mark.engine.as_str());
    sqlx::query!(
        "
        INSERT INTO photoctl.tag_decisions (photo_id, user_id, project_id, decision, before, actor, score, engine)
        SELECT $1, $2, project_id, $3, $4, $5, $6, $7 FROM photos WHERE id = $1
        ",
        photo.0,
        user.0,
        new.verdict.as_str(),
        before,
        new.actor,
        state.mark.as_ref().map(|mark| mark.score),
        engine,
    )
    .execute(conn)
    .await?;
    Ok(if matches!(new.verdict, Verdict::Removed | Verdict::Undone) { None } else { id })
}

/// The row of a tag as a person wants it. Other rows of the same pair, which only somebody else can have made, follow.
async fn upsert(
    conn: &mut PgConnection,
    id: TagId,
    pair: Pair,
    (status, source, confidence): (ReviewStatus, Option<TagSource>, f32),
) -> Result<()> {
    sqlx::query!(
        "
        UPDATE photo_tags SET review_status = $3, updated_at = now()
         WHERE photo_id = $1 AND user_id = $2 AND id <> $4 AND review_status <> $3
        ",
        pair.photo.0,
        pair.user.0,
        status.as_str(),
        id.0,
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "
        INSERT INTO photo_tags (id, photo_id, user_id, confidence, source, review_status)
        VALUES ($1, $2, $3, $4, coalesce($5, 'auto'), $6)
        ON CONFLICT (id) DO UPDATE
           SET review_status = excluded.review_status, source = coalesce($5, photo_tags.source), updated_at = now()
        ",
        id.0,
        pair.photo.0,
        pair.user.0,
        confidence,
        source.map(TagSource::as_str),
        status.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The decisions about a pair, the latest first.
///
/// # Errors
/// What the database says.
pub async fn history(conn: &mut PgConnection, pair: Pair) -> Result<Vec<Decision>> {
    struct Row {
        decision: String,
        before: Option<String>,
        by_web: bool,
        actor: Option<String>,
        decided_at: NaiveDateTime,
    }
    let rows = sqlx::query_as!(
        Row,
        "
        SELECT decision, before, by_web, actor, decided_at
          FROM photoctl.tag_decisions
         WHERE photo_id = $1 AND user_id = $2
         ORDER BY id DESC
        ",
        pair.photo.0 as Uuid,
        pair.user.0 as Uuid,
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Decision {
                verdict: word(&row.decision)?,
                before: row.before,
                by_web: row.by_web,
                actor: row.actor,
                at: row.decided_at.and_utc(),
            })
        })
        .collect()
}
