//! What PostgreSQL says, as kinds and sentences.
//!
//! `?` on an [`sqlx::Error`] translates it. What a caller may want to match on (which unique was violated, which
//! state the server gave) stays attached as a [`Cause`] and is asked for by the functions of this module, so that
//! nobody above `db` looks at sqlx.

use std::fmt;
use std::io;

use sqlx::postgres::PgDatabaseError;

use crate::error::{Error, Kind};
use crate::model::text;

/// What the server said about a failed statement, without the values in it: they may be personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// SQLSTATE, five characters (PostgreSQL documentation, appendix A).
    pub sqlstate: String,
    pub message: String,
    pub table: Option<String>,
    pub constraint: Option<String>,
    /// Of a violated unique: its columns or expressions, in order. Constraint names differ between databases that
    /// photoctl made and those that the web application made; columns do not.
    pub columns: Vec<String>,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (SQLSTATE {})", text::printable(&self.message), self.sqlstate)
    }
}

impl std::error::Error for Cause {}

/// The server's side of an error, if it came from the server.
#[must_use]
pub fn cause(error: &Error) -> Option<&Cause> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(cause) = error.downcast_ref::<Cause>() {
            return Some(cause);
        }
        next = error.source();
    }
    None
}

/// The columns of the unique that a statement violated; `None` when the error is another one.
#[must_use]
pub fn violated_unique(error: &Error) -> Option<&[String]> {
    cause(error).filter(|cause| cause.sqlstate == "23505").map(|cause| cause.columns.as_slice())
}

/// Whether a row that a statement refers to is not there, or is still referred to.
#[must_use]
pub fn violated_foreign_key(error: &Error) -> bool {
    cause(error).is_some_and(|cause| cause.sqlstate == "23503")
}

/// Whether the server, or this user's share of it, has no connection free.
pub(super) fn is_full(error: &Error) -> bool {
    cause(error).is_some_and(|cause| cause.sqlstate == "53300")
}

/// Whether the same idempotent work may succeed at once or soon: the connection was cut, the server restarts or
/// fails over, or the server chose this transaction as the victim of a deadlock or serialization conflict.
#[must_use]
pub fn retryable(error: &Error) -> bool {
    if cause(error).is_some_and(|cause| matches!(cause.sqlstate.as_str(), "40001" | "40P01")) {
        return true;
    }
    matches!(error.kind(), Kind::ServiceUnavailable | Kind::NetworkDown)
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        translate(error)
    }
}

/// Translates an error of a statement or of connecting into a kind, a sentence and hints.
#[must_use]
pub fn translate(error: sqlx::Error) -> Error {
    use sqlx::Error as E;
    match error {
        E::Database(error) => match error.try_downcast_ref::<PgDatabaseError>() {
            Some(said) => from_server(said),
            None => Error::new(Kind::Failed, "the database refused a statement").with_source(error.into_error()),
        },
        E::Tls(error) => untrusted().with_source(error),
        // A certificate that is not accepted comes as trouble with the data of a connection.
        E::Io(error) if error.kind() == io::ErrorKind::InvalidData => untrusted().with_source(error),
        E::Io(error) => from_io(error),
        E::Protocol(message) => Error::new(
            Kind::ServiceUnavailable,
            format!("the database answered nonsense: {}", text::printable(&message)),
        )
        .hint("is the address in DATABASE_URL that of a PostgreSQL server?"),
        E::Configuration(error) => {
            Error::new(Kind::Config, "DATABASE_URL cannot be used").with_source(error).hint(URL_FORM)
        }
        E::RowNotFound => Error::new(Kind::NotFound, "no such row"),
        E::PoolTimedOut => Error::new(Kind::ServiceUnavailable, "no connection to the database became free in time"),
        E::WorkerCrashed | E::PoolClosed => {
            Error::new(Kind::ServiceUnavailable, "the connection to the database is closed")
        }
        E::ColumnDecode { .. }
        | E::Decode(_)
        | E::TypeNotFound { .. }
        | E::ColumnNotFound(_)
        | E::ColumnIndexOutOfBounds { .. } => {
            Error::new(Kind::SchemaOutdated, "a row of the database does not have the form that photoctl expects")
                .hint("compare the database with `photoctl db check`")
                .with_source(error)
        }
        other => Error::new(Kind::Internal, "a statement could not be made").with_source(other),
    }
}

