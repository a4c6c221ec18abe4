//! The store as the rest of the crate sees it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use tokio::io::{AsyncWrite, AsyncWriteExt};
use uuid::Uuid;

use super::config::StoreConfig;
use super::error::{Problem, StoreError};
use super::fault::{Faults, Faulty};
use super::flow::{ByteCounter, Limiter};
use super::folder::FolderStore;
use super::key::StorageKey;
use super::s3::S3Store;
use super::source::Source;
use super::url::StorageUrl;
use crate::model::digest::{Sha256, Sha256Hasher};

/// What a store can do. Keys are relative to its URL.
pub(super) trait Backend: Send + Sync {
    fn put<'a>(
        &'a self,
        key: &'a StorageKey,
        source: &'a Source,
        options: &'a PutOptions,
    ) -> BoxFuture<'a, Result<PutReport, StoreError>>;
    fn head<'a>(&'a self, key: &'a StorageKey) -> BoxFuture<'a, Result<Option<ObjectFacts>, StoreError>>;
    /// Reads from byte `from` on; with `etag`, only while the object is still that one.
    fn read<'a>(
        &'a self,
        key: &'a StorageKey,
        from: u64,
        etag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<ObjectReader, StoreError>>;
    fn delete<'a>(&'a self, key: &'a StorageKey) -> BoxFuture<'a, Result<(), StoreError>>;
    fn list(&self, prefix: &str) -> BoxStream<'static, Result<ObjectEntry, StoreError>>;
    fn unfinished(&self, prefix: &str) -> BoxStream<'static, Result<UnfinishedUpload, StoreError>>;
    fn abort<'a>(&'a self, upload: &'a UnfinishedUpload) -> BoxFuture<'a, Result<(), StoreError>>;
    fn presign_get<'a>(
        &'a self,
        key: &'a StorageKey,
        expires: Duration,
        file_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<String, StoreError>>;
    /// The server's clock minus ours in seconds, as of the last answer.
    fn clock_offset_seconds(&self) -> Option<i64>;
}

/// Whether an object that is there may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PutMode {
    /// `If-None-Match: *`. One that is there and has the same bytes is left alone; other bytes under the key are
    /// replaced, under `If-Match`, and reported: keys of originals carry the id of their content.
    #[default]
    CreateNew,
    /// For derivatives: the newest wins.
    Overwrite,
}

/// How to put an object.
#[derive(Clone, Default)]
pub struct PutOptions {
    pub mode: PutMode,
    /// `None`: by the key's extension.
    pub content_type: Option<String>,
    /// Look whether it is there before sending it: for files that probably are.
    pub look_first: bool,
    /// Compare with the bytes of an object that is there, not with what its metadata says: for one that was found
    /// damaged.
    pub distrust: bool,
    /// Told of bytes as they go on the wire.
    pub progress: Option<ByteCounter>,
    pub limiter: Option<Limiter>,
}

impl fmt::Debug for PutOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PutOptions")
            .field("mode", &self.mode)
            .field("content_type", &self.content_type)
            .field("look_first", &self.look_first)
            .field("distrust", &self.distrust)
            .field("limiter", &self.limiter)
            .finish_non_exhaustive()
    }
}

impl PutOptions {
    /// For derivatives.
    #[must_use]
    pub fn overwrite() -> Self {
        Self { mode: PutMode::Overwrite, ..Self::default() }
    }
}

/// What became of a put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PutOutcome {
    /// It is stored now.
    Created,
    /// It was there before, with the same bytes.
    AlreadyThere,
    /// Other bytes were there under the key, and are replaced.
    Replaced,
}

/// The result of a put.
#[derive(Debug, Clone)]
pub struct PutReport {
    pub outcome: PutOutcome,
    /// How many requests carried the content, at least 1; 0 where looking was enough.
    pub attempts: u32,
    pub etag: Option<String>,
}

/// What is known of an object without reading it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectFacts {
    pub size_bytes: u64,
    pub etag: Option<String>,
    /// From its metadata; a folder keeps none.
    pub sha256: Option<Sha256>,
    pub content_type: Option<String>,
    pub last_modified: Option<DateTime<Utc>>,
}

/// One line of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectEntry {
    /// Relative to the store's URL, as it is there: see [`StorageKey::foreign`].
    pub key: String,
    pub size_bytes: u64,
    pub etag: Option<String>,
    pub last_modified: Option<DateTime<Utc>>,
}

/// Bytes that were sent for an object that is not there yet: an upload goes on, or whoever sent them was killed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedUpload {
    /// Of the object to be, relative to the store's URL; in a folder that of the temporary file.
    pub key: String,
    pub(super) upload_id: String,
    /// By the store's clock. In a folder: when it was written to last.
    pub begun: Option<DateTime<Utc>>,
}

