//! `qr_tokens`, and what schema `photoctl` knows of them.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::ids::{ProjectId, QrTokenId, UserId};
use crate::model::qr::{QrToken, Token, TokenStatus, TokenUser};

/// Tokens to be issued together.
#[derive(Debug, Clone, Copy)]
pub struct NewTokens<'a> {
    pub project: ProjectId,
    /// Each with the guest that it is for.
    pub tokens: &'a [(Token, Option<UserId>)],
    pub expires_at: DateTime<Utc>,
    pub reusable: bool,
}

/// Issues tokens. Returns their ids, in the order of `new.tokens`.
///
/// # Errors
/// What the database says.
pub async fn insert(conn: &mut PgConnection, new: NewTokens<'_>) -> Result<Vec<QrTokenId>> {
    let tokens: Vec<String> = new.tokens.iter().map(|(token, _)| token.as_str().to_owned()).collect();
    let users: Vec<Option<Uuid>> = new.tokens.iter().map(|(_, user)| user.map(|id| id.0)).collect();
    let ids = sqlx::query_scalar!(
        r#"
        WITH given AS (
            SELECT * FROM UNNEST($2::text[], $3::uuid[]) WITH ORDINALITY AS given (token, user_id, position)
        ), made AS (
            INSERT INTO qr_tokens (project_id, token, expires_at)
            SELECT $1, token, $4 FROM given
            RETURNING id, token
        ), told AS (
            INSERT INTO photoctl.qr_tokens (token_id, user_id, reusable)
            SELECT made.id, given.user_id, $5
              FROM made JOIN given ON given.token = made.token
             WHERE given.user_id IS NOT NULL OR $5
        )
        SELECT made.id FROM made JOIN given ON given.token = made.token ORDER BY given.position
        "#,
        new.project.0,
        &tokens,
        &users as &[Option<Uuid>],
        new.expires_at.naive_utc(),
        new.reusable,
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(QrTokenId).collect())
}

/// Members of a project who have no open token of their own, by name.
///
/// # Errors
/// What the database says.
pub async fn members_without(conn: &mut PgConnection, project: ProjectId) -> Result<Vec<TokenUser>> {
    let rows = sqlx::query!(
        "
        SELECT u.id, u.name, u.email
          FROM project_members m
          JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
         WHERE m.project_id = $1
           AND NOT EXISTS (SELECT FROM photoctl.qr_tokens l
                             JOIN qr_tokens q ON q.id = l.token_id
                            WHERE l.user_id = u.id AND q.project_id = $1
                              AND q.used_at IS NULL AND q.expires_at > now())
         ORDER BY u.name, u.id
        ",
        project.0,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| TokenUser { id: row.id.into(), name: row.name, email: row.email, deleted: false })
        .collect())
}

/// How many live members a project has.
///
/// # Errors
/// What the database says.
pub async fn live_members(conn: &mut PgConnection, project: ProjectId) -> Result<i64> {
    let count = sqlx::query_scalar!(
        r#"
        SELECT count(*) AS "count!"
          FROM project_members m JOIN users u ON u.id = m.user_id AND u.deleted_at IS NULL
         WHERE m.project_id = $1
        "#,
        project.0,
    )
    .fetch_one(conn)
    .await?;
    Ok(count)
}

/// Which tokens to read. All that is set must hold.
#[derive(Debug, Clone, Copy, Default)]
pub struct TokenFilter<'a> {
    pub project: Option<ProjectId>,
    /// Issued for this guest.
    pub user: Option<UserId>,
    /// One of these; empty: any.
    pub status: &'a [TokenStatus],
    pub reusable: Option<bool>,
    /// The token itself, or one of these ids: the first and the last that there could be.
    pub named: Option<(&'a str, Uuid, Uuid)>,
    /// Those of deleted projects too.
    pub deleted: bool,
    /// Begin behind this one.
    pub after: Option<QrTokenId>,
}

