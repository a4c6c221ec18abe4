//! What things are called, for completions.

use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use super::refs::Noun;
use super::{ServerConfig, connect};
use crate::error::Result;

/// A thing's name, and by what else it is told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// The noun's word.
    pub noun: String,
    pub name: String,
    pub email: Option<String>,
    /// The email of the operator that it belongs to.
    pub operator: Option<String>,
    pub deleted: bool,
}

/// Things whose email, or name where they have none, begins with `prefix` in any case: of one noun or of all, the
/// newest first, at most `limit` of each. Deleted ones too.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, noun: Option<Noun>, prefix: &str, limit: i64) -> Result<Vec<Named>> {
    let names = sqlx::query_as!(
        Named,
        r#"
        (SELECT 'operator' AS "noun!", name AS "name!", email, NULL::text AS operator,
                deleted_at IS NOT NULL AS "deleted!"
           FROM operators
          WHERE ($1::text IS NULL OR $1 = 'operator') AND starts_with(lower(email), lower($2::text))
          ORDER BY created_at DESC, id LIMIT $3)
        UNION ALL
        (SELECT 'user', name, email, NULL, deleted_at IS NOT NULL
           FROM users
          WHERE ($1 IS NULL OR $1 = 'user') AND starts_with(lower(email), lower($2))
          ORDER BY created_at DESC, id LIMIT $3)
        UNION ALL
        (SELECT 'photographer', p.name, p.email, o.email, p.deleted_at IS NOT NULL
           FROM photographers p JOIN operators o ON o.id = p.operator_id
          WHERE ($1 IS NULL OR $1 = 'photographer') AND starts_with(lower(p.email), lower($2))
          ORDER BY p.created_at DESC, p.id LIMIT $3)
        UNION ALL
        (SELECT 'package', p.name, NULL, o.email, p.deleted_at IS NOT NULL
           FROM packages p JOIN operators o ON o.id = p.operator_id
          WHERE ($1 IS NULL OR $1 = 'package')
            AND (starts_with(lower(p.name), lower($2)) OR starts_with(lower(o.email || '/' || p.name), lower($2)))
          ORDER BY p.created_at DESC, p.id LIMIT $3)
        UNION ALL
        (SELECT 'project', p.name, NULL, o.email, p.deleted_at IS NOT NULL
           FROM projects p JOIN operators o ON o.id = p.operator_id
          WHERE ($1 IS NULL OR $1 = 'project')
            AND (starts_with(lower(p.name), lower($2)) OR starts_with(lower(o.email || '/' || p.name), lower($2)))
          ORDER BY p.created_at DESC, p.id LIMIT $3)
        "#,
        noun.map(Noun::word),
        prefix,
        limit,
    )
    .fetch_all(conn)
    .await?;
    Ok(names)
}

/// As [`list`], of a server over one connection of its own, and without what a longer session would look at first.
///
/// # Errors
/// Those of connecting, and what the database says.
pub async fn of_server(server: &ServerConfig, noun: Noun, prefix: &str, limit: i64) -> Result<Vec<Named>> {
    let options = connect::options(server)?;
    let mut conn = connect::open(&options, server.connect_timeout).await?;
    list(&mut conn, Some(noun), prefix, limit).await
}
