//! Putting an object: conditions, what a refused condition means, and the single request.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::CompletedMultipartUpload;
use base64::Engine;

use super::S3Store;
use super::body::{Flow, Payload};
use super::notes::KnownHash;
use crate::model::digest::Sha256;
use crate::objects::error::{Problem, StoreError};
use crate::objects::key::StorageKey;
use crate::objects::retry::Attempts;
use crate::objects::source::{ByteRange, Source};
use crate::objects::store::{ObjectFacts, PutMode, PutOptions, PutOutcome, PutReport, hash_of};
use crate::objects::url::StorageUrl;

/// The name of the metadata that holds an object's hash: `x-amz-meta-sha256`.
pub(super) const SHA256_METADATA: &str = "sha256";

/// Under which condition an object may be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    None,
    /// `If-None-Match: *`
    Absent,
    /// `If-Match`
    Is(String),
}

impl Condition {
    pub fn if_none_match(&self) -> Option<String> {
        (*self == Condition::Absent).then(|| "*".to_owned())
    }

    pub fn if_match(&self) -> Option<String> {
        match self {
            Condition::Is(etag) => Some(etag.clone()),
            _ => None,
        }
    }
}

/// The request that makes an object be there.
pub(super) enum Writing<'a> {
    Single(&'a PutOptions),
    /// The parts were sent: put them together.
    Parts {
        upload_id: &'a str,
        parts: CompletedMultipartUpload,
        distrust: bool,
    },
}

impl Writing<'_> {
    fn distrusts(&self) -> bool {
        match self {
            Writing::Single(options) => options.distrust,
            Writing::Parts { distrust, .. } => *distrust,
        }
    }
}

/// What a refusal means for the next step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    /// The object is, or is not, there, against the condition: look.
    NotAsExpected,
    /// The server knows no such condition: look, then write without.
    NoConditions,
    /// Nothing changes it. But if an answer was lost before, the object may be there all the same: an upload in parts
    /// that was completed is no longer known.
    Final,
}

impl Refusal {
    fn of(problem: &Problem, condition: &Condition) -> Self {
        match problem {
            Problem::Precondition => Refusal::NotAsExpected,
            // Some answer 404 to If-Match where nothing is.
            Problem::NotFound if matches!(condition, Condition::Is(_)) => Refusal::NotAsExpected,
            Problem::NotImplemented if *condition != Condition::None => Refusal::NoConditions,
            _ => Refusal::Final,
        }
    }
}

/// What stands under a key, compared with what should.
enum Found {
    Nothing,
    Same(ObjectFacts),
    Other(ObjectFacts),
}

impl S3Store {
    /// How often a condition may fail before somebody else is said to write the same key.
    const MAX_ROUNDS: u32 = 6;

    pub(super) async fn put_object(
        &self,
        key: &StorageKey,
        source: &Source,
        options: &PutOptions,
    ) -> Result<PutReport, StoreError> {
        let in_parts = source.size_bytes() > self.config().part_size_bytes;
        let mut condition = match options.mode {
            PutMode::CreateNew => Condition::Absent,
            PutMode::Overwrite => Condition::None,
        };
        // Many bytes for nothing are worth one look.
        if options.mode == PutMode::CreateNew && (options.look_first || options.distrust || in_parts) {
            match self.compare(key, source, options.distrust).await? {
                Found::Nothing => {}
                Found::Same(facts) => {
                    return Ok(PutReport { outcome: PutOutcome::AlreadyThere, attempts: 0, etag: facts.etag });
                }
                Found::Other(facts) => condition = replacing(facts),
            }
        }
        if in_parts {
            self.put_in_parts(key, source, options, condition).await
        } else {
            self.conclude(key, source, condition, &Writing::Single(options)).await
        }
    }

    /// Sends until it is settled: retries what may get better, and finds out what a refused condition means.
    pub(super) async fn conclude(
        &self,
        key: &StorageKey,
        source: &Source,
        mut condition: Condition,
        writing: &Writing<'_>,
    ) -> Result<PutReport, StoreError> {
        let mut attempts = self.attempts();
        let mut rounds = 0;
        // An attempt whose answer was lost may have stored it.
        let mut perhaps_ours = false;
        loop {
            attempts.begin();
            let sent = match writing {
                Writing::Single(options) => self.send_single(key, source, options, &condition).await,
                Writing::Parts { upload_id, parts, .. } => self.complete_parts(key, upload_id, parts, &condition).await,
            };
            let error = match sent {
                Ok(etag) => {
                    let replaced = matches!(condition, Condition::Is(_));
                    let outcome = if replaced { PutOutcome::Replaced } else { PutOutcome::Created };
                    return Ok(PutReport { outcome, attempts: attempts.made(), etag });
                }
                Err(error) => error,
            };
            if error.is_retryable() {
                perhaps_ours |= !error.is_connection_class();
                attempts.pause_or_fail(error).await?;
                continue;
            }
            let refused = Refusal::of(error.problem(), &condition);
            if refused == Refusal::Final && !perhaps_ours {
                return Err(error.with_attempts(attempts.made()));
            }
            rounds += 1;
            if rounds > Self::MAX_ROUNDS {
                return Err(StoreError::new(Problem::Conflict, format!("store {key:?}")).with_attempts(attempts.made()));
            }
            condition = match (self.compare(key, source, writing.distrusts()).await?, refused) {
                (Found::Same(facts), _) => return Ok(already_there(facts, perhaps_ours, &condition, &attempts)),
                (_, Refusal::Final) => return Err(error.with_attempts(attempts.made())),
                (_, Refusal::NoConditions) => Condition::None,
                (Found::Nothing, Refusal::NotAsExpected) => Condition::Absent,
                (Found::Other(facts), Refusal::NotAsExpected) => replacing(facts),
            };
        }
    }

