//! One photo on its way: row, original, derivatives, row again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::decide::{self, Verdict};
use super::facts;
use super::fingerprint::{Content, Fingerprint};
use super::reason::FailReason;
use super::record::Row;
use super::run::Run;
use super::scan::Found;
use super::trouble::{self, Failure, Trouble};
use crate::db::photos::known::KnownPhoto;
use crate::db::photos::record::{BegunPhoto, Derivatives, FileFacts, ReadyPhoto, StoredCompanion, StoredDerivative};
use crate::error::Kind;
use crate::faces::LocalEngine;
use crate::imaging::{self, Deriver, Probe};
use crate::model::digest::Sha256;
use crate::model::ids::PhotoId;
use crate::model::text;
use crate::objects::{PutOptions, PutOutcome, Source, StorageKey};
use crate::workflows::faces::look::{self, Seen};

/// How often one file waits for the network before it counts as failed: a store that looks reachable and never takes
/// anything would otherwise hold the run for ever.
const OUTAGES_PER_FILE: u32 = 50;

/// A file to be stored.
#[derive(Debug)]
pub struct Job {
    pub found: Found,
    pub print: Fingerprint,
    /// What is known of the photo already.
    pub known: Option<KnownPhoto>,
    pub restore: bool,
}

/// A RAW to be stored beside its JPEG.
#[derive(Debug)]
pub struct CompanionJob {
    pub found: Found,
    pub print: Fingerprint,
    pub photo: PhotoId,
    /// What is stored of it was found damaged or gone.
    pub lost: bool,
    /// Bring its photo back.
    pub restore: bool,
}

/// A file that is stored.
#[derive(Debug)]
pub struct Stored {
    /// Bytes that were sent of the original; 0 where it was there.
    pub bytes: u64,
    /// How often the original was sent.
    pub attempts: u32,
    pub notes: Vec<String>,
    /// Nothing was done: the web application's own uploader had made a photo of it, and this is what it is now.
    pub left: Option<Verdict>,
    pub photo: PhotoId,
}

impl Stored {
    fn beside(photo: PhotoId) -> Self {
        Self { bytes: 0, attempts: 0, notes: Vec::new(), left: None, photo }
    }
}

