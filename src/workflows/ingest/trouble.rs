//! What an error means for the run: this file only, a wait, or the end.

use super::reason::FailReason;
use crate::error::{Error, Kind};
use crate::imaging::{ImagingError, Reason};
use crate::objects::{Problem, StoreError};

/// Why one file did not become a photo.
#[derive(Debug, Clone)]
pub struct Failure {
    pub reason: FailReason,
    /// What is wrong, then what to do.
    pub message: String,
    /// Whether it may well work later without anybody changing anything.
    pub retryable: bool,
    /// Whether another try within this run makes sense.
    pub again: bool,
}

/// What became of trying.
#[derive(Debug)]
pub enum Trouble {
    /// With this file.
    File(Failure),
    /// The service cannot be reached at all: wait, and count nothing.
    Offline(Error),
    /// Every file would meet it: the run ends.
    Fatal(Error),
    /// The run ends for another reason, and this file was not done.
    Stopped,
}

impl Failure {
    /// Final: another try would end in the same way.
    pub fn of(reason: FailReason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), retryable: false, again: false }
    }

    /// Passing: worth another try at the end of the queue.
    pub fn passing(reason: FailReason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), retryable: true, again: true }
    }

    fn from_error(reason: FailReason, error: &Error) -> Self {
        let mut message = error.message().to_owned();
        let causes = error.causes();
        if let Some(cause) = causes.first().filter(|cause| !message.contains(cause.as_str())) {
            message = format!("{message}: {cause}");
        }
        if let Some(hint) = error.hints().first() {
            message = format!("{message}; {hint}");
        }
        let retryable = error.kind().retryable();
        Self { reason, message, retryable, again: retryable }
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        Trouble::File(failure)
    }
}

/// A picture that cannot be used.
pub fn of_imaging(error: &ImagingError) -> Failure {
    let message = format!("{error}; {}", error.reason().advice());
    match error.reason() {
        Reason::Unreadable => Failure::passing(FailReason::UNREADABLE, message),
        reason => Failure::of(FailReason(reason.as_str()), message),
    }
}

/// The store's answer to one object.
pub fn of_store(error: StoreError) -> Trouble {
    if error.is_connection_class() {
        return Trouble::Offline(error.into());
    }
    let reason = match error.problem() {
        Problem::Credentials(_)
        | Problem::Permission { .. }
        | Problem::NoSuchBucket { .. }
        | Problem::NoSuchFolder { .. }
        | Problem::WrongRegion { .. }
        | Problem::ClockSkew
        | Problem::DiskFull
        | Problem::ReadOnly
        | Problem::Config { .. } => return Trouble::Fatal(error.into()),
        Problem::SourceChanged { .. } => FailReason::CHANGED,
        Problem::SourceUnreadable { .. } => FailReason::UNREADABLE,
        _ => FailReason::STORE,
    };
    let again = error.is_retryable() || matches!(reason, FailReason::CHANGED | FailReason::UNREADABLE);
    let error = Error::from(error);
    Trouble::File(Failure { again, ..Failure::from_error(reason, &error) })
}

/// The database's answer to a batch. What is wrong with one row is found by trying rows alone. One that is embedded
/// and does not answer will not come back in this process.
pub fn of_database(error: Error, embedded: bool) -> Trouble {
    match error.kind() {
        Kind::NetworkDown | Kind::ServiceUnavailable if embedded => Trouble::Fatal(error),
        Kind::NetworkDown | Kind::ServiceUnavailable => Trouble::Offline(error),
        Kind::Conflict | Kind::Timeout | Kind::Locked => {
            Trouble::File(Failure { retryable: true, again: true, ..Failure::from_error(FailReason::DATABASE, &error) })
        }
        Kind::InvalidInput | Kind::AlreadyExists => Trouble::File(Failure::from_error(FailReason::DATABASE, &error)),
        _ => Trouble::Fatal(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_that_restarts_is_waited_for_and_a_missing_right_ends_the_run() {
        let kind = |kind| of_database(Error::new(kind, "x"), false);
        assert!(matches!(kind(Kind::ServiceUnavailable), Trouble::Offline(_)));
        assert!(matches!(kind(Kind::Permission), Trouble::Fatal(_)));
        assert!(matches!(kind(Kind::DiskFull), Trouble::Fatal(_)));
        assert!(matches!(kind(Kind::Conflict), Trouble::File(Failure { again: true, .. })));
        assert!(matches!(kind(Kind::InvalidInput), Trouble::File(Failure { again: false, .. })));
    }
}
