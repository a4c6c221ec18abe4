//! What a person decides about a selfie.

use super::desk::{Desk, Held, codes};
use super::judge::{self, Company, Whose, not_held};
use super::picture::{self, LARGEST_BYTES, NoPicture, Picture};
use crate::db::selfies::{self, Judged};
use crate::db::{Db, audit, guard};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::digest::Sha256;
use crate::model::face::{Embedding, FoundFace};
use crate::model::selfie::{Reason, Selfie, reason_text};
use crate::model::status::SelfieStatus;
use crate::objects::StorageKey;

/// Characters of a reason that a person writes.
const REASON_MOST: usize = 1_000;

/// What a person is shown before they decide.
#[derive(Debug)]
pub struct Appraisal {
    /// As it is in the store.
    pub picture: Vec<u8>,
    /// `None`: no face was found in it.
    pub company: Option<Company>,
}

/// A face that was seen in a selfie's picture once more.
pub(super) struct Seen {
    pub face: FoundFace,
    pub vector: Embedding,
    pub sha256: Sha256,
    pub size: (u32, u32),
    picture: Picture,
    bytes: Vec<u8>,
}

impl Desk {
    /// Lets a selfie pass: its vector is made now. Returns whether that changes anything.
    ///
    /// # Errors
    /// [`Kind::ConsentRequired`]; [`Kind::NotFound`] where there is no picture any more; [`Kind::BadFile`] where it shows
    /// no face; those of database and store.
    pub async fn approve(&self, selfie: &Selfie) -> Result<bool> {
        let tx = self.begin(selfie.user_id).await?;
        // Consents before the selfie: in the order of a revocation.
        let mut held = match self.hold_alone(tx, selfie.user_id).await {
            Err(error) if error.kind() == Kind::ConsentRequired && is_settled(selfie) => return Ok(false),
            held => held?,
        };
        let before = selfies::status_for_update(held.consented.conn(), selfie.id).await?.ok_or_else(|| gone(selfie))?;
        if before == SelfieStatus::Approved.as_str() && selfie.has_vector {
            held.consented.rollback().await?;
            return Ok(false);
        }
        let seen = self.see(&mut held, selfie).await?.ok_or_else(no_face)?;
        let passed = reasons_of(selfie.reason.as_deref());
        let mut allowed: Vec<String> = selfie.facts.as_ref().map(|facts| facts.allowed.clone()).unwrap_or_default();
        allowed.extend(passed.iter().map(|reason| reason.code().to_owned()));
        allowed.dedup();
        self.write(&mut held, selfie, &seen, &allowed).await?;
        let left = self.make_plain(&mut held, selfie, &seen).await?;
        let fields = Fields::new()
            .plain("user_id", None, Some(&selfie.user_id.to_string()))
            .plain("status", Some(&before), Some(SelfieStatus::Approved.as_str()))
            .plain("allowed", None, codes(&passed).as_deref());
        self.commit(held.consented, &self.entry(Action::Approve, selfie.id, fields)).await?;
        if let Some(left) = left.filter(|_| !self.dry_run) {
            self.remove_original(selfie.id, &left).await.map_err(|error| {
                error
                    .context(format!("selfie {} is approved, what the web application stored", selfie.id))
                    .hint("photoctl selfie enroll --pending removes it once the store answers")
            })?;
        }
        Ok(true)
    }

    /// What is kept is upright, no larger than it must be, and without metadata: the web application's object is not yet.
    /// Returns it where it is to go.
    async fn make_plain(&self, held: &mut Held, selfie: &Selfie, seen: &Seen) -> Result<Option<StorageKey>> {
        let key = StorageKey::selfie(selfie.user_id, selfie.id);
        if seen.picture.is_plain || selfie.storage_key == key.as_str() {
            return Ok(None);
        }
        self.put(&key, || seen.picture.jpeg()).await?;
        let mut consent = held.consented.of(selfie.user_id).ok_or_else(not_held)?;
        selfies::moved(&mut consent, selfie.id, key.as_str(), &selfie.storage_key).await?;
        let shared = selfies::key_is_shared(held.consented.conn(), selfie.id, &selfie.storage_key).await?;
        if held.policy.keep_originals || shared {
            return Ok(None);
        }
        Ok(Some(StorageKey::foreign(&selfie.storage_key)?))
    }

    /// Writes an approved selfie with its vector, and the facts where there are none yet.
    pub(super) async fn write(&self, held: &mut Held, selfie: &Selfie, seen: &Seen, allowed: &[String]) -> Result<()> {
        let mut consent = held.consented.of(selfie.user_id).ok_or_else(not_held)?;
        let (engine, model) = (self.engine.name(), self.engine.model());
        if selfie.facts.is_some() {
            selfies::approve(&mut consent, selfie.id, &seen.vector, allowed).await?;
            return selfies::measured(&mut consent, selfie.id, engine, model, &seen.face).await;
        }
        let row = Judged {
            id: selfie.id,
            storage_key: &selfie.storage_key,
            status: SelfieStatus::Approved,
            reason: None,
            vector: Some(&seen.vector),
            sha256: &seen.sha256,
            file_name: None,
            size: Some(seen.size),
            original_key: None,
            engine,
            model,
            face: Some(&seen.face),
            allowed,
        };
        selfies::record(&mut consent, &row).await
    }

