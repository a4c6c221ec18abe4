//! `photoctl.declared`: which things event files describe; and what is compared with a file, read for whole operators
//! at once.

use std::collections::HashMap;

use sqlx::PgConnection;
use uuid::Uuid;

use super::refs::Noun;
use crate::error::Result;
use crate::model::ids::{OperatorId, ProjectId};
use crate::model::project::Coach;

/// A thing's key in event files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    pub noun: Noun,
    /// Whose key it is; nil for an operator's own.
    pub operator: Uuid,
    pub key: String,
    pub id: Uuid,
}

fn noun_of(word: &str) -> Option<Noun> {
    [Noun::Operator, Noun::Photographer, Noun::Package, Noun::Project].into_iter().find(|noun| noun.word() == word)
}

/// The operators with one of these keys, ids or emails (in any case), deleted ones too.
///
/// # Errors
/// What the database says.
pub async fn operators(
    conn: &mut PgConnection,
    keys: &[String],
    ids: &[Uuid],
    emails: &[String],
) -> Result<Vec<OperatorId>> {
    let found = sqlx::query_scalar!(
        "
        SELECT o.id
          FROM operators o
         WHERE o.id = ANY($2)
            OR lower(o.email) = ANY($3)
            OR o.id IN (SELECT d.id FROM photoctl.declared d WHERE d.noun = 'operator' AND d.key = ANY($1))
        ",
        keys,
        ids,
        emails,
    );
    Ok(found.fetch_all(conn).await?.into_iter().map(OperatorId).collect())
}

/// All keys of these operators, their own too.
///
/// # Errors
/// What the database says.
pub async fn keys(conn: &mut PgConnection, operators: &[Uuid]) -> Result<Vec<Declared>> {
    let rows = sqlx::query!(
        "
        SELECT noun, operator_id, key, id
          FROM photoctl.declared
         WHERE operator_id = ANY($1) OR (noun = 'operator' AND id = ANY($1))
         ORDER BY noun, operator_id, key
        ",
        operators,
    );
    let rows = rows.fetch_all(conn).await?.into_iter();
    let declared = |noun| move |row: (Uuid, String, Uuid)| Declared { noun, operator: row.0, key: row.1, id: row.2 };
    Ok(rows
        .filter_map(|row| noun_of(&row.noun).map(|noun| declared(noun)((row.operator_id, row.key, row.id))))
        .collect())
}

