//! What can go wrong with a store, as a closed list, and the sentences for it.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::error::{Error, Kind};
use crate::model::text::{self, printable};

type Source = Box<dyn std::error::Error + Send + Sync + 'static>;

/// The kinds of trouble with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// There is no such object.
    NotFound,
    /// A condition did not hold: the object was there already, or is no longer what it was.
    Precondition,
    /// Others write the same object at the same time.
    Conflict,
    /// The local file is no longer what was hashed.
    SourceChanged { path: PathBuf },
    /// The local file cannot be read.
    SourceUnreadable { path: PathBuf },
    /// A local file that should be written cannot be.
    TargetUnwritable { path: PathBuf },
    /// Bytes arrived, or came back, other than they were.
    Integrity,
    /// The store asks to slow down.
    Throttled { retry_after: Option<Duration> },
    /// The store answers, but not usefully. The status is HTTP's, where there was one.
    Unavailable { status: Option<u16>, retry_after: Option<Duration> },
    /// A connection was cut in the middle.
    Cut,
    /// The store cannot be reached: name resolution, connect, TLS with somebody else's certificate.
    NetworkDown,
    /// No answer in time.
    Timeout,
    /// No byte moved for the time given.
    Stalled { after: Duration },
    /// The keys are missing or not accepted.
    Credentials(CredentialsProblem),
    /// The keys are accepted, but lack a right, such as `s3:PutObject`.
    Permission { right: String },
    /// There is no such bucket.
    NoSuchBucket { bucket: String },
    /// The folder of a local store is not there.
    NoSuchFolder { path: PathBuf },
    /// The bucket lives in another region, named where the server says it.
    WrongRegion { right_one: Option<String> },
    /// The clock of this computer is too far from the server's.
    ClockSkew,
    /// No space left in the store.
    DiskFull,
    /// The store can only be read.
    ReadOnly,
    /// The server does not know the request or one of its headers.
    NotImplemented,
    /// The key cannot be stored there.
    BadKey { why: String },
    /// A setting is missing or wrong.
    Config { why: String, hint: String },
    /// The object is larger than the caller allows.
    TooLarge { limit_bytes: u64 },
    /// Something else.
    Other,
}

/// Why keys are not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialsProblem {
    Missing,
    UnknownKey,
    WrongSecret,
    Expired,
}

/// An error of a store: the problem, what was being done, and how often it was tried.
pub struct StoreError {
    problem: Problem,
    doing: String,
    /// What the server said, printable: its code and message.
    said: Option<String>,
    attempts: u32,
    source: Option<Source>,
}

impl StoreError {
    pub(crate) fn new(problem: Problem, doing: impl Into<String>) -> Self {
        Self { problem, doing: doing.into(), said: None, attempts: 1, source: None }
    }

    pub(crate) fn with_source(mut self, source: impl Into<Source>) -> Self {
        self.source = Some(source.into());
        self
    }

    pub(crate) fn with_said(mut self, said: &str) -> Self {
        let said = printable(said.trim());
        self.said = (!said.is_empty()).then_some(said);
        self
    }

