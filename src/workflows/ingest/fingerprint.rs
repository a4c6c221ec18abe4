//! Reads a file once: what it is, its SHA-256, and, if it is not large, its bytes for the steps that follow.

use std::fs::{File, Metadata};
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use bytes::Bytes;

use super::cache::{Cache, CacheKey, HEAD_BYTES, Remembered, TAIL_BYTES};
use super::reason::{FailReason, SkipReason};
use super::scan::{self, Found};
use super::trouble::{self, Failure, Trouble};
use super::volume::OnVolume;
use crate::batch::budget::Share;
use crate::batch::{Budget, Halt};
use crate::imaging::{self, Captured, Format, Limits, Probe, Support};
use crate::model::digest::{Sha256, Sha256Hasher};
use crate::model::text;

/// Larger files are not kept in memory: they are read again in parts when they are sent.
pub const HOLD_BYTES: u64 = 24 * 1024 * 1024;

/// What reading a file told.
#[derive(Debug)]
pub struct Fingerprint {
    pub sha256: Sha256,
    pub size_bytes: u64,
    pub format: Format,
    pub captured: Option<Captured>,
    /// There unless the file was remembered from an earlier run.
    pub content: Option<Content>,
    /// To be remembered, once it is clear that the file is stored or will be.
    pub to_remember: Option<(CacheKey, Remembered)>,
}

/// A file that was read in this run.
#[derive(Debug)]
pub struct Content {
    pub probe: Probe,
    /// The whole file; `None` where it is too large for that.
    pub held: Option<Held>,
}

/// A file's bytes, counted in the budget of the run.
#[derive(Debug)]
pub struct Held {
    pub bytes: Bytes,
    _share: Share,
}

/// What becomes of a file after it was read.
#[derive(Debug)]
pub enum Look {
    Leave(SkipReason),
    Photo(Box<Fingerprint>),
}

/// What all readers share.
#[derive(Debug)]
pub struct Reader {
    pub cache: Option<Cache>,
    pub limits: Limits,
    /// For what is held from reading to the end of the transfer.
    pub budget: Budget,
    /// For what has to be read again later: of its own, or the two could wait for each other.
    pub reload_budget: Budget,
    pub skip_raw: bool,
    pub halt: Halt,
}

impl Reader {
    /// Looks at a file. `at` is where it lies on its volume, if that is known. Blocking.
    ///
    /// With `hold` a file that is not large stays in memory, and this waits until there is room for it. Who holds one
    /// file already must not wait for room for another: all readers could do so at once.
    ///
    /// # Errors
    /// When it cannot be read, changes meanwhile, or is no picture in spite of its name.
    pub fn look(&self, found: &Found, at: Option<OnVolume>, distrust: bool, hold: bool) -> Result<Look, Trouble> {
        let mut file = open(found)?;
        let before = metadata(&file, found)?;
        if before.len() == 0 {
            return Ok(Look::Leave(SkipReason::Empty));
        }
        // A file of another volume, mounted or linked below the card, has another place.
        let at = at.filter(|_| self.cache.is_some() && found.root.holds(&before));
        let key = match at {
            Some(at) => Some(self.key(&mut file, &before, found, at)?),
            None => None,
        };
        let known = key.as_ref().filter(|_| !distrust).and_then(|key| self.cache.as_ref()?.get(key));
        if let Some(known) = known {
            if known.format.is_raw() && self.skip_raw {
                return Ok(Look::Leave(SkipReason::Raw));
            }
            return Ok(Look::Photo(Box::new(Fingerprint {
                sha256: known.sha256,
                size_bytes: before.len(),
                format: known.format,
                captured: known.captured,
                content: None,
                to_remember: None,
            })));
        }
        let probe = self.probe(&mut file, found)?;
        match probe.format.support() {
            Support::Skipped => return Ok(Look::Leave(SkipReason::Format(probe.format))),
            Support::Raw if self.skip_raw => return Ok(Look::Leave(SkipReason::Raw)),
            Support::Raw | Support::Picture => {}
        }
        let budget = hold.then_some(&self.budget);
        let (sha256, held) = self.read(&mut file, found, before.len(), budget)?;
        unchanged(&file, found, &before)?;
        let remembered = Remembered { sha256, format: probe.format, captured: probe.metadata.captured };
        let now = std::time::SystemTime::now();
        let to_remember = key.filter(|key| !scan::is_fresh(key.modified_ns, now)).map(|key| (key, remembered));
        Ok(Look::Photo(Box::new(Fingerprint {
            sha256,
            size_bytes: before.len(),
            format: probe.format,
            captured: probe.metadata.captured,
            content: Some(Content { probe, held }),
            to_remember,
        })))
    }

    /// Reads a file that was remembered, and makes sure that it is still what was remembered. Blocking.
    ///
    /// # Errors
    /// As [`Reader::look`].
    pub fn reload(&self, found: &Found, sha256: &Sha256) -> Result<Content, Trouble> {
        let mut file = open(found)?;
        let before = metadata(&file, found)?;
        let probe = self.probe(&mut file, found)?;
        let (now, held) = self.read(&mut file, found, before.len(), Some(&self.reload_budget))?;
        unchanged(&file, found, &before)?;
        if now != *sha256 {
            return Err(changed(found).into());
        }
        Ok(Content { probe, held })
    }

    /// What the headers say, for pairing and sorting. Blocking.
    ///
    /// # Errors
    /// As [`Reader::look`].
    pub fn peek(&self, found: &Found) -> Result<Probe, Trouble> {
        self.probe(&mut open(found)?, found)
    }

