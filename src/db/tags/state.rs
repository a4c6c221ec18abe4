//! How things stand with tags: rows, marks, and what people decided.

use std::collections::BTreeMap;

use chrono::NaiveDateTime;
use sqlx::PgConnection;
use uuid::Uuid;

use super::word;
use crate::error::Result;
use crate::model::face::FaceBox;
use crate::model::ids::{PhotoId, SelfieId, TagId, UserId};
use crate::model::matching::Thresholds;
use crate::model::status::{TagSource, Verdict};
use crate::model::tag::{Context, Mark, Pair, PairState, TagRow};

/// Locks photos against others who write tags of theirs, in the order of their ids, and then their tags against the web
/// application, which locks no photo. Returns the photos that are there and not deleted.
///
/// # Errors
/// What the database says.
pub async fn lock_photos(conn: &mut PgConnection, photos: &[PhotoId]) -> Result<Vec<PhotoId>> {
    let ids: Vec<Uuid> = photos.iter().map(|id| id.0).collect();
    let there = sqlx::query_scalar!(
        "SELECT id FROM photos WHERE id = ANY($1) AND deleted_at IS NULL ORDER BY id FOR NO KEY UPDATE",
        &ids
    )
    .fetch_all(&mut *conn)
    .await?;
    sqlx::query!("SELECT FROM photo_tags WHERE photo_id = ANY($1) ORDER BY id FOR UPDATE", &there)
        .execute(conn)
        .await?;
    Ok(there.into_iter().map(PhotoId).collect())
}

/// The state of each pair of these photos that anything is known of.
///
/// # Errors
/// What the database says.
pub async fn of_photos(conn: &mut PgConnection, photos: &[PhotoId]) -> Result<BTreeMap<Pair, PairState>> {
    let ids: Vec<Uuid> = photos.iter().map(|id| id.0).collect();
    read(conn, &ids, None).await
}

/// The state of these pairs, each of which is there.
///
/// # Errors
/// What the database says.
pub async fn of_pairs(conn: &mut PgConnection, pairs: &[Pair]) -> Result<BTreeMap<Pair, PairState>> {
    let photos: Vec<Uuid> = pairs.iter().map(|pair| pair.photo.0).collect();
    let users: Vec<Uuid> = pairs.iter().map(|pair| pair.user.0).collect();
    let mut states = read(conn, &photos, Some(&users)).await?;
    Ok(pairs.iter().map(|pair| (*pair, states.remove(pair).unwrap_or_default())).collect())
}

