//! Files become selfies.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::decide::reasons_of;
use super::desk::{Desk, Held, codes};
use super::judge::{self, Judged, Whose};
use super::picture::{self, LARGEST_BYTES, NoPicture, Picture};
use super::run::{self, Ended, Item, ItemStatus, Scope};
use crate::db::selfies::{self, Known};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Fields};
use crate::model::digest::{Sha256, Sha256Hasher};
use crate::model::ids::{SelfieId, UserId};
use crate::model::selfie::{Judgement, Reason, reason_text};
use crate::model::status::SelfieStatus;
use crate::model::text::path as shown_path;
use crate::objects::StorageKey;

/// How files are enrolled.
#[derive(Clone)]
pub struct Enroller {
    pub desk: Desk,
    /// What is let pass.
    pub allow: Vec<Reason>,
    /// A selfie that was deleted comes back by its file: somebody named user and file. A run over a folder leaves it
    /// deleted.
    pub restore: bool,
}

/// What of a picture is known before it is looked at.
pub(super) struct Subject<'a> {
    pub user: UserId,
    pub id: SelfieId,
    /// What reports call it.
    pub shown: &'a str,
    /// The name of the file, or of the object.
    pub name: &'a str,
    pub sha256: Sha256,
    /// `None`: larger than any picture that is read.
    pub bytes: Option<&'a [u8]>,
    /// Where the web application has put it.
    pub web_key: Option<&'a StorageKey>,
    /// What somebody let pass of it before, where it was approved.
    pub passed: Vec<Reason>,
}

impl Enroller {
    /// Enrolls files: whose, and which.
    ///
    /// # Errors
    /// A defect; trouble with a file is its item.
    pub async fn run(self, scope: &Scope, files: Vec<(UserId, PathBuf)>) -> Result<Ended> {
        let own = Arc::new(self);
        run::by_user(scope, files, move |user, file: PathBuf| {
            let own = Arc::clone(&own);
            async move {
                let shown = shown_path(&file);
                let done = own.file(user, &file, &shown).await;
                done.unwrap_or_else(|error| Item::failed(shown, Some(user), &error))
            }
        })
        .await
    }

    async fn file(&self, user: UserId, file: &Path, shown: &str) -> Result<Item> {
        let content = tokio::task::block_in_place(|| Content::read(file))?;
        let mut tx = self.desk.begin(user).await?;
        let known = selfies::by_content(&mut tx, user, &content.sha256).await?;
        if let Some(known) = known.as_ref().filter(|known| self.stands(known)) {
            tx.rollback().await?;
            return Ok(present(known, user, shown));
        }
        let id = known.as_ref().map_or_else(|| SelfieId::of_content(user, &content.sha256), |known| known.id);
        let held = match (self.desk.hold(tx, user).await, &known) {
            // Whose consent was revoked loses the vector, and nothing that is new is refused here.
            (Err(error), Some(known)) if error.kind() == Kind::ConsentRequired && !known.deleted => {
                return Ok(present(known, user, shown));
            }
            (held, _) => held?,
        };
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let subject = Subject {
            user,
            id,
            shown,
            name: &name,
            sha256: content.sha256,
            bytes: content.bytes.as_deref(),
            web_key: None,
            passed: known.as_ref().filter(|known| !known.deleted && known.status == "approved").map_or_else(
                Vec::new,
                |known| {
                    Reason::ALL
                        .iter()
                        .copied()
                        .filter(|one| known.allowed.iter().any(|code| code == one.code()))
                        .collect()
                },
            ),
        };
        self.settle(held, &subject).await
    }

