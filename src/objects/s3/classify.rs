//! From the SDK's errors to ours.

use std::error::Error as StdError;
use std::time::Duration;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::dns::ResolveDnsError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::super::error::{CredentialsProblem, Problem, StoreError};

/// One kind of request: what it does, in words, and the right that it needs.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub doing: String,
    pub right: &'static str,
    pub bucket: String,
}

impl Operation {
    /// An error of this operation.
    pub fn error(&self, problem: Problem) -> StoreError {
        StoreError::new(problem, self.doing.clone())
    }

    /// What an error of the SDK means.
    pub fn classify<E>(&self, error: SdkError<E, HttpResponse>) -> StoreError
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        match &error {
            SdkError::ServiceError(context) => {
                let answer = Answer::new(context.err(), context.raw());
                let problem = answer.problem(self);
                let code = answer.code.unwrap_or_default();
                let said = format!("{code} {}", answer.message.unwrap_or_default());
                self.error(problem).with_said(&said)
            }
            SdkError::TimeoutError(_) => self.error(Problem::Timeout).with_source(error),
            SdkError::ResponseError(context) => {
                let status = context.raw().status().as_u16();
                let problem = if has_source::<hyper_util::client::legacy::Error>(&error) || status < 300 {
                    Problem::Cut
                } else if (300..400).contains(&status) {
                    Problem::NetworkDown
                } else {
                    Problem::Unavailable { status: Some(status), retry_after: None }
                };
                self.error(problem).with_source(error)
            }
            SdkError::DispatchFailure(failure) => {
                let problem = if has_source::<CredentialsError>(&error) {
                    Problem::Credentials(CredentialsProblem::Missing)
                } else if never_connected(&error) || failure.is_timeout() {
                    Problem::NetworkDown
                } else if failure.is_user() {
                    Problem::Other
                } else {
                    Problem::Cut
                };
                self.error(problem).with_source(error)
            }
            SdkError::ConstructionFailure(_) if has_source::<CredentialsError>(&error) => {
                self.error(Problem::Credentials(CredentialsProblem::Missing)).with_source(error)
            }
            _ => {
                tracing::debug!(error = %DisplayErrorContext(&error), "unknown error of the SDK");
                self.error(Problem::Other).with_source(error)
            }
        }
    }
}

/// An answer that says no.
struct Answer<'a> {
    status: u16,
    code: Option<&'a str>,
    message: Option<&'a str>,
    response: &'a HttpResponse,
}

impl<'a> Answer<'a> {
    fn new(error: &'a impl ProvideErrorMetadata, response: &'a HttpResponse) -> Self {
        Self { status: response.status().as_u16(), code: error.code(), message: error.message(), response }
    }

    fn problem(&self, operation: &Operation) -> Problem {
        self.by_code(operation).unwrap_or_else(|| self.by_status(operation))
    }

    /// The codes of S3's error responses, and of the servers that imitate it.
    fn by_code(&self, operation: &Operation) -> Option<Problem> {
        let problem = match self.code? {
            "NoSuchKey" | "NoSuchUpload" | "NotFound" if self.status == 404 => Problem::NotFound,
            "NoSuchBucket" => Problem::NoSuchBucket { bucket: operation.bucket.clone() },
            "PreconditionFailed" => Problem::Precondition,
            "ConditionalRequestConflict" | "OperationAborted" => Problem::Conflict,
            "SlowDown"
            | "SlowDownRead"
            | "SlowDownWrite"
            | "Throttling"
            | "ThrottlingException"
            | "TooManyRequests"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "BandwidthLimitExceeded" => Problem::Throttled { retry_after: self.retry_after() },
            "RequestTimeout" | "IncompleteBody" => Problem::Cut,
            "InvalidAccessKeyId"
            | "InvalidToken"
            | "InvalidClientTokenId"
            | "UnrecognizedClientException"
            | "NotSignedUp" => Problem::Credentials(CredentialsProblem::UnknownKey),
            "SignatureDoesNotMatch" => Problem::Credentials(CredentialsProblem::WrongSecret),
            "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => {
                Problem::Credentials(CredentialsProblem::Expired)
            }
            "RequestTimeTooSkewed" | "RequestExpired" | "RequestInTheFuture" => Problem::ClockSkew,
            "AccessDenied" | "AllAccessDisabled" | "AccountProblem" | "Forbidden" => {
                Problem::Permission { right: operation.right.to_owned() }
            }
            "PermanentRedirect"
            | "TemporaryRedirect"
            | "Redirect"
            | "AuthorizationHeaderMalformed"
            | "IllegalLocationConstraintException"
            | "InvalidRegionName" => Problem::WrongRegion { right_one: self.region() },
            "BadDigest" | "XAmzContentSHA256Mismatch" | "XAmzContentChecksumMismatch" | "InvalidDigest" => {
                Problem::Integrity
            }
            "NotImplemented" => Problem::NotImplemented,
            "KeyTooLongError" => Problem::BadKey { why: "the key is too long for the store".to_owned() },
            "InsufficientStorage" | "XMinioStorageFull" | "QuotaExceeded" | "StorageFull" => Problem::DiskFull,
            _ if self.says_disk_full() => Problem::DiskFull,
            _ => return None,
        };
        Some(problem)
    }

    /// Answers without a code: to HEAD, and from whatever stands before the store.
    fn by_status(&self, operation: &Operation) -> Problem {
        let retry_after = self.retry_after();
        match self.status {
            404 => Problem::NotFound,
            412 => Problem::Precondition,
            409 => Problem::Conflict,
            429 => Problem::Throttled { retry_after },
            401 => Problem::Credentials(CredentialsProblem::UnknownKey),
            403 => Problem::Permission { right: operation.right.to_owned() },
            // A region that is named, or it is not the store that redirects: a login page of a wifi.
            301 | 307 if self.region().is_some() => Problem::WrongRegion { right_one: self.region() },
            300..=399 | 511 => Problem::NetworkDown,
            408 => Problem::Cut,
            501 => Problem::NotImplemented,
            507 => Problem::DiskFull,
            status @ (425 | 500..) => Problem::Unavailable { status: Some(status), retry_after },
            _ => Problem::Other,
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)
    }

    fn body(&self) -> &str {
        self.response.body().bytes().and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// `Retry-After` in seconds (RFC 9110, section 10.2.3); a date is not sent by any store.
    fn retry_after(&self) -> Option<Duration> {
        self.header("retry-after")?.trim().parse().ok().map(Duration::from_secs)
    }

    fn region(&self) -> Option<String> {
        let named = self.header("x-amz-bucket-region").map(str::to_owned);
        named
            .or_else(|| between(self.body(), "<Region>", "</Region>"))
            .or_else(|| between(self.message.unwrap_or_default(), "expecting '", "'"))
            .filter(|region| !region.is_empty())
    }

    fn says_disk_full(&self) -> bool {
        let message = self.message.unwrap_or_default().to_ascii_lowercase();
        message.contains("no space left") || message.contains("os error 28") || message.contains("disk full")
    }
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let (_, rest) = text.split_once(before)?;
    rest.split_once(after).map(|(found, _)| found.to_owned())
}

fn sources<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

fn has_source<T: StdError + 'static>(error: &(dyn StdError + 'static)) -> bool {
    sources(error).any(|error| error.is::<T>())
}

/// Whether it failed before there was a connection: name resolution, TCP, TLS.
fn never_connected(error: &(dyn StdError + 'static)) -> bool {
    sources(error).any(|error| {
        error.is::<ResolveDnsError>()
            || error.downcast_ref::<hyper_util::client::legacy::Error>().is_some_and(|error| error.is_connect())
    })
}
