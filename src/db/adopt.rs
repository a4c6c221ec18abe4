//! Adoption of a database whose tables the web application made: adding what the contract has and it lacks.
//!
//! Nothing is dropped, rewritten or locked for long. Columns come nullable or with a default that is stored in the
//! catalog only, indexes are built `CONCURRENTLY`. Uniques, foreign keys, types and `NOT NULL` are not touched: they
//! would change what the web application may write. What then still differs is reported.

use std::collections::BTreeMap;

use serde::Serialize;
use sqlx::Connection;
use sqlx::postgres::PgConnection;

use super::catalog::{self, ColumnDefault, ColumnType, LiveTable, Origin, TableSpec};
use super::check::{self, Difference, DifferenceKind, declaration};
use crate::error::{Error, Kind, Result};
use crate::model::text;

/// What a step of adoption adds or changes. The words are those of `photoctl.adopted.kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AdoptionKind {
    Extension,
    Function,
    Table,
    Column,
    Default,
    Nullability,
    Index,
}

impl AdoptionKind {
    fn word(self) -> &'static str {
        match self {
            AdoptionKind::Extension => "extension",
            AdoptionKind::Function => "function",
            AdoptionKind::Table => "table",
            AdoptionKind::Column => "column",
            AdoptionKind::Default => "default",
            AdoptionKind::Nullability => "nullability",
            AdoptionKind::Index => "index",
        }
    }

    /// Whether it must be there before photoctl's own tables, which refer to the shared ones.
    pub(super) fn comes_first(self) -> bool {
        matches!(self, AdoptionKind::Extension | AdoptionKind::Function | AdoptionKind::Table)
    }
}

/// One statement of adoption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AdoptionStep {
    pub kind: AdoptionKind,
    pub table: String,
    pub object: String,
    pub sql: String,
}

/// What adoption would do, and what it leaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AdoptionPlan {
    pub steps: Vec<AdoptionStep>,
    /// Differences that remain, for the people who own the web application.
    pub differences: Vec<Difference>,
}

/// What adoption has to do in this database. Changes nothing.
///
/// # Errors
/// [`Kind::Conflict`] when a table of one of the names belongs to another application.
pub async fn plan(conn: &mut PgConnection) -> Result<AdoptionPlan> {
    let live = catalog::read(conn).await?;
    refuse_foreign(&live)?;
    let mut plan = AdoptionPlan { steps: prerequisites(conn).await?, differences: Vec::new() };
    let all = check::differences(&live);
    for difference in all {
        let step = catalog::spec()
            .iter()
            .find(|spec| spec.name == difference.table)
            .and_then(|spec| step(spec, live.get(spec.name), &difference));
        match step {
            Some(steps) => plan.steps.extend(steps),
            None => plan.differences.push(difference),
        }
    }
    plan.steps.extend(defaults(&live));
    plan.steps.sort_by_key(|step| (step.kind == AdoptionKind::Index, !step.kind.comes_first()));
    Ok(plan)
}

/// A table of one of the names that has no `uuid` key is not the web application's.
fn refuse_foreign(live: &BTreeMap<&'static str, LiveTable>) -> Result<()> {
    for spec in catalog::spec() {
        let Some(table) = live.get(spec.name) else { continue };
        for key in spec.primary_key {
            let found = match table.column(key) {
                Some(column) if ColumnType::Uuid.is(&column.type_name, column.modifier) => continue,
                Some(column) => format!("its column {key} is {}", text::printable(&column.type_text)),
                None => format!("it has no column {key}"),
            };
            return Err(Error::new(
                Kind::Conflict,
                format!("table {} belongs to another application: {found}", spec.name),
            )
            .hint("use a database of its own, or the web application's"));
        }
    }
    Ok(())
}

async fn prerequisites(conn: &mut PgConnection) -> Result<Vec<AdoptionStep>> {
    let row = sqlx::query!(
        r#"SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'vector') AS "vector!",
                  to_regprocedure('uuid_generate_v4()') IS NOT NULL AS "function!""#
    )
    .fetch_one(conn)
    .await?;
    let mut steps = Vec::new();
    if !row.vector {
        steps.push(AdoptionStep {
            kind: AdoptionKind::Extension,
            table: String::new(),
            object: "vector".to_owned(),
            sql: "CREATE EXTENSION IF NOT EXISTS vector".to_owned(),
        });
    }
    if !row.function {
        steps.push(AdoptionStep {
            kind: AdoptionKind::Function,
            table: String::new(),
            object: "uuid_generate_v4".to_owned(),
            sql: "CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql VOLATILE PARALLEL SAFE \
                  AS 'SELECT gen_random_uuid()'"
                .to_owned(),
        });
    }
    Ok(steps)
}

