//! What all work on selfies has at its disposal, and how it begins: with the user's consent.

use super::engine::Engine;
use super::policy::Policy;
use crate::config::Config;
use crate::db::consented::{Asked, Consented};
use crate::db::{Db, Tx, audit, guard, selfies};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::consent::Standing;
use crate::model::ids::{ProjectId, SelfieId, UserId};
use crate::model::selfie::Reason;
use crate::objects::Store;

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
}

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

    /// Holds the consents of a user and of the members of their projects.
    ///
    /// # Errors
    /// [`Kind::ConsentRequired`] when the user's is not there or not enough.
    pub(super) async fn hold(&self, mut tx: Tx, user: UserId) -> Result<Held> {
        let policy = Policy::of(&mut tx, &self.config, user, self.project).await?;
        let mut users = selfies::fellows(&mut tx, user, self.engine.model()).await?;
        users.push(user);
        let asked = Asked { users: &users, enough: &policy.enough };
        let consented = Consented::check(tx, asked).await?;
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
        self.hold(tx, user).await?.consented.rollback().await
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