/// Remembers a thing's key; another one that it had is forgotten.
///
/// # Errors
/// What the database says.
pub async fn remember(conn: &mut PgConnection, declared: &Declared) -> Result<()> {
    let noun = declared.noun.word();
    sqlx::query!("DELETE FROM photoctl.declared WHERE noun = $1 AND id = $2", noun, declared.id)
        .execute(&mut *conn)
        .await?;
    sqlx::query!(
        "
        INSERT INTO photoctl.declared (noun, operator_id, key, id)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (noun, operator_id, key) DO UPDATE SET id = excluded.id, declared_at = now()
        ",
        noun,
        declared.operator,
        declared.key,
        declared.id,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets a thing's key.
///
/// # Errors
/// What the database says.
pub async fn forget(conn: &mut PgConnection, noun: Noun, id: Uuid) -> Result<()> {
    sqlx::query!("DELETE FROM photoctl.declared WHERE noun = $1 AND id = $2", noun.word(), id).execute(conn).await?;
    Ok(())
}

/// Locks operators and all that is theirs until the transaction ends.
///
/// # Errors
/// What the database says.
pub async fn lock(conn: &mut PgConnection, operators: &[Uuid]) -> Result<()> {
    sqlx::query!("SELECT id FROM operators WHERE id = ANY($1) ORDER BY id FOR UPDATE", operators)
        .fetch_all(&mut *conn)
        .await?;
    sqlx::query!("SELECT id FROM photographers WHERE operator_id = ANY($1) ORDER BY id FOR UPDATE", operators)
        .fetch_all(&mut *conn)
        .await?;
    sqlx::query!("SELECT id FROM packages WHERE operator_id = ANY($1) ORDER BY id FOR UPDATE", operators)
        .fetch_all(&mut *conn)
        .await?;
    sqlx::query!("SELECT id FROM projects WHERE operator_id = ANY($1) ORDER BY id FOR UPDATE", operators)
        .fetch_all(conn)
        .await?;
    Ok(())
}

/// Whose each of these emails is, in small letters; deleted ones too.
///
/// # Errors
/// What the database says.
pub async fn emails(conn: &mut PgConnection, noun: Noun, emails: &[String]) -> Result<HashMap<String, (Uuid, bool)>> {
    let rows: Vec<(String, Uuid, bool)> = match noun {
        Noun::Operator => {
            let rows = sqlx::query!(
                r#"SELECT lower(email) AS "email!", id, deleted_at IS NOT NULL AS "deleted!" FROM operators
                    WHERE lower(email) = ANY($1)"#,
                emails
            );
            rows.fetch_all(conn).await?.into_iter().map(|row| (row.email, row.id, row.deleted)).collect()
        }
        Noun::Photographer => {
            let rows = sqlx::query!(
                r#"SELECT lower(email) AS "email!", id, deleted_at IS NOT NULL AS "deleted!" FROM photographers
                    WHERE lower(email) = ANY($1)"#,
                emails
            );
            rows.fetch_all(conn).await?.into_iter().map(|row| (row.email, row.id, row.deleted)).collect()
        }
        _ => Vec::new(),
    };
    Ok(rows.into_iter().map(|(email, id, deleted)| (email, (id, deleted))).collect())
}

/// Who and what takes part in each project of these operators.
#[derive(Debug, Default)]
pub struct Parts {
    /// Project and photographer.
    pub photographers: Vec<(ProjectId, Uuid)>,
    /// Project and package.
    pub packages: Vec<(ProjectId, Uuid)>,
    pub coaches: Vec<Coach>,
    /// Project, key, value.
    pub settings: Vec<(ProjectId, String, String)>,
}

/// # Errors
/// What the database says.
pub async fn parts(conn: &mut PgConnection, operators: &[Uuid]) -> Result<Parts> {
    let photographers = sqlx::query!(
        "SELECT DISTINCT a.project_id, a.photographer_id FROM project_photographers a
           JOIN projects p ON p.id = a.project_id WHERE p.operator_id = ANY($1) ORDER BY 1, 2",
        operators
    );
    let photographers = photographers.fetch_all(&mut *conn).await?;
    let packages = sqlx::query!(
        "SELECT a.project_id, a.package_id FROM project_packages a
           JOIN projects p ON p.id = a.project_id WHERE p.operator_id = ANY($1) ORDER BY 1, 2",
        operators
    );
    let packages = packages.fetch_all(&mut *conn).await?;
    let coaches = sqlx::query!(
        "SELECT c.id, c.name, c.project_id FROM project_coaches c
           JOIN projects p ON p.id = c.project_id WHERE p.operator_id = ANY($1) ORDER BY c.project_id, c.name, c.id",
        operators
    );
    let coaches = coaches.fetch_all(&mut *conn).await?;
    let settings = sqlx::query!(
        "SELECT s.project_id, s.key, s.value FROM photoctl.project_settings s
           JOIN projects p ON p.id = s.project_id WHERE p.operator_id = ANY($1) ORDER BY s.project_id, s.key",
        operators
    );
    let settings = settings.fetch_all(conn).await?;
    Ok(Parts {
        photographers: photographers.into_iter().map(|row| (row.project_id.into(), row.photographer_id)).collect(),
        packages: packages.into_iter().map(|row| (row.project_id.into(), row.package_id)).collect(),
        coaches: coaches
            .into_iter()
            .map(|row| Coach { id: row.id, name: row.name, project_id: row.project_id.into() })
            .collect(),
        settings: settings.into_iter().map(|row| (row.project_id.into(), row.key, row.value)).collect(),
    })
}

/// What would be lost from sight with a thing: it is never removed by a file then.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Weight {
    pub photos: i64,
    pub sales: i64,
}

/// Photos and sales of these operators, also what of theirs is used at others' projects, by project and photographer, and by project and package. Deleted photos too:
/// they can be restored.
#[derive(Debug, Default)]
pub struct Weights {
    pub photos: Vec<(ProjectId, Uuid, i64)>,
    pub sales: Vec<(ProjectId, Uuid, i64)>,
}

/// # Errors
/// What the database says.
pub async fn weights(conn: &mut PgConnection, operators: &[Uuid]) -> Result<Weights> {
    let photos = sqlx::query!(
        r#"SELECT f.project_id, f.photographer_id, count(*) AS "count!" FROM photos f
             JOIN projects p ON p.id = f.project_id
             JOIN photographers h ON h.id = f.photographer_id
            WHERE p.operator_id = ANY($1) OR h.operator_id = ANY($1) GROUP BY 1, 2"#,
        operators
    );
    let photos = photos.fetch_all(&mut *conn).await?;
    let sales = sqlx::query!(
        r#"SELECT s.project_id, s.package_id, count(*) AS "count!" FROM purchases s
             JOIN projects p ON p.id = s.project_id
             JOIN packages k ON k.id = s.package_id
            WHERE p.operator_id = ANY($1) OR k.operator_id = ANY($1) GROUP BY 1, 2"#,
        operators
    );
    let sales = sales.fetch_all(conn).await?;
    Ok(Weights {
        photos: photos.into_iter().map(|row| (row.project_id.into(), row.photographer_id, row.count)).collect(),
        sales: sales.into_iter().map(|row| (row.project_id.into(), row.package_id, row.count)).collect(),
    })
}
