//! Makes what a photo lacks out of its original in the store: facts, preview, thumbnail. What is there stays until
//! the new is there.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use chrono_tz::Tz;
use tokio::sync::{Mutex, Semaphore};

use crate::batch::progress::Outcome;
use crate::config::{Config, settings};
use crate::db::photos::rebuilt;
use crate::db::photos::record::{self, Derivatives, FileFacts, ReadyPhoto, StoredDerivative};
use crate::db::photos::select::PhotoRecord;
use crate::db::{Db, photographers, projects};
use crate::error::{Error, Kind, Result};
use crate::imaging::{self, Deriver, Limits, Probe};
use crate::model::digest::Sha256;
use crate::model::ids::{PhotographerId, ProjectId};
use crate::objects::{PutOptions, Source, StorageKey, Store};
use crate::workflows::ingest::facts;
use crate::workflows::setup;

use super::job::Told;
use super::recipe;

/// Largest original that is fetched, in bytes: what is larger is no photo.
const LARGEST_ORIGINAL_BYTES: u64 = 2_000_000_000;

/// What is to be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Facts where there are none, derivatives where one is missing.
    Missing,
    /// Derivatives that were made by another recipe, or are missing.
    Outdated,
    /// Derivatives in any case.
    All,
}

/// What was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Built {
    pub facts: bool,
    pub derivatives: bool,
    /// Of the original that was read.
    pub bytes_read: u64,
}

impl Told for Built {}

/// Shared by all photos of a run.
pub struct Rebuilder {
    db: Db,
    store: Store,
    config: Config,
    decoders: Semaphore,
    rules: Mutex<Rules>,
}

#[derive(Default)]
struct Rules {
    of: HashMap<(ProjectId, PhotographerId), Arc<Rule>>,
    derivers: HashMap<Sha256, Arc<Deriver>>,
}

/// What holds for the photos of one project and photographer.
struct Rule {
    deriver: Arc<Deriver>,
    recipe: Sha256,
    zone: Tz,
    keep_gps: bool,
}

impl Rebuilder {
    /// `decoders` pictures are decoded at once.
    #[must_use]
    pub fn new(db: Db, store: Store, config: Config, decoders: usize) -> Self {
        Self { db, store, config, decoders: Semaphore::new(decoders.max(1)), rules: Mutex::default() }
    }

    /// Whether a photo needs any work, without looking into the store.
    ///
    /// # Errors
    /// When a project's settings can not be read.
    pub async fn needs(&self, photo: &PhotoRecord, extent: Extent) -> Result<Built> {
        let complete = photo.thumbnail_key.is_some() && photo.watermarked_key.is_some();
        let derivatives = match extent {
            Extent::All => true,
            Extent::Missing => !complete,
            Extent::Outdated => {
                let recipe = photo.file.as_ref().and_then(|file| file.recipe);
                !complete || photo.status != "ready" || recipe != Some(self.rule(photo).await?.recipe)
            }
        };
        Ok(Built { facts: photo.file.is_none(), derivatives, bytes_read: 0 })
    }

    /// Makes what is needed; with `dry_run` only says what it would be.
    ///
    /// # Errors
    /// [`Kind::NotFound`] when the original is not in the store, [`Kind::Integrity`] when it is not what was recorded,
    /// [`Kind::BadFile`] when it is no picture; those of store and database.
    pub async fn rebuild(&self, photo: &PhotoRecord, extent: Extent, dry_run: bool) -> Result<(Outcome, Built)> {
        let mut needs = self.needs(photo, extent).await?;
        let unready = photo.status != "ready";
        if !needs.facts && !needs.derivatives && !unready {
            return Ok((Outcome::Present, needs));
        }
        if dry_run {
            return Ok((Outcome::Done, needs));
        }
        let rule = self.rule(photo).await?;
        let folder = tempfile::tempdir().map_err(|error| Error::io("make", &std::env::temp_dir(), error))?;
        let original = folder.path().join("original");
        let (sha256, size_bytes) = self.fetch(photo, &original).await?;
        needs.bytes_read = size_bytes;
        let (probe, made) = self.look(photo, &original, &rule, needs.derivatives).await?;
        let facts = photo.file.is_none().then(|| {
            let name = photo.storage_key.rsplit('/').next().unwrap_or(&photo.storage_key);
            facts::of(OsStr::new(name), sha256, size_bytes, &probe, rule.zone, rule.keep_gps)
        });
        let made = match made {
            Ok(made) => made,
            Err(error) => {
                // What was found out is kept although there is no picture.
                self.record_failure(photo, facts.as_ref(), &error).await?;
                return Err(error);
            }
        };
        let derivatives = match made {
            Some(made) => Some(self.put(photo, &rule, made).await?),
            None => None,
        };
        self.record(photo, facts.as_ref(), derivatives).await?;
        Ok((Outcome::Done, needs))
    }

    /// Brings the original here, checked against what was recorded of it.
    async fn fetch(&self, photo: &PhotoRecord, to: &Path) -> Result<(Sha256, u64)> {
        let key = StorageKey::foreign(&photo.storage_key)?;
        let facts = self.store.head(&key).await?.ok_or_else(|| {
            Error::new(Kind::NotFound, format!("the original of photo {} is not in the store", photo.id))
                .hint("upload the file again; photoctl photos verify --repair marks such photos")
        })?;
        if facts.size_bytes > LARGEST_ORIGINAL_BYTES {
            return Err(Error::new(Kind::BadFile, "the original is larger than 2 GB: that is no photo"));
        }
        let expected = photo.file.as_ref().map(|file| &file.sha256);
        let read = self.store.download(&key, to, expected).await?;
        Ok((read.sha256, read.size_bytes))
    }

