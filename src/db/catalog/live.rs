//! The shared tables as a database has them. Names of constraints and indexes do not matter, only what they do.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use sqlx::postgres::types::Oid;

use super::spec;
use crate::error::Result;

#[derive(Debug, Clone, Default)]
pub struct LiveTable {
    pub columns: Vec<LiveColumn>,
    pub indexes: Vec<LiveIndex>,
    pub foreign_keys: Vec<LiveForeignKey>,
}

#[derive(Debug, Clone)]
pub struct LiveColumn {
    pub name: String,
    /// `pg_type.typname`
    pub type_name: String,
    /// `pg_attribute.atttypmod`
    pub modifier: i32,
    /// As PostgreSQL writes it.
    pub type_text: String,
    pub nullable: bool,
    pub has_default: bool,
}

#[derive(Debug, Clone)]
pub struct LiveIndex {
    pub name: String,
    pub unique: bool,
    pub primary: bool,
    /// Neither invalid (left by an interrupted build) nor partial.
    pub usable: bool,
    /// Its key columns in order; `None` stands for an expression.
    pub columns: Vec<Option<String>>,
}

#[derive(Debug, Clone)]
pub struct LiveForeignKey {
    pub columns: Vec<String>,
    pub table: String,
    pub references: Vec<String>,
}

impl LiveTable {
    #[must_use]
    pub fn column(&self, name: &str) -> Option<&LiveColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether some index begins with `column`.
    #[must_use]
    pub fn leads_an_index(&self, column: &str) -> bool {
        self.indexes
            .iter()
            .any(|index| index.usable && index.columns.first().is_some_and(|c| c.as_deref() == Some(column)))
    }

    /// Whether a constraint or an index makes exactly these columns unique, in whatever order.
    #[must_use]
    pub fn is_unique(&self, columns: &[&str]) -> bool {
        self.indexes.iter().any(|index| index.usable && index.unique && same_columns(index, columns))
    }

    #[must_use]
    pub fn has_primary_key(&self, columns: &[&str]) -> bool {
        self.indexes.iter().any(|index| index.primary && same_columns(index, columns))
    }

    #[must_use]
    pub fn has_foreign_key(&self, column: &str, table: &str) -> bool {
        self.foreign_keys.iter().any(|key| key.columns == [column] && key.table == table && key.references == ["id"])
    }
}

fn same_columns(index: &LiveIndex, columns: &[&str]) -> bool {
    index.columns.len() == columns.len()
        && columns.iter().all(|column| index.columns.iter().any(|c| c.as_deref() == Some(column)))
}

/// Reads the shared tables that a database has, by name, from the schemas that an unqualified name is looked for in.
///
/// # Errors
/// What the database says.
pub async fn read(conn: &mut PgConnection) -> Result<BTreeMap<&'static str, LiveTable>> {
    let names: Vec<String> = spec().iter().map(|table| table.name.to_owned()).collect();
    let rows = sqlx::query!(
        r#"SELECT name AS "name!", c.oid AS "oid!"
           FROM unnest($1::text[]) AS name
           JOIN pg_class c ON c.oid = to_regclass(quote_ident(name))
           WHERE c.relkind IN ('r', 'p')"#,
        &names
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut tables = BTreeMap::new();
    let mut oids = BTreeMap::new();
    for row in rows {
        if let Some(table) = spec().iter().find(|table| table.name == row.name) {
            tables.insert(table.name, LiveTable::default());
            oids.insert(row.oid.0, table.name);
        }
    }
    read_columns(conn, &oids, &mut tables).await?;
    read_indexes(conn, &oids, &mut tables).await?;
    read_foreign_keys(conn, &oids, &mut tables).await?;
    Ok(tables)
}

type Tables = BTreeMap<&'static str, LiveTable>;
type Oids = BTreeMap<u32, &'static str>;

fn list(oids: &Oids) -> Vec<Oid> {
    oids.keys().copied().map(Oid).collect()
}

fn table<'t>(tables: &'t mut Tables, oids: &Oids, oid: Oid) -> Option<&'t mut LiveTable> {
    oids.get(&oid.0).and_then(|name| tables.get_mut(name))
}

async fn read_columns(conn: &mut PgConnection, oids: &Oids, tables: &mut Tables) -> Result<()> {
    let rows = sqlx::query!(
        r#"SELECT a.attrelid AS "table!", a.attname::text AS "name!", t.typname::text AS "type_name!",
                  a.atttypmod AS "modifier!", format_type(a.atttypid, a.atttypmod) AS "type_text!",
                  NOT a.attnotnull AS "nullable!",
                  (a.atthasdef OR a.attidentity <> '') AS "has_default!"
           FROM pg_attribute a
           JOIN pg_type t ON t.oid = a.atttypid
           WHERE a.attrelid = ANY($1) AND a.attnum > 0 AND NOT a.attisdropped
           ORDER BY a.attrelid, a.attnum"#,
        &list(oids)
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        if let Some(table) = table(tables, oids, row.table) {
            table.columns.push(LiveColumn {
                name: row.name,
                type_name: row.type_name,
                modifier: row.modifier,
                type_text: row.type_text,
                nullable: row.nullable,
                has_default: row.has_default,
            });
        }
    }
    Ok(())
}

async fn read_indexes(conn: &mut PgConnection, oids: &Oids, tables: &mut Tables) -> Result<()> {
    let rows = sqlx::query!(
        r#"SELECT i.indrelid AS "table!", c.relname::text AS "name!", i.indisunique AS "unique!",
                  i.indisprimary AS "primary!", (i.indisvalid AND i.indpred IS NULL) AS "usable!",
                  ARRAY(SELECT a.attname::text
                        FROM generate_series(0, i.indnkeyatts - 1) AS n
                        LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[n] AND a.attnum <> 0
                        ORDER BY n) AS "columns!: Vec<Option<String>>"
           FROM pg_index i
           JOIN pg_class c ON c.oid = i.indexrelid
           WHERE i.indrelid = ANY($1)
           ORDER BY i.indrelid, c.relname"#,
        &list(oids)
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        if let Some(table) = table(tables, oids, row.table) {
            table.indexes.push(LiveIndex {
                name: row.name,
                unique: row.unique,
                primary: row.primary,
                usable: row.usable,
                columns: row.columns,
            });
        }
    }
    Ok(())
}

async fn read_foreign_keys(conn: &mut PgConnection, oids: &Oids, tables: &mut Tables) -> Result<()> {
    let rows = sqlx::query!(
        r#"SELECT k.conrelid AS "table!", k.confrelid AS "target!",
                  ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(n, o)
                        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.n ORDER BY u.o) AS "columns!: Vec<String>",
                  ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(n, o)
                        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.n ORDER BY u.o) AS "references!: Vec<String>"
           FROM pg_constraint k
           WHERE k.contype = 'f' AND k.conrelid = ANY($1)"#,
        &list(oids)
    )
    .fetch_all(conn)
    .await?;
    for row in rows {
        let target = oids.get(&row.target.0).copied();
        if let (Some(table), Some(target)) = (table(tables, oids, row.table), target) {
            table.foreign_keys.push(LiveForeignKey {
                columns: row.columns,
                table: target.to_owned(),
                references: row.references,
            });
        }
    }
    Ok(())
}
