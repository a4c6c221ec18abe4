//! `user_consents`, and what schema `photoctl` keeps as their proof.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::consent::{Consent, Evidence, EvidenceNote};
use crate::model::digest::Sha256;
use crate::model::ids::{ConsentId, ProjectId, UserId};

/// A consent to be written.
#[derive(Debug, Clone, Copy)]
pub struct NewConsent<'a> {
    pub user: UserId,
    pub kind: &'a str,
    pub version: &'a str,
    pub given_at: DateTime<Utc>,
    pub evidence: &'a Evidence,
    /// Of the evidence.
    pub sha256: &'a Sha256,
}

/// Adds a consent with its proof.
///
/// # Errors
/// What the database says.
pub async fn insert(conn: &mut PgConnection, new: NewConsent<'_>) -> Result<ConsentId> {
    let id = sqlx::query_scalar!(
        "INSERT INTO user_consents (user_id, consent_type, consent_version, given_at) VALUES ($1, $2, $3, $4) RETURNING id",
        new.user.0,
        new.kind,
        new.version,
        new.given_at.naive_utc(),
    )
    .fetch_one(&mut *conn)
    .await?;
    let (words, file) = match new.evidence {
        Evidence::Words(words) => (Some(words.as_str()), None),
        Evidence::File { name, bytes } => (None, Some((name.as_str(), bytes.as_slice()))),
    };
    sqlx::query!(
        "INSERT INTO photoctl.consent_evidence (consent_id, words, file_name, file, sha256) VALUES ($1, $2, $3, $4, $5)",
        id,
        words,
        file.map(|(name, _)| name),
        file.map(|(_, bytes)| bytes),
        new.sha256.as_bytes(),
    )
    .execute(conn)
    .await?;
    Ok(ConsentId(id))
}

/// Which consents to read. All that is set must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct ConsentFilter<'a> {
    pub id: Option<ConsentId>,
    pub user: Option<UserId>,
    /// Of members of this project.
    pub project: Option<ProjectId>,
    pub kind: Option<&'a str>,
    pub version: Option<&'a str>,
    /// Only those that were not revoked.
    pub active: bool,
    /// Begin behind this one.
    pub after: Option<ConsentId>,
}

/// Consents, those given last first, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, filter: ConsentFilter<'_>, limit: i64) -> Result<Vec<Consent>> {
    let rows = sqlx::query_as!(
        ConsentRow,
        r#"
        SELECT c.id, c.user_id, u.name, u.email, c.consent_type, c.consent_version, c.given_at, c.revoked_at,
               e.file_name AS "file_name?", e.sha256 AS "sha256?"
          FROM user_consents c
          JOIN users u ON u.id = c.user_id
          LEFT JOIN photoctl.consent_evidence e ON e.consent_id = c.id
         WHERE ($1::uuid IS NULL OR c.id = $1)
           AND ($2::uuid IS NULL OR c.user_id = $2)
           AND ($3::uuid IS NULL OR EXISTS (SELECT FROM project_members m
                                             WHERE m.project_id = $3 AND m.user_id = c.user_id))
           AND ($4::text IS NULL OR c.consent_type = $4)
           AND ($5::text IS NULL OR c.consent_version = $5)
           AND (NOT $6 OR c.revoked_at IS NULL)
           AND ($7::uuid IS NULL
                OR (c.given_at, c.id) < (SELECT a.given_at, a.id FROM user_consents a WHERE a.id = $7))
         ORDER BY c.given_at DESC, c.id DESC
         LIMIT $8
        "#,
        filter.id.map(|id| id.0),
        filter.user.map(|id| id.0),
        filter.project.map(|id| id.0),
        filter.kind,
        filter.version,
        filter.active,
        filter.after.map(|id| id.0),
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(ConsentRow::into_consent).collect())
}

/// Ends all active consents of a user of one type, after whoever works by them now. Returns their ids.
///
/// # Errors
/// What the database says.
pub async fn revoke(conn: &mut PgConnection, user: UserId, kind: &str) -> Result<Vec<ConsentId>> {
    let ids = sqlx::query_scalar!(
        "WITH mine AS (SELECT id FROM user_consents
                        WHERE user_id = $1 AND consent_type = $2 AND revoked_at IS NULL
                        ORDER BY id
                          FOR UPDATE)
         UPDATE user_consents c SET revoked_at = now() FROM mine WHERE c.id = mine.id
         RETURNING c.id",
        user.0,
        kind,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(ConsentId).collect())
}

/// What was known of a user's face, and is taken back; and what stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Withdrawn {
    /// Selfies whose vector was removed: nothing is compared with them any more.
    pub selfies_withdrawn: u64,
    /// Faces of photos that were found to be theirs, whose vector was removed.
    pub photo_faces_withdrawn: u64,
    /// Tags that nobody had decided yet.
    pub pending_tags_removed: u64,
    /// Tags that stay: confirmed, rejected or made by hand.
    pub tags_kept: u64,
    /// Pictures of selfies that stay in the store.
    pub selfies_kept: u64,
}

impl Withdrawn {
    /// Whether nothing was there to be taken back.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.selfies_withdrawn == 0 && self.photo_faces_withdrawn == 0 && self.pending_tags_removed == 0
    }
}