/// What a look at a photo gave, and by which model.
type SeenBy = (&'static str, Arc<Seen>);

/// Preview and thumbnail, and the faces where they are looked for: of the same pixels.
fn derived(
    deriver: &Deriver,
    faces: Option<&LocalEngine>,
    bytes: &[u8],
    probe: &Probe,
) -> Result<(imaging::Derivatives, Option<SeenBy>), Failure> {
    let Some(engine) = faces else {
        return deriver.derive(bytes, probe).map(|made| (made, None)).map_err(|error| trouble::of_imaging(&error));
    };
    let (made, pixels) = match deriver.derive_with_pixels(bytes, probe) {
        // Too large to be looked at in its own size, and not for its previews.
        Err(error) if error.reason() == imaging::Reason::TooLarge => return derived(deriver, None, bytes, probe),
        made => made.map_err(|error| trouble::of_imaging(&error))?,
    };
    let seen = look::see(engine, &pixels, &[]).map_err(|error| Failure::of(FailReason::INTERNAL, error.message()))?;
    Ok((made, Some((engine.model(), Arc::new(seen)))))
}

/// Most memory that decoding takes, and looking for faces where that is done.
fn decode_bytes(deriver: &Deriver, content: &Content, faces: bool) -> u64 {
    match &content.probe.picture {
        Some(picture) if faces => {
            picture.pixels_bytes() + LocalEngine::work_bytes(picture.decoded_width, picture.decoded_height)
        }
        _ => deriver.decode_bytes(&content.probe),
    }
}

/// All that is sent of one photo.
struct Parcel {
    photo: PhotoId,
    key: StorageKey,
    source: Source,
    /// Holds the memory that the source's bytes are counted in.
    content: Arc<Content>,
    known: Option<KnownPhoto>,
    made: Option<Made>,
    restore: bool,
}

/// Derivatives that wait to be sent.
struct Made {
    preview: Source,
    thumbnail: Source,
    recipe: Sha256,
    /// Where faces are looked for.
    seen: Option<SeenBy>,
}

impl Run {
    /// Stores a photo. Everything that it does may have been done before, wholly or in part.
    ///
    /// # Errors
    /// What is wrong with the file, or with the run.
    pub async fn store_photo(&self, job: Job) -> Result<Stored, Trouble> {
        let Job { found, mut print, mut known, mut restore } = job;
        let content = self.content(&found, &mut print).await?;
        let mut notes = content.probe.notes.clone();
        if known.is_none()
            && let Some(verdict) = self.recognise_stranger(&found, &print, &content).await?
        {
            match verdict {
                // Its row was removed meanwhile.
                Verdict::New => {}
                Verdict::Complete(photo) => known = Some(photo),
                Verdict::Restore(photo) => (known, restore) = (Some(photo), true),
                Verdict::Present(ref photo) | Verdict::Deleted(ref photo) | Verdict::Elsewhere(ref photo) => {
                    let photo = photo.photo;
                    return Ok(Stored { left: Some(verdict), ..Stored::beside(photo) });
                }
            }
        }
        refuse_other_content(&print, known.as_ref())?;
        let project = self.plan.project.id;
        let photo = known.as_ref().map_or_else(|| PhotoId::of_content(project, &print.sha256), |known| known.photo);
        let key = self.original_key(photo, &print, known.as_ref())?;
        let begun = self
            .recorder()?
            .hand_over(Row::Begun(Box::new(BegunPhoto {
                id: photo,
                storage_key: key.as_str().to_owned(),
                facts: self.facts(&found, &print, &content),
            })))
            .await;
        let result = async {
            let made = self.derive(&found, &content, &mut notes).await?;
            begun.committed().await?;
            let source = original_source(&found, &print, &content);
            self.send(&found, Parcel { photo, key, source, content, known, made, restore }).await
        }
        .await;
        match result {
            Ok(mut stored) => {
                stored.notes.splice(0..0, notes);
                Ok(stored)
            }
            Err(Trouble::File(failure)) => {
                let row = Row::Failed(photo, text::printable(&failure.message));
                // The reason is a convenience: the file is told as failed whether or not it can be written.
                let _ = self.recorder()?.write(row).await;
                Err(Trouble::File(failure))
            }
            Err(trouble) => Err(trouble),
        }
    }

    async fn send(&self, found: &Found, parcel: Parcel) -> Result<Stored, Trouble> {
        let Parcel { photo, key, source, content, known, made, restore } = parcel;
        let place = self.place(found).await?;
        let mut stored = Stored::beside(photo);
        if known.as_ref().is_none_or(|known| restore || decide::needs_original(known)) {
            let looks = match &known {
                None => Looks::Never,
                Some(known) if known.original_lost => Looks::AtBytes,
                Some(_) => Looks::First,
            };
            let report = self.put(&key, &source, looks, Some(found)).await?;
            if report.outcome == PutOutcome::Replaced {
                stored.notes.push("other bytes were stored under its key; they were replaced".to_owned());
            }
            if report.outcome != PutOutcome::AlreadyThere {
                stored.bytes = source.size_bytes();
            }
            stored.attempts = report.attempts;
        } else {
            self.progress.advance(found.size_bytes);
        }
        drop((source, content));
        let seen = made.as_ref().and_then(|made| made.seen.clone());
        let derivatives = match made {
            Some(made) => Some(self.send_derivatives(photo, made).await?),
            None => None,
        };
        drop(place);
        // Kept together with the photo: a run that ends between them would leave it unlooked at, which is told.
        let kept = match seen {
            Some((model, seen)) => Some(self.recorder()?.hand_over(Row::Faces(photo, model, seen)).await),
            None => None,
        };
        self.recorder()?.write(Row::Ready(Box::new(ReadyPhoto { id: photo, derivatives, restore }))).await?;
        if let Some(kept) = kept {
            kept.committed().await?;
        }
        Ok(stored)
    }

    async fn send_derivatives(&self, photo: PhotoId, made: Made) -> Result<Derivatives, Trouble> {
        let project = self.plan.project.id;
        let watermarked = StorageKey::watermarked(project, photo);
        let thumbnail = StorageKey::thumbnail(project, photo);
        let (first, second) = tokio::join!(
            self.put(&watermarked, &made.preview, Looks::Never, None),
            self.put(&thumbnail, &made.thumbnail, Looks::Never, None)
        );
        first?;
        second?;
        let stored = |key: &StorageKey, source: &Source| StoredDerivative {
            key: key.as_str().to_owned(),
            sha256: *source.sha256(),
            size_bytes: source.size_bytes(),
        };
        Ok(Derivatives {
            thumbnail: stored(&thumbnail, &made.thumbnail),
            watermarked: stored(&watermarked, &made.preview),
            recipe: made.recipe,
        })
    }

    /// Stores the RAW beside a JPEG.
    ///
    /// # Errors
    /// What is wrong with the file, or with the run.
    pub async fn store_companion(&self, job: CompanionJob) -> Result<Stored, Trouble> {
        let CompanionJob { found, mut print, photo, lost, restore } = job;
        let content = self.content(&found, &mut print).await?;
        let project = self.plan.project.id;
        let key = StorageKey::companion(project, photo, &print.sha256, print.format.extension())
            .map_err(|error| Failure::of(FailReason::INTERNAL, error.message()))?;
        let source = original_source(&found, &print, &content);
        let place = self.place(&found).await?;
        let looks = match (lost, restore) {
            (true, _) => Looks::AtBytes,
            (false, true) => Looks::First,
            (false, false) => Looks::Never,
        };
        let report = self.put(&key, &source, looks, Some(&found)).await?;
        drop(place);
        let row = StoredCompanion {
            photo,
            sha256: print.sha256,
            storage_key: key.as_str().to_owned(),
            size_bytes: print.size_bytes,
            original_name: text::bytes(found.name().as_encoded_bytes()),
            format: print.format.as_str(),
        };
        self.recorder()?.write(Row::Companion(Box::new(row))).await?;
        if restore {
            self.recorder()?.write(Row::Restored(photo)).await?;
        }
        let bytes = if report.outcome == PutOutcome::AlreadyThere { 0 } else { print.size_bytes };
        Ok(Stored { bytes, attempts: report.attempts, ..Stored::beside(photo) })
    }

    /// The file's content: from before, or read now.
    async fn content(&self, found: &Found, print: &mut Fingerprint) -> Result<Arc<Content>, Trouble> {
        if let Some(content) = print.content.take() {
            return Ok(Arc::new(content));
        }
        let _disk = self.disk.enter().await;
        if self.halt.is_requested() {
            return Err(Trouble::Stopped);
        }
        let (reader, found, sha256) = (self.reader.clone(), found.clone(), print.sha256);
        blocking(move || reader.reload(&found, &sha256)).await?.map(Arc::new)
    }

    fn original_key(
        &self,
        photo: PhotoId,
        print: &Fingerprint,
        known: Option<&KnownPhoto>,
    ) -> Result<StorageKey, Trouble> {
        let key = match known {
            Some(known) => StorageKey::foreign(&known.storage_key),
            None => StorageKey::original(self.plan.project.id, photo, print.format.extension()),
        };
        key.map_err(|error| Failure::of(FailReason::STORE, error.message()).into())
    }

    /// Makes preview and thumbnail; `None` where none are wanted.
    async fn derive(
        &self,
        found: &Found,
        content: &Arc<Content>,
        notes: &mut Vec<String>,
    ) -> Result<Option<Made>, Trouble> {
        let Some(deriver) = &self.deriver else { return Ok(None) };
        let _core = self.cores.enter().await;
        if self.halt.is_requested() {
            return Err(Trouble::Stopped);
        }
        let faces = self.plan.faces.clone();
        let _memory = self.decode_budget.take(decode_bytes(deriver, content, faces.is_some())).await;
        let _slot = self.slots.take(&format!("preview of {}", text::bytes(found.name().as_encoded_bytes())));
        let (deriver, content, found) = (deriver.clone(), content.clone(), found.clone());
        let made = blocking(move || {
            let Some(picture) = &content.probe.picture else {
                return Err(Failure::of(FailReason::INTERNAL, "it has no picture"));
            };
            let read;
            let bytes = match &content.held {
                Some(held) => {
                    let range = usize::try_from(picture.at.start).ok().zip(usize::try_from(picture.at.end).ok());
                    range.and_then(|(start, end)| held.bytes.get(start..end)).unwrap_or_default()
                }
                None => {
                    let mut file = std::fs::File::open(&found.path)
                        .map_err(|error| super::fingerprint::unreadable(&found, &error))?;
                    read = picture.read(&mut file).map_err(|error| trouble::of_imaging(&error))?;
                    &read
                }
            };
            let (made, seen) = derived(&deriver, faces.as_deref(), bytes, &content.probe)?;
            let sources = Made {
                seen,
                preview: Source::bytes(made.preview),
                thumbnail: Source::bytes(made.thumbnail),
                recipe: deriver.recipe().fingerprint(),
            };
            Ok((sources, made.notes))
        })
        .await??;
        notes.extend(made.1);
        Ok(Some(made.0))
    }

    /// A place among those who send. Once the run is to stop nobody gets one any more.
    async fn place(&self, found: &Found) -> Result<Sending, Trouble> {
        let place = tokio::select! {
            place = self.transfers.enter() => place,
            () = self.halt.requested() => return Err(Trouble::Stopped),
        };
        if self.halt.is_requested() {
            return Err(Trouble::Stopped);
        }
        let slot = self.slots.take(&text::bytes(found.name().as_encoded_bytes()));
        Ok(Sending { _counted: self.flight.begin(found.size_bytes), _slot: slot, _place: place })
    }

    /// Puts an object, waiting out a network that is gone. `of`: it is the original of this file.
    async fn put(
        &self,
        key: &StorageKey,
        source: &Source,
        looks: Looks,
        of: Option<&Found>,
    ) -> Result<crate::objects::PutReport, Trouble> {
        let mut outages = 0;
        let left = of.map(|found| Arc::new(AtomicU64::new(found.size_bytes)));
        loop {
            self.store_outage.pass().await.map_err(|error| self.gone(error))?;
            let mut options = if of.is_some() { PutOptions::default() } else { PutOptions::overwrite() };
            options.look_first = looks == Looks::First || outages > 0 && of.is_some();
            options.distrust = looks == Looks::AtBytes;
            options.limiter.clone_from(&self.limiter);
            options.progress = Some(self.counter(left.clone()));
            let trouble = match self.store.put(key, source, &options).await {
                Ok(report) => {
                    // What was there already was not sent, and is done as well.
                    let rest = left.map_or(0, |left| left.swap(0, Ordering::Relaxed));
                    self.progress.advance(rest);
                    self.flight.sent(rest);
                    return Ok(report);
                }
                Err(error) => {
                    if error.kind() == Kind::Throttled {
                        self.transfers.slow_down();
                    }
                    trouble::of_store(error)
                }
            };
            match trouble {
                Trouble::Offline(error) if outages < OUTAGES_PER_FILE => {
                    outages += 1;
                    self.store_outage.wait_out(&error).await.map_err(|error| self.gone(error))?;
                }
                Trouble::Offline(error) => {
                    return Err(Failure::passing(FailReason::STORE, error.message()).into());
                }
                Trouble::Fatal(error) => {
                    self.halt.fatal(error);
                    return Err(Trouble::Stopped);
                }
                trouble => return Err(trouble),
            }
        }
    }

    /// Told of bytes on the wire. What is sent again does not count as progress of the file again.
    fn counter(&self, left: Option<Arc<AtomicU64>>) -> crate::objects::ByteCounter {
        let (meter, transfers, progress) = (self.meter.clone(), self.transfers.clone(), self.progress.clone());
        let flight = self.flight.clone();
        Arc::new(move |bytes| {
            meter.add(bytes);
            transfers.moved(bytes);
            if let Some(left) = &left {
                let before =
                    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(bytes)));
                let counted = before.unwrap_or(0).min(bytes);
                progress.advance(counted);
                flight.sent(counted);
            }
        })
    }

    /// An outage that was given up, or that the run does not wait for.
    pub fn gone(&self, error: crate::error::Error) -> Trouble {
        if error.kind() != Kind::Interrupted {
            self.halt.fatal(error);
        }
        Trouble::Stopped
    }
}

