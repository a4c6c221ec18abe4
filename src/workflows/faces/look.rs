//! One photo out of the store, and the faces in it.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::batch::Budget;
use crate::config::{Config, settings};
use crate::db::photos::select::PhotoRecord;
use crate::error::{Error, Kind, Result};
use crate::faces::{LocalEngine, good_for_event};
use crate::imaging::{self, Limits, Picture, Probe};
use crate::model::face::{Face, FaceBox, SAME_FACE};
use crate::model::pixels::Pixels;
use crate::objects::{StorageKey, Store};

/// The engine that runs inside the program.
pub type Engine = LocalEngine;

/// Model of the vectors that are made here.
pub const MODEL: &str = crate::faces::MODEL;

/// Memory for pictures that are looked at at once, in bytes: four of 24 megapixels with what the detector takes.
const LOOKING_BYTES: u64 = 1 << 30;

/// What a look at a photo gave.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Good enough to be compared, the largest first.
    pub faces: Vec<Face>,
    /// How many are too small or blurred for it.
    pub poor: usize,
}

impl Seen {
    /// Without what lies at one of `areas`.
    #[must_use]
    pub fn without(mut self, areas: &[FaceBox]) -> Self {
        self.faces.retain(|face| !areas.iter().any(|area| area.overlap(&face.found.area) >= SAME_FACE));
        self
    }
}

/// Looks for faces in photos, as many at once as there are cores.
pub struct Looker {
    store: Store,
    engine: Arc<LocalEngine>,
    cores: Semaphore,
    memory: Budget,
    limits: Limits,
}

/// The engine with the models that are set.
///
/// # Errors
/// When a model is missing or is not the one that is expected.
pub async fn engine(config: &Config) -> Result<Arc<LocalEngine>> {
    let folder = config.get(settings::FACE_MODELS).map(|folder| Path::new(folder).to_owned());
    let load = tokio::task::spawn_blocking(move || LocalEngine::load(folder.as_deref()));
    let engine = load.await.map_err(|error| Error::new(Kind::Internal, "loading ended badly").with_source(error))??;
    Ok(Arc::new(engine))
}

impl Looker {
    /// # Errors
    /// When a setting is wrong.
    pub fn new(store: Store, engine: Arc<LocalEngine>, config: &Config) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let cores = config.parse(settings::DECODERS)?.unwrap_or(cores).max(1);
        Ok(Self {
            store,
            engine,
            cores: Semaphore::new(cores),
            memory: Budget::new(LOOKING_BYTES),
            limits: Limits::default(),
        })
    }

    #[must_use]
    pub fn model(&self) -> &'static str {
        self.engine.model()
    }

    /// Reads a photo's original and looks for faces. What lies at one of `areas` is not computed.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when the original is not in the store, [`Kind::Integrity`] when it is not what was recorded,
    /// [`Kind::BadFile`] when it is no picture; those of the store.
    pub async fn look(&self, photo: &PhotoRecord, areas: Vec<FaceBox>) -> Result<Seen> {
        let folder = tempfile::tempdir().map_err(|error| Error::io("make", &std::env::temp_dir(), error))?;
        let path = folder.path().join("original");
        let key = StorageKey::foreign(&photo.storage_key)?;
        if self.store.head(&key).await?.is_none() {
            return Err(Error::new(Kind::NotFound, format!("the original of photo {} is not in the store", photo.id))
                .hint("photoctl photos verify --repair marks such photos; upload the file again"));
        }
        self.store.download(&key, &path, photo.file.as_ref().map(|file| &file.sha256)).await?;
        let name = Path::new(photo.name()).to_owned();
        let (probe, bytes) = self.read(path, name).await?;
        let picture = picture(&probe)?;
        let size = (picture.decoded_width, picture.decoded_height);
        let _share = self.memory.take(picture.pixels_bytes() + LocalEngine::work_bytes(size.0, size.1)).await;
        let _core = self.cores.acquire().await.map_err(|_| Error::new(Kind::Internal, "the cores are closed"))?;
        let (engine, limits) = (self.engine.clone(), self.limits);
        blocking(move || {
            let pixels = imaging::pixels(&bytes, &probe, &limits)?;
            drop(bytes);
            see(&engine, &pixels, &areas)
        })
        .await
    }

    async fn read(&self, path: std::path::PathBuf, name: std::path::PathBuf) -> Result<(Probe, Vec<u8>)> {
        let limits = self.limits;
        blocking(move || {
            let mut file = std::fs::File::open(&path).map_err(|error| Error::io("read", &path, error))?;
            let probe = imaging::probe(&mut file, &name, &limits)?;
            let bytes = picture(&probe)?.read(&mut file)?;
            Ok((probe, bytes))
        })
        .await
    }
}

/// The faces of a picture that are good enough; what lies at one of `areas` is not computed.
///
/// # Errors
/// A defect of the engine.
pub fn see(engine: &LocalEngine, pixels: &Pixels, areas: &[FaceBox]) -> Result<Seen> {
    let poor = Cell::new(0);
    let faces = engine.faces(pixels, |found| {
        if areas.iter().any(|area| area.overlap(&found.area) >= SAME_FACE) {
            return false;
        }
        let good = good_for_event(found);
        poor.set(poor.get() + usize::from(!good));
        good
    })?;
    Ok(Seen { faces, poor: poor.get() })
}

fn picture(probe: &Probe) -> Result<&Picture> {
    probe
        .picture
        .as_ref()
        .ok_or_else(|| Error::new(Kind::BadFile, format!("faces can not be looked for in {} files", probe.format)))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|error| Error::new(Kind::Internal, "looking for faces ended badly").with_source(error))?
}