fn untrusted() -> Error {
    Error::new(Kind::NetworkDown, "no trusted TLS connection to the database")
        .hint("look at `sslmode` and `sslrootcert` in DATABASE_URL, or whether this network intercepts connections")
}

/// How a database URL is written.
pub(super) const URL_FORM: &str = "write it as postgres://user:password@host:5432/database?sslmode=verify-full";

fn from_io(error: io::Error) -> Error {
    use io::ErrorKind as K;
    let kind = error.kind();
    let sentence = match kind {
        K::ConnectionRefused => (Kind::ServiceUnavailable, "nothing listens at the database's address"),
        K::NotFound => (Kind::ServiceUnavailable, "the database's socket does not exist"),
        K::TimedOut => (Kind::NetworkDown, "the database did not answer in time"),
        K::HostUnreachable | K::NetworkUnreachable | K::NetworkDown | K::AddrNotAvailable => {
            (Kind::NetworkDown, "the database's host cannot be reached")
        }
        K::ConnectionReset | K::ConnectionAborted | K::BrokenPipe | K::UnexpectedEof | K::NotConnected => {
            (Kind::ServiceUnavailable, "the connection to the database was cut")
        }
        K::StorageFull => (Kind::DiskFull, "no space left on the database's disk"),
        _ if is_name_resolution(&error) => (Kind::NetworkDown, "the database's host name cannot be resolved"),
        _ => (Kind::ServiceUnavailable, "talking to the database failed"),
    };
    Error::new(sentence.0, sentence.1).with_source(error)
}

/// The standard library gives look-up failures no kind of their own.
fn is_name_resolution(error: &io::Error) -> bool {
    error.raw_os_error().is_none() && error.to_string().contains("failed to lookup address")
}

fn from_server(said: &PgDatabaseError) -> Error {
    let cause = Cause {
        sqlstate: said.code().to_owned(),
        message: said.message().to_owned(),
        table: said.table().map(str::to_owned),
        constraint: said.constraint().map(str::to_owned),
        columns: said.detail().map(key_columns).unwrap_or_default(),
    };
    sentence(&cause).with_source(cause)
}

fn sentence(cause: &Cause) -> Error {
    let said = text::printable(&cause.message);
    let code = cause.sqlstate.as_str();
    let new = |kind, text: String| Error::new(kind, text);
    if let Some(error) = super::connect::pooler_symptom(code, &cause.message) {
        return error;
    }
    match code {
        "28P01" | "28000" => new(Kind::Credentials, format!("the database refused the log-in: {said}"))
            .hint("check user, password and `sslmode` in DATABASE_URL"),
        "3D000" => new(Kind::Config, format!("the server has no such database: {said}")).hint(URL_FORM),
        "42501" => permission(&said),
        "25006" => read_only(),
        "53300" | "53400" => new(Kind::ServiceUnavailable, format!("the database has no connection free: {said}"))
            .hint("run this again later, or lower PHOTOCTL_DATABASE_CONNECTIONS"),
        "53100" => new(Kind::DiskFull, "no space left on the database's disk".to_owned()),
        "57014" => new(Kind::Timeout, format!("the database stopped a statement: {said}"))
            .hint("raise PHOTOCTL_DATABASE_STATEMENT_TIMEOUT, or see what else the database is busy with"),
        "55P03" => new(Kind::Locked, "another transaction holds a lock that is needed here".to_owned())
            .hint("run this again when that transaction has ended"),
        "57P01" | "57P02" | "57P03" | "57P05" => {
            new(Kind::ServiceUnavailable, format!("the database is shutting down or starting: {said}"))
        }
        "42P01" | "42703" | "3F000" | "42883" | "42704" => {
            new(Kind::SchemaOutdated, format!("the database lacks what is needed: {said}"))
                .hint("bring the database up to date with `photoctl db migrate`")
        }
        "23505" => new(Kind::AlreadyExists, format!("there is such a row already ({})", cause.columns.join(", "))),
        "23503" => new(Kind::Conflict, format!("a row that this one belongs to is gone, or is still in use: {said}")),
        "23502" | "23514" => new(Kind::Internal, format!("the database refused a row: {said}")),
        "22001" => new(Kind::InvalidInput, format!("a text is too long for its column: {said}")),
        "40001" | "40P01" => {
            new(Kind::Conflict, "another transaction changed the same rows at the same moment".to_owned())
        }
        _ if code.starts_with("08") => {
            new(Kind::ServiceUnavailable, format!("the connection to the database failed: {said}"))
        }
        _ if code.starts_with("53") => {
            new(Kind::ServiceUnavailable, format!("the database is short of resources: {said}"))
        }
        _ if code.starts_with("58") => new(Kind::ServiceUnavailable, format!("the database's system failed: {said}")),
        "XX001" | "XX002" => new(Kind::Damaged, format!("the data of the database is damaged: {said}"))
            .hint("restore a backup: of an embedded database with `photoctl db restore FILE`"),
        _ => new(Kind::Failed, format!("the database refused a statement: {said}")),
    }
}

