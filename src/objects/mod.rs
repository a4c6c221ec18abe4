//! The object store: originals, derivatives and selfies, in S3 (R2, AWS, any other) or in a local folder.
//!
//! [`Store`] is a cheap-clone handle, opened by the scheme of a [`StorageUrl`]. Behind it stand two real
//! implementations, and [`fault`], which wraps one of them in tests and fails on demand. All paths come from
//! [`StorageKey`]. Every PUT carries its SHA-256, which the server checks, and keeps it as metadata (`sha256`); what is
//! sent is checked to be what the caller hashed. Nothing is ever public.
//!
//! Retries happen in here: trouble of the store is waited out with jitter; a network that is gone is reported at
//! once ([`StoreError::is_connection_class`]), so that a run can pause instead.

mod config;
mod error;
pub mod fault;
mod flow;
mod folder;
mod key;
mod probe;
mod retry;
mod s3;
mod source;
mod store;
mod url;

pub use config::{Secret, StoreConfig};
pub use error::{CredentialsProblem, Problem, StoreError};
pub use flow::{ByteCounter, Limiter};
pub use key::{PhotoPart, StorageKey};
pub use probe::{ProbeDepth, ProbeReport};
pub use source::Source;
pub use store::{
    DownloadReport, ObjectEntry, ObjectFacts, ObjectReader, PutMode, PutOptions, PutOutcome, PutReport, Store,
    UnfinishedUpload,
};
pub use url::StorageUrl;
