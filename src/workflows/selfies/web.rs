//! Selfies that the web application took: a row that is pending, an object in the store, and nothing known of the face.

use std::sync::Arc;

use super::enroll::{Enroller, Subject};
use super::picture::LARGEST_BYTES;
use super::policy::Policy;
use super::run::{self, Ended, Item, ItemStatus, Scope};
use crate::db::consented::Consented;
use crate::db::selfies::{self, SelfieFilter};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Fields};
use crate::model::digest::Sha256;
use crate::model::ids::UserId;
use crate::model::selfie::{Reason, Selfie, reason_text};
use crate::model::status::SelfieStatus;
use crate::objects::StorageKey;

/// Which of them: every filter that is set must hold.
#[must_use]
pub fn waiting(filter: SelfieFilter<'_>) -> SelfieFilter<'_> {
    SelfieFilter { status: Some(SelfieStatus::Pending), unjudged: true, ..filter }
}

impl Enroller {
    /// Judges selfies that wait.
    ///
    /// The object stays where it is where it is a plain JPEG: upright, at most 2048 px, without metadata. Else the row
    /// gets a copy of that kind under our own key; the object itself is removed then, unless `keep_selfie_originals`
    /// says otherwise. The object of a refused one is left alone: it is the web application's.
    ///
    /// # Errors
    /// A defect; trouble with a selfie is its item, and leaves it pending.
    pub async fn run_waiting(self, scope: &Scope, waiting: Vec<Selfie>) -> Result<Ended> {
        let left = self.sweep().await?;
        let own = Arc::new(self);
        let works = waiting.into_iter().map(|selfie| (selfie.user_id, selfie)).collect();
        let mut ended = run::by_user(scope, works, move |user, selfie: Selfie| {
            let own = Arc::clone(&own);
            async move {
                let done = own.waiting_one(user, &selfie).await;
                let item = done.unwrap_or_else(|error| Item::failed(selfie.storage_key.clone(), Some(user), &error));
                Item { id: Some(selfie.id), ..item }
            }
        })
        .await?;
        ended.add_first(left);
        Ok(ended)
    }

    /// Removes what earlier runs were to remove and could not. The items are those that still can not be removed.
    async fn sweep(&self) -> Result<Vec<Item>> {
        let mut failed = Vec::new();
        if self.desk.dry_run {
            return Ok(failed);
        }
        let left = selfies::left_originals(&mut *self.desk.db.conn().await?).await?;
        for (id, user, key) in left {
            let conn = &mut *self.desk.db.conn().await?;
            let policy = Policy::of(conn, &self.desk.config, user, self.desk.project).await?;
            if policy.keep_originals || selfies::key_is_shared(conn, id, &key).await? {
                continue;
            }
            let removed = match StorageKey::foreign(&key) {
                Ok(place) => self.desk.remove_original(id, &place).await,
                Err(error) => Err(error),
            };
            if let Err(error) = removed {
                failed.push(Item { id: Some(id), ..Item::failed(key, Some(user), &error) });
            }
        }
        Ok(failed)
    }

    async fn waiting_one(&self, user: UserId, selfie: &Selfie) -> Result<Item> {
        let key = StorageKey::foreign(&selfie.storage_key)?;
        let tx = self.desk.begin(user).await?;
        let mut held = self.desk.hold(tx, user).await?;
        if selfies::status_for_update(held.consented.conn(), selfie.id).await?.as_deref() != Some("pending") {
            return Err(Error::new(Kind::Conflict, "somebody else has decided about it meanwhile"));
        }
        let bytes = self.fetch(&key).await?;
        let sha256 = bytes.as_deref().map_or_else(|| Sha256::of(selfie.id.0.as_bytes()), Sha256::of);
        if let Some(known) = selfies::by_content(held.consented.conn(), user, &sha256).await?
            && known.id != selfie.id
            // A guest may send again what was deleted once.
            && !(known.deleted && selfies::forget_deleted(held.consented.conn(), known.id).await?)
        {
            return self.duplicate(held.consented, selfie, &format!("It is {}.", known.id)).await;
        }
        let subject = Subject {
            user,
            id: selfie.id,
            shown: &selfie.storage_key,
            name: key.as_str().rsplit('/').next().unwrap_or_default(),
            sha256,
            bytes: bytes.as_deref(),
            web_key: Some(&key),
            passed: Vec::new(),
        };
        self.settle(held, &subject).await
    }

    /// `None`: larger than any picture that is read.
    async fn fetch(&self, key: &StorageKey) -> Result<Option<Vec<u8>>> {
        let facts = self.desk.store.head(key).await?.ok_or_else(|| {
            Error::new(Kind::NotFound, "its picture is not in the store")
                .hint("the row stays as it is: perhaps the picture is still being sent")
        })?;
        if facts.size_bytes > LARGEST_BYTES {
            return Ok(None);
        }
        Ok(Some(self.desk.store.get_bytes(key, LARGEST_BYTES).await?.to_vec()))
    }

    /// The same picture was sent twice: one of them is enough.
    async fn duplicate(&self, mut consented: Consented, selfie: &Selfie, which: &str) -> Result<Item> {
        let reason = reason_text(&[Reason::Duplicate], None).unwrap_or_default();
        selfies::reject(consented.conn(), selfie.id, &reason).await?;
        let fields = Fields::new()
            .plain("user_id", None, Some(&selfie.user_id.to_string()))
            .plain("status", Some("pending"), Some("rejected"))
            .plain("reasons", None, Some(Reason::Duplicate.code()));
        self.desk.commit(consented, &self.desk.entry(Action::Enroll, selfie.id, fields)).await?;
        let reason = Some(format!("{reason} {which}"));
        let item = Item::new(selfie.storage_key.clone(), Some(selfie.user_id), ItemStatus::AlreadyPresent);
        Ok(Item { reason, ..item })
    }
}