/// It takes no changes.
pub(super) fn read_only() -> Error {
    Error::new(Kind::ServiceUnavailable, "the database is read-only now")
        .hint("it may be a standby or in maintenance: name the primary in DATABASE_URL, or run this again later")
}

/// The server names the object, not the right: [`super::Db::explain`] adds which one is missing.
fn permission(said: &str) -> Error {
    Error::new(Kind::Permission, format!("the database's user lacks a right: {said}")).hint(
        "print the SQL that gives a job its rights: `photoctl db grants --for upload|review|match|reconcile|read`",
    )
}

/// The columns in `Key (project_id, user_id)=(…) already exists.`, whatever the server's language: what stands in
/// the parentheses before `)=(`.
fn key_columns(detail: &str) -> Vec<String> {
    let Some(end) = detail.find(")=(") else { return Vec::new() };
    let Some(start) = detail.get(..end).and_then(|head| head.find('(')) else { return Vec::new() };
    let list = detail.get(start + 1..end).unwrap_or_default();
    let mut columns = vec![String::new()];
    let mut depth = 0_usize;
    for c in list.chars() {
        match c {
            ',' if depth == 0 => columns.push(String::new()),
            _ => {
                depth = match c {
                    '(' => depth + 1,
                    ')' => depth.saturating_sub(1),
                    _ => depth,
                };
                if let Some(last) = columns.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    columns.iter().map(|column| column.trim().trim_matches('"').to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_a_unique_are_read_in_any_language() {
        assert_eq!(key_columns("Key (email)=(a@b.c) already exists."), ["email"]);
        assert_eq!(
            key_columns("Schlüssel »(project_id, user_id)=(1, 2)« existiert bereits."),
            ["project_id", "user_id"]
        );
        assert_eq!(
            key_columns("Key (lower(email::text), \"a b\")=(x, y) already exists."),
            ["lower(email::text)", "a b"]
        );
        assert!(key_columns("nothing of the kind").is_empty());
    }

    #[test]
    fn states_have_the_exit_codes_of_the_contract() {
        let kind = |code: &str| {
            sentence(&Cause {
                sqlstate: code.to_owned(),
                message: "x".to_owned(),
                table: None,
                constraint: None,
                columns: Vec::new(),
            })
            .kind()
        };
        assert_eq!(kind("28P01"), Kind::Credentials);
        assert_eq!(kind("42501"), Kind::Permission);
        assert_eq!(kind("53300"), Kind::ServiceUnavailable);
        assert_eq!(kind("57P01"), Kind::ServiceUnavailable);
        assert_eq!(kind("53100"), Kind::DiskFull);
        assert_eq!(kind("42703"), Kind::SchemaOutdated);
        assert_eq!(kind("23505"), Kind::AlreadyExists);
        assert_eq!(kind("55P03"), Kind::Locked);
    }
}
