//! Many users and members of a project at once, in a few statements. All of them end in the order of ids, so that two
//! who write the same rows wait for each other instead of locking each other out.

use chrono::{DateTime, NaiveDateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::guard;
use crate::error::Result;
use crate::model::ids::{ProjectId, UserId};
use crate::model::people::Guest;

/// Who brings in many users holds it alone, who creates one user shares it: of emails that differ in case only, the
/// unique of the table knows nothing.
const USERS: &str = "users";

/// Waits until nobody else of photoctl creates users, and keeps them waiting until the transaction ends.
///
/// # Errors
/// What the database says.
pub async fn lock_users(conn: &mut PgConnection) -> Result<()> {
    guard::lock(conn, USERS).await
}

/// Waits while somebody brings in many users.
///
/// # Errors
/// What the database says.
pub async fn share_users(conn: &mut PgConnection) -> Result<()> {
    guard::lock_shared(conn, USERS).await
}

/// Until the transaction ends, each statement is planned anew: the tables grow while a roster goes in, and a plan that
/// was made for empty ones would take minutes.
///
/// # Errors
/// What the database says.
pub async fn plan_anew(conn: &mut PgConnection) -> Result<()> {
    sqlx::query("SET LOCAL plan_cache_mode = 'force_custom_plan'").execute(conn).await?;
    Ok(())
}

/// A user that a line of a roster means, and what they are in the project.
#[derive(Debug, Clone)]
pub struct Known {
    /// The place of the email that was asked for, from 0.
    pub position: usize,
    pub id: UserId,
    pub name: String,
    pub address: Option<String>,
    pub billing_address: Option<String>,
    pub deleted: bool,
    pub member: bool,
    pub terms_accepted_at: Option<DateTime<Utc>>,
}

/// The users of these emails, in any case; of several the one that [`super::users::by_email`] would find.
///
/// # Errors
/// What the database says.
pub async fn known(conn: &mut PgConnection, project: ProjectId, emails: &[String]) -> Result<Vec<Known>> {
    let rows = sqlx::query!(
        r#"
        SELECT DISTINCT ON (r.position)
               r.position AS "position!", u.id, u.name, u.address, u.billing_address,
               u.deleted_at IS NOT NULL AS "deleted!", m.user_id IS NOT NULL AS "member!", m.terms_accepted_at AS "terms_accepted_at?"
          FROM UNNEST($2::text[]) WITH ORDINALITY AS r (email, position)
          JOIN users u ON lower(u.email) = lower(r.email)
          LEFT JOIN project_members m ON m.project_id = $1 AND m.user_id = u.id
         ORDER BY r.position, u.deleted_at IS NOT NULL, u.email <> r.email, u.id
        "#,
        project.0,
        emails,
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Known {
            position: usize::try_from(row.position - 1).unwrap_or_default(),
            id: row.id.into(),
            name: row.name,
            address: row.address,
            billing_address: row.billing_address,
            deleted: row.deleted,
            member: row.member,
            terms_accepted_at: row.terms_accepted_at.map(|time| time.and_utc()),
        })
        .collect())
}

/// A user to be created.
#[derive(Debug, Clone)]
pub struct Creation {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub password_hash: String,
    pub address: Option<String>,
    pub billing_address: Option<String>,
}

/// Creates users. Returns those that were: not the ones whose email somebody has taken meanwhile.
///
/// # Errors
/// What the database says.
pub async fn create(conn: &mut PgConnection, new: &[Creation]) -> Result<Vec<UserId>> {
    let new = in_order(new, |one| one.id);
    let column = |of: fn(&Creation) -> &String| -> Vec<String> { new.iter().map(|one| of(one).clone()).collect() };
    let cell = |of: fn(&Creation) -> &Option<String>| -> Vec<Option<String>> {
        new.iter().map(|one| of(one).clone()).collect()
    };
    let created = sqlx::query_scalar!(
        "
        INSERT INTO users (id, name, email, password_hash, address, billing_address)
        SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
            ON CONFLICT DO NOTHING
        RETURNING id
        ",
        &ids(&new, |one| one.id),
        &column(|one| &one.name),
        &column(|one| &one.email),
        &column(|one| &one.password_hash),
        &cell(|one| &one.address) as &[Option<String>],
        &cell(|one| &one.billing_address) as &[Option<String>],
    )
    .fetch_all(conn)
    .await?;
    Ok(created.into_iter().map(UserId).collect())
}

/// What a user becomes, and what they must still be.
#[derive(Debug, Clone)]
pub struct Change {
    pub before: Known,
    pub name: String,
    pub address: Option<String>,
    pub billing_address: Option<String>,
}

