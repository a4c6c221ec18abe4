//! The object store.

use crate::error::{Error, Kind, Result};

/// How to reach the store.
#[derive(Debug, Clone)]
pub struct StoreConfig {
    pub url: String,
}

/// The object store: S3 or a folder.
#[derive(Debug, Clone)]
pub struct Store {}

impl Store {
    pub async fn open(_config: StoreConfig) -> Result<Self> {
        Err(Error::new(Kind::Internal, "placeholder"))
    }
}
