//! Files above the part size: sent in equal parts, then put together by the server.

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use futures::TryStreamExt;
use futures::stream::FuturesOrdered;

use super::S3Store;
use super::body::{Flow, Payload};
use super::notes::KnownHash;
use super::put::{Condition, SHA256_METADATA, Writing, blocking, content_type};
use crate::model::digest::{Sha256, Sha256Hasher};
use crate::objects::error::{Problem, StoreError};
use crate::objects::key::StorageKey;
use crate::objects::source::{ByteRange, Source};
use crate::objects::store::{PutOptions, PutOutcome, PutReport};

/// S3's limit.
const MAX_PARTS: u64 = 10_000;

/// How long a failed upload's parts are waited for to be taken away.
const ABORT_LIMIT: std::time::Duration = std::time::Duration::from_secs(5);

/// One part: its number, from 1, and its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Part {
    number: i32,
    range: ByteRange,
}

/// Cuts a file into parts of one size, the last may be shorter. R2 refuses others when the upload is completed, with
/// all bytes sent: so it is checked here, before the first.
fn plan_parts(size_bytes: u64, part_size_bytes: u64) -> Result<Vec<Part>, StoreError> {
    let internal = || StoreError::new(Problem::Other, "cut the file into equal parts");
    let part_size_bytes = part_size_bytes.max(size_bytes.div_ceil(MAX_PARTS)).max(1);
    let count = size_bytes.div_ceil(part_size_bytes).max(1);
    let parts = (0..count)
        .map(|index| {
            let start = index * part_size_bytes;
            let end = start.saturating_add(part_size_bytes).min(size_bytes);
            let number = i32::try_from(index + 1).map_err(|_| internal())?;
            Ok(Part { number, range: ByteRange { start, end } })
        })
        .collect::<Result<Vec<_>, StoreError>>()?;
    let (last, full) = parts.split_last().ok_or_else(internal)?;
    let equal = full.iter().all(|part| part.range.len() == part_size_bytes) && last.range.len() <= part_size_bytes;
    let whole = parts.iter().map(|part| part.range.len()).sum::<u64>() == size_bytes;
    if equal && whole { Ok(parts) } else { Err(internal()) }
}

/// Aborts an upload that is not completed, also when the future that sends it is dropped.
struct Unfinished {
    store: S3Store,
    key: String,
    upload_id: Option<String>,
}

impl Unfinished {
    fn id(&self) -> &str {
        self.upload_id.as_deref().unwrap_or_default()
    }

    fn completed(mut self) {
        self.upload_id = None;
    }
}

impl Unfinished {
    /// Aborts it now: a process that ends with the error would not come to it any more.
    async fn abort(mut self) {
        let upload_id = self.id().to_owned();
        let aborted = abort(self.store.clone(), self.key.clone(), upload_id);
        let _in_time = tokio::time::timeout(ABORT_LIMIT, aborted).await;
        self.upload_id = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(upload_id) = self.upload_id.take() else { return };
        // Outside of a runtime nobody can send it: the server drops unfinished uploads after some days.
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(abort(self.store.clone(), std::mem::take(&mut self.key), upload_id));
    }
}

async fn abort(store: S3Store, key: String, upload_id: String) {
    if let Err(error) = store.abort_parts(&key, &upload_id).await {
        tracing::warn!(error = %error, "an unfinished upload stays behind until photos verify --repair aborts it");
    }
}

impl S3Store {
    pub(super) async fn put_in_parts(
        &self,
        key: &StorageKey,
        source: &Source,
        options: &PutOptions,
        condition: Condition,
    ) -> Result<PutReport, StoreError> {
        let parts = plan_parts(source.size_bytes(), self.config().part_size_bytes)?;
        let unfinished = self.begin_parts(key, source, options).await?;
        match self.put_all_parts(key, source, options, condition, (&unfinished, parts)).await {
            Ok(report) if report.outcome != PutOutcome::AlreadyThere => {
                unfinished.completed();
                Ok(report)
            }
            // It failed, or somebody else was first: our parts are still there.
            other => {
                unfinished.abort().await;
                other
            }
        }
    }

    async fn put_all_parts(
        &self,
        key: &StorageKey,
        source: &Source,
        options: &PutOptions,
        condition: Condition,
        (unfinished, parts): (&Unfinished, Vec<Part>),
    ) -> Result<PutReport, StoreError> {
        let sent = self.send_parts(key, source, options, unfinished.id(), parts).await?;
        let parts = CompletedMultipartUpload::builder().set_parts(Some(sent)).build();
        let writing = Writing::Parts { upload_id: unfinished.id(), parts, distrust: options.distrust };
        let report = self.conclude(key, source, condition, &writing).await?;
        let stored = self.head_object(key).await?.map(|facts| facts.size_bytes);
        if stored != Some(source.size_bytes()) {
            return Err(StoreError::new(Problem::Integrity, format!("store {key:?}")));
        }
        Ok(report)
    }