/// What an object's key is looked at for before the object is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Looks {
    Never,
    /// Whether it is there.
    First,
    /// Whether its bytes are there: what was found damaged still has the metadata of what was sent once.
    AtBytes,
}

/// The last guard of an original: no other content is ever written over it, whatever led here.
fn refuse_other_content(print: &Fingerprint, known: Option<&KnownPhoto>) -> Result<(), Trouble> {
    let Some(known) = known else { return Ok(()) };
    if known.is_companion || known.sha256.is_some_and(|sha256| sha256 != print.sha256) {
        let message = format!("a defect of photoctl: photo {} has another original; please report it", known.photo);
        return Err(Failure::of(FailReason::INTERNAL, message).into());
    }
    Ok(())
}

/// What is held while a file is sent.
struct Sending {
    _counted: super::run::InFlight,
    _slot: crate::batch::slots::Slot,
    _place: crate::batch::width::Place,
}

fn original_source(found: &Found, print: &Fingerprint, content: &Content) -> Source {
    match &content.held {
        Some(held) => Source::Bytes { bytes: held.bytes.clone(), sha256: print.sha256 },
        None => Source::file(found.path.to_path_buf(), print.size_bytes, print.sha256),
    }
}

/// Runs something on a thread that may block; a defect in it is this file's trouble only.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    tokio::task::spawn_blocking(work).await.map_err(|_| {
        Failure::of(FailReason::INTERNAL, "a defect of photoctl in handling this file; please report it").into()
    })
}