/// Removes the vectors of a user's selfies and of the faces in photos that are said to be theirs, by whichever model, and
/// the tags of theirs that wait for a decision.
///
/// # Errors
/// What the database says.
pub async fn withdraw(conn: &mut PgConnection, user: UserId) -> Result<Withdrawn> {
    let selfies = sqlx::query!(
        "UPDATE selfies SET embedding = NULL, updated_at = now() WHERE user_id = $1 AND embedding IS NOT NULL",
        user.0,
    );
    let selfies_withdrawn = selfies.execute(&mut *conn).await?.rows_affected();
    // Given anew, everything is compared anew.
    sqlx::query!(
        "DELETE FROM photoctl.selfie_matches m USING selfies s WHERE s.id = m.selfie_id AND s.user_id = $1",
        user.0,
    )
    .execute(&mut *conn)
    .await?;
    // A tag that a person rejected says that the face is somebody else's. Boxes, since each look numbers faces anew: three
    // times what two have in common is at least both together where the overlap is at least `SAME_FACE`.
    let faces = sqlx::query!(
        "
        UPDATE photoctl.faces f SET vector = NULL, withdrawn_for = $1
          FROM photoctl.tag_marks m
         WHERE m.user_id = $1 AND f.photo_id = m.photo_id AND f.vector IS NOT NULL
           AND 3 * greatest(0, least(f.face_left + f.face_width, m.face_left + m.face_width)
                               - greatest(f.face_left, m.face_left))
                 * greatest(0, least(f.face_top + f.face_height, m.face_top + m.face_height)
                               - greatest(f.face_top, m.face_top))
               >= f.face_width * f.face_height + m.face_width * m.face_height
           AND EXISTS (SELECT FROM photo_tags t
                        WHERE t.photo_id = m.photo_id AND t.user_id = $1 AND t.review_status <> 'rejected')
        ",
        user.0,
    );
    let photo_faces_withdrawn = faces.execute(&mut *conn).await?.rows_affected();
    let gone = sqlx::query_scalar!(
        "
        WITH mine AS (SELECT id FROM photo_tags WHERE user_id = $1 AND review_status = 'pending' ORDER BY id FOR UPDATE)
        DELETE FROM photo_tags t USING mine WHERE t.id = mine.id
        RETURNING t.photo_id
        ",
        user.0,
    )
    .fetch_all(&mut *conn)
    .await?;
    let pending_tags_removed = gone.len() as u64;
    // By the tags that went, not by the marks: what somebody decided in the web application meanwhile is still to be seen.
    sqlx::query!(
        "UPDATE photoctl.tag_marks SET status = NULL, withdrawn_at = now(), marked_at = now()
          WHERE user_id = $1 AND photo_id = ANY($2)",
        user.0,
        &gone,
    )
    .execute(&mut *conn)
    .await?;
    let left = sqlx::query!(
        r#"
        SELECT (SELECT count(*) FROM photo_tags WHERE user_id = $1) AS "tags!",
               (SELECT count(*) FROM selfies WHERE user_id = $1 AND deleted_at IS NULL) AS "selfies!"
        "#,
        user.0,
    )
    .fetch_one(conn)
    .await?;
    let (tags_kept, selfies_kept) = (left.tags.unsigned_abs(), left.selfies.unsigned_abs());
    Ok(Withdrawn { selfies_withdrawn, photo_faces_withdrawn, pending_tags_removed, tags_kept, selfies_kept })
}

/// A live member and their consents of one type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberConsents {
    pub id: UserId,
    pub name: String,
    pub email: String,
    /// Versions of those that are active.
    pub active: Vec<String>,
    /// Whether there ever was one.
    pub ever: bool,
}

/// The live members of a project with their consents of one type, by name.
///
/// # Errors
/// What the database says.
pub async fn of_members(conn: &mut PgConnection, project: ProjectId, kind: &str) -> Result<Vec<MemberConsents>> {
    let rows = sqlx::query!(
        r#"
        SELECT u.id, u.name, u.email, count(c.id) > 0 AS "ever!",
               COALESCE(array_agg(DISTINCT c.consent_version) FILTER (WHERE c.id IS NOT NULL AND c.revoked_at IS NULL),
                        '{}') AS "active!: Vec<String>"
          FROM project_members m
          JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
          LEFT JOIN user_consents c ON c.user_id = u.id AND c.consent_type = $2
         WHERE m.project_id = $1
         GROUP BY u.id, u.name, u.email
         ORDER BY u.name, u.id
        "#,
        project.0,
        kind,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| MemberConsents {
            id: UserId(row.id),
            name: row.name,
            email: row.email,
            active: row.active,
            ever: row.ever,
        })
        .collect())
}

struct ConsentRow {
    id: Uuid,
    user_id: Uuid,
    name: String,
    email: String,
    consent_type: String,
    consent_version: String,
    given_at: NaiveDateTime,
    revoked_at: Option<NaiveDateTime>,
    file_name: Option<String>,
    sha256: Option<Vec<u8>>,
}

impl ConsentRow {
    fn into_consent(self) -> Consent {
        let digest = self.sha256.as_deref().and_then(Sha256::from_slice);
        Consent {
            id: ConsentId(self.id),
            user_id: UserId(self.user_id),
            user: self.name,
            email: self.email,
            kind: self.consent_type,
            version: self.consent_version,
            given_at: self.given_at.and_utc(),
            revoked_at: self.revoked_at.map(|time| time.and_utc()),
            evidence: digest.map(|sha256| EvidenceNote { file_name: self.file_name, sha256 }),
        }
    }
}
