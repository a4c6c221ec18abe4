//! The one error type, and what each kind of error means to a script.
//!
//! Every floor returns [`Error`]: a [`Kind`] from a closed list (the `code` of the json form, and the
//! exit code), a sentence that says what is wrong, hints that say what to do, and the source it came from.
//! Adapters (`db`, `objects`, …) translate their service's errors into a kind at their boundary; nobody
//! above them looks at a service's own error type.

use std::fmt;

/// Shorthand used by all of the crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, as a closed list. The names are the `code` of errors in json.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Something failed and no other kind says it better.
    Failed,
    /// A defect of photoctl itself.
    Internal,
    /// The command line is wrong.
    Usage,
    /// A value given by the user is not acceptable.
    InvalidInput,
    /// The thing named does not exist.
    NotFound,
    /// The reference fits several things.
    Ambiguous,
    /// A thing of that name or email exists already.
    AlreadyExists,
    /// Somebody else changed the same thing meanwhile.
    Conflict,
    /// A confirmation is needed and cannot be asked for.
    ConfirmationRequired,
    /// A setting is missing or wrong.
    Config,
    /// No database is configured.
    DatabaseNotConfigured,
    /// The database lacks tables or migrations that are needed.
    SchemaOutdated,
    /// The database was migrated by a newer photoctl that changed what this one relies on.
    SchemaNewer,
    /// The data of the embedded database or of a file of ours is damaged.
    Damaged,
    /// The object store is not the one that this database belongs to.
    StoreMismatch,
    /// A picture or file cannot be used.
    BadFile,
    /// Bytes are not what their hash says.
    Integrity,
    /// Reading or writing a local file failed.
    Io,
    /// No space left, here or at a service.
    DiskFull,
    /// Some items of a bulk operation failed.
    SomeFailed,
    /// Credentials are missing, wrong or expired.
    Credentials,
    /// The credentials lack a right.
    Permission,
    /// A service answers, but not usefully right now.
    ServiceUnavailable,
    /// A service cannot be reached at all: name resolution, connect, TLS with somebody else's certificate.
    NetworkDown,
    /// A service asks to slow down.
    Throttled,
    /// A service did not answer in time.
    Timeout,
    /// Differences were found and `--exit-code` asks to say so.
    Differences,
    /// A consent is missing.
    ConsentRequired,
    /// A policy forbids it.
    Policy,
    /// There is no such QR token.
    TokenUnknown,
    /// The QR token's time is over.
    TokenExpired,
    /// The QR token was revoked.
    TokenRevoked,
    /// Somebody joined by this QR token already.
    TokenUsed,
    /// The QR token is another guest's own.
    TokenOfAnother,
    /// The project that it is about was deleted.
    ProjectDeleted,
    /// The project has ended.
    ProjectOver,
    /// The user was deleted.
    UserDeleted,
    /// The user has joined already.
    AlreadyMember,
    /// The project has terms that were not accepted.
    TermsRequired,
    /// A budget or time limit is reached.
    Limit,
    /// Another run holds what is needed.
    Locked,
    /// Interrupted by the user.
    Interrupted,
}

impl Kind {
    /// Every kind, in the order of the help page.
    pub const ALL: &[Kind] = &[
        Kind::Failed,
        Kind::Internal,
        Kind::Usage,
        Kind::InvalidInput,
        Kind::NotFound,
        Kind::Ambiguous,
        Kind::AlreadyExists,
        Kind::Conflict,
        Kind::ConfirmationRequired,
        Kind::Config,
        Kind::DatabaseNotConfigured,
        Kind::SchemaOutdated,
        Kind::SchemaNewer,
        Kind::Damaged,
        Kind::StoreMismatch,
        Kind::BadFile,
        Kind::Integrity,
        Kind::Io,
        Kind::DiskFull,
        Kind::SomeFailed,
        Kind::Credentials,
        Kind::Permission,
        Kind::ServiceUnavailable,
        Kind::NetworkDown,
        Kind::Throttled,
        Kind::Timeout,
        Kind::Differences,
        Kind::ConsentRequired,
        Kind::Policy,
        Kind::TokenUnknown,
        Kind::TokenExpired,
        Kind::TokenRevoked,
        Kind::TokenUsed,
        Kind::TokenOfAnother,
        Kind::ProjectDeleted,
        Kind::ProjectOver,
        Kind::UserDeleted,
        Kind::AlreadyMember,
        Kind::TermsRequired,
        Kind::Limit,
        Kind::Locked,
        Kind::Interrupted,
    ];

