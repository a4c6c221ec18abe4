//! What the rows of all nouns have in common: a version, a mark of being deleted, a password, what hangs on them.

use sqlx::PgConnection;
use uuid::Uuid;

use super::refs::Noun;
use crate::error::{Error, Kind, Result};

/// Which state of a row was read: PostgreSQL's `xmin`, the transaction that wrote it. Whoever changes a row, the web
/// application too, makes another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version(String);

/// The same checked scalar query on the table of a noun.
macro_rules! on_table {
    ($noun:expr, $head:tt, $tail:tt, $conn:expr, $fetch:ident $(, $arg:expr)*) => {
        match $noun {
            Noun::Operator => sqlx::query_scalar!($head + "operators" + $tail $(, $arg)*).$fetch($conn).await?,
            Noun::Photographer => sqlx::query_scalar!($head + "photographers" + $tail $(, $arg)*).$fetch($conn).await?,
            Noun::User => sqlx::query_scalar!($head + "users" + $tail $(, $arg)*).$fetch($conn).await?,
            Noun::Package => sqlx::query_scalar!($head + "packages" + $tail $(, $arg)*).$fetch($conn).await?,
            Noun::Project => sqlx::query_scalar!($head + "projects" + $tail $(, $arg)*).$fetch($conn).await?,
        }
    };
}

/// The version of a row, deleted or not. To be read before its values are.
///
/// # Errors
/// What the database says.
pub async fn version(conn: &mut PgConnection, noun: Noun, id: Uuid) -> Result<Option<Version>> {
    let version = on_table!(noun, "SELECT xmin::text AS \"xmin!\" FROM ", " WHERE id = $1", conn, fetch_optional, id);
    Ok(version.map(Version))
}

/// Locks a row until the transaction ends, if nobody has changed it since `version` was read.
///
/// # Errors
/// [`Kind::Conflict`] where somebody has, or what the database says.
pub async fn lock(conn: &mut PgConnection, noun: Noun, id: Uuid, version: &Version) -> Result<()> {
    let now =
        on_table!(noun, "SELECT xmin::text AS \"xmin!\" FROM ", " WHERE id = $1 FOR UPDATE", conn, fetch_optional, id);
    if now.as_ref() == Some(&version.0) {
        return Ok(());
    }
    let word = noun.word();
    Err(Error::new(
        Kind::Conflict,
        format!("the {word} {id} was changed by somebody else meanwhile; nothing was written"),
    )
    .hint(format!("look at it with photoctl {word} show {id}, and do it again")))
}

/// Marks rows as deleted. Answers those that were not.
///
/// # Errors
/// What the database says.
pub async fn delete(conn: &mut PgConnection, noun: Noun, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    Ok(on_table!(
        noun,
        "UPDATE ",
        " SET deleted_at = now(), updated_at = now() WHERE id = ANY($1) AND deleted_at IS NULL RETURNING id",
        conn,
        fetch_all,
        ids
    ))
}

/// Takes the mark away. Answers those that had it.
///
/// # Errors
/// What the database says.
pub async fn restore(conn: &mut PgConnection, noun: Noun, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    Ok(on_table!(
        noun,
        "UPDATE ",
        " SET deleted_at = NULL, updated_at = now() WHERE id = ANY($1) AND deleted_at IS NOT NULL RETURNING id",
        conn,
        fetch_all,
        ids
    ))
}

/// Whether the mark of being deleted is ours alone: the web application made the table and does not look at it.
///
/// # Errors
/// What the database says.
pub async fn mark_is_ours_alone(conn: &mut PgConnection, noun: Noun) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"
        SELECT EXISTS (SELECT FROM photoctl.adopted
                        WHERE table_name = $1 AND object_name = 'deleted_at' AND kind = 'column') AS "found!"
        "#,
        noun.table(),
    );
    Ok(found.fetch_one(conn).await?)
}

/// A person's stored hash, to be compared, never shown. `None` for things without one too.
///
/// # Errors
/// What the database says.
pub async fn password_hash(conn: &mut PgConnection, noun: Noun, id: Uuid) -> Result<Option<String>> {
    let hash = match noun {
        Noun::Operator => sqlx::query_scalar!("SELECT password_hash FROM operators WHERE id = $1", id),
        Noun::Photographer => sqlx::query_scalar!("SELECT password_hash FROM photographers WHERE id = $1", id),
        Noun::User => sqlx::query_scalar!("SELECT password_hash FROM users WHERE id = $1", id),
        Noun::Package | Noun::Project => return Ok(None),
    };
    Ok(hash.fetch_optional(conn).await?)
}

/// Writes a person's hash. Whether there is such a person who has one.
///
/// # Errors
/// What the database says.
pub async fn set_password_hash(conn: &mut PgConnection, noun: Noun, id: Uuid, hash: &str) -> Result<bool> {
    let done = match noun {
        Noun::Operator => {
            sqlx::query!("UPDATE operators SET password_hash = $2, updated_at = now() WHERE id = $1", id, hash)
        }
        Noun::Photographer => {
            sqlx::query!("UPDATE photographers SET password_hash = $2, updated_at = now() WHERE id = $1", id, hash)
        }
        Noun::User => sqlx::query!("UPDATE users SET password_hash = $2, updated_at = now() WHERE id = $1", id, hash),
        Noun::Package | Noun::Project => return Ok(false),
    };
    Ok(done.execute(conn).await?.rows_affected() > 0)
}