async fn read(conn: &mut PgConnection, photos: &[Uuid], users: Option<&[Uuid]>) -> Result<BTreeMap<Pair, PairState>> {
    let mut states: BTreeMap<Pair, PairState> = BTreeMap::new();
    let pair = |photo, user| Pair { photo: PhotoId(photo), user: UserId(user) };
    // Where somebody else made two rows of one pair, the one that a person decided about counts, then the older one.
    let rows = sqlx::query!(
        r#"
        SELECT DISTINCT ON (photo_id, user_id) id, photo_id, user_id, confidence, source, review_status
          FROM photo_tags
         WHERE photo_id = ANY($1) AND ($2::uuid[] IS NULL OR user_id = ANY($2))
         ORDER BY photo_id, user_id, review_status = 'rejected' DESC, source = 'manual' DESC,
                  review_status = 'confirmed' DESC, created_at, id
        "#,
        photos,
        users,
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in rows {
        let tag = TagRow {
            id: TagId(row.id),
            confidence: row.confidence,
            // The web application may know other words; what is not made by hand is a run's.
            source: row.source.parse().unwrap_or(TagSource::Auto),
            status: word(&row.review_status)?,
        };
        states.entry(pair(row.photo_id, row.user_id)).or_default().row = Some(tag);
    }
    let marks = sqlx::query_as!(
        MarkRow,
        r#"
        SELECT photo_id, user_id, status, engine, model, score, selfie_id, ordinal, face_left, face_top, face_width,
               face_height, runner_up, runner_up_score, confirm_at, review_at, margin, context_photo,
               context_score, marked_at
          FROM photoctl.tag_marks
         WHERE photo_id = ANY($1) AND ($2::uuid[] IS NULL OR user_id = ANY($2))
        "#,
        photos,
        users,
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in marks {
        let of = pair(row.photo_id, row.user_id);
        states.entry(of).or_default().mark = Some(row.into_mark()?);
    }
    let decisions = sqlx::query!(
        "
        SELECT DISTINCT ON (photo_id, user_id) photo_id, user_id, decision
          FROM photoctl.tag_decisions
         WHERE photo_id = ANY($1) AND ($2::uuid[] IS NULL OR user_id = ANY($2))
         ORDER BY photo_id, user_id, id DESC
        ",
        photos,
        users,
    )
    .fetch_all(conn)
    .await?;
    for row in decisions {
        let verdict: Verdict = word(&row.decision)?;
        // What was undone leaves the pair as if nobody had said anything.
        states.entry(pair(row.photo_id, row.user_id)).or_default().verdict =
            Some(verdict).filter(|verdict| *verdict != Verdict::Undone);
    }
    Ok(states)
}

struct MarkRow {
    photo_id: Uuid,
    user_id: Uuid,
    status: Option<String>,
    engine: String,
    model: Option<String>,
    score: f32,
    selfie_id: Option<Uuid>,
    ordinal: Option<i32>,
    face_left: Option<f32>,
    face_top: Option<f32>,
    face_width: Option<f32>,
    face_height: Option<f32>,
    runner_up: Option<Uuid>,
    runner_up_score: Option<f32>,
    confirm_at: Option<f32>,
    review_at: Option<f32>,
    margin: Option<f32>,
    context_photo: Option<Uuid>,
    context_score: Option<f32>,
    marked_at: NaiveDateTime,
}

impl MarkRow {
    fn into_mark(self) -> Result<Mark> {
        let area = match (self.face_left, self.face_top, self.face_width, self.face_height) {
            (Some(left), Some(top), Some(width), Some(height)) => Some(FaceBox { left, top, width, height }),
            _ => None,
        };
        let thresholds = match (self.confirm_at, self.review_at, self.margin) {
            (Some(confirm), Some(review), Some(margin)) => Some(Thresholds { confirm, review, margin }),
            _ => None,
        };
        let context = self.context_photo.zip(self.context_score);
        Ok(Mark {
            status: self.status.as_deref().map(word).transpose()?,
            engine: self.engine,
            model: self.model,
            score: self.score,
            ordinal: self.ordinal,
            area,
            selfie: self.selfie_id.map(SelfieId),
            runner_up: self.runner_up.map(UserId).zip(self.runner_up_score),
            thresholds,
            context: context.map(|(photo, score)| Context { photo: PhotoId(photo), score }),
            marked_at: self.marked_at.and_utc(),
        })
    }
}

/// Keeps what people decided elsewhere since photoctl last wrote, and takes note of tags that it did not make, so that
/// a decision is still known when its row is gone. The states are brought up to date. Returns how many decisions were
/// found.
///
/// # Errors
/// What the database says.
pub async fn note_decided_elsewhere(conn: &mut PgConnection, states: &mut BTreeMap<Pair, PairState>) -> Result<u64> {
    let (mut photos, mut users, mut statuses, mut scores) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut verdicts, mut before) = (Vec::new(), Vec::new());
    for (pair, state) in states.iter_mut() {
        let verdict = state.decided_elsewhere();
        let new = state.mark.is_none() && state.row.is_some();
        if verdict.is_none() && !new {
            continue;
        }
        photos.push(pair.photo.0);
        users.push(pair.user.0);
        statuses.push(state.row.map(|row| row.status.as_str().to_owned()));
        scores.push(state.row.map_or(0.0, |row| row.confidence / 100.0));
        verdicts.push(verdict.map(|verdict| verdict.as_str().to_owned()));
        before.push(state.mark.as_ref().and_then(|mark| mark.status).map(|status| status.as_str().to_owned()));
        if let Some(verdict) = verdict {
            state.verdict = Some(verdict);
        }
    }
    if photos.is_empty() {
        return Ok(0);
    }
    sqlx::query!(
        r#"
        INSERT INTO photoctl.tag_marks AS m (photo_id, user_id, status, engine, score)
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], array_fill('web'::text, ARRAY[cardinality($1)]), $4::real[])
        ON CONFLICT (photo_id, user_id) DO UPDATE
           SET status = excluded.status, withdrawn_at = NULL, marked_at = now()
        "#,
        &photos,
        &users,
        &statuses as &[Option<String>],
        &scores,
    )
    .execute(&mut *conn)
    .await?;
    let found = sqlx::query!(
        r#"
        INSERT INTO photoctl.tag_decisions (photo_id, user_id, project_id, decision, before, by_web)
        SELECT d.photo_id, d.user_id, p.project_id, d.decision, d.before, true
          FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[]) AS d (photo_id, user_id, decision, before)
          LEFT JOIN photos p ON p.id = d.photo_id
         WHERE d.decision IS NOT NULL
        "#,
        &photos,
        &users,
        &verdicts as &[Option<String>],
        &before as &[Option<String>],
    )
    .execute(conn)
    .await?;
    Ok(found.rows_affected())
}
