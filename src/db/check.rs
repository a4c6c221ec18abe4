//! How a database differs from the contract.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::postgres::PgConnection;

use super::catalog::{self, ColumnDefault, ColumnSpec, GENERAL_COLUMNS, LiveTable, Origin, TableSpec};
use crate::error::Result;

/// What kind of thing differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    TableMissing,
    ColumnMissing,
    ColumnExtra,
    ColumnType,
    ColumnNullability,
    DefaultMissing,
    PrimaryKeyMissing,
    UniqueMissing,
    ForeignKeyMissing,
    IndexMissing,
}

/// One difference between the contract and a database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub kind: DifferenceKind,
    pub table: String,
    /// The column or columns that it is about; the table itself where it is missing.
    pub object: String,
    /// What the contract has; empty where it has nothing.
    pub expected: String,
    /// What the database has; empty where it has nothing.
    pub found: String,
}

impl Difference {
    /// The difference as a sentence without its full stop.
    #[must_use]
    pub fn sentence(&self) -> String {
        use DifferenceKind as K;
        let Difference { table, object, expected, found, .. } = self;
        match self.kind {
            K::TableMissing => format!("table {table} is missing"),
            K::ColumnMissing => format!("column {table}.{object} is missing: {expected}"),
            K::ColumnExtra => format!("column {table}.{object} is extra: {found}"),
            K::ColumnType => format!("column {table}.{object} has another type: {found} instead of {expected}"),
            K::ColumnNullability => format!("column {table}.{object} is {found} instead of {expected}"),
            K::DefaultMissing => format!("column {table}.{object} has no default: {expected}"),
            K::PrimaryKeyMissing => format!("table {table} lacks its primary key ({object})"),
            K::UniqueMissing => format!("table {table} lacks the unique on ({object})"),
            K::ForeignKeyMissing => format!("column {table}.{object} lacks its foreign key: {expected}"),
            K::IndexMissing => format!("column {table}.{object} leads no index"),
        }
    }
}

/// What [`check`] found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckReport {
    pub tables: usize,
    pub differences: Vec<Difference>,
}

/// Compares the shared tables of a database with the contract. Changes nothing.
///
/// # Errors
/// What the database says.
pub async fn check(conn: &mut PgConnection) -> Result<CheckReport> {
    let live = catalog::read(conn).await?;
    Ok(CheckReport { tables: live.len(), differences: differences(&live) })
}

/// Every difference, table by table in the order of the contract.
#[must_use]
pub fn differences(live: &BTreeMap<&'static str, LiveTable>) -> Vec<Difference> {
    let mut found = Vec::new();
    for spec in catalog::spec() {
        match live.get(spec.name) {
            Some(table) => {
                compare_columns(spec, table, &mut found);
                compare_keys(spec, table, &mut found);
            }
            None => found.push(difference(DifferenceKind::TableMissing, spec, spec.name, "a table", "")),
        }
    }
    found
}

fn difference(kind: DifferenceKind, spec: &TableSpec, object: &str, expected: &str, found: &str) -> Difference {
    Difference {
        kind,
        table: spec.name.to_owned(),
        object: object.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    }
}

fn compare_columns(spec: &TableSpec, live: &LiveTable, found: &mut Vec<Difference>) {
    for column in spec.columns {
        match live.column(column.name) {
            None => {
                let expected = declaration(column);
                found.push(difference(DifferenceKind::ColumnMissing, spec, column.name, &expected, ""));
            }
            Some(has) => {
                if !column.kind.is(&has.type_name, has.modifier) {
                    let kind = DifferenceKind::ColumnType;
                    found.push(difference(kind, spec, column.name, &column.kind.sql(), &has.type_text));
                }
                // Where only the general rule asks for a column, how the web application declared it is its own matter.
                if column.origin == Origin::Contract && has.nullable != column.nullable {
                    let kind = DifferenceKind::ColumnNullability;
                    found.push(difference(
                        kind,
                        spec,
                        column.name,
                        nullability(column.nullable),
                        nullability(has.nullable),
                    ));
                }
                if column.default != ColumnDefault::None && !has.has_default && needs_default(column) {
                    let expected = column.default.sql().unwrap_or_default();
                    found.push(difference(DifferenceKind::DefaultMissing, spec, column.name, expected, ""));
                }
            }
        }
    }
    for column in &live.columns {
        if spec.column(&column.name).is_none() && !GENERAL_COLUMNS.contains(&column.name.as_str()) {
            found.push(difference(DifferenceKind::ColumnExtra, spec, &column.name, "", &column.type_text));
        }
    }
}

/// The contract names a default for ids and for `created_at`; for other times it leaves it open.
fn needs_default(column: &ColumnSpec) -> bool {
    column.default == ColumnDefault::Id || (column.name == "created_at" && column.origin == Origin::Contract)
}

fn compare_keys(spec: &TableSpec, live: &LiveTable, found: &mut Vec<Difference>) {
    if !live.has_primary_key(spec.primary_key) {
        let columns = spec.primary_key.join(", ");
        found.push(difference(DifferenceKind::PrimaryKeyMissing, spec, &columns, "a primary key", ""));
    }
    for columns in spec.uniques {
        if !live.is_unique(columns) {
            found.push(difference(DifferenceKind::UniqueMissing, spec, &columns.join(", "), "unique", ""));
        }
    }
    for key in spec.foreign_keys {
        if !live.has_foreign_key(key.column, key.table) {
            let expected = format!("references {} (id)", key.table);
            found.push(difference(DifferenceKind::ForeignKeyMissing, spec, key.column, &expected, ""));
        }
    }
    for column in spec.indexes {
        if !live.leads_an_index(column) {
            found.push(difference(DifferenceKind::IndexMissing, spec, column, "an index", ""));
        }
    }
}

fn nullability(nullable: bool) -> &'static str {
    if nullable { "nullable" } else { "not null" }
}

/// A column as `CREATE TABLE` has it, without its name.
pub(super) fn declaration(column: &ColumnSpec) -> String {
    let mut text = column.kind.sql();
    if !column.nullable {
        text.push_str(" NOT NULL");
    }
    if let Some(default) = column.default.sql() {
        text.push_str(" DEFAULT ");
        text.push_str(default);
    }
    text
}