impl Run {
    /// Looks whether the web application's own uploader made a photo of this content; then its facts are recorded.
    async fn recognise_stranger(
        &self,
        found: &Found,
        print: &Fingerprint,
        content: &Content,
    ) -> Result<Option<Verdict>, Trouble> {
        if self.strangers.is_empty() {
            return Ok(None);
        }
        let photo = loop {
            match self.strangers.find(&self.store, print.size_bytes, &print.sha256).await {
                Ok(photo) => break photo,
                Err(error) => match trouble::of_store(error) {
                    Trouble::Offline(error) => {
                        self.store_outage.wait_out(&error).await.map_err(|error| self.gone(error))?;
                    }
                    Trouble::Fatal(error) => {
                        self.halt.fatal(error);
                        return Err(Trouble::Stopped);
                    }
                    trouble => return Err(trouble),
                },
            }
        };
        let Some(photo) = photo else { return Ok(None) };
        let facts = self.facts(found, print, content);
        self.recorder()?.write(Row::Facts(photo, Box::new(facts))).await?;
        let known = self.known(&[print.sha256]).await.ok_or(Trouble::Stopped)?;
        Ok(Some(decide::decide(&known, self.wanted())))
    }

    fn facts(&self, found: &Found, print: &Fingerprint, content: &Content) -> FileFacts {
        let plan = &self.plan;
        facts::of(found.name(), print.sha256, print.size_bytes, &content.probe, plan.project.zone(), plan.keep_gps)
    }
}