/// Tokens, the newest first, at most `limit`.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, filter: TokenFilter<'_>, limit: i64) -> Result<Vec<QrToken>> {
    let status: Vec<String> = filter.status.iter().map(|status| status.as_str().to_owned()).collect();
    let rows = sqlx::query_as!(
        TokenRow,
        r#"
        SELECT * FROM (
            SELECT q.id, q.project_id, p.name AS project, q.token, q.expires_at, q.used_at, q.created_at,
                   CASE WHEN q.used_at IS NOT NULL THEN 'used'
                        WHEN q.expires_at > now()
                             AND (u.deleted_at IS NOT NULL OR p.deleted_at IS NOT NULL OR p.end_at <= now()) THEN 'closed'
                        WHEN q.expires_at > now() THEN 'open'
                        WHEN l.revoked_at IS NOT NULL THEN 'revoked'
                        ELSE 'expired' END AS "status!",
                   l.user_id AS "user_id?", u.name AS "user_name?", u.email AS "user_email?",
                   u.deleted_at AS "user_deleted_at?", COALESCE(l.reusable, false) AS "reusable!",
                   CASE WHEN l.reusable THEN l.use_count
                        WHEN q.used_at IS NOT NULL THEN 1 ELSE 0 END AS "uses!",
                   l.revoked_at AS "revoked_at?"
              FROM qr_tokens q
              JOIN projects p ON p.id = q.project_id
              LEFT JOIN photoctl.qr_tokens l ON l.token_id = q.id
              LEFT JOIN users u ON u.id = l.user_id
             WHERE ($1::uuid IS NULL OR q.project_id = $1)
               AND ($2::uuid IS NULL OR l.user_id = $2)
               AND ($3::boolean IS NULL OR COALESCE(l.reusable, false) = $3)
               AND ($4::text IS NULL OR q.token = $4 OR q.id BETWEEN $5 AND $6)
               AND ($7 OR p.deleted_at IS NULL)
               AND ($8::uuid IS NULL
                    OR (q.created_at, q.id) < (SELECT a.created_at, a.id FROM qr_tokens a WHERE a.id = $8))
        ) found
         WHERE (cardinality($9::text[]) = 0 OR "status!" = ANY ($9))
         ORDER BY created_at DESC, id DESC
         LIMIT $10
        "#,
        filter.project.map(|id| id.0),
        filter.user.map(|id| id.0),
        filter.reusable,
        filter.named.map(|named| named.0),
        filter.named.map(|named| named.1),
        filter.named.map(|named| named.2),
        filter.deleted,
        filter.after.map(|id| id.0),
        &status,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(QrToken::from).collect())
}

/// Ends the time of open tokens: the web application refuses them from now on too. Returns those that were open.
///
/// # Errors
/// What the database says.
pub async fn revoke(conn: &mut PgConnection, ids: &[QrTokenId]) -> Result<Vec<QrTokenId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let done = sqlx::query_scalar!(
        "
        WITH ended AS (
            UPDATE qr_tokens SET expires_at = now()
             WHERE id = ANY ($1) AND used_at IS NULL AND expires_at > now()
            RETURNING id
        ), told AS (
            INSERT INTO photoctl.qr_tokens (token_id, revoked_at)
            SELECT id, now() FROM ended
            ON CONFLICT (token_id) DO UPDATE SET revoked_at = excluded.revoked_at
        )
        SELECT id FROM ended
        ",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(done.into_iter().map(QrTokenId).collect())
}

/// Which tokens to prune: those that nobody used and whose time was over before `before`.
#[derive(Debug, Clone, Copy)]
pub struct PruneFilter {
    pub project: Option<ProjectId>,
    pub before: Option<DateTime<Utc>>,
}

/// What [`prune`] would delete.
///
/// # Errors
/// What the database says.
pub async fn prunable(conn: &mut PgConnection, filter: PruneFilter) -> Result<Vec<QrTokenId>> {
    let ids = sqlx::query_scalar!(
        "
        SELECT q.id
          FROM qr_tokens q
          LEFT JOIN photoctl.qr_tokens l ON l.token_id = q.id
         WHERE ($1::uuid IS NULL OR q.project_id = $1)
           AND q.used_at IS NULL
           AND q.expires_at <= LEAST(COALESCE($2::timestamp, now()), now())
           AND COALESCE(l.use_count, 0) = 0
        ",
        filter.project.map(|id| id.0),
        filter.before.map(|time| time.naive_utc()),
    )
    .fetch_all(conn)
    .await?;
    Ok(ids.into_iter().map(QrTokenId).collect())
}

/// Deletes those of `ids` that are still expired and unused. Returns them.
///
/// # Errors
/// What the database says.
pub async fn prune(conn: &mut PgConnection, ids: &[QrTokenId]) -> Result<Vec<QrTokenId>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let done = sqlx::query_scalar!(
        "DELETE FROM qr_tokens WHERE id = ANY ($1) AND used_at IS NULL AND expires_at <= now() RETURNING id",
        &ids,
    )
    .fetch_all(conn)
    .await?;
    Ok(done.into_iter().map(QrTokenId).collect())
}

