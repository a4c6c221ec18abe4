//! Photos of the same camera from the same moments.

use std::collections::BTreeMap;

use sqlx::PgConnection;
use uuid::Uuid;

use crate::db::consented::Consented;
use crate::error::Result;
use crate::model::ids::{PhotoId, ProjectId, UserId};
use crate::model::tag::{Context, Pair};

/// A face of a photo from the same moments.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Beside {
    pub photo: PhotoId,
    /// Whose it is, or, where it is `denied`, whose a person said that it is not.
    pub user: UserId,
    /// Cosine of the two faces.
    pub alike: f32,
    pub denied: bool,
}

/// Photos of a project with tags of the engine that nobody decided, as far as photoctl knows, by id: those whose faces
/// are kept, or with `turned` those where a photo beside them turned a decision.
///
/// # Errors
/// What the database says.
pub async fn photos(
    conn: &mut PgConnection,
    project: ProjectId,
    (engine, model): (&str, &str),
    turned: bool,
    after: Option<PhotoId>,
    limit: i64,
) -> Result<Vec<PhotoId>> {
    let ids = sqlx::query_scalar!(
        "
        SELECT DISTINCT m.photo_id
          FROM photoctl.tag_marks m
          JOIN photos p ON p.id = m.photo_id AND p.deleted_at IS NULL
         WHERE p.project_id = $1 AND m.engine = $2 AND m.model = $3 AND m.status IS NOT NULL
           AND CASE WHEN $4 THEN m.context_photo IS NOT NULL
                    ELSE EXISTS (SELECT FROM photoctl.face_scans s
                                  WHERE s.photo_id = m.photo_id AND s.model = m.model AND s.kept) END
           AND coalesce((SELECT d.decision FROM photoctl.tag_decisions d
                          WHERE d.photo_id = m.photo_id AND d.user_id = m.user_id
                          ORDER BY d.id DESC LIMIT 1), 'undone') = 'undone'
           AND ($5::uuid IS NULL OR m.photo_id > $5)
         ORDER BY m.photo_id
         LIMIT $6
        ",
        project.0,
        engine,
        model,
        turned,
        after.map(|id| id.0),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(PhotoId).collect())
}

/// What is sure of faces in photos that the same photographer took with the same camera within some seconds: tags that
/// a person or a score alone confirmed, and users who a person said are somebody else. Faces of users whose consent is
/// not held are not compared.
///
/// # Errors
/// What the database says.
pub async fn beside(
    consented: &mut Consented,
    model: &str,
    photos: &[PhotoId],
    seconds: u32,
) -> Result<BTreeMap<Pair, Vec<Beside>>> {
    let ids: Vec<Uuid> = photos.iter().map(|id| id.0).collect();
    let users: Vec<Uuid> = consented.users().map(|user| user.0).collect();
    let rows = sqlx::query!(
        r#"
        SELECT m.photo_id, m.user_id, n.photo_id AS near_photo, n.user_id AS near_user,
               (1 - (f.vector <=> g.vector))::real AS "alike!",
               coalesce(d.decision IN ('rejected', 'removed'), false) AS "denied!"
          FROM photoctl.tag_marks m
          JOIN photos p ON p.id = m.photo_id
          JOIN photoctl.photo_files pf ON pf.photo_id = m.photo_id
          JOIN photoctl.faces f ON f.photo_id = m.photo_id AND f.model = m.model AND f.ordinal = m.ordinal
                               AND f.vector IS NOT NULL
          JOIN photoctl.photo_files nf ON nf.captured_at BETWEEN pf.captured_at - make_interval(secs => $4)
                                                             AND pf.captured_at + make_interval(secs => $4)
                                      AND nf.photo_id <> pf.photo_id AND nf.camera_make = pf.camera_make
                                      AND nf.camera_model = pf.camera_model
                                      AND nf.camera_serial IS NOT DISTINCT FROM pf.camera_serial
          JOIN photos q ON q.id = nf.photo_id AND q.project_id = p.project_id
                       AND q.photographer_id = p.photographer_id AND q.deleted_at IS NULL
          JOIN photoctl.tag_marks n ON n.photo_id = nf.photo_id AND n.model = m.model
          JOIN photoctl.faces g ON g.photo_id = n.photo_id AND g.model = n.model AND g.ordinal = n.ordinal
                               AND g.vector IS NOT NULL
          LEFT JOIN photo_tags t ON t.photo_id = n.photo_id AND t.user_id = n.user_id
          LEFT JOIN LATERAL (SELECT decision FROM photoctl.tag_decisions
                              WHERE photo_id = n.photo_id AND user_id = n.user_id
                              ORDER BY id DESC LIMIT 1) d ON true
         WHERE m.photo_id = ANY($1) AND m.model = $2 AND m.user_id = ANY($3) AND n.user_id = ANY($3)
           AND CASE WHEN d.decision IN ('rejected', 'removed') THEN n.user_id = m.user_id
                    ELSE t.review_status = 'confirmed'
                         AND (n.context_photo IS NULL OR d.decision IN ('confirmed', 'added')) END
         ORDER BY m.photo_id, m.user_id, n.photo_id, n.user_id
        "#,
        &ids,
        model,
        &users,
        f64::from(seconds),
    )
    .fetch_all(consented.conn())
    .await?;
    let mut beside: BTreeMap<Pair, Vec<Beside>> = BTreeMap::new();
    for row in rows {
        let pair = Pair { photo: PhotoId(row.photo_id), user: UserId(row.user_id) };
        beside.entry(pair).or_default().push(Beside {
            photo: PhotoId(row.near_photo),
            user: UserId(row.near_user),
            alike: row.alike,
            denied: row.denied,
        });
    }
    Ok(beside)
}

/// Notes which photo turned the decision about each pair, or that none does.
///
/// # Errors
/// What the database says.
pub async fn note(conn: &mut PgConnection, pairs: &[(Pair, Option<Context>)]) -> Result<()> {
    let photos: Vec<Uuid> = pairs.iter().map(|(pair, _)| pair.photo.0).collect();
    let users: Vec<Uuid> = pairs.iter().map(|(pair, _)| pair.user.0).collect();
    let near: Vec<Option<Uuid>> = pairs.iter().map(|(_, context)| context.map(|context| context.photo.0)).collect();
    let scores: Vec<Option<f32>> = pairs.iter().map(|(_, context)| context.map(|context| context.score)).collect();
    sqlx::query!(
        "
        UPDATE photoctl.tag_marks m SET context_photo = t.near, context_score = t.score
          FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::real[]) AS t (photo_id, user_id, near, score)
         WHERE m.photo_id = t.photo_id AND m.user_id = t.user_id
        ",
        &photos,
        &users,
        &near as &[Option<Uuid>],
        &scores as &[Option<f32>],
    )
    .execute(conn)
    .await?;
    Ok(())
}
