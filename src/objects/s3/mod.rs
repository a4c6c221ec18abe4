//! Stores that speak S3: R2, AWS and others.

mod body;
mod classify;
mod multipart;
mod notes;
mod put;
mod read;
mod unfinished;
mod watch;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Credentials, Region, RequestChecksumCalculation, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use futures::future::BoxFuture;
use futures::stream::BoxStream;

use self::body::Flow;
use self::classify::Operation;
use self::notes::ClockNote;
use self::watch::Limits;
use super::config::{Secret, StoreConfig};
use super::error::{CredentialsProblem, Problem, StoreError};
use super::key::StorageKey;
use super::retry::Attempts;
use super::source::Source;
use super::store::{Backend, ObjectEntry, ObjectFacts, ObjectReader, PutOptions, PutReport, UnfinishedUpload};
use super::url::StorageUrl;

/// A bucket. Cheap to clone.
#[derive(Clone)]
pub(super) struct S3Store {
    shared: std::sync::Arc<Shared>,
}

struct Shared {
    client: aws_sdk_s3::Client,
    bucket: String,
    /// Empty, or ends in a slash.
    prefix: String,
    config: StoreConfig,
    limits: Limits,
    clock: ClockNote,
    /// Whether some answer proved that the bucket is there: only then a 404 is about the object.
    bucket_seen: AtomicBool,
}

impl S3Store {
    /// S3's limits of a part (all but the last).
    const PART_BYTES: std::ops::RangeInclusive<u64> = 5 * 1024 * 1024..=5 * 1024 * 1024 * 1024;

    pub async fn open(config: StoreConfig) -> Result<Self, StoreError> {
        if !Self::PART_BYTES.contains(&config.part_size_bytes) {
            return Err(misconfigured("the part size is not between 5 MiB and 5 GiB", "take 16 MiB"));
        }
        let clock = ClockNote::new();
        let (sdk, bucket) = match &config.url {
            StorageUrl::R2 { account_id, bucket, .. } => (r2_settings(&config, account_id)?, bucket.clone()),
            StorageUrl::S3 { bucket, .. } => (s3_settings(&config).await?, bucket.clone()),
            StorageUrl::File { .. } => return Err(misconfigured("a folder is no S3 store", "use s3:// or r2://")),
        };
        let timeouts = TimeoutConfig::builder().connect_timeout(config.connect_timeout).build();
        let sdk = sdk
            .behavior_version(BehaviorVersion::latest())
            // Retries and time-outs are ours: the SDK's know neither 429 nor slow lines.
            .retry_config(RetryConfig::disabled())
            .timeout_config(timeouts)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .interceptor(clock.clone())
            .build();
        let prefix = config.url.prefix();
        let prefix = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
        Ok(Self {
            shared: std::sync::Arc::new(Shared {
                client: aws_sdk_s3::Client::from_conf(sdk),
                bucket,
                prefix,
                limits: Limits::new(&config),
                config,
                clock,
                bucket_seen: AtomicBool::new(false),
            }),
        })
    }

    fn client(&self) -> &aws_sdk_s3::Client {
        &self.shared.client
    }

    fn bucket(&self) -> &str {
        &self.shared.bucket
    }

    fn config(&self) -> &StoreConfig {
        &self.shared.config
    }

    /// The key in the bucket.
    fn full_key(&self, key: &StorageKey) -> String {
        format!("{}{}", self.shared.prefix, key.as_str())
    }

    fn operation(&self, doing: String, right: &'static str) -> Operation {
        Operation { doing, right, bucket: self.shared.bucket.clone() }
    }

    fn attempts(&self) -> Attempts {
        Attempts::new(self.config())
    }

    fn bucket_seen(&self) -> bool {
        self.shared.bucket_seen.load(Ordering::Relaxed)
    }

    fn saw_bucket(&self) {
        self.shared.bucket_seen.store(true, Ordering::Relaxed);
    }

    /// One request, watched, with its error translated.
    async fn send<T, E>(
        &self,
        operation: &Operation,
        flow: Option<&std::sync::Arc<Flow>>,
        request: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    ) -> Result<T, StoreError>
    where
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let answer = self.shared.limits.watch(&operation.doing, flow, request).await;
        // A source that failed is why the request did: whatever the SDK makes of that.
        if let Some(fault) = flow.and_then(|flow| flow.take_fault()) {
            return Err(fault);
        }
        let done = answer?.map_err(|error| operation.classify(error))?;
        self.saw_bucket();
        Ok(done)
    }

    /// One request without a body of ours, tried until it works or cannot.
    async fn request<T, E, R>(&self, operation: &Operation, mut request: impl FnMut() -> R) -> Result<T, StoreError>
    where
        R: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
    {
        let mut attempts = self.attempts();
        loop {
            attempts.begin();
            match self.send(operation, None, request()).await {
                Ok(done) => return Ok(done),
                Err(error) => attempts.pause_or_fail(error).await?,
            }
        }
    }
}

fn misconfigured(why: &str, hint: &str) -> StoreError {
    StoreError::new(Problem::Config { why: why.to_owned(), hint: hint.to_owned() }, "open the store")
}

