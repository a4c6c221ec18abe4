//! Tags that nobody has decided, under other thresholds.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::ids::{PhotoId, ProjectId, TagId, UserId};
use crate::model::matching::Thresholds;
use crate::model::status::ReviewStatus;
use crate::model::tag::Pair;

/// Pairs of a project with a tag that `engine` made and no person has decided, as far as photoctl knows. By id.
///
/// # Errors
/// What the database says.
pub async fn undecided(conn: &mut PgConnection, project: ProjectId, engine: &str) -> Result<Vec<Pair>> {
    let rows = sqlx::query!(
        "
        SELECT m.photo_id, m.user_id
          FROM photoctl.tag_marks m
          JOIN photos p ON p.id = m.photo_id AND p.deleted_at IS NULL
         WHERE p.project_id = $1 AND m.engine = $2 AND m.status IS NOT NULL
           AND coalesce((SELECT d.decision FROM photoctl.tag_decisions d
                          WHERE d.photo_id = m.photo_id AND d.user_id = m.user_id
                          ORDER BY d.id DESC LIMIT 1), 'undone') = 'undone'
         ORDER BY m.photo_id, m.user_id
        ",
        project.0,
        engine,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| Pair { photo: PhotoId(row.photo_id), user: UserId(row.user_id) }).collect())
}

/// Gives tags another status. The marks follow.
///
/// # Errors
/// What the database says.
pub async fn set_status(conn: &mut PgConnection, tags: &[(TagId, Pair)], status: ReviewStatus) -> Result<()> {
    let ids: Vec<Uuid> = tags.iter().map(|(id, _)| id.0).collect();
    let (photos, users) = columns(tags.iter().map(|(_, pair)| pair));
    sqlx::query!(
        "UPDATE photo_tags SET review_status = $2, updated_at = now() WHERE id = ANY($1)",
        &ids,
        status.as_str()
    )
    .execute(&mut *conn)
    .await?;
    sqlx::query!(
        "
        UPDATE photoctl.tag_marks m
           SET status = $3, context_photo = NULL, context_score = NULL, marked_at = now()
          FROM unnest($1::uuid[], $2::uuid[]) AS t (photo_id, user_id)
         WHERE m.photo_id = t.photo_id AND m.user_id = t.user_id
        ",
        &photos,
        &users,
        status.as_str(),
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes by which thresholds these pairs are judged now.
///
/// # Errors
/// What the database says.
pub async fn note_thresholds(conn: &mut PgConnection, pairs: &[Pair], thresholds: &Thresholds) -> Result<()> {
    let (photos, users) = columns(pairs.iter());
    sqlx::query!(
        "
        UPDATE photoctl.tag_marks m SET confirm_at = $3, review_at = $4, margin = $5
          FROM unnest($1::uuid[], $2::uuid[]) AS t (photo_id, user_id)
         WHERE m.photo_id = t.photo_id AND m.user_id = t.user_id
        ",
        &photos,
        &users,
        thresholds.confirm,
        thresholds.review,
        thresholds.margin,
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn columns<'a>(pairs: impl Iterator<Item = &'a Pair>) -> (Vec<Uuid>, Vec<Uuid>) {
    pairs.map(|pair| (pair.photo.0, pair.user.0)).unzip()
}