    async fn compare(&self, key: &StorageKey, source: &Source, distrust: bool) -> Result<Found, StoreError> {
        let Some(facts) = self.head_object(key).await? else { return Ok(Found::Nothing) };
        if facts.size_bytes != source.size_bytes() {
            return Ok(Found::Other(facts));
        }
        let stored = match facts.sha256 {
            Some(sha256) if !distrust => sha256,
            // Somebody else's object, or one whose writing was cut short: only its bytes can tell.
            _ => match hash_of(self, key).await {
                Ok((_, sha256)) => sha256,
                Err(error) if error.is_not_found() => return Ok(Found::Nothing),
                Err(error) => return Err(error),
            },
        };
        Ok(if stored == *source.sha256() { Found::Same(facts) } else { Found::Other(facts) })
    }

    async fn send_single(
        &self,
        key: &StorageKey,
        source: &Source,
        options: &PutOptions,
        condition: &Condition,
    ) -> Result<Option<String>, StoreError> {
        let operation = self.operation(format!("store {key:?}"), "s3:PutObject");
        let range = ByteRange { start: 0, end: source.size_bytes() };
        let md5 = self.content_md5(source, range).await?;
        let flow = Flow::new(range.len());
        let payload = Payload {
            source,
            range,
            sha256: *source.sha256(),
            counter: options.progress.as_ref(),
            limiter: options.limiter.as_ref(),
        };
        let request = self
            .client()
            .put_object()
            .bucket(self.bucket())
            .key(self.full_key(key))
            .content_type(content_type(key, options))
            .metadata(SHA256_METADATA, source.sha256().to_string())
            .set_content_md5(md5)
            .set_if_none_match(condition.if_none_match())
            .set_if_match(condition.if_match())
            .body(ByteStream::new(payload.body(&flow)))
            .customize()
            .interceptor(KnownHash(*source.sha256()))
            .send();
        let answer = self.send(&operation, Some(&flow), request).await?;
        // Every store names the new object. What does not is something else that says 200: a login page.
        if answer.e_tag().is_none() {
            return Err(operation.error(Problem::NetworkDown).with_said("the answer is not one of an object store"));
        }
        Ok(answer.e_tag().map(str::to_owned))
    }

    pub(super) async fn content_md5(&self, source: &Source, range: ByteRange) -> Result<Option<String>, StoreError> {
        // S3 servers check the SHA-256 that is signed with the request; of R2 only Content-MD5 is known to be checked.
        // MD5 takes three times as long as SHA-256 on today's processors.
        let config = self.config();
        if !config.content_md5.unwrap_or(matches!(config.url, StorageUrl::R2 { .. })) {
            return Ok(None);
        }
        let source = source.clone();
        let md5 = blocking(move || source.md5_blocking(&range)).await?;
        Ok(Some(base64::engine::general_purpose::STANDARD.encode(md5)))
    }
}

/// Runs what blocks on a thread that may.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| StoreError::new(Problem::Other, "read the file").with_source(error))?
}

pub(super) fn content_type(key: &StorageKey, options: &PutOptions) -> String {
    options.content_type.clone().unwrap_or_else(|| key.content_type().to_owned())
}

fn replacing(facts: ObjectFacts) -> Condition {
    facts.etag.map_or(Condition::None, Condition::Is)
}

fn already_there(facts: ObjectFacts, perhaps_ours: bool, condition: &Condition, attempts: &Attempts) -> PutReport {
    let outcome = match condition {
        _ if !perhaps_ours => PutOutcome::AlreadyThere,
        Condition::Is(_) => PutOutcome::Replaced,
        Condition::None | Condition::Absent => PutOutcome::Created,
    };
    PutReport { outcome, attempts: attempts.made(), etag: facts.etag }
}

/// A hash out of an object's metadata.
pub(super) fn hash_in(metadata: Option<&std::collections::HashMap<String, String>>) -> Option<Sha256> {
    metadata?.get(SHA256_METADATA)?.parse().ok()
}