/// The deleted user with that id or email.
///
/// # Errors
/// What the database says.
pub async fn deleted_user(conn: &mut PgConnection, text: &str) -> Result<Option<UserId>> {
    let id = sqlx::query_scalar!(
        "SELECT id FROM users WHERE deleted_at IS NOT NULL AND (id = $1 OR lower(email) = lower($2)) LIMIT 1",
        text.parse::<Uuid>().ok(),
        text,
    )
    .fetch_optional(conn)
    .await?;
    Ok(id.map(UserId))
}

/// What came of an attempt to join by a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    pub token: QrTokenId,
    pub project_id: ProjectId,
    pub project: String,
    pub verdict: Verdict,
    /// Whether a new member was made. A member with a token of their own is one already.
    pub joined: bool,
    pub joined_at: Option<DateTime<Utc>>,
    pub terms_accepted_at: Option<DateTime<Utc>>,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub end_at: Option<DateTime<Utc>>,
    pub reusable: bool,
}

/// Why a token lets somebody join, or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Joins,
    ProjectDeleted,
    Used,
    Revoked,
    ProjectOver,
    Expired,
    UserDeleted,
    OfAnother,
    AlreadyMember,
    TermsRequired,
}

/// Lets a user join by a token: one statement, so that of two at the same moment one does. `None` when there is no
/// such token.
///
/// The token's row is locked first, whoever comes second sees it used; so are the project and the user, so that neither
/// is deleted meanwhile. A member is made unless they are one; the token is used only where a member was made, or where
/// it is the member's own. What is counted is counted under the token's lock.
///
/// # Errors
/// What the database says.
pub async fn redeem(conn: &mut PgConnection, token: &str, user: UserId, accepts: bool) -> Result<Option<Attempt>> {
    let row = sqlx::query_as!(
        AttemptRow,
        r#"
        WITH token AS MATERIALIZED (
            SELECT q.id, q.project_id, q.expires_at, q.used_at, p.name AS project, p.deleted_at AS project_deleted_at,
                   p.end_at, COALESCE(btrim(p.terms_and_conditions), '') <> '' AS has_terms
              FROM qr_tokens q
              JOIN projects p ON p.id = q.project_id
             WHERE q.token = $1
               FOR UPDATE OF q FOR SHARE OF p
        ), who AS MATERIALIZED (
            SELECT id FROM users WHERE id = $2 AND deleted_at IS NULL FOR SHARE
        ), verdict AS MATERIALIZED (
            -- By the clock, not by the beginning of the statement: it may have waited for a revocation.
            SELECT t.*, l.user_id AS owner_id, COALESCE(l.reusable, false) AS reusable, l.revoked_at,
                   CASE WHEN t.project_deleted_at IS NOT NULL THEN 'project_deleted'
                        WHEN t.used_at IS NOT NULL THEN 'used'
                        WHEN t.expires_at <= (clock_timestamp() AT TIME ZONE 'UTC') AND l.revoked_at IS NOT NULL THEN 'revoked'
                        WHEN t.end_at <= (clock_timestamp() AT TIME ZONE 'UTC') THEN 'project_over'
                        WHEN t.expires_at <= (clock_timestamp() AT TIME ZONE 'UTC') THEN 'expired'
                        WHEN NOT EXISTS (SELECT FROM who) THEN 'user_deleted'
                        WHEN l.user_id <> $2 THEN 'of_another'
                        WHEN m.id IS NOT NULL AND l.user_id IS NULL THEN 'already_member'
                        WHEN t.has_terms AND NOT $3 AND m.terms_accepted_at IS NULL THEN 'terms_required'
                        ELSE 'joins' END AS said
              FROM token t
              LEFT JOIN photoctl.qr_tokens l ON l.token_id = t.id
              LEFT JOIN project_members m ON m.project_id = t.project_id AND m.user_id = $2
        ), joined AS (
            INSERT INTO project_members (project_id, user_id, joined_at, terms_accepted_at)
            SELECT project_id, $2, now(), CASE WHEN $3 THEN now() END FROM verdict WHERE said = 'joins'
            ON CONFLICT (project_id, user_id) DO UPDATE
               SET terms_accepted_at = COALESCE(project_members.terms_accepted_at, excluded.terms_accepted_at)
             WHERE (SELECT owner_id FROM verdict) IS NOT NULL
            RETURNING xmax = 0 AS made, joined_at, terms_accepted_at
        ), used AS (
            UPDATE qr_tokens q SET used_at = now()
              FROM verdict v
             WHERE q.id = v.id AND NOT v.reusable AND EXISTS (SELECT FROM joined)
        ), counted AS (
            UPDATE photoctl.qr_tokens l SET use_count = use_count + 1
              FROM verdict v
             WHERE l.token_id = v.id AND EXISTS (SELECT FROM joined)
        ), noted AS (
            INSERT INTO photoctl.qr_uses (token_id, user_id, used_at)
            SELECT v.id, $2, now() FROM verdict v WHERE EXISTS (SELECT FROM joined)
            ON CONFLICT (token_id, user_id) DO UPDATE SET used_at = excluded.used_at
        )
        SELECT v.id, v.project_id, v.project, v.expires_at, v.used_at, v.end_at, v.reusable AS "reusable!",
               v.revoked_at AS "revoked_at?", v.said AS "said!", j.made AS "made?", j.joined_at AS "joined_at?",
               j.terms_accepted_at AS "terms_accepted_at?"
          FROM verdict v LEFT JOIN joined j ON true
        "#,
        token,
        user.0,
        accepts,
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Attempt::from))
}