    /// Probes, and decodes if wanted. The inner error is about the picture, the outer one about us.
    async fn look(
        &self,
        photo: &PhotoRecord,
        original: &Path,
        rule: &Rule,
        derive: bool,
    ) -> Result<(Probe, Result<Option<imaging::Derivatives>>)> {
        let _permit = self.decoders.acquire().await.map_err(|_| Error::new(Kind::Internal, "decoders are closed"))?;
        let (deriver, path) = (rule.deriver.clone(), original.to_owned());
        let name = Path::new(photo.name()).to_owned();
        let work = tokio::task::spawn_blocking(move || {
            let mut file = std::fs::File::open(&path).map_err(|error| Error::io("read", &path, error))?;
            let probe = imaging::probe(&mut file, &name, deriver.limits())?;
            if !derive {
                return Ok((probe, Ok(None)));
            }
            let made = match &probe.picture {
                Some(picture) => picture
                    .read(&mut file)
                    .and_then(|bytes| deriver.derive(&bytes, &probe))
                    .map(Some)
                    .map_err(Error::from),
                None => Err(Error::new(Kind::BadFile, format!("previews can not be made of {} files", probe.format))),
            };
            Ok((probe, made))
        });
        work.await.map_err(|error| Error::new(Kind::Internal, "decoding ended badly").with_source(error))?
    }

    /// New derivatives go under our own keys: what another program stored under others is left alone.
    async fn put(&self, photo: &PhotoRecord, rule: &Rule, made: imaging::Derivatives) -> Result<Derivatives> {
        let (thumbnail, watermarked) =
            (StorageKey::thumbnail(photo.project, photo.id), StorageKey::watermarked(photo.project, photo.id));
        Ok(Derivatives {
            thumbnail: self.put_one(&thumbnail, made.thumbnail).await?,
            watermarked: self.put_one(&watermarked, made.preview).await?,
            recipe: rule.recipe,
        })
    }

    async fn put_one(&self, key: &StorageKey, bytes: Vec<u8>) -> Result<StoredDerivative> {
        let source = Source::bytes(bytes);
        self.store.put(key, &source, &PutOptions::overwrite()).await?;
        Ok(StoredDerivative { key: key.to_string(), sha256: *source.sha256(), size_bytes: source.size_bytes() })
    }

    async fn record(
        &self,
        photo: &PhotoRecord,
        facts: Option<&FileFacts>,
        derivatives: Option<Derivatives>,
    ) -> Result<()> {
        let mut tx = self.db.begin().await?;
        if let Some(facts) = facts {
            record::facts_of(&mut tx, &[(photo.id, facts)]).await?;
        }
        let ready = ReadyPhoto { id: photo.id, derivatives, restore: false };
        if record::ready(&mut tx, &[ready]).await?.is_empty() {
            return Err(Error::new(Kind::NotFound, format!("photo {} was removed meanwhile", photo.id)));
        }
        rebuilt::keep_upload_time(&mut tx, photo.id, photo.uploaded_at).await?;
        tx.commit().await
    }

    async fn record_failure(&self, photo: &PhotoRecord, facts: Option<&FileFacts>, error: &Error) -> Result<()> {
        let mut tx = self.db.begin().await?;
        if let Some(facts) = facts {
            record::facts_of(&mut tx, &[(photo.id, facts)]).await?;
        }
        if photo.status != "ready" {
            record::failed(&mut tx, &[(photo.id, error.message().to_owned())]).await?;
        }
        tx.commit().await
    }

    async fn rule(&self, photo: &PhotoRecord) -> Result<Arc<Rule>> {
        let mut rules = self.rules.lock().await;
        if let Some(rule) = rules.of.get(&(photo.project, photo.photographer)) {
            return Ok(rule.clone());
        }
        let (config, project, photographer) = {
            let conn = &mut self.db.conn().await?;
            let config = setup::settings::of_project(conn, &self.config, photo.project).await?;
            let project = projects::get(conn, photo.project).await?;
            (config, project, photographers::get(conn, photo.photographer).await?)
        };
        let project = project.ok_or_else(|| Error::new(Kind::NotFound, "the photo's project is gone"))?;
        let name = photographer.map_or_else(String::new, |photographer| photographer.name);
        let recipe = recipe::of(&config, &project, &name)?;
        let fingerprint = recipe.fingerprint();
        let deriver = match rules.derivers.get(&fingerprint) {
            Some(deriver) => deriver.clone(),
            None => Arc::new(Deriver::new(recipe, Limits::default())?),
        };
        rules.derivers.insert(fingerprint, deriver.clone());
        let keep_gps = config.flag(settings::KEEP_GPS)?;
        let rule = Arc::new(Rule { deriver, recipe: fingerprint, zone: project.zone(), keep_gps });
        rules.of.insert((photo.project, photo.photographer), rule.clone());
        Ok(rule)
    }
}
