//! The consents of many users at once: what the lines of a spreadsheet are held against.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::error::Result;
use crate::model::ids::UserId;

/// A user that a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Named {
    /// The place of the line that was asked for, from 0.
    pub position: usize,
    pub id: UserId,
    pub deleted: bool,
}

/// The users of these emails, in any case (of several the one that [`super::users::by_email`] would find), or, where
/// the email is empty, of these ids. Both lists are of one length.
///
/// # Errors
/// What the database says.
pub async fn users(conn: &mut PgConnection, emails: &[String], ids: &[Uuid]) -> Result<Vec<Named>> {
    let rows = sqlx::query!(
        r#"
        SELECT DISTINCT ON (r.position) r.position AS "position!", u.id, u.deleted_at IS NOT NULL AS "deleted!"
          FROM UNNEST($1::text[], $2::uuid[]) WITH ORDINALITY AS r (email, id, position)
          JOIN users u ON (r.email <> '' AND lower(u.email) = lower(r.email)) OR (r.email = '' AND u.id = r.id)
         ORDER BY r.position, u.deleted_at IS NOT NULL, u.email <> r.email, u.id
        "#,
        emails,
        ids,
    )
    .fetch_all(conn)
    .await?;
    let named = |position: i64, id, deleted| Named {
        position: usize::try_from(position - 1).unwrap_or_default(),
        id: UserId(id),
        deleted,
    };
    Ok(rows.into_iter().map(|row| named(row.position, row.id, row.deleted)).collect())
}

/// A consent that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub user: UserId,
    pub kind: String,
    pub version: String,
    pub given_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// All consents that these users ever gave.
///
/// # Errors
/// What the database says.
pub async fn of_users(conn: &mut PgConnection, users: &[Uuid]) -> Result<Vec<Stored>> {
    let rows = sqlx::query!(
        "SELECT user_id, consent_type, consent_version, given_at, revoked_at FROM user_consents WHERE user_id = ANY($1)",
        users,
    )
    .fetch_all(conn)
    .await?;
    let utc = |time: NaiveDateTime| time.and_utc();
    Ok(rows
        .into_iter()
        .map(|row| Stored {
            user: UserId(row.user_id),
            kind: row.consent_type,
            version: row.consent_version,
            given_at: utc(row.given_at),
            revoked_at: row.revoked_at.map(utc),
        })
        .collect())
}