    pub(crate) fn with_attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts;
        self
    }

    /// An error of the local file system in a folder store.
    pub(crate) fn folder_io(doing: impl Into<String>, path: &std::path::Path, source: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let problem = match source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => Problem::DiskFull,
            ErrorKind::ReadOnlyFilesystem => Problem::ReadOnly,
            ErrorKind::PermissionDenied => Problem::Permission { right: format!("of writing to {}", text::path(path)) },
            ErrorKind::NotFound => Problem::NotFound,
            ErrorKind::InvalidFilename => {
                Problem::BadKey { why: "a part of it is too long for a file name".to_owned() }
            }
            _ => Problem::Other,
        };
        Self::new(problem, doing).with_source(source)
    }

    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// How often it was tried, at least 1.
    #[must_use]
    pub fn attempts(&self) -> u32 {
        self.attempts
    }

    /// Whether the same call may succeed later without anybody changing anything.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(
            self.problem,
            Problem::Conflict
                | Problem::Throttled { .. }
                | Problem::Unavailable { .. }
                | Problem::Cut
                | Problem::NetworkDown
                | Problem::Timeout
                | Problem::Stalled { .. }
                | Problem::Integrity
        )
    }

    /// Whether the network is gone, rather than the store in trouble: a run pauses for this, and counts no attempt.
    #[must_use]
    pub fn is_connection_class(&self) -> bool {
        self.problem == Problem::NetworkDown
    }

    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.problem == Problem::NotFound
    }

    /// How long the server asks to wait.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        match self.problem {
            Problem::Throttled { retry_after } | Problem::Unavailable { retry_after, .. } => retry_after,
            _ => None,
        }
    }

    /// What this is in the list of kinds that the whole crate shares.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match &self.problem {
            Problem::NotFound => Kind::NotFound,
            Problem::Precondition | Problem::Conflict => Kind::Conflict,
            Problem::SourceChanged { .. } => Kind::BadFile,
            Problem::SourceUnreadable { .. } | Problem::TargetUnwritable { .. } => Kind::Io,
            Problem::Integrity => Kind::Integrity,
            Problem::Throttled { .. } => Kind::Throttled,
            Problem::Unavailable { .. } | Problem::Cut => Kind::ServiceUnavailable,
            Problem::NetworkDown => Kind::NetworkDown,
            Problem::Timeout | Problem::Stalled { .. } => Kind::Timeout,
            Problem::Credentials(_) => Kind::Credentials,
            Problem::Permission { .. } => Kind::Permission,
            Problem::NoSuchBucket { .. }
            | Problem::NoSuchFolder { .. }
            | Problem::WrongRegion { .. }
            | Problem::ClockSkew
            | Problem::Config { .. } => Kind::Config,
            Problem::DiskFull => Kind::DiskFull,
            Problem::ReadOnly => Kind::Io,
            Problem::BadKey { .. } | Problem::TooLarge { .. } => Kind::InvalidInput,
            Problem::NotImplemented | Problem::Other => Kind::Failed,
        }
    }

    fn sentence(&self) -> String {
        let doing = &self.doing;
        match &self.problem {
            Problem::NotFound => format!("cannot {doing}: there is no such object in the store"),
            Problem::Precondition => format!("cannot {doing}: the object was changed by somebody else meanwhile"),
            Problem::Conflict => format!("cannot {doing}: others are writing the same object"),
            Problem::SourceChanged { path } => {
                format!("{} changed while it was read: nothing of it was stored", text::path(path))
            }
            Problem::SourceUnreadable { path } => format!("cannot read {}", text::path(path)),
            Problem::TargetUnwritable { path } => format!("cannot write {}", text::path(path)),
            Problem::Integrity => format!("cannot {doing}: the bytes that arrived are not the bytes that were sent"),
            Problem::Throttled { .. } => format!("cannot {doing}: the store asks to slow down"),
            Problem::Unavailable { status: Some(status), .. } => {
                format!("cannot {doing}: the store is in trouble (HTTP {status})")
            }
            Problem::Unavailable { status: None, .. } => format!("cannot {doing}: the store is in trouble"),
            Problem::Cut => format!("cannot {doing}: the connection to the store was cut"),
            Problem::NetworkDown => format!("cannot {doing}: the store cannot be reached"),
            Problem::Timeout => format!("cannot {doing}: the store did not answer in time"),
            Problem::Stalled { after } => {
                format!("cannot {doing}: nothing moved for {}", crate::model::time::span(*after))
            }
            Problem::Credentials(why) => match why {
                CredentialsProblem::Missing => format!("cannot {doing}: no credentials for the store are configured"),
                CredentialsProblem::UnknownKey => format!("cannot {doing}: the store does not know the access key"),
                CredentialsProblem::WrongSecret => {
                    format!("cannot {doing}: the secret access key does not fit the access key")
                }
                CredentialsProblem::Expired => format!("cannot {doing}: the credentials of the store have expired"),
            },
            Problem::Permission { right } => format!("cannot {doing}: the right {right} is missing"),
            Problem::NoSuchBucket { bucket } => format!("there is no bucket {}", printable(bucket)),
            Problem::NoSuchFolder { path } => format!("the store's folder {} is not there", text::path(path)),
            Problem::WrongRegion { right_one: Some(region) } => {
                format!("cannot {doing}: the bucket is in region {}", printable(region))
            }
            Problem::WrongRegion { right_one: None } => format!("cannot {doing}: the bucket is in another region"),
            Problem::ClockSkew => format!("cannot {doing}: the clock of this computer is wrong"),
            Problem::DiskFull => format!("cannot {doing}: no space left in the store"),
            Problem::ReadOnly => format!("cannot {doing}: the store can only be read"),
            Problem::NotImplemented => format!("cannot {doing}: the store does not support it"),
            Problem::BadKey { why } => format!("cannot {doing}: {why}"),
            Problem::Config { why, .. } => why.clone(),
            Problem::TooLarge { limit_bytes } => {
                format!("cannot {doing}: the object is larger than {}", text::size(*limit_bytes))
            }
            Problem::Other => format!("cannot {doing}"),
        }
    }

    fn hint(&self) -> Option<String> {
        let hint = match &self.problem {
            Problem::SourceChanged { .. } => "run it again once nothing writes to the file any more",
            Problem::SourceUnreadable { .. } => {
                "check that the card or disk is still connected, and that the file may be read"
            }
            Problem::Integrity => {
                "run it again; if it stays so, something on the way changes data: try another network"
            }
            Problem::Throttled { .. } => "run it again later, or with fewer --transfers",
            Problem::Unavailable { .. } | Problem::Cut | Problem::Timeout | Problem::Stalled { .. } => {
                "run it again: what is stored already is not sent again"
            }
            Problem::NetworkDown => {
                "check the network (a login page of a wifi counts as none), and AWS_ENDPOINT_URL_S3 if it is set"
            }
            Problem::Credentials(CredentialsProblem::Expired) => {
                "get new credentials (a session token lasts for hours only), and run it again"
            }
            Problem::Credentials(_) => {
                "check PHOTOCTL_STORAGE_ACCESS_KEY_ID and PHOTOCTL_STORAGE_SECRET_ACCESS_KEY; `photoctl doctor` tries them"
            }
            Problem::Permission { right } => {
                return Some(if right.starts_with("s3:") {
                    format!("give the key {right} on the bucket (on R2: a token with \"Object Read & Write\")")
                } else {
                    "run it as a user who may, or change the rights of the folder".to_owned()
                });
            }
            Problem::NoSuchBucket { .. } => "check the name in PHOTOCTL_STORAGE_URL, or make the bucket",
            Problem::NoSuchFolder { .. } => {
                "connect the disk it is on, or make the folder, and check PHOTOCTL_STORAGE_URL"
            }
            Problem::WrongRegion { right_one: Some(region) } => {
                return Some(format!("set AWS_REGION={}", printable(region)));
            }
            Problem::WrongRegion { right_one: None } => "set AWS_REGION to the region of the bucket",
            Problem::ClockSkew => "set the clock of this computer, best by the network, and run it again",
            Problem::DiskFull => "make room, and run it again: what is stored already is not sent again",
            Problem::ReadOnly => "connect it so that it can be written, or choose another store",
            Problem::Config { hint, .. } => return Some(hint.clone()),
            Problem::NotFound
            | Problem::Precondition
            | Problem::Conflict
            | Problem::TargetUnwritable { .. }
            | Problem::NotImplemented
            | Problem::BadKey { .. }
            | Problem::TooLarge { .. }
            | Problem::Other => return None,
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence())?;
        if let Some(said) = &self.said {
            write!(f, " (it said: {said})")?;
        }
        if self.attempts > 1 {
            write!(f, ", after {} attempts", self.attempts)?;
        }
        Ok(())
    }
}

impl fmt::Debug for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreError")
            .field("problem", &self.problem)
            .field("message", &self.to_string())
            .field("source", &self.source)
            .finish()
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        let mut converted = Error::new(error.kind(), error.to_string());
        if let Some(hint) = error.hint() {
            converted = converted.hint(hint);
        }
        match error.source {
            Some(source) => converted.with_source(source),
            None => converted,
        }
    }
}