struct TokenRow {
    id: Uuid,
    project_id: Uuid,
    project: String,
    token: String,
    expires_at: NaiveDateTime,
    used_at: Option<NaiveDateTime>,
    created_at: NaiveDateTime,
    status: String,
    user_id: Option<Uuid>,
    user_name: Option<String>,
    user_email: Option<String>,
    user_deleted_at: Option<NaiveDateTime>,
    reusable: bool,
    uses: i64,
    revoked_at: Option<NaiveDateTime>,
}

impl From<TokenRow> for QrToken {
    fn from(row: TokenRow) -> Self {
        let user = match (row.user_id, row.user_name, row.user_email) {
            (Some(id), Some(name), Some(email)) => {
                Some(TokenUser { id: UserId(id), name, email, deleted: row.user_deleted_at.is_some() })
            }
            _ => None,
        };
        Self {
            id: row.id.into(),
            project_id: row.project_id.into(),
            project: row.project,
            token: Token::stored(row.token),
            status: match row.status.as_str() {
                "open" => TokenStatus::Open,
                "closed" => TokenStatus::Closed,
                "used" => TokenStatus::Used,
                "revoked" => TokenStatus::Revoked,
                _ => TokenStatus::Expired,
            },
            user,
            reusable: row.reusable,
            uses: row.uses,
            expires_at: row.expires_at.and_utc(),
            used_at: row.used_at.map(|time| time.and_utc()),
            revoked_at: row.revoked_at.map(|time| time.and_utc()),
            created_at: row.created_at.and_utc(),
        }
    }
}

struct AttemptRow {
    id: Uuid,
    project_id: Uuid,
    project: String,
    expires_at: NaiveDateTime,
    used_at: Option<NaiveDateTime>,
    end_at: Option<NaiveDateTime>,
    reusable: bool,
    revoked_at: Option<NaiveDateTime>,
    said: String,
    made: Option<bool>,
    joined_at: Option<NaiveDateTime>,
    terms_accepted_at: Option<NaiveDateTime>,
}

impl From<AttemptRow> for Attempt {
    fn from(row: AttemptRow) -> Self {
        let utc = |time: Option<NaiveDateTime>| time.map(|time| time.and_utc());
        Self {
            token: row.id.into(),
            project_id: row.project_id.into(),
            project: row.project,
            verdict: match (row.said.as_str(), row.made) {
                ("joins", Some(_)) => Verdict::Joins,
                // Somebody let them join by another way at the same moment.
                ("joins", None) | ("already_member", _) => Verdict::AlreadyMember,
                ("project_deleted", _) => Verdict::ProjectDeleted,
                ("used", _) => Verdict::Used,
                ("revoked", _) => Verdict::Revoked,
                ("project_over", _) => Verdict::ProjectOver,
                ("user_deleted", _) => Verdict::UserDeleted,
                ("of_another", _) => Verdict::OfAnother,
                ("terms_required", _) => Verdict::TermsRequired,
                _ => Verdict::Expired,
            },
            joined: row.made == Some(true),
            joined_at: utc(row.joined_at),
            terms_accepted_at: utc(row.terms_accepted_at),
            expires_at: row.expires_at.and_utc(),
            used_at: utc(row.used_at),
            revoked_at: utc(row.revoked_at),
            end_at: utc(row.end_at),
            reusable: row.reusable,
        }
    }
}