impl UnfinishedUpload {
    /// Tells it from all others, for the audit log: UUIDv5 in the namespace of URLs of `<key>?uploadId=<upload id>`.
    #[must_use]
    pub fn id(&self) -> Uuid {
        let Self { key, upload_id, .. } = self;
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("{key}?uploadId={upload_id}").as_bytes())
    }
}

/// The content of an object, piece by piece.
pub struct ObjectReader {
    pub facts: ObjectFacts,
    pub(super) pieces: BoxStream<'static, Result<Bytes, StoreError>>,
}

impl ObjectReader {
    /// The next piece, `None` after the last.
    ///
    /// # Errors
    /// When the connection is cut or nothing comes for too long.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        use futures::TryStreamExt;
        self.pieces.try_next().await
    }
}

impl fmt::Debug for ObjectReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ObjectReader").field("facts", &self.facts).finish_non_exhaustive()
    }
}

/// What was read by a download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DownloadReport {
    pub size_bytes: u64,
    pub sha256: Sha256,
    pub facts: ObjectFacts,
}

/// An object store. Cheap to clone; all clones share connections.
#[derive(Clone)]
pub struct Store {
    url: Arc<StorageUrl>,
    max_resumes: u32,
    backend: Arc<dyn Backend>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.url)
    }
}

impl Store {
    /// The longest life of a presigned URL (S3's limit), in seconds: a week.
    pub const MAX_PRESIGN: Duration = Duration::from_secs(7 * 24 * 3600);

    /// Opens a store. Nothing is sent yet: see [`Store::probe`].
    ///
    /// # Errors
    /// When a setting is missing or wrong, or the folder is not there.
    pub async fn open(config: StoreConfig) -> Result<Self, StoreError> {
        let url = Arc::new(config.url.clone());
        let max_resumes = config.max_attempts;
        let backend: Arc<dyn Backend> = match &config.url {
            StorageUrl::File { dir } => Arc::new(FolderStore::open(dir, config.create_folder).await?),
            StorageUrl::S3 { .. } | StorageUrl::R2 { .. } => Arc::new(S3Store::open(config).await?),
        };
        Ok(Self { url, max_resumes, backend })
    }

    /// This store, failing on demand. For tests.
    #[must_use]
    pub fn with_faults(self, faults: Faults) -> Self {
        Self { backend: Arc::new(Faulty::new(self.backend, faults)), ..self }
    }

    /// Where it is. Its `Display` is the identity of the store.
    #[must_use]
    pub fn url(&self) -> &StorageUrl {
        &self.url
    }

    /// Stores an object. See [`PutMode`] for what happens to one that is there.
    ///
    /// # Errors
    /// After retries; [`Problem::SourceChanged`] when the file is no longer what was hashed.
    pub async fn put(&self, key: &StorageKey, source: &Source, options: &PutOptions) -> Result<PutReport, StoreError> {
        self.backend.put(key, source, options).await
    }

    /// What is known of an object; `None` when it is not there. A missing bucket is an error, not an absence.
    ///
    /// # Errors
    /// When the store cannot say.
    pub async fn head(&self, key: &StorageKey) -> Result<Option<ObjectFacts>, StoreError> {
        self.backend.head(key).await
    }

    /// Opens an object for reading.
    ///
    /// # Errors
    /// [`Problem::NotFound`] and all that can go wrong with a store.
    pub async fn read(&self, key: &StorageKey) -> Result<ObjectReader, StoreError> {
        self.backend.read(key, 0, None).await
    }

    /// Writes an object's content, resuming where the connection was cut.
    ///
    /// # Errors
    /// [`Problem::Integrity`] when it is not `expected`, or not what its metadata says.
    pub async fn copy_to(
        &self,
        key: &StorageKey,
        to: &mut (dyn AsyncWrite + Send + Unpin),
        expected: Option<&Sha256>,
    ) -> Result<DownloadReport, StoreError> {
        let mut reader = self.backend.read(key, 0, None).await?;
        let facts = reader.facts.clone();
        let mut hasher = Sha256Hasher::default();
        let mut size_bytes: u64 = 0;
        let mut resumes = 0;
        loop {
            match reader.next().await {
                Ok(Some(piece)) => {
                    hasher.update(&piece);
                    size_bytes += piece.len() as u64;
                    to.write_all(&piece).await.map_err(|error| {
                        StoreError::folder_io(format!("write the content of {key:?}"), Path::new("the target"), error)
                    })?;
                    resumes = 0;
                }
                Ok(None) => break,
                Err(error) if error.is_retryable() && resumes < self.max_resumes && facts.etag.is_some() => {
                    resumes += 1;
                    reader = self.backend.read(key, size_bytes, facts.etag.as_deref()).await?;
                }
                Err(error) => return Err(error),
            }
        }
        let sha256 = hasher.finish();
        let wanted = expected.or(facts.sha256.as_ref());
        if size_bytes != facts.size_bytes || wanted.is_some_and(|wanted| *wanted != sha256) {
            return Err(StoreError::new(Problem::Integrity, format!("read {key:?}")));
        }
        Ok(DownloadReport { size_bytes, sha256, facts })
    }