    fn probe(&self, file: &mut File, found: &Found) -> Result<Probe, Trouble> {
        imaging::probe(file, &found.path, &self.limits).map_err(|error| match error.io() {
            Some(io) => unreadable(found, io).into(),
            None => trouble::of_imaging(&error).into(),
        })
    }

    fn read(
        &self,
        file: &mut File,
        found: &Found,
        size_bytes: u64,
        budget: Option<&Budget>,
    ) -> Result<(Sha256, Option<Held>), Trouble> {
        file.seek(SeekFrom::Start(0)).map_err(|error| unreadable(found, &error))?;
        let Some(budget) = budget.filter(|_| size_bytes <= HOLD_BYTES) else {
            return Ok((self.hash(file, found, size_bytes)?, None));
        };
        let share = budget.take_blocking(size_bytes);
        if self.halt.is_requested() {
            return Err(Trouble::Stopped);
        }
        // One byte more than expected tells a file that grows.
        let mut bytes = Vec::with_capacity(usize::try_from(size_bytes).unwrap_or(0) + 1);
        file.take(size_bytes + 1).read_to_end(&mut bytes).map_err(|error| unreadable(found, &error))?;
        if bytes.len() as u64 != size_bytes {
            return Err(changed(found).into());
        }
        let sha256 = Sha256::of(&bytes);
        Ok((sha256, Some(Held { bytes: bytes.into(), _share: share })))
    }

    fn hash(&self, file: &mut File, found: &Found, size_bytes: u64) -> Result<Sha256, Trouble> {
        let mut hasher = Sha256Hasher::default();
        let mut buffer = vec![0; 1024 * 1024];
        let mut total: u64 = 0;
        loop {
            if self.halt.is_requested() {
                return Err(Trouble::Stopped);
            }
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(read) => {
                    total += read as u64;
                    hasher.update(buffer.get(..read).unwrap_or_default());
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(unreadable(found, &error).into()),
            }
            if total > size_bytes {
                break;
            }
        }
        if total == size_bytes { Ok(hasher.finish()) } else { Err(changed(found).into()) }
    }

    fn key(&self, file: &mut File, metadata: &Metadata, found: &Found, at: OnVolume) -> Result<CacheKey, Trouble> {
        let failed = |error: std::io::Error| unreadable(found, &error);
        let mut ends = Vec::with_capacity(usize::try_from(HEAD_BYTES + TAIL_BYTES).unwrap_or(0));
        Read::by_ref(file).take(HEAD_BYTES).read_to_end(&mut ends).map_err(failed)?;
        if metadata.len() > HEAD_BYTES {
            let tail = metadata.len().saturating_sub(TAIL_BYTES).max(HEAD_BYTES);
            file.seek(SeekFrom::Start(tail)).map_err(failed)?;
            Read::by_ref(file).take(TAIL_BYTES).read_to_end(&mut ends).map_err(failed)?;
        }
        Ok(CacheKey {
            at,
            size_bytes: metadata.len(),
            modified_ns: scan::modified_ns(metadata),
            changed_ns: changed_ns(metadata),
            ends: *blake3::hash(&ends).as_bytes(),
        })
    }
}

#[cfg(unix)]
fn changed_ns(metadata: &Metadata) -> i64 {
    use std::os::unix::fs::MetadataExt;
    metadata.ctime().saturating_mul(1_000_000_000).saturating_add(metadata.ctime_nsec())
}

#[cfg(not(unix))]
fn changed_ns(_metadata: &Metadata) -> i64 {
    0
}

fn open(found: &Found) -> Result<File, Trouble> {
    // A pipe that took the file's name since the scan would block for ever.
    let kind = std::fs::metadata(&found.path).map_err(|error| unreadable(found, &error))?;
    if !kind.is_file() {
        return Err(Failure::of(FailReason::CHANGED, "it is no longer a file").into());
    }
    File::open(&found.path).map_err(|error| unreadable(found, &error).into())
}

fn metadata(file: &File, found: &Found) -> Result<Metadata, Trouble> {
    file.metadata().map_err(|error| unreadable(found, &error).into())
}

fn unchanged(file: &File, found: &Found, before: &Metadata) -> Result<(), Trouble> {
    let after = metadata(file, found)?;
    let same = after.len() == before.len() && scan::modified_ns(&after) == scan::modified_ns(before);
    if same { Ok(()) } else { Err(changed(found).into()) }
}

fn changed(found: &Found) -> Failure {
    Failure::passing(
        FailReason::CHANGED,
        format!("{} changed while it was read; run it again once nothing writes to it", name(&found.path)),
    )
}

/// A failed read: the card may be out, the file gone, or the reader in trouble.
pub fn unreadable(found: &Found, error: &std::io::Error) -> Failure {
    let said = text::printable(&error.to_string());
    if found.root.is_gone() {
        return card_is_gone(found);
    }
    match error.kind() {
        std::io::ErrorKind::NotFound => Failure::passing(
            FailReason::VANISHED,
            "it was there at the scan and is gone now; run it again if it comes back",
        ),
        std::io::ErrorKind::PermissionDenied => {
            Failure::of(FailReason::UNREADABLE, format!("it may not be read ({said}); run it as a user who may"))
        }
        _ => Failure::passing(
            FailReason::UNREADABLE,
            format!("it cannot be read ({said}); check the card and its reader, then run it again"),
        ),
    }
}

/// The card that a file was on was pulled out.
pub fn card_is_gone(found: &Found) -> Failure {
    let card = text::path(&found.root.path);
    Failure {
        reason: FailReason::CARD_GONE,
        message: format!("the card {card} is no longer there; put it back and run the same command again"),
        retryable: true,
        again: false,
    }
}

fn name(path: &Path) -> String {
    text::bytes(path.file_name().unwrap_or_default().as_encoded_bytes())
}
