//! Who keeps a migration waiting.

use std::time::Duration;

use sqlx::postgres::PgConnection;

use crate::error::{Error, Kind, Result};
use crate::model::text;

/// A transaction that keeps a migration waiting, as far as this user may see it.
#[derive(sqlx::FromRow)]
pub(super) struct Holder {
    pid: i32,
    application: Option<String>,
    seconds: Option<f64>,
    /// Of the lock that is waited for; none while a transaction as such is waited for.
    relation: Option<String>,
}

/// Who keeps a session waiting: first whoever does not wait themselves, then whoever began first.
pub(super) async fn holder_of(conn: &mut PgConnection, pid: i32) -> Result<Option<Holder>> {
    Ok(sqlx::query_as(
        "SELECT b.pid, a.application_name AS application,
                extract(epoch FROM clock_timestamp() - a.xact_start)::float8 AS seconds,
                (SELECT c.relname::text FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
                  WHERE l.pid = $1 AND NOT l.granted LIMIT 1) AS relation
           FROM unnest(pg_blocking_pids($1)) AS b (pid)
           LEFT JOIN pg_stat_activity a ON a.pid = b.pid
          ORDER BY a.wait_event_type IS NOT DISTINCT FROM 'Lock', a.xact_start NULLS LAST
          LIMIT 1",
    )
    .bind(pid)
    .fetch_optional(conn)
    .await?)
}

/// Says who holds what a step needs.
pub(super) fn held(holder: Option<Holder>, error: Error) -> Error {
    let said = match holder {
        Some(Holder { pid, application, seconds, relation }) => {
            let what = relation.map_or("what is needed".to_owned(), |name| format!("table {}", text::printable(&name)));
            let name = application.filter(|name| !name.is_empty()).map(|name| format!(" ({})", text::printable(&name)));
            let age =
                seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()).map(crate::model::time::span);
            let age = age.map(|age| format!(" for {age}")).unwrap_or_default();
            format!("{what} is held open by a transaction of pid {pid}{}{age}", name.unwrap_or_default())
        }
        None => error.message().to_owned(),
    };
    Error::new(Kind::Locked, said)
        .hint("end that transaction, run this again when it has ended, or wait longer for it with `--wait 10m`")
        .hint("what was done until now stays done")
}