    /// Whether what came of this content before still holds.
    fn stands(&self, known: &Known) -> bool {
        if known.deleted {
            return !self.restore;
        }
        match known.status.as_str() {
            // Its vector went with a consent that was revoked; perhaps there is a new one.
            "approved" => known.has_vector,
            // What is allowed now may let it pass; what a person said of it stays.
            _ => {
                let reasons = reasons_of(known.reason.as_deref());
                let covered = !reasons.is_empty() && reasons.iter().all(|reason| self.allow.contains(reason));
                // Somebody who names the file wants to know; a run over a folder asks only where that can change anything.
                self.allow.is_empty() || reasons.contains(&Reason::Manual) || (!self.restore && !covered)
            }
        }
    }

    /// Judges a picture, keeps it, and writes what came of it.
    pub(super) async fn settle(&self, mut held: Held, subject: &Subject<'_>) -> Result<Item> {
        let (picture, judged, detail) = self.look(&mut held, subject).await?;
        let status = judged.judgement.status();
        let kept = match &picture {
            Some(picture) if status != SelfieStatus::Rejected => self.keep(&held, subject, picture).await?,
            _ => Kept::nothing(subject),
        };
        let reason = reason_text(&judged.judgement.reasons, detail.as_deref());
        let allowed: Vec<String> = judged.judgement.allowed.iter().map(|reason| reason.code().to_owned()).collect();
        let row = selfies::Judged {
            id: subject.id,
            storage_key: kept.key.as_str(),
            status,
            reason: reason.as_deref(),
            vector: judged.vector.as_ref().filter(|_| status == SelfieStatus::Approved),
            sha256: &subject.sha256,
            file_name: Some(subject.name),
            size: picture.as_ref().map(|picture| (picture.pixels.width(), picture.pixels.height())),
            original_key: kept.original.as_ref().map(StorageKey::as_str),
            engine: self.desk.engine.name(),
            model: self.desk.engine.model(),
            face: judged.face.as_ref(),
            allowed: &allowed,
        };
        let mut consent = held.consented.of(subject.user).ok_or_else(judge::not_held)?;
        selfies::record(&mut consent, &row).await?;
        let fields = Fields::new()
            .plain("user_id", None, Some(&subject.user.to_string()))
            .plain("status", None, Some(status.as_str()))
            .plain("reasons", None, codes(&judged.judgement.reasons).as_deref())
            .plain("allowed", None, codes(&judged.judgement.allowed).as_deref());
        let shared = match &kept.to_remove {
            Some(left) => selfies::key_is_shared(held.consented.conn(), subject.id, left.as_str()).await?,
            None => false,
        };
        self.desk.commit(held.consented, &self.desk.entry(Action::Enroll, subject.id, fields)).await?;
        let mut reason = reason;
        if let Some(left) = kept.to_remove.filter(|_| !shared && !self.desk.dry_run)
            && let Err(error) = self.desk.remove_original(subject.id, &left).await
        {
            // It is judged and written; the next run over what waits tries again.
            reason = Some(format!("what the web application stored is still there: {}", error.message()));
        }
        if status == SelfieStatus::Rejected && subject.web_key.is_none() && !self.desk.dry_run {
            // One that was approved once, and is not any more, has a picture.
            self.desk.store.delete(&StorageKey::selfie(subject.user, subject.id)).await?;
        }
        let Judgement { allowed, .. } = judged.judgement;
        let resembles = judged.company.others;
        Ok(Item { reason, allowed, resembles, ..Item::judged(subject.shown, subject.user, subject.id, status) })
    }

    /// The picture, how it is judged, and what exactly is wrong with the file.
    async fn look(&self, held: &mut Held, subject: &Subject<'_>) -> Result<(Option<Picture>, Judged, Option<String>)> {
        let name = Path::new(subject.name);
        let _room = match subject.bytes {
            Some(bytes) => Some(self.desk.room_for(bytes, name).await),
            None => None,
        };
        let opened = match subject.bytes {
            None => Err(NoPicture::Refused(Reason::ImageTooLarge, "The file is larger than 64 MB.".to_owned())),
            Some(bytes) => tokio::task::block_in_place(|| picture::open(bytes, name)),
        };
        let picture = match opened {
            Ok(picture) => picture,
            Err(NoPicture::Broken(error)) => return Err(error),
            Err(NoPicture::Refused(reason, detail)) => {
                let judgement = Judgement { reasons: vec![reason], allowed: Vec::new() };
                return Ok((None, Judged { judgement, ..Judged::default() }, Some(detail)));
            }
        };
        let whose = Whose { user: subject.user, selfie: subject.id };
        let (consented, thresholds) = (&mut held.consented, held.policy.thresholds);
        let allow = [&self.allow[..], &subject.passed].concat();
        let judged = judge::judge(&self.desk.engine, consented, whose, &picture.pixels, &thresholds, &allow).await?;
        Ok((Some(picture), judged, None))
    }

