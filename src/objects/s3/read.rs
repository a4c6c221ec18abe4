//! Looking, reading, deleting, listing, and links.

use std::time::Duration;

use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;
use chrono::{DateTime, Utc};
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use percent_encoding::percent_decode_str;

use super::S3Store;
use super::put::hash_in;
use crate::objects::error::{Problem, StoreError};
use crate::objects::key::StorageKey;
use crate::objects::store::{ObjectEntry, ObjectFacts, ObjectReader};

impl S3Store {
    pub(super) async fn head_object(&self, key: &StorageKey) -> Result<Option<ObjectFacts>, StoreError> {
        let operation = self.operation(format!("look at {key:?}"), "s3:GetObject");
        let request = || self.client().head_object().bucket(self.bucket()).key(self.full_key(key)).send();
        match self.request(&operation, request).await {
            Ok(answer) => Ok(Some(ObjectFacts {
                size_bytes: size(answer.content_length()),
                etag: answer.e_tag().map(str::to_owned),
                sha256: hash_in(answer.metadata()),
                content_type: answer.content_type().map(str::to_owned),
                last_modified: answer.last_modified().and_then(time),
            })),
            Err(error) if error.is_not_found() => {
                self.need_bucket().await?;
                Ok(None)
            }
            // An answer to HEAD has no body to say why: ask again with GET, which has.
            Err(error) if !error.is_retryable() => match self.read_object(key, 0, None).await {
                Err(told) if !told.is_not_found() => Err(told),
                _ => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// A 404 to HEAD does not say whether it is the object or the bucket that is missing.
    async fn need_bucket(&self) -> Result<(), StoreError> {
        if self.bucket_seen() {
            return Ok(());
        }
        let operation = self.operation("look at the bucket".to_owned(), "s3:ListBucket");
        let request = || self.client().head_bucket().bucket(self.bucket()).send();
        match self.request(&operation, request).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => {
                Err(operation.error(Problem::NoSuchBucket { bucket: self.bucket().to_owned() }))
            }
            // Keys may lack this right and still have all that is needed.
            Err(error) if matches!(error.problem(), Problem::Permission { .. }) => {
                self.saw_bucket();
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn read_object(
        &self,
        key: &StorageKey,
        from: u64,
        etag: Option<&str>,
    ) -> Result<ObjectReader, StoreError> {
        let operation = self.operation(format!("read {key:?}"), "s3:GetObject");
        let request = || {
            self.client()
                .get_object()
                .bucket(self.bucket())
                .key(self.full_key(key))
                .set_range((from > 0).then(|| format!("bytes={from}-")))
                .set_if_match(etag.map(str::to_owned))
                .send()
        };
        let answer = self.request(&operation, request).await?;
        let whole = answer.content_range().and_then(|range| range.rsplit_once('/')?.1.parse().ok());
        if from > 0 && whole.is_none() {
            return Err(operation.error(Problem::NotImplemented).with_said("it does not resume"));
        }
        let facts = ObjectFacts {
            size_bytes: whole.unwrap_or_else(|| size(answer.content_length())),
            etag: answer.e_tag().map(str::to_owned),
            sha256: hash_in(answer.metadata()),
            content_type: answer.content_type().map(str::to_owned),
            last_modified: answer.last_modified().and_then(time),
        };
        let pieces = pieces(answer.body, operation.doing, self.config().stall_timeout);
        Ok(ObjectReader { facts, pieces })
    }

    pub(super) async fn delete_object(&self, key: &StorageKey) -> Result<(), StoreError> {
        let operation = self.operation(format!("delete {key:?}"), "s3:DeleteObject");
        let request = || self.client().delete_object().bucket(self.bucket()).key(self.full_key(key)).send();
        match self.request(&operation, request).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    pub(super) fn list_objects(&self, prefix: &str) -> BoxStream<'static, Result<ObjectEntry, StoreError>> {
        let full_prefix = format!("{}{prefix}", self.shared.prefix);
        let store = self.clone();
        stream::try_unfold(Some(None::<String>), move |state| {
            let (store, full_prefix) = (store.clone(), full_prefix.clone());
            async move {
                let Some(token) = state else { return Ok(None) };
                let (entries, next) = store.list_page(&full_prefix, token).await?;
                Ok::<_, StoreError>(Some((stream::iter(entries).map(Ok), next.map(Some))))
            }
        })
        .try_flatten()
        .boxed()
    }

    async fn list_page(
        &self,
        full_prefix: &str,
        token: Option<String>,
    ) -> Result<(Vec<ObjectEntry>, Option<String>), StoreError> {
        let operation = self.operation("list the store".to_owned(), "s3:ListBucket");
        let request = || {
            self.client()
                .list_objects_v2()
                .bucket(self.bucket())
                .prefix(full_prefix)
                // Keys of others may have characters that XML cannot carry.
                .encoding_type(EncodingType::Url)
                .set_continuation_token(token.clone())
                .send()
        };
        let page = self.request(&operation, request).await?;
        let encoded = page.encoding_type() == Some(&EncodingType::Url);
        let own = self.shared.prefix.as_str();
        let entries = page
            .contents()
            .iter()
            .filter_map(|object| {
                let key = decoded(object.key()?, encoded);
                Some(ObjectEntry {
                    key: key.strip_prefix(own)?.to_owned(),
                    size_bytes: size(object.size()),
                    etag: object.e_tag().map(str::to_owned),
                    last_modified: object.last_modified().and_then(time),
                })
            })
            .collect();
        let more = page.is_truncated() == Some(true);
        let next = page.next_continuation_token().filter(|_| more).map(str::to_owned);
        if more && (next.is_none() || next == token) {
            return Err(operation.error(Problem::Other).with_said("the listing does not go on"));
        }
        Ok((entries, next))
    }

    pub(super) async fn presign_object(
        &self,
        key: &StorageKey,
        expires: Duration,
        file_name: Option<&str>,
    ) -> Result<String, StoreError> {
        let operation = self.operation(format!("make a link to {key:?}"), "s3:GetObject");
        let presigning = PresigningConfig::expires_in(expires)
            .map_err(|error| operation.error(Problem::Other).with_source(error))?;
        let signed = self
            .client()
            .get_object()
            .bucket(self.bucket())
            .key(self.full_key(key))
            .set_response_content_disposition(file_name.map(attachment))
            .presigned(presigning)
            .await
            .map_err(|error| operation.classify(error))?;
        Ok(signed.uri().to_owned())
    }
}

/// `Content-Disposition` (RFC 6266) with the name in UTF-8 (RFC 8187).
fn attachment(file_name: &str) -> String {
    let encoded = percent_encoding::utf8_percent_encode(file_name, percent_encoding::NON_ALPHANUMERIC);
    format!("attachment; filename*=UTF-8''{encoded}")
}

/// Servers that were asked for URL encoding differ in whether they do it; a key of ours has no `%`.
pub(super) fn decoded(key: &str, encoded: bool) -> String {
    if !encoded || !key.contains(['%', '+']) {
        return key.to_owned();
    }
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().map_or_else(|_| key.to_owned(), std::borrow::Cow::into_owned)
}

fn pieces(body: ByteStream, doing: String, stall: Duration) -> BoxStream<'static, Result<bytes::Bytes, StoreError>> {
    stream::try_unfold((body, doing), move |(mut body, doing)| async move {
        match tokio::time::timeout(stall, body.next()).await {
            Ok(None) => Ok(None),
            Ok(Some(Ok(piece))) => Ok(Some((piece, (body, doing)))),
            Ok(Some(Err(error))) => Err(StoreError::new(Problem::Cut, doing).with_source(error)),
            Err(_) => Err(StoreError::new(Problem::Stalled { after: stall }, doing)),
        }
    })
    .boxed()
}

fn size(length: Option<i64>) -> u64 {
    length.and_then(|length| u64::try_from(length).ok()).unwrap_or_default()
}

pub(super) fn time(time: &aws_sdk_s3::primitives::DateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.secs(), time.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_links_are_encoded() {
        assert_eq!(attachment("Grüße\"\r\n.jpg"), "attachment; filename*=UTF-8''Gr%C3%BC%C3%9Fe%22%0D%0A%2Ejpg");
    }

    #[test]
    fn keys_of_listings_are_decoded_once() {
        assert_eq!(decoded("a%2Fb+c%01.jpg", true), "a/b c\u{1}.jpg");
        assert_eq!(decoded("a%2Fb+c.jpg", false), "a%2Fb+c.jpg");
    }
}