/// The store's own keys, if there are any.
fn own_keys(config: &StoreConfig) -> Result<Option<Credentials>, StoreError> {
    let text = |secret: &Option<Secret>| {
        secret.as_ref().map(|secret| secret.reveal().trim().to_owned()).filter(|text| !text.is_empty())
    };
    match (text(&config.access_key_id), text(&config.secret_access_key)) {
        (Some(id), Some(secret)) => {
            Ok(Some(Credentials::new(id, secret, text(&config.session_token), None, "photoctl")))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(misconfigured(
            "the store's access key is set, its secret is not",
            "set PHOTOCTL_STORAGE_SECRET_ACCESS_KEY",
        )),
        (None, Some(_)) => Err(misconfigured(
            "the store's secret access key is set, its id is not",
            "set PHOTOCTL_STORAGE_ACCESS_KEY_ID",
        )),
    }
}

fn r2_settings(config: &StoreConfig, account_id: &str) -> Result<aws_sdk_s3::config::Builder, StoreError> {
    let keys = own_keys(config)?
        .ok_or_else(|| StoreError::new(Problem::Credentials(CredentialsProblem::Missing), "open the store"))?;
    let endpoint = match &config.r2_endpoint {
        Some(endpoint) => checked_endpoint(endpoint)?,
        None => format!("https://{account_id}.r2.cloudflarestorage.com"),
    };
    Ok(aws_sdk_s3::Config::builder()
        .credentials_provider(keys)
        .region(Region::from_static("auto"))
        .endpoint_url(endpoint)
        .force_path_style(true))
}

async fn s3_settings(config: &StoreConfig) -> Result<aws_sdk_s3::config::Builder, StoreError> {
    let keys = own_keys(config)?;
    let endpoint = config.endpoint.as_deref().map(checked_endpoint).transpose()?;
    let region = config.region.as_deref().map(str::trim).filter(|region| !region.is_empty());
    let fixed_region = match (region, &endpoint) {
        (Some(region), _) => Some(region.to_owned()),
        // A server of one's own rarely has regions, and takes this name.
        (None, Some(_)) => Some("us-east-1".to_owned()),
        (None, None) => None,
    };
    let builder = match (keys, fixed_region) {
        (Some(keys), Some(region)) => {
            aws_sdk_s3::Config::builder().credentials_provider(keys).region(Region::new(region))
        }
        (keys, region) => {
            let mut loader = aws_config::defaults(BehaviorVersion::latest());
            if let Some(region) = region {
                loader = loader.region(Region::new(region));
            }
            if let Some(keys) = keys {
                loader = loader.credentials_provider(keys);
            }
            let shared = loader.load().await;
            if shared.region().is_none() {
                return Err(misconfigured("the region of the bucket is not known", "set AWS_REGION"));
            }
            aws_sdk_s3::config::Builder::from(&shared)
        }
    };
    Ok(match endpoint {
        Some(endpoint) => builder.endpoint_url(endpoint).force_path_style(true),
        None => builder,
    })
}

fn checked_endpoint(text: &str) -> Result<String, StoreError> {
    let wrong = |why: &str| {
        misconfigured(&format!("the address of the object store {why}"), "write https://host or http://host:port")
    };
    let url = url::Url::parse(text.trim()).map_err(|_| wrong("is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(wrong("is not an http:// or https:// URL"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(wrong("contains credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(wrong("has a ? or # part"));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

impl Backend for S3Store {
    fn put<'a>(
        &'a self,
        key: &'a StorageKey,
        source: &'a Source,
        options: &'a PutOptions,
    ) -> BoxFuture<'a, Result<PutReport, StoreError>> {
        Box::pin(self.put_object(key, source, options))
    }

    fn head<'a>(&'a self, key: &'a StorageKey) -> BoxFuture<'a, Result<Option<ObjectFacts>, StoreError>> {
        Box::pin(self.head_object(key))
    }

    fn read<'a>(
        &'a self,
        key: &'a StorageKey,
        from: u64,
        etag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<ObjectReader, StoreError>> {
        Box::pin(self.read_object(key, from, etag))
    }

    fn delete<'a>(&'a self, key: &'a StorageKey) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(self.delete_object(key))
    }

    fn list(&self, prefix: &str) -> BoxStream<'static, Result<ObjectEntry, StoreError>> {
        self.list_objects(prefix)
    }

    fn unfinished(&self, prefix: &str) -> BoxStream<'static, Result<UnfinishedUpload, StoreError>> {
        self.list_unfinished(prefix)
    }

    fn abort<'a>(&'a self, upload: &'a UnfinishedUpload) -> BoxFuture<'a, Result<(), StoreError>> {
        Box::pin(async move {
            let key = format!("{}{}", self.shared.prefix, upload.key);
            self.abort_parts(&key, &upload.upload_id).await
        })
    }

    fn presign_get<'a>(
        &'a self,
        key: &'a StorageKey,
        expires: Duration,
        file_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<String, StoreError>> {
        Box::pin(self.presign_object(key, expires, file_name))
    }

    fn clock_offset_seconds(&self) -> Option<i64> {
        self.shared.clock.offset_seconds()
    }
}
