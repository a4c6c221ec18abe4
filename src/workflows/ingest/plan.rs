//! What is to be uploaded, where to, and how.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::pair::RawMode;
use super::scan::{Root, ScanRules};
use crate::batch::{Cancel, OutageRules, Progress};
use crate::db::Db;
use crate::faces::LocalEngine;
use crate::imaging::{Limits, Recipe};
use crate::model::audit::Author;
use crate::model::ids::PhotographerId;
use crate::model::project::Project;
use crate::model::target::Target;
use crate::objects::Store;

/// In which order files are uploaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Order {
    /// By folder and name, as the camera counts.
    #[default]
    Name,
    /// The earliest shot first; those without a time last.
    Captured,
    /// The smallest first.
    Size,
}

/// One upload. Everything in it is resolved: no names, no defaults.
#[derive(Debug)]
pub struct IngestPlan {
    pub project: Project,
    pub photographer: PhotographerId,
    pub roots: Vec<Arc<Root>>,
    pub scan: ScanRules,
    pub raw: RawMode,
    pub captured_since: Option<DateTime<Utc>>,
    /// Exclusive.
    pub captured_until: Option<DateTime<Utc>>,
    pub order: Order,
    /// Bring deleted photos back, and take those of other projects into this one too.
    pub restore: bool,
    pub dry_run: bool,
    /// Read every file anew, whatever is remembered of it.
    pub rehash: bool,
    /// `None`: no derivatives are made.
    pub recipe: Option<Recipe>,
    /// Faces are looked for in the pixels that derivatives are made of, and kept.
    pub faces: Option<Arc<LocalEngine>>,
    pub limits: Limits,
    pub keep_gps: bool,
    /// Gets a JSON line for each file.
    pub report: Option<PathBuf>,
    /// Where fingerprints are remembered.
    pub cache_file: Option<PathBuf>,
    /// Pictures decoded at once.
    pub decoders: usize,
    /// Uploads at once; `None` follows the throughput.
    pub transfers: Option<usize>,
    /// Bytes a second to the store, at most.
    pub bytes_per_second: Option<u64>,
    /// After this time no new file is begun.
    pub max_duration: Option<Duration>,
    pub outage: OutageRules,
}

/// What an upload works with.
#[derive(Clone)]
pub struct Services {
    pub db: Db,
    pub store: Store,
    pub progress: Arc<dyn Progress>,
    pub cancel: Cancel,
    pub author: Author,
    pub target: Target,
}
