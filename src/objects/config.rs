//! What is needed to open a store: filled by the caller from its configuration.

use std::fmt;
use std::time::Duration;

use super::url::StorageUrl;

/// A text that is never printed: neither by `Debug` nor by `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that needs it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Settings of a store. [`StoreConfig::new`] has the defaults; the fields are public to be overridden.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    pub url: StorageUrl,
    /// The store's own keys. Without them `s3://` takes the AWS default chain, `r2://` is refused.
    pub access_key_id: Option<Secret>,
    pub secret_access_key: Option<Secret>,
    pub session_token: Option<Secret>,
    /// `AWS_REGION`, for `s3://` only: R2's is always `auto`.
    pub region: Option<String>,
    /// `AWS_ENDPOINT_URL_S3`, for `s3://` only.
    pub endpoint: Option<String>,
    /// The server of an `r2://` store, where it is not `https://<ACCOUNT_ID>.r2.cloudflarestorage.com`
    /// (a bucket with a jurisdiction, a test). Never filled from an AWS variable.
    pub r2_endpoint: Option<String>,
    /// Make the folder of a `file://` store if it is not there. Otherwise a missing one is an error: it may be a
    /// disk that is not mounted.
    pub create_folder: bool,
    /// Files above this are sent in parts of exactly this size, the last may be shorter. 5 MiB to 5 GiB (S3's limits).
    pub part_size_bytes: u64,
    /// Parts of one file that are in flight at once.
    pub part_concurrency: usize,
    /// Send `Content-MD5` beside the SHA-256 that every PUT carries: a second check by the server, for the price of
    /// hashing each file once more. `None`: for R2, whose check of the SHA-256 is not documented;
    /// AWS and the servers that imitate it refuse a PUT whose SHA-256 is wrong.
    pub content_md5: Option<bool>,
    pub connect_timeout: Duration,
    /// From the last byte of a request to the first of its answer. What may still be in flight on a slow line is
    /// added to it: see [`slow_line_bytes_per_second`](Self::slow_line_bytes_per_second).
    pub first_byte_timeout: Duration,
    /// Without a single byte moving. A slow line is no stall.
    pub stall_timeout: Duration,
    /// The slowest line that is still worth waiting for: the system may hold up to 4 MiB that it has taken from us
    /// and not yet sent, and the answer cannot come before they are through.
    pub slow_line_bytes_per_second: u64,
    /// How often one request is sent at most.
    pub max_attempts: u32,
    /// How often at most while the network is down: few, so that a run can pause instead.
    pub max_connect_attempts: u32,
    /// The first pause between attempts; it doubles each time, with jitter, up to `retry_pause_max`.
    pub retry_pause: Duration,
    pub retry_pause_max: Duration,
}

impl StoreConfig {
    /// The defaults for a store.
    #[must_use]
    pub fn new(url: StorageUrl) -> Self {
        Self {
            url,
            access_key_id: None,
            secret_access_key: None,
            session_token: None,
            region: None,
            endpoint: None,
            r2_endpoint: None,
            create_folder: false,
            part_size_bytes: 16 * 1024 * 1024,
            part_concurrency: 2,
            content_md5: None,
            connect_timeout: Duration::from_secs(10),
            first_byte_timeout: Duration::from_secs(60),
            stall_timeout: Duration::from_secs(60),
            slow_line_bytes_per_second: 32 * 1024,
            max_attempts: 8,
            max_connect_attempts: 3,
            retry_pause: Duration::from_millis(250),
            retry_pause_max: Duration::from_secs(20),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_printed() {
        let mut config = StoreConfig::new("s3://photos".parse().expect("a storage URL"));
        config.access_key_id = Some(Secret::new("AKIAPLANTED"));
        config.secret_access_key = Some(Secret::new("planted-secret"));
        config.session_token = Some(Secret::new("planted-token"));
        let shown = format!("{config:?} {config:#?} {}", Secret::new("planted"));
        assert!(!shown.contains("planted") && !shown.contains("AKIA"), "{shown}");
    }
}
