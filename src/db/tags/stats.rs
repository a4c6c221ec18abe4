//! How the scores of a project's tags lie, and what people made of them.

use sqlx::PgConnection;

use crate::error::Result;
use crate::model::ids::ProjectId;

/// Tags of one band of scores.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BandCount {
    /// Of the band: its scores lie from `number * width` on.
    pub number: i32,
    pub confirmed: u64,
    pub pending: u64,
    pub rejected: u64,
    /// Whose row is gone: removed by a person, or by a run.
    pub gone: u64,
    /// What people decided last: it is the person, or it is not. Reopened ones are neither.
    pub decided_yes: u64,
    pub decided_no: u64,
}

/// Counts by bands of scores, those that hold anything, ascending; `width` is that of a band. Only tags that `engine`
/// scored: scores of two engines are not compared. Photos and users that were deleted do not count.
///
/// # Errors
/// What the database says.
pub async fn bands(conn: &mut PgConnection, project: ProjectId, engine: &str, width: f64) -> Result<Vec<BandCount>> {
    let rows = sqlx::query!(
        r#"
        SELECT floor(m.score::float8 / $3 + 1e-6)::int AS "number!",
               count(*) FILTER (WHERE t.review_status = 'confirmed') AS "confirmed!",
               count(*) FILTER (WHERE t.review_status = 'pending') AS "pending!",
               count(*) FILTER (WHERE t.review_status = 'rejected') AS "rejected!",
               count(*) FILTER (WHERE t.review_status IS NULL) AS "gone!",
               count(*) FILTER (WHERE v.said = 'yes') AS "yes!",
               count(*) FILTER (WHERE v.said = 'no') AS "no!"
          FROM photoctl.tag_marks m
          JOIN photos p ON p.id = m.photo_id AND p.deleted_at IS NULL
          JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
          LEFT JOIN LATERAL (SELECT review_status FROM photo_tags
                              WHERE photo_id = m.photo_id AND user_id = m.user_id
                              ORDER BY review_status = 'rejected' DESC, source = 'manual' DESC,
                                       review_status = 'confirmed' DESC, created_at, id
                              LIMIT 1) t ON true
          LEFT JOIN LATERAL (SELECT decision FROM photoctl.tag_decisions
                              WHERE photo_id = m.photo_id AND user_id = m.user_id
                              ORDER BY id DESC LIMIT 1) d ON true
          -- A status that photoctl did not write is a decision of the web application, noted or not.
          CROSS JOIN LATERAL (SELECT CASE
                  WHEN t.review_status IS DISTINCT FROM m.status THEN
                      CASE t.review_status WHEN 'confirmed' THEN 'yes' WHEN 'pending' THEN 'open' ELSE 'no' END
                  WHEN d.decision IN ('confirmed', 'added') THEN 'yes'
                  WHEN d.decision IN ('rejected', 'removed') THEN 'no'
              END AS said) v
         WHERE p.project_id = $1 AND m.engine = $2
         GROUP BY 1
         ORDER BY 1
        "#,
        project.0,
        engine,
        width,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| BandCount {
            number: row.number,
            confirmed: row.confirmed.unsigned_abs(),
            pending: row.pending.unsigned_abs(),
            rejected: row.rejected.unsigned_abs(),
            gone: row.gone.unsigned_abs(),
            decided_yes: row.yes.unsigned_abs(),
            decided_no: row.no.unsigned_abs(),
        })
        .collect())
}