/// Changes users. Returns those that were still what they were when they were read.
///
/// # Errors
/// What the database says.
pub async fn change(conn: &mut PgConnection, changes: &[Change]) -> Result<Vec<UserId>> {
    let changes = in_order(changes, |one| one.before.id);
    let column = |of: fn(&Change) -> &String| -> Vec<String> { changes.iter().map(|one| of(one).clone()).collect() };
    let cell = |of: fn(&Change) -> &Option<String>| -> Vec<Option<String>> {
        changes.iter().map(|one| of(one).clone()).collect()
    };
    let changed = sqlx::query_scalar!(
        "
        WITH new AS (
            SELECT * FROM UNNEST($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
                AS new (id, name, address, billing_address, old_name, old_address, old_billing_address)),
        held AS (SELECT u.id FROM users u WHERE u.id = ANY($1::uuid[]) ORDER BY u.id FOR NO KEY UPDATE)
        UPDATE users u
           SET name = new.name,
               address = new.address,
               billing_address = new.billing_address,
               updated_at = now()
          FROM new
          JOIN held ON held.id = new.id
         WHERE u.id = new.id
           AND u.deleted_at IS NULL
           AND u.name = new.old_name
           AND u.address IS NOT DISTINCT FROM new.old_address
           AND u.billing_address IS NOT DISTINCT FROM new.old_billing_address
        RETURNING u.id
        ",
        &ids(&changes, |one| one.before.id),
        &column(|one| &one.name),
        &cell(|one| &one.address) as &[Option<String>],
        &cell(|one| &one.billing_address) as &[Option<String>],
        &column(|one| &one.before.name),
        &cell(|one| &one.before.address) as &[Option<String>],
        &cell(|one| &one.before.billing_address) as &[Option<String>],
    )
    .fetch_all(conn)
    .await?;
    Ok(changed.into_iter().map(UserId).collect())
}

/// Somebody's acceptance of a project's terms.
#[derive(Debug, Clone, Copy)]
pub struct Acceptance {
    pub user: UserId,
    pub at: Option<DateTime<Utc>>,
}

/// Lets users join a project now. Returns those who did: not the ones who have joined or were deleted meanwhile.
///
/// # Errors
/// What the database says.
pub async fn join(conn: &mut PgConnection, project: ProjectId, joins: &[Acceptance]) -> Result<Vec<UserId>> {
    let joins = in_order(joins, |one| one.user);
    let joined = sqlx::query_scalar!(
        "
        INSERT INTO project_members (project_id, user_id, terms_accepted_at)
        SELECT $1, u.id, new.at
          FROM UNNEST($2::uuid[], $3::timestamp[]) AS new (user_id, at)
          JOIN users u ON u.id = new.user_id AND u.deleted_at IS NULL
         ORDER BY u.id
            ON CONFLICT DO NOTHING
        RETURNING user_id
        ",
        project.0,
        &ids(&joins, |one| one.user),
        &times(&joins) as &[Option<NaiveDateTime>],
    )
    .fetch_all(conn)
    .await?;
    Ok(joined.into_iter().map(UserId).collect())
}

/// Notes when members accepted the terms. Returns those of whom it was not known yet.
///
/// # Errors
/// What the database says.
pub async fn accept(conn: &mut PgConnection, project: ProjectId, accepted: &[Acceptance]) -> Result<Vec<UserId>> {
    let accepted = in_order(accepted, |one| one.user);
    let noted = sqlx::query_scalar!(
        "
        WITH held AS (
            SELECT m.id FROM project_members m
             WHERE m.project_id = $1 AND m.user_id = ANY($2::uuid[])
             ORDER BY m.user_id FOR NO KEY UPDATE)
        UPDATE project_members m
           SET terms_accepted_at = new.at
          FROM UNNEST($2::uuid[], $3::timestamp[]) AS new (user_id, at), held
         WHERE m.id = held.id
           AND m.user_id = new.user_id
           AND m.terms_accepted_at IS NULL
        RETURNING m.user_id
        ",
        project.0,
        &ids(&accepted, |one| one.user),
        &times(&accepted) as &[Option<NaiveDateTime>],
    )
    .fetch_all(conn)
    .await?;
    Ok(noted.into_iter().map(UserId).collect())
}

/// Whether the project is there and not deleted. It stays so until the transaction ends.
///
/// # Errors
/// What the database says.
pub async fn is_live(conn: &mut PgConnection, project: ProjectId) -> Result<bool> {
    let found =
        sqlx::query_scalar!(r#"SELECT deleted_at IS NULL AS "live!" FROM projects WHERE id = $1 FOR SHARE"#, project.0);
    Ok(found.fetch_optional(conn).await?.unwrap_or(false))
}

/// The ids of all users, or of a project's members, by email. Deleted ones are left out.
///
/// # Errors
/// What the database says.
pub async fn all(conn: &mut PgConnection, project: Option<ProjectId>) -> Result<Vec<UserId>> {
    let found = sqlx::query_scalar!(
        "
        SELECT u.id
          FROM users u
         WHERE u.deleted_at IS NULL
           AND ($1::uuid IS NULL
                OR EXISTS (SELECT FROM project_members m WHERE m.user_id = u.id AND m.project_id = $1))
         ORDER BY lower(u.email), u.id
        ",
        project.map(|id| id.0),
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(UserId).collect())
}

/// What a roster says of these users, by email; with `project`, when they accepted its terms too.
///
/// # Errors
/// What the database says.
pub async fn guests(conn: &mut PgConnection, project: Option<ProjectId>, users: &[UserId]) -> Result<Vec<Guest>> {
    let rows = sqlx::query!(
        r#"
        SELECT u.email, u.name, u.address, u.billing_address, m.terms_accepted_at AS "terms_accepted_at?"
          FROM users u
          LEFT JOIN project_members m ON m.user_id = u.id AND m.project_id = $1
         WHERE u.id = ANY($2::uuid[])
         ORDER BY lower(u.email), u.id
        "#,
        project.map(|id| id.0),
        &ids(&users.iter().collect::<Vec<_>>(), |id| *id),
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Guest {
            email: row.email,
            name: row.name,
            address: row.address,
            billing_address: row.billing_address,
            terms_accepted_at: row.terms_accepted_at.map(|time| time.and_utc()),
        })
        .collect())
}

fn in_order<T>(all: &[T], id: impl Fn(&T) -> UserId) -> Vec<&T> {
    let mut all: Vec<&T> = all.iter().collect();
    all.sort_unstable_by_key(|one| id(one).0);
    all
}

fn ids<T>(all: &[&T], id: impl Fn(&T) -> UserId) -> Vec<Uuid> {
    all.iter().map(|one| id(one).0).collect()
}

fn times(all: &[&Acceptance]) -> Vec<Option<NaiveDateTime>> {
    all.iter().map(|one| one.at.map(|time| time.naive_utc())).collect()
}
