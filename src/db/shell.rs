//! SQL that people type, for the embedded database. A real server has `psql`.

use futures::TryStreamExt;
use serde::Serialize;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Column, Either, Row, ValueRef};

use crate::error::Result;

/// What one statement answered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ResultSet {
    /// Names of the columns; empty where no row came back.
    pub columns: Vec<String>,
    /// Values as PostgreSQL writes them; `None` is null.
    pub rows: Vec<Vec<Option<String>>>,
    /// Rows returned or changed, as the server counts them.
    pub count: u64,
}

/// Runs one statement or several separated by semicolons, which then succeed or fail together.
///
/// # Errors
/// What the database says.
pub async fn execute(conn: &mut PgConnection, sql: &str) -> Result<Vec<ResultSet>> {
    let mut sets = Vec::new();
    let mut set = ResultSet::default();
    let mut answers = sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).fetch_many(conn);
    while let Some(answer) = answers.try_next().await? {
        match answer {
            Either::Right(row) => {
                if set.columns.is_empty() {
                    set.columns = row.columns().iter().map(|column| column.name().to_owned()).collect();
                }
                let mut values = Vec::with_capacity(row.len());
                for index in 0..row.len() {
                    let value = row.try_get_raw(index)?;
                    let text = if value.is_null() { None } else { value.as_str().ok().map(str::to_owned) };
                    values.push(text);
                }
                set.rows.push(values);
            }
            Either::Left(done) => {
                set.count = done.rows_affected();
                sets.push(std::mem::take(&mut set));
            }
        }
    }
    Ok(sets)
}
