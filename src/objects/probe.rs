//! A round trip through the store, for `doctor`.

use std::time::{Duration, Instant};

use futures::StreamExt;
use uuid::Uuid;

use super::error::{Problem, StoreError};
use super::key::StorageKey;
use super::source::Source;
use super::store::{PutOptions, PutOutcome, Store};

/// How far a probe goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProbeDepth {
    /// List only: for those who may not write.
    Read,
    /// Write, read back, write again under a condition, delete.
    Write,
}

/// What a probe found. That it returned at all means that each step worked.
#[derive(Debug, Clone)]
pub struct ProbeReport {
    /// Of the whole probe.
    pub elapsed: Duration,
    /// The server's clock minus ours in seconds; `None` for folders.
    pub clock_offset_seconds: Option<i64>,
    /// Whether the server honours `If-None-Match`. Nothing is lost without, but racing uploads send bytes twice.
    /// `None` when it was not tried.
    pub conditional_writes: Option<bool>,
}

impl Store {
    /// Tries what the store is needed for, and leaves nothing behind.
    ///
    /// # Errors
    /// The first step that failed; its text says which.
    pub async fn probe(&self, depth: ProbeDepth) -> Result<ProbeReport, StoreError> {
        let started = Instant::now();
        let conditional_writes = match depth {
            ProbeDepth::Read => {
                if let Some(entry) = self.list("").next().await {
                    entry?;
                }
                None
            }
            ProbeDepth::Write => {
                let key = StorageKey::probe(Uuid::new_v4());
                let tried = self.probe_object(&key).await;
                let deleted = self.delete(&key).await;
                let honoured = tried?;
                deleted?;
                if self.head(&key).await?.is_some() {
                    return Err(StoreError::new(Problem::Other, "delete an object: it is still there"));
                }
                Some(honoured)
            }
        };
        Ok(ProbeReport {
            elapsed: started.elapsed(),
            clock_offset_seconds: self.clock_offset_seconds(),
            conditional_writes,
        })
    }

    async fn probe_object(&self, key: &StorageKey) -> Result<bool, StoreError> {
        let options = PutOptions { content_type: Some("application/octet-stream".to_owned()), ..PutOptions::default() };
        let first = Source::bytes(Uuid::new_v4().as_bytes().repeat(4));
        let second = Source::bytes(Uuid::new_v4().as_bytes().repeat(4));
        self.put(key, &first, &options).await?;
        let mut content = Vec::new();
        self.copy_to(key, &mut content, Some(first.sha256())).await?;
        let report = self.put(key, &second, &options).await?;
        Ok(report.outcome == PutOutcome::Replaced)
    }
}
