//! Which migrations a database has, and which it lacks.

use std::collections::BTreeMap;

use sqlx::migrate::Migration;
use sqlx::postgres::PgConnection;

use super::{Action, MIGRATOR, SHARED_TABLES, Step, newest};
use crate::db::catalog;
use crate::error::{Error, Kind, Result};
use crate::model::text;

/// Where applied migrations are recorded: not among the web application's tables.
pub(super) const HISTORY: &str = "photoctl._sqlx_migrations";

/// Ends the description of a migration that was recorded, not run.
const ADOPTED: &str = " (adopted)";

/// The applied migrations, as the database tells.
pub(super) struct History {
    pub(super) applied: BTreeMap<i64, Applied>,
}

pub(super) struct Applied {
    checksum: Vec<u8>,
    adopted: bool,
}

impl History {
    pub(super) async fn read(conn: &mut PgConnection) -> Result<Self> {
        let there: bool =
            sqlx::query_scalar("SELECT to_regclass($1) IS NOT NULL").bind(HISTORY).fetch_one(&mut *conn).await?;
        if !there {
            return Ok(Self { applied: BTreeMap::new() });
        }
        let sql = format!("SELECT version, checksum, description FROM {HISTORY} WHERE success");
        let rows: Vec<(i64, Vec<u8>, String)> = sqlx::query_as(sqlx::AssertSqlSafe(sql)).fetch_all(conn).await?;
        let applied = rows
            .into_iter()
            .map(|(version, checksum, description)| {
                (version, Applied { checksum, adopted: description.ends_with(ADOPTED) })
            })
            .collect();
        Ok(Self { applied })
    }

    pub(super) fn newest(&self) -> i64 {
        self.applied.keys().next_back().copied().unwrap_or(0)
    }

    pub(super) fn adopted(&self) -> bool {
        self.applied.get(&SHARED_TABLES).is_some_and(|applied| applied.adopted)
    }

    /// A migration that was changed after it was applied: what the database has is then unknown.
    pub(super) fn refuse_changed(&self) -> Result<()> {
        let changed = MIGRATOR.iter().find(|migration| {
            self.applied.get(&migration.version).is_some_and(|applied| applied.checksum != *migration.checksum)
        });
        match changed {
            None => Ok(()),
            Some(migration) => Err(Error::new(
                Kind::SchemaOutdated,
                format!("migration {} was applied in another form than this photoctl has", migration.version),
            )
            .hint("use the photoctl release that migrated this database, or a newer release")),
        }
    }

    /// Migrations that this photoctl does not know are fine as long as they only add.
    pub(super) async fn refuse_newer(&self, conn: &mut PgConnection) -> Result<()> {
        if self.newest() <= newest() {
            return Ok(());
        }
        let needed = min_version(conn).await?;
        match needed {
            Some(needed) if version_key(&needed) > version_key(env!("CARGO_PKG_VERSION")) => Err(Error::new(
                Kind::SchemaNewer,
                format!(
                    "this database needs photoctl {} or newer; this is {}",
                    text::printable(&needed),
                    env!("CARGO_PKG_VERSION")
                ),
            )
            .hint("install the newer photoctl")),
            _ => Ok(()),
        }
    }
}

pub(super) async fn min_version(conn: &mut PgConnection) -> Result<Option<String>> {
    let there: bool =
        sqlx::query_scalar("SELECT to_regclass('photoctl.installation') IS NOT NULL").fetch_one(&mut *conn).await?;
    if !there {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("SELECT min_version FROM photoctl.installation").fetch_optional(conn).await?)
}

/// `1.10.2` orders after `1.9.0`; what is no number counts as 0.
fn version_key(version: &str) -> [u64; 3] {
    let mut key = [0; 3];
    for (slot, part) in key.iter_mut().zip(version.split(['.', '-', '+'])) {
        *slot = part.parse().unwrap_or(0);
    }
    key
}

pub(super) async fn pending(conn: &mut PgConnection, history: &History) -> Result<Vec<Step>> {
    let record_shared = !history.applied.contains_key(&SHARED_TABLES) && has_shared_tables(conn).await?;
    Ok(MIGRATOR
        .iter()
        .filter(|migration| !migration.migration_type.is_down_migration())
        .filter(|migration| !history.applied.contains_key(&migration.version))
        .map(|migration| Step {
            version: migration.version,
            description: migration.description.to_string(),
            action: if record_shared && migration.version == SHARED_TABLES { Action::Record } else { Action::Run },
        })
        .collect())
}

async fn has_shared_tables(conn: &mut PgConnection) -> Result<bool> {
    let names: Vec<String> = catalog::spec().iter().map(|table| table.name.to_owned()).collect();
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM unnest($1::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NOT NULL) AS "it!""#,
        &names
    )
    .fetch_one(conn)
    .await?)
}

/// Notes a migration as applied without running it.
pub(super) async fn record(conn: &mut PgConnection, migration: &Migration) -> Result<()> {
    let sql = format!(
        "INSERT INTO {HISTORY} (version, description, success, checksum, execution_time) VALUES ($1, $2, true, $3, -1)"
    );
    sqlx::query(sqlx::AssertSqlSafe(sql))
        .bind(migration.version)
        .bind(format!("{}{ADOPTED}", migration.description))
        .bind(&*migration.checksum)
        .execute(conn)
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_number() {
        assert!(version_key("1.10.0") > version_key("1.9.9"));
        assert!(version_key("0.2.0") > version_key("0.1.0"));
        assert_eq!(version_key("1.2.3-rc1"), version_key("1.2.3"));
    }
}