    /// What a person looks at before they decide: the picture, and whom the face resembles.
    ///
    /// # Errors
    /// As [`Desk::approve`].
    pub async fn appraise(&self, selfie: &Selfie) -> Result<Appraisal> {
        let tx = self.begin(selfie.user_id).await?;
        let mut held = self.hold(tx, selfie.user_id).await?;
        let Some(seen) = self.see(&mut held, selfie).await? else {
            held.consented.rollback().await?;
            return Err(no_face());
        };
        let whose = Whose { user: selfie.user_id, selfie: selfie.id };
        let (model, thresholds) = (self.engine.model(), held.policy.thresholds);
        let company = judge::company(&mut held.consented, whose, model, &seen.vector, &thresholds).await?;
        held.consented.rollback().await?;
        Ok(Appraisal { picture: seen.bytes, company: Some(company) })
    }

    /// The largest face of a selfie's picture in the store. `None`: there is none.
    pub(super) async fn see(&self, held: &mut Held, selfie: &Selfie) -> Result<Option<Seen>> {
        let key = StorageKey::foreign(&selfie.storage_key)?;
        if self.store.head(&key).await?.is_none() {
            return Err(Error::new(Kind::NotFound, format!("the picture of selfie {} is not in the store", selfie.id))
                .hint("enroll its file again; --allow lets a fault pass"));
        }
        let bytes = self.store.get_bytes(&key, LARGEST_BYTES).await?.to_vec();
        let name = std::path::PathBuf::from(key.as_str().rsplit('/').next().unwrap_or_default());
        let _room = self.room_for(&bytes, &name).await;
        let picture = match tokio::task::block_in_place(|| picture::open(&bytes, &name)) {
            Ok(picture) => picture,
            Err(NoPicture::Broken(error)) => return Err(error),
            Err(NoPicture::Refused(_, words)) => {
                return Err(Error::new(Kind::BadFile, words.trim_end_matches('.').to_owned()));
            }
        };
        let allowed = held.consented.of(selfie.user_id).ok_or_else(not_held)?;
        let Some(face) = self.engine.find(&allowed, &picture.pixels)?.into_iter().next() else { return Ok(None) };
        let vector = self.engine.embed(&allowed, &picture.pixels, &face)?;
        let size = (picture.pixels.width(), picture.pixels.height());
        Ok(Some(Seen { face, vector, sha256: Sha256::of(&bytes), size, picture, bytes }))
    }
}

/// Refuses a selfie. Its picture stays, so that the decision can be taken back. Returns whether that changes anything.
/// Neither a consent nor an engine is needed to stop looking for somebody.
///
/// # Errors
/// What the database says.
pub async fn reject(db: &Db, author: &Author, selfie: &Selfie, words: &str, dry_run: bool) -> Result<bool> {
    let mut tx = db.begin().await?;
    guard::lock(&mut tx, &format!("selfies of {}", selfie.user_id)).await?;
    let before = selfies::status_for_update(&mut tx, selfie.id).await?.ok_or_else(|| gone(selfie))?;
    let reason = reason_text(&[Reason::Manual], Some(words)).unwrap_or_default();
    if before == SelfieStatus::Rejected.as_str() || dry_run {
        tx.rollback().await?;
        return Ok(before != SelfieStatus::Rejected.as_str());
    }
    selfies::reject(&mut tx, selfie.id, &reason).await?;
    let fields = Fields::new()
        .plain("user_id", None, Some(&selfie.user_id.to_string()))
        .plain("status", Some(&before), Some(SelfieStatus::Rejected.as_str()))
        .private("reason", None, Some(words));
    let entry = Entry::new(Entity::Selfie, Action::Reject).of(selfie.id.0).fields(fields);
    audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(true)
}

/// What a person gives as the reason of a refusal; the guest reads it.
///
/// # Errors
/// When it is empty, too long, or more than a line.
pub fn reason_words(text: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(
            Error::invalid("the reason is empty").hint("the guest reads it: say what is wrong with the picture")
        );
    }
    if text.chars().count() > REASON_MOST || text.chars().any(char::is_control) {
        return Err(Error::invalid(format!("a reason is one line of at most {REASON_MOST} characters")));
    }
    Ok(text.to_owned())
}

/// The codes in a `rejection_reason` of ours.
pub(super) fn reasons_of(text: Option<&str>) -> Vec<Reason> {
    let codes = text.and_then(|text| text.split_once(": ")).map(|(codes, _)| codes).unwrap_or_default();
    let known = |code: &str| Reason::ALL.iter().copied().find(|reason| reason.code() == code);
    codes.split(", ").filter_map(known).collect()
}

/// Whether there is nothing left to approve.
fn is_settled(selfie: &Selfie) -> bool {
    selfie.status == SelfieStatus::Approved.as_str() && selfie.has_vector
}

pub(super) fn no_face() -> Error {
    Error::new(Kind::BadFile, "no face is found in the picture: nothing could be compared with it")
}

fn gone(selfie: &Selfie) -> Error {
    Error::new(Kind::NotFound, format!("selfie {} was deleted", selfie.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_back() {
        let reasons = [Reason::LikeAnotherUser, Reason::UnlikeOtherSelfies];
        assert_eq!(reasons_of(reason_text(&reasons, None).as_deref()), reasons);
        assert!(reasons_of(Some("a remark of the web application")).is_empty() && reasons_of(None).is_empty());
    }

    #[test]
    fn reasons_are_a_line() {
        assert_eq!(reason_words(" a dog ").expect("words"), "a dog");
        assert!(
            reason_words(" ").is_err() && reason_words("a\nb").is_err() && reason_words(&"a".repeat(1001)).is_err()
        );
    }
}