    /// Downloads an object into a file: under another name first, then renamed, so that no half file is ever seen.
    ///
    /// # Errors
    /// As [`Store::copy_to`], and when the file cannot be written.
    pub async fn download(
        &self,
        key: &StorageKey,
        to: &Path,
        expected: Option<&Sha256>,
    ) -> Result<DownloadReport, StoreError> {
        let unwritable = |error: std::io::Error| match StoreError::folder_io("download", to, error) {
            error if *error.problem() == Problem::DiskFull => error,
            error => StoreError::new(Problem::TargetUnwritable { path: to.to_owned() }, "download").with_source(error),
        };
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let temporary = tempfile::Builder::new().prefix(".photoctl-").tempfile_in(folder).map_err(unwritable)?;
        let mut file = tokio::fs::File::from_std(temporary.as_file().try_clone().map_err(unwritable)?);
        let report = self.copy_to(key, &mut file, expected).await?;
        file.flush().await.map_err(unwritable)?;
        file.sync_all().await.map_err(unwritable)?;
        temporary.persist(to).map_err(|error| unwritable(error.error))?;
        Ok(report)
    }

    /// A small object as a whole.
    ///
    /// # Errors
    /// [`Problem::TooLarge`] when it has more than `limit_bytes`, before it is read.
    pub async fn get_bytes(&self, key: &StorageKey, limit_bytes: u64) -> Result<Bytes, StoreError> {
        let mut content = Vec::new();
        let facts = self.backend.head(key).await?;
        let facts = facts.ok_or_else(|| StoreError::new(Problem::NotFound, format!("read {key:?}")))?;
        if facts.size_bytes > limit_bytes {
            return Err(StoreError::new(Problem::TooLarge { limit_bytes }, format!("read {key:?}")));
        }
        self.copy_to(key, &mut content, None).await?;
        Ok(content.into())
    }

    /// The SHA-256 of what is really stored: reads all of it.
    ///
    /// # Errors
    /// As [`Store::copy_to`], but other bytes than the metadata says are no error here.
    pub async fn hash(&self, key: &StorageKey) -> Result<(u64, Sha256), StoreError> {
        hash_of(self.backend.as_ref(), key).await
    }

    /// Deletes an object; one that is not there is fine.
    ///
    /// # Errors
    /// After retries.
    pub async fn delete(&self, key: &StorageKey) -> Result<(), StoreError> {
        self.backend.delete(key).await
    }

    /// Every object whose key begins with `prefix`, in the order of the keys' bytes, fetched page by page.
    #[must_use]
    pub fn list(&self, prefix: &str) -> BoxStream<'static, Result<ObjectEntry, StoreError>> {
        self.backend.list(prefix)
    }

    /// Uploads of objects under `prefix` that were neither completed nor aborted. A folder does not know what its
    /// temporary files were to become: it names all of them.
    #[must_use]
    pub fn unfinished(&self, prefix: &str) -> BoxStream<'static, Result<UnfinishedUpload, StoreError>> {
        self.backend.unfinished(prefix)
    }

    /// Takes away what an unfinished upload sent; one that ended meanwhile is fine.
    ///
    /// # Errors
    /// After retries.
    pub async fn abort(&self, upload: &UnfinishedUpload) -> Result<(), StoreError> {
        self.backend.abort(upload).await
    }

    /// A URL by which anybody can read the object until it expires; `file_name` makes browsers save it under that
    /// name. A folder has no such thing: its `file://` URL works on this computer only, and does not expire.
    ///
    /// # Errors
    /// When `expires` is not between 1 s and [`Store::MAX_PRESIGN`].
    pub async fn presign_get(
        &self,
        key: &StorageKey,
        expires: Duration,
        file_name: Option<&str>,
    ) -> Result<String, StoreError> {
        if expires < Duration::from_secs(1) || expires > Self::MAX_PRESIGN {
            return Err(StoreError::new(
                Problem::Config {
                    why: "a link lives for 1 second to 7 days".to_owned(),
                    hint: "give a time such as --expires 1h".to_owned(),
                },
                "make a link",
            ));
        }
        self.backend.presign_get(key, expires, file_name).await
    }

    /// The server's clock minus ours in seconds, as of its last answer; `None` for folders.
    #[must_use]
    pub fn clock_offset_seconds(&self) -> Option<i64> {
        self.backend.clock_offset_seconds()
    }
}

/// The size and SHA-256 of what is stored.
pub(super) async fn hash_of(backend: &dyn Backend, key: &StorageKey) -> Result<(u64, Sha256), StoreError> {
    let mut reader = backend.read(key, 0, None).await?;
    let mut hasher = Sha256Hasher::default();
    let mut size_bytes = 0;
    while let Some(piece) = reader.next().await? {
        hasher.update(&piece);
        size_bytes += piece.len() as u64;
    }
    Ok((size_bytes, hasher.finish()))
}
