//! Uploads in parts that nobody completed: a process that was killed can not abort its own, and many servers keep the
//! parts, and charge for them, until somebody does.

use aws_sdk_s3::types::EncodingType;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};

use super::S3Store;
use super::read::{decoded, time};
use crate::objects::error::{Problem, StoreError};
use crate::objects::store::UnfinishedUpload;

/// Where a page begins: behind this key and this upload of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Marker {
    key: Option<String>,
    upload_id: Option<String>,
}

impl S3Store {
    pub(super) fn list_unfinished(&self, prefix: &str) -> BoxStream<'static, Result<UnfinishedUpload, StoreError>> {
        let full_prefix = format!("{}{prefix}", self.shared.prefix);
        let store = self.clone();
        stream::try_unfold(Some(Marker::default()), move |state| {
            let (store, full_prefix) = (store.clone(), full_prefix.clone());
            async move {
                let Some(marker) = state else { return Ok(None) };
                let (uploads, next) = store.unfinished_page(&full_prefix, marker).await?;
                Ok::<_, StoreError>(Some((stream::iter(uploads).map(Ok), next)))
            }
        })
        .try_flatten()
        .boxed()
    }

    async fn unfinished_page(
        &self,
        full_prefix: &str,
        marker: Marker,
    ) -> Result<(Vec<UnfinishedUpload>, Option<Marker>), StoreError> {
        let operation = self.operation("list unfinished uploads".to_owned(), "s3:ListBucketMultipartUploads");
        let request = || {
            self.client()
                .list_multipart_uploads()
                .bucket(self.bucket())
                .prefix(full_prefix)
                .encoding_type(EncodingType::Url)
                .set_key_marker(marker.key.clone())
                .set_upload_id_marker(marker.upload_id.clone())
                .send()
        };
        let page = self.request(&operation, request).await?;
        let encoded = page.encoding_type() == Some(&EncodingType::Url);
        let own = self.shared.prefix.as_str();
        let uploads = page
            .uploads()
            .iter()
            .filter_map(|upload| {
                let key = decoded(upload.key()?, encoded);
                // A server that does not look at the prefix must not make us abort uploads of others.
                Some(UnfinishedUpload {
                    key: key.strip_prefix(own).filter(|_| key.starts_with(full_prefix))?.to_owned(),
                    upload_id: upload.upload_id()?.to_owned(),
                    begun: upload.initiated().and_then(time),
                })
            })
            .collect();
        if page.is_truncated() != Some(true) {
            return Ok((uploads, None));
        }
        let next = Marker {
            key: page.next_key_marker().map(|key| decoded(key, encoded)),
            upload_id: page.next_upload_id_marker().map(str::to_owned),
        };
        if next.key.is_none() || next == marker {
            return Err(operation.error(Problem::Cut).with_said("the listing does not go on"));
        }
        Ok((uploads, Some(next)))
    }

    /// Aborts an upload of a key in the bucket; one that is completed or aborted already is fine.
    pub(super) async fn abort_parts(&self, full_key: &str, upload_id: &str) -> Result<(), StoreError> {
        let operation = self.operation("abort an upload".to_owned(), "s3:AbortMultipartUpload");
        let request =
            || self.client().abort_multipart_upload().bucket(self.bucket()).key(full_key).upload_id(upload_id).send();
        match self.request(&operation, request).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }
}