    async fn begin_parts(
        &self,
        key: &StorageKey,
        source: &Source,
        options: &PutOptions,
    ) -> Result<Unfinished, StoreError> {
        let operation = self.operation(format!("begin to store {key:?}"), "s3:PutObject");
        let request = || {
            self.client()
                .create_multipart_upload()
                .bucket(self.bucket())
                .key(self.full_key(key))
                .content_type(content_type(key, options))
                .metadata(SHA256_METADATA, source.sha256().to_string())
                .send()
        };
        let answer = self.request(&operation, request).await?;
        let Some(upload_id) = answer.upload_id() else {
            return Err(operation.error(Problem::NetworkDown).with_said("the answer is not one of an object store"));
        };
        Ok(Unfinished { store: self.clone(), key: self.full_key(key), upload_id: Some(upload_id.to_owned()) })
    }

    /// Hashes the parts in order, each just before it is sent, and the whole along with them: nothing is completed
    /// unless the whole is what was hashed.
    async fn send_parts(
        &self,
        key: &StorageKey,
        source: &Source,
        options: &PutOptions,
        upload_id: &str,
        parts: Vec<Part>,
    ) -> Result<Vec<CompletedPart>, StoreError> {
        let mut whole = Sha256Hasher::default();
        let mut sending = FuturesOrdered::new();
        let mut sent = Vec::with_capacity(parts.len());
        for part in parts {
            if sending.len() >= self.config().part_concurrency.max(1)
                && let Some(done) = sending.try_next().await?
            {
                sent.push(done);
            }
            let (hasher, sha256) = hash_part(source, part.range, whole).await?;
            whole = hasher;
            sending.push_back(self.send_part(key, source, options, upload_id, part, sha256));
        }
        while let Some(done) = sending.try_next().await? {
            sent.push(done);
        }
        let whole = whole.finish();
        match source {
            Source::File { path, sha256, .. } if *sha256 != whole => {
                Err(StoreError::new(Problem::SourceChanged { path: path.clone() }, format!("store {key:?}")))
            }
            _ => Ok(sent),
        }
    }

    async fn send_part(
        &self,
        key: &StorageKey,
        source: &Source,
        options: &PutOptions,
        upload_id: &str,
        part: Part,
        sha256: Sha256,
    ) -> Result<CompletedPart, StoreError> {
        let operation = self.operation(format!("store part {} of {key:?}", part.number), "s3:PutObject");
        let md5 = self.content_md5(source, part.range).await?;
        let payload = Payload {
            source,
            range: part.range,
            sha256,
            counter: options.progress.as_ref(),
            limiter: options.limiter.as_ref(),
        };
        let mut attempts = self.attempts();
        let answer = loop {
            attempts.begin();
            let flow = Flow::new(part.range.len());
            let request = self
                .client()
                .upload_part()
                .bucket(self.bucket())
                .key(self.full_key(key))
                .upload_id(upload_id)
                .part_number(part.number)
                .set_content_md5(md5.clone())
                .body(ByteStream::new(payload.body(&flow)))
                .customize()
                .interceptor(KnownHash(sha256))
                .send();
            match self.send(&operation, Some(&flow), request).await {
                Ok(answer) => break answer,
                Err(error) => attempts.pause_or_fail(error).await?,
            }
        };
        let Some(etag) = answer.e_tag() else {
            return Err(operation.error(Problem::NetworkDown).with_said("the answer is not one of an object store"));
        };
        Ok(CompletedPart::builder().part_number(part.number).e_tag(etag).build())
    }

    pub(super) async fn complete_parts(
        &self,
        key: &StorageKey,
        upload_id: &str,
        parts: &CompletedMultipartUpload,
        condition: &Condition,
    ) -> Result<Option<String>, StoreError> {
        let operation = self.operation(format!("finish storing {key:?}"), "s3:PutObject");
        let request = self
            .client()
            .complete_multipart_upload()
            .bucket(self.bucket())
            .key(self.full_key(key))
            .upload_id(upload_id)
            .multipart_upload(parts.clone())
            .set_if_none_match(condition.if_none_match())
            .set_if_match(condition.if_match())
            .send();
        let answer = self.send(&operation, None, request).await?;
        Ok(answer.e_tag().map(str::to_owned))
    }
}

async fn hash_part(
    source: &Source,
    range: ByteRange,
    mut whole: Sha256Hasher,
) -> Result<(Sha256Hasher, Sha256), StoreError> {
    let source = source.clone();
    blocking(move || {
        let mut part = Sha256Hasher::default();
        source.for_each_chunk_blocking(&range, |chunk| {
            part.update(chunk);
            whole.update(chunk);
        })?;
        Ok((whole, part.finish()))
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_equal_and_whole() {
        const MIB: u64 = 1024 * 1024;
        for (size, part, count) in [
            (16 * MIB + 1, 16 * MIB, 2),
            (32 * MIB, 16 * MIB, 2),
            (100 * MIB, 5 * MIB, 20),
            (5 * MIB * 20_000, 5 * MIB, 10_000),
            (1, 5 * MIB, 1),
        ] {
            let parts = plan_parts(size, part).expect("a plan");
            assert_eq!(parts.len(), count, "{size} in {part}");
            assert_eq!(parts[0].number, 1);
            assert!(parts.windows(2).all(|pair| pair[0].range.end == pair[1].range.start));
            assert_eq!(parts.last().map(|part| part.range.end), Some(size));
        }
    }
}