/// The statements that remove a difference; `None` where that is not adoption's to do.
fn step(spec: &TableSpec, live: Option<&LiveTable>, difference: &Difference) -> Option<Vec<AdoptionStep>> {
    let made =
        |kind, object: &str, sql| AdoptionStep { kind, table: spec.name.to_owned(), object: object.to_owned(), sql };
    let object = difference.object.as_str();
    match difference.kind {
        DifferenceKind::TableMissing => Some(create_table(spec)),
        DifferenceKind::ColumnMissing => {
            let column = spec.column(object)?;
            let mut declared = declaration(column);
            if column.origin == Origin::Contract && column.default == ColumnDefault::None {
                declared = column.kind.sql();
            }
            Some(vec![made(
                AdoptionKind::Column,
                object,
                format!("ALTER TABLE {} ADD COLUMN {object} {declared}", spec.name),
            )])
        }
        // Selfies that wait, were rejected, or whose consent was revoked have none.
        DifferenceKind::ColumnNullability if spec.name == "selfies" && object == "embedding" => Some(vec![made(
            AdoptionKind::Nullability,
            object,
            "ALTER TABLE selfies ALTER COLUMN embedding DROP NOT NULL".to_owned(),
        )]),
        // Done for all columns by `defaults`.
        DifferenceKind::DefaultMissing => Some(Vec::new()),
        DifferenceKind::IndexMissing => {
            // An index over a column that is missing too comes with the next run.
            let name = index_name(spec.name, object);
            live.is_none_or(|live| live.indexes.iter().all(|index| index.name != name || !index.usable)).then(|| {
                vec![made(
                    AdoptionKind::Index,
                    object,
                    format!("CREATE INDEX CONCURRENTLY {name} ON {} ({object})", spec.name),
                )]
            })
        }
        _ => None,
    }
}

/// Defaults of ids and of times of creation, where the web application sets them itself: then statements of photoctl
/// need not. A change of the catalog only.
fn defaults(live: &BTreeMap<&'static str, LiveTable>) -> Vec<AdoptionStep> {
    let mut steps = Vec::new();
    for spec in catalog::spec() {
        let Some(table) = live.get(spec.name) else { continue };
        for column in spec.columns {
            let Some(default) = column.default.sql() else { continue };
            if table.column(column.name).is_some_and(|has| !has.has_default) {
                steps.push(AdoptionStep {
                    kind: AdoptionKind::Default,
                    table: spec.name.to_owned(),
                    object: column.name.to_owned(),
                    sql: format!("ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {default}", spec.name, column.name),
                });
            }
        }
    }
    steps
}

fn create_table(spec: &TableSpec) -> Vec<AdoptionStep> {
    let mut parts: Vec<String> =
        spec.columns.iter().map(|column| format!("{} {}", column.name, declaration(column))).collect();
    parts.push(format!("PRIMARY KEY ({})", spec.primary_key.join(", ")));
    parts.extend(spec.uniques.iter().map(|columns| format!("UNIQUE ({})", columns.join(", "))));
    parts.extend(
        spec.foreign_keys.iter().map(|key| format!("FOREIGN KEY ({}) REFERENCES {} (id)", key.column, key.table)),
    );
    let made = |object: &str, sql| AdoptionStep {
        kind: AdoptionKind::Table,
        table: spec.name.to_owned(),
        object: object.to_owned(),
        sql,
    };
    let mut steps = vec![made(spec.name, format!("CREATE TABLE {} ({})", spec.name, parts.join(", ")))];
    // The table is empty: its indexes need not be built beside anybody's work.
    steps.extend(spec.indexes.iter().map(|column| {
        let name = index_name(spec.name, column);
        made(&name, format!("CREATE INDEX {name} ON {} ({column})", spec.name))
    }));
    steps
}

/// Names of our own, which the web application's tool will not choose.
fn index_name(table: &str, column: &str) -> String {
    format!("photoctl_{table}_{column}_idx")
}

/// Does one step and, where `record` says so, notes it in `photoctl.adopted`.
pub(super) async fn apply(conn: &mut PgConnection, step: &AdoptionStep, record: bool) -> Result<()> {
    if step.kind == AdoptionKind::Index {
        // One that an earlier run could not complete is there, but invalid.
        let name = index_name(&step.table, &step.object);
        let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {name}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(drop)).execute(&mut *conn).await?;
        sqlx::raw_sql(sqlx::AssertSqlSafe(step.sql.clone())).execute(&mut *conn).await?;
        if record {
            note(conn, step).await?;
        }
        return Ok(());
    }
    let mut tx = conn.begin().await?;
    sqlx::raw_sql(sqlx::AssertSqlSafe(step.sql.clone())).execute(&mut *tx).await?;
    if record {
        note(&mut tx, step).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Notes in `photoctl.adopted` that a step was done.
pub(super) async fn note(conn: &mut PgConnection, step: &AdoptionStep) -> Result<()> {
    sqlx::query!(
        "INSERT INTO photoctl.adopted (table_name, object_name, kind) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        step.table,
        step.object,
        step.kind.word()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Whether adoption added this column: the web application does not look at it then.
///
/// # Errors
/// What the database says.
pub async fn added_column(conn: &mut PgConnection, table: &str, column: &str) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM photoctl.adopted WHERE table_name = $1 AND object_name = $2 AND kind = 'column') AS "it!""#,
        table,
        column
    )
    .fetch_one(conn)
    .await?)
}