    /// The stable name of this kind: `code` in json.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Kind::Failed => "failed",
            Kind::Internal => "internal",
            Kind::Usage => "usage",
            Kind::InvalidInput => "invalid_input",
            Kind::NotFound => "not_found",
            Kind::Ambiguous => "ambiguous",
            Kind::AlreadyExists => "already_exists",
            Kind::Conflict => "conflict",
            Kind::ConfirmationRequired => "confirmation_required",
            Kind::Config => "config",
            Kind::DatabaseNotConfigured => "database_not_configured",
            Kind::SchemaOutdated => "schema_outdated",
            Kind::SchemaNewer => "schema_newer",
            Kind::Damaged => "damaged",
            Kind::StoreMismatch => "store_mismatch",
            Kind::BadFile => "bad_file",
            Kind::Integrity => "integrity",
            Kind::Io => "io",
            Kind::DiskFull => "disk_full",
            Kind::SomeFailed => "some_failed",
            Kind::Credentials => "credentials",
            Kind::Permission => "permission",
            Kind::ServiceUnavailable => "service_unavailable",
            Kind::NetworkDown => "network_down",
            Kind::Throttled => "throttled",
            Kind::Timeout => "timeout",
            Kind::Differences => "differences",
            Kind::ConsentRequired => "consent_required",
            Kind::Policy => "policy",
            Kind::TokenUnknown => "token_unknown",
            Kind::TokenExpired => "token_expired",
            Kind::TokenRevoked => "token_revoked",
            Kind::TokenUsed => "token_used",
            Kind::TokenOfAnother => "token_of_another",
            Kind::ProjectDeleted => "project_deleted",
            Kind::ProjectOver => "project_over",
            Kind::UserDeleted => "user_deleted",
            Kind::AlreadyMember => "already_member",
            Kind::TermsRequired => "terms_required",
            Kind::Limit => "limit",
            Kind::Locked => "locked",
            Kind::Interrupted => "interrupted",
        }
    }

    /// The exit code that a command ending in this kind has.
    #[must_use]
    pub fn exit(self) -> Exit {
        match self {
            Kind::Usage | Kind::InvalidInput | Kind::Ambiguous | Kind::ConfirmationRequired | Kind::Config => {
                Exit::Usage
            }
            Kind::SomeFailed => Exit::SomeFailed,
            Kind::Credentials | Kind::Permission => Exit::Denied,
            Kind::ServiceUnavailable | Kind::NetworkDown | Kind::Throttled | Kind::Timeout => Exit::Unavailable,
            Kind::Differences => Exit::Differences,
            Kind::ConsentRequired
            | Kind::Policy
            | Kind::TokenUnknown
            | Kind::TokenExpired
            | Kind::TokenRevoked
            | Kind::TokenUsed
            | Kind::TokenOfAnother
            | Kind::ProjectDeleted
            | Kind::ProjectOver
            | Kind::UserDeleted
            | Kind::AlreadyMember
            | Kind::TermsRequired => Exit::Blocked,
            Kind::Limit => Exit::Limit,
            Kind::Locked => Exit::Locked,
            Kind::Interrupted => Exit::Interrupted,
            _ => Exit::Failed,
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Kind::ServiceUnavailable
                | Kind::NetworkDown
                | Kind::Throttled
                | Kind::Timeout
                | Kind::Locked
                | Kind::Conflict
                | Kind::Interrupted
                | Kind::Limit
        )
    }
}

/// Exit codes of the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    SomeFailed = 3,
    Denied = 4,
    Unavailable = 5,
    Differences = 6,
    Blocked = 7,
    Limit = 8,
    Locked = 11,
    Interrupted = 130,
}

impl Exit {
    /// Where several hold, the first of this list wins; what is not listed comes last.
    const PRECEDENCE: &[Exit] = &[
        Exit::Interrupted,
        Exit::Denied,
        Exit::Unavailable,
        Exit::Locked,
        Exit::Blocked,
        Exit::Limit,
        Exit::SomeFailed,
        Exit::Differences,
    ];

    /// The exit code that stands for both.
    #[must_use]
    pub fn and(self, other: Exit) -> Exit {
        if self == Exit::Ok {
            return other;
        }
        Self::PRECEDENCE.iter().copied().find(|&code| code == self || code == other).unwrap_or(self)
    }
}

/// An error with all that a person or a script needs to act on it.
pub struct Error {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    details: Vec<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync + 'static>>,
}

impl Error {
    /// An error of a kind with a sentence: what is wrong, without a trailing full stop.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hints: Vec::new(), details: Vec::new(), source: None }
    }

    /// The command line or a value in it is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Kind::Usage, message)
    }

    /// A value is not acceptable.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidInput, message)
    }

    /// Reading or writing `path` failed. "No space" and "read-only" get words of their own.
    pub fn io(doing: impl fmt::Display, path: &std::path::Path, source: std::io::Error) -> Self {
        let kind = match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Kind::DiskFull,
            _ => Kind::Io,
        };
        Self::new(kind, format!("cannot {doing} {}", crate::model::text::path(path))).with_source(source)
    }

    /// Adds one hint: what to do about it, in the imperative.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds one of several places or things that are wrong: `event.toml:12:5: …`.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.details.push(detail.into());
        self
    }

    /// Adds what it came from.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync + 'static>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Puts a sentence in front; what it said becomes the cause.
    #[must_use]
    pub fn context(mut self, message: impl Into<String>) -> Self {
        self.message = format!("{}: {}", message.into(), self.message);
        self
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        self.kind
    }

    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    #[must_use]
    pub fn details(&self) -> &[String] {
        &self.details
    }

    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.hints
    }

    /// The chain of causes, outermost first, each as its own text.
    #[must_use]
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = self.source.as_deref().map(|source| source as &dyn std::error::Error);
        while let Some(error) = next {
            let text = error.to_string();
            // Many crates repeat their cause in their own text: say each thing once.
            if causes.last().is_none_or(|last: &String| !last.contains(&text)) {
                causes.push(text);
            }
            next = error.source();
        }
        causes
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("message", &self.message)
            .field("causes", &self.causes())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence_of_exit_codes_is_the_contract() {
        assert_eq!(Exit::Ok.and(Exit::SomeFailed), Exit::SomeFailed);
        assert_eq!(Exit::SomeFailed.and(Exit::Unavailable), Exit::Unavailable);
        assert_eq!(Exit::Differences.and(Exit::SomeFailed), Exit::SomeFailed);
        assert_eq!(Exit::Limit.and(Exit::Interrupted), Exit::Interrupted);
        assert_eq!(Exit::Denied.and(Exit::Unavailable), Exit::Denied);
    }

    #[test]
    fn codes_are_unique() {
        let mut codes: Vec<_> = Kind::ALL.iter().map(|kind| kind.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Kind::ALL.len());
    }
}
