//! What all work on selfies has at its disposal, and how it begins: with the user's consent.

use std::collections::BTreeSet;

use std::path::Path;

use super::engine::Engine;
use super::picture;
use super::policy::{self, Policy};
use crate::batch::Budget;
use crate::batch::budget::Share;
use crate::config::Config;
use crate::db::consented::{Asked, Consented};
use crate::db::{Db, Tx, audit, guard, selfies};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::consent::Standing;
use crate::model::ids::{ProjectId, SelfieId, UserId};
use crate::model::selfie::Reason;
use crate::objects::{PutOptions, Source, StorageKey, Store};

/// Shared by all selfies of a run.
#[derive(Clone)]
pub struct Desk {
    pub db: Db,
    pub store: Store,
    pub engine: Engine,
    pub config: Config,
    pub author: Author,
    /// The one whose rules hold, where one is named.
    pub project: Option<ProjectId>,
    /// Everything is looked at as if it were done, under the same consent, and nothing is written.
    pub dry_run: bool,
    /// For pictures that are looked at at once.
    pub memory: Budget,
}

/// What [`Desk::memory`] holds in bytes.
pub const MEMORY_BYTES: u64 = 1 << 30;

/// A user's consent, held together with that of everybody they are compared with, and the rules that hold.
pub(super) struct Held {
    pub consented: Consented,
    pub policy: Policy,
}

impl Desk {
    /// A transaction in which nobody else works on this user's selfies: each is judged beside those before it.
    pub(super) async fn begin(&self, user: UserId) -> Result<Tx> {
        let mut tx = self.db.begin().await?;
        guard::lock(&mut tx, &format!("selfies of {user}")).await?;
        Ok(tx)
    }

    /// Holds the consents of a user and of the members of their projects, each by what is enough in a project that both
    /// are in.
    ///
    /// # Errors
    /// [`Kind::ConsentRequired`] when the user's is not there or not enough.
    pub(super) async fn hold(&self, mut tx: Tx, user: UserId) -> Result<Held> {
        let policy = Policy::of(&mut tx, &self.config, user, self.project).await?;
        let shared = policy::by_versions(&mut tx, &self.config, user).await?;
        let mut fellows = Vec::with_capacity(shared.len());
        for (versions, projects) in shared {
            let there = selfies::fellows(&mut tx, user, &projects).await?;
            fellows.push((versions, there));
        }
        let everybody: BTreeSet<UserId> = fellows.iter().flat_map(|(_, there)| there).copied().chain([user]).collect();
        let everybody: Vec<UserId> = everybody.into_iter().collect();
        // All at once first, in the one order that everybody locks in; then by what is enough where.
        let mut consented = Consented::check(tx, Asked { users: &everybody, enough: &policy.enough }).await?;
        if !consented.allows(user) {
            let standing = consented.standing(user).unwrap_or(Standing::Missing);
            consented.rollback().await?;
            return Err(refused(standing));
        }
        if fellows.iter().all(|(versions, _)| policy.enough == std::slice::from_ref(versions)) {
            return Ok(Held { consented, policy });
        }
        let mut allowed = BTreeSet::from([user]);
        for (versions, there) in &fellows {
            consented = consented.again(Asked { users: there, enough: std::slice::from_ref(versions) }).await?;
            allowed.extend(consented.users());
        }
        let allowed: Vec<UserId> = allowed.into_iter().collect();
        // Each of them is allowed by one of these lists, which was looked at above.
        let mut enough = policy.enough.clone();
        enough.extend(fellows.into_iter().map(|(versions, _)| versions));
        let consented = consented.again(Asked { users: &allowed, enough: &enough }).await?;
        Ok(Held { consented, policy })
    }

    /// Holds the consent of a user alone: for what compares them with nobody.
    ///
    /// # Errors
    /// As [`Desk::hold`].
    pub(super) async fn hold_alone(&self, mut tx: Tx, user: UserId) -> Result<Held> {
        let policy = Policy::of(&mut tx, &self.config, user, self.project).await?;
        let consented = Consented::check(tx, Asked { users: &[user], enough: &policy.enough }).await?;
        if consented.allows(user) {
            return Ok(Held { consented, policy });
        }
        let standing = consented.standing(user).unwrap_or(Standing::Missing);
        consented.rollback().await?;
        Err(refused(standing))
    }

    /// Fails where the user's consent is not enough: for work on one user, before anything is begun.
    ///
    /// # Errors
    /// [`Kind::ConsentRequired`]; what the database says.
    pub async fn require_consent(&self, user: UserId) -> Result<()> {
        let tx = self.begin(user).await?;
        self.hold_alone(tx, user).await?.consented.rollback().await
    }

    /// Puts an object of a selfie.
    pub(super) async fn put(&self, key: &StorageKey, bytes: impl FnOnce() -> Result<Vec<u8>>) -> Result<()> {
        if self.dry_run {
            return Ok(());
        }
        let source = tokio::task::block_in_place(|| bytes().map(Source::bytes))?;
        self.store.put(key, &source, &PutOptions::overwrite()).await?;
        Ok(())
    }

    /// Removes what a selfie was given as, which is not to be kept.
    pub(super) async fn remove_original(&self, id: SelfieId, key: &StorageKey) -> Result<()> {
        self.store.delete(key).await?;
        let mut tx = self.db.begin().await?;
        selfies::forget_original(&mut tx, id).await?;
        tx.commit().await
    }

    /// Memory for a picture, for as long as it is looked at.
    pub(super) async fn room_for(&self, bytes: &[u8], name: &Path) -> Share {
        self.memory.take(picture::cost(bytes, name)).await
    }

    /// The entry of one selfie.
    pub(super) fn entry(&self, action: Action, id: SelfieId, fields: Fields) -> Entry {
        let entry = Entry::new(Entity::Selfie, action).of(id.0).fields(fields);
        match self.project {
            Some(project) => entry.in_project(project),
            None => entry,
        }
    }

    /// Commits what was written under a consent, with its audit entry; a dry run takes it back.
    pub(super) async fn commit(&self, mut consented: Consented, entry: &Entry) -> Result<()> {
        if self.dry_run {
            return consented.rollback().await;
        }
        audit::append(consented.conn(), &self.author, entry).await?;
        consented.commit().await
    }
}

fn refused(standing: Standing) -> Error {
    let sentence = match standing {
        Standing::OldVersion => "the user's consent to the processing of their face is in a version that is not enough",
        Standing::Revoked => "the user has revoked the consent to the processing of their face, or was deleted",
        Standing::Missing | Standing::Allowed => "the user has not consented to the processing of their face",
    };
    Error::new(Kind::ConsentRequired, sentence).hint("photoctl consent grant records a consent, with what proves it")
}

/// The audit log's words for reasons: their codes.
pub(super) fn codes(reasons: &[Reason]) -> Option<String> {
    let codes: Vec<&str> = reasons.iter().map(|reason| reason.code()).collect();
    (!codes.is_empty()).then(|| codes.join(", "))
}