    /// Puts the picture into the store, and the file as it was given where that is kept.
    async fn keep(&self, held: &Held, subject: &Subject<'_>, picture: &Picture) -> Result<Kept> {
        if let Some(web_key) = subject.web_key.filter(|_| picture.is_plain) {
            return Ok(Kept { key: web_key.clone(), original: None, to_remove: None });
        }
        let key = StorageKey::selfie(subject.user, subject.id);
        self.desk.put(&key, || picture.jpeg()).await?;
        let keep = held.policy.keep_originals;
        if let Some(web_key) = subject.web_key.filter(|web_key| **web_key != key) {
            // Known until it is gone: what deletes the selfie deletes it too.
            let to_remove = (!keep).then(|| web_key.clone());
            return Ok(Kept { key, original: Some(web_key.clone()), to_remove });
        }
        let mut original = None;
        if let Some(bytes) = subject.bytes.filter(|_| keep && subject.web_key.is_none()) {
            let place = StorageKey::selfie_original(subject.user, subject.id, picture.format.extension())?;
            self.desk.put(&place, || Ok(bytes.to_vec())).await?;
            original = Some(place);
        }
        Ok(Kept { key, original, to_remove: None })
    }
}

/// What of a selfie is in the store.
struct Kept {
    key: StorageKey,
    original: Option<StorageKey>,
    /// An original that is not to be kept, once the row says where the picture is.
    to_remove: Option<StorageKey>,
}

impl Kept {
    /// Nothing was put: the row has the key that there would have been.
    fn nothing(subject: &Subject<'_>) -> Self {
        let key = subject.web_key.cloned().unwrap_or_else(|| StorageKey::selfie(subject.user, subject.id));
        Self { key, original: None, to_remove: None }
    }
}

fn present(known: &Known, user: UserId, shown: &str) -> Item {
    let before = if known.deleted { "deleted" } else { known.status.as_str() };
    let reason = match known.reason.as_deref().filter(|_| !known.deleted) {
        Some(reason) => format!("{before} before: {reason}"),
        None => format!("{before} before"),
    };
    Item { id: Some(known.id), reason: Some(reason), ..Item::new(shown, Some(user), ItemStatus::AlreadyPresent) }
}

/// A file, read once.
struct Content {
    sha256: Sha256,
    bytes: Option<Vec<u8>>,
}

impl Content {
    fn read(path: &Path) -> Result<Self> {
        let failed = |error| Error::io("read", path, error);
        let mut file = File::open(path).map_err(failed)?;
        if file.metadata().map_err(failed)?.is_dir() {
            return Err(Error::invalid(format!("{} is a folder", shown_path(path))).hint("--dir takes a folder"));
        }
        let mut bytes = Vec::new();
        (&mut file).take(LARGEST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 <= LARGEST_BYTES {
            return Ok(Self { sha256: Sha256::of(&bytes), bytes: Some(bytes) });
        }
        let mut hasher = Sha256Hasher::default();
        hasher.update(&bytes);
        loop {
            let read = file.read(&mut bytes[..1 << 20]).map_err(failed)?;
            if read == 0 {
                return Ok(Self { sha256: hasher.finish(), bytes: None });
            }
            hasher.update(&bytes[..read]);
        }
    }
}
