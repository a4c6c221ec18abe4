//! Connecting to a real PostgreSQL server: settings of each session, and the refusal of transaction poolers.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{Connection, Row};
use tokio::time::timeout;
use tracing::debug;

use super::ServerConfig;
use super::error::{URL_FORM, translate};
use crate::error::{Error, Kind, Result};
use crate::model::text;

/// How long the look for a transaction pooler may take; where the server is slower, it is left out.
const PROBE_LIMIT: Duration = Duration::from_secs(5);

/// Oldest server that photoctl works with.
const OLDEST_SERVER: i32 = 140_000;

/// Reads the URL. Its `sslmode` (`disable`, `prefer`, `require`, `verify-ca`, `verify-full`) says how TLS is used.
pub(super) fn options(config: &ServerConfig) -> Result<PgConnectOptions> {
    let url = config.url.trim();
    if !(url.starts_with("postgres://") || url.starts_with("postgresql://")) {
        return Err(Error::new(Kind::Config, "DATABASE_URL is not a PostgreSQL URL").hint(URL_FORM));
    }
    let options: PgConnectOptions = url.parse().map_err(|error| {
        // The parser's own text may quote parts of the URL, which carries the password.
        debug!(kind = std::any::type_name_of_val(&error), "url not read");
        Error::new(Kind::Config, "DATABASE_URL cannot be read").hint(URL_FORM)
    })?;
    // Session poolers refuse start-up parameters that they do not know; since PostgreSQL 12 this one is not needed.
    Ok(options.application_name("photoctl").extra_float_digits(None))
}

/// Opens one connection within `limit`.
pub(super) async fn open(options: &PgConnectOptions, limit: Duration) -> Result<PgConnection> {
    match timeout(limit, PgConnection::connect_with(options)).await {
        Ok(opened) => opened.map_err(|error| name_server(translate(error), options)),
        Err(_) => Err(name_server(Error::new(Kind::NetworkDown, "the database did not answer in time"), options)),
    }
}

/// Host and port say which server was meant. Neither is a secret.
fn name_server(error: Error, options: &PgConnectOptions) -> Error {
    match options.get_socket() {
        Some(_) => error,
        None => error.context(format!("database at {}:{}", options.get_host(), options.get_port())),
    }
}

/// The settings of each session that photoctl relies on.
pub(super) async fn prepare(conn: &mut PgConnection, statement_timeout: Option<Duration>) -> Result<()> {
    let limit = statement_timeout.map_or(0, |limit| limit.as_millis());
    let sql = format!("SET TIME ZONE 'UTC'; SET statement_timeout = {limit}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut *conn).await?;
    Ok(())
}

/// Refuses servers that are too old.
pub(super) async fn check_version(conn: &mut PgConnection) -> Result<()> {
    let row = sqlx::raw_sql("SELECT current_setting('server_version_num')::int4, current_setting('server_version')")
        .fetch_one(conn)
        .await?;
    // The simple protocol answers in text.
    let number: i32 = row.try_get_unchecked::<String, _>(0)?.parse().unwrap_or(0);
    let version: String = row.try_get_unchecked(1)?;
    new_enough(number, &version)
}

/// `number` is the server's `server_version_num`: 14.5 is 140005.
fn new_enough(number: i32, version: &str) -> Result<()> {
    if number >= OLDEST_SERVER {
        return Ok(());
    }
    let said = format!("the server is PostgreSQL {}; photoctl needs 14 or newer", text::printable(version));
    Err(Error::new(Kind::Config, said))
}

/// Whether the two connections of one client share server sessions, as behind a transaction pooler: then a setting
/// made on the first one is seen by the second, or lost on the first while the second is in a transaction.
/// Nothing else is set before this, for it would stay behind in sessions that others use.
pub(super) async fn refuse_transaction_pooler(first: &mut PgConnection, second: &mut PgConnection) -> Result<()> {
    match timeout(PROBE_LIMIT, shares_sessions(first, second)).await {
        Ok(Ok(false)) | Err(_) => Ok(()),
        Ok(Ok(true)) => Err(pooler()),
        Ok(Err(error)) => Err(translate(error)),
    }
}

async fn shares_sessions(first: &mut PgConnection, second: &mut PgConnection) -> sqlx::Result<bool> {
    let mark = uuid::Uuid::new_v4().simple().to_string();
    let set = format!("SET photoctl.session = '{mark}'");
    sqlx::raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut *first).await?;
    sqlx::raw_sql("BEGIN").execute(&mut *second).await?;
    let seen_elsewhere = session_mark(second).await?.as_deref() == Some(&mark);
    let shared = seen_elsewhere || session_mark(first).await?.as_deref() != Some(&mark);
    if shared {
        sqlx::raw_sql("RESET photoctl.session").execute(&mut *second).await?;
    }
    sqlx::raw_sql("COMMIT").execute(&mut *second).await?;
    Ok(shared)
}

async fn session_mark(conn: &mut PgConnection) -> sqlx::Result<Option<String>> {
    sqlx::raw_sql("SELECT current_setting('photoctl.session', true)").fetch_one(conn).await?.try_get_unchecked(0)
}

/// What a transaction pooler answers to named statements and to start-up parameters, as an error; `None` for
/// everything else.
pub(super) fn pooler_symptom(sqlstate: &str, message: &str) -> Option<Error> {
    let named_statement = matches!(sqlstate, "26000" | "42P05") && message.contains("sqlx_s_");
    let parameter = sqlstate == "08P01" && message.contains("unsupported startup parameter");
    (named_statement || parameter).then(pooler)
}

fn pooler() -> Error {
    Error::new(Kind::Config, "DATABASE_URL names a connection pooler that gives each transaction another session")
        .hint("give the direct URL of the database, or the pooler's session mode: photoctl needs prepared statements and session locks")
        .hint("Supabase: port 5432 instead of 6543; Neon: the host without `-pooler`; pgbouncer: the server behind it, or pool_mode = session")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_from_14_on_are_taken() {
        for (number, version) in [(140_000, "14.0"), (140_011, "14.11 (Debian)"), (180_001, "18.1")] {
            assert!(new_enough(number, version).is_ok(), "{version}");
        }
        for (number, version) in [(130_014, "13.14"), (90_624, "9.6.24"), (0, "")] {
            let error = new_enough(number, version).expect_err(version);
            assert_eq!(error.kind(), Kind::Config);
            assert!(error.message().contains(version) && error.message().contains("14 or newer"), "{error}");
        }
    }

    #[test]
    fn url_errors_do_not_repeat_the_url() {
        for url in [
            "postgres://u:hunter2@h:notaport/d",
            "mysql://u:hunter2@h/d",
            "postgres://u:hunter2@[::1/d",
            "postgres://u:hunter2@h/d?sslmode=hunter2",
        ] {
            let error = options(&ServerConfig::new(url)).expect_err(url);
            let all = format!("{error} {:?} {:?}", error.hints(), error.causes());
            assert!(!all.contains("hunter2"), "{all}");
            assert_eq!(error.kind(), Kind::Config);
        }
    }
}
