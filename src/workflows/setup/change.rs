//! Changing what is there, the same for every noun: read, plan, and write only if nobody else has written meanwhile.

use uuid::Uuid;

use crate::db::refs::Noun;
use crate::db::rows::{self, Version};
use crate::db::{self, Db, PgConnection, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry};
use crate::model::fields::{Changes, Field};
use crate::model::ids::{OperatorId, ProjectId};

/// A kind of thing with fields that a person sets.
pub trait Thing: Clone + serde::Serialize {
    const NOUN: Noun;
    const ENTITY: Entity;

    fn id(&self) -> Uuid;

    /// `package "Ten photos" of Ana`, printable.
    fn label(&self) -> String;

    /// Its fields in the database's words, always in the same order.
    fn fields(&self) -> Vec<Field>;

    /// The project that entries of the audit log belong to.
    fn project(&self) -> Option<ProjectId> {
        None
    }

    /// Whose it is: an event file about them holds all that is theirs.
    fn owner(&self) -> Option<OperatorId> {
        None
    }

    /// Names of locks that whoever creates the same thing takes too.
    fn locks(&self) -> Vec<String>;

    #[allow(async_fn_in_trait, reason = "used within the crate, on one thread at a time")]
    async fn read(conn: &mut PgConnection, id: Uuid) -> Result<Option<Self>>;

    /// What stands against turning `before` into `self`, as an error; what somebody should know, as sentences.
    #[allow(async_fn_in_trait, reason = "as above")]
    async fn judge(&self, conn: &mut PgConnection, before: &Self, allow_duplicate: bool) -> Result<Vec<String>>;

    /// Writes its fields over the row, which is locked.
    #[allow(async_fn_in_trait, reason = "as above")]
    async fn write(&self, conn: &mut PgConnection) -> Result<()>;
}

/// A change that was thought through, of the row as it was read.
#[derive(Debug, Clone)]
pub struct Plan<T> {
    pub before: T,
    pub after: T,
    pub changes: Changes,
    /// What somebody should know before.
    pub warnings: Vec<String>,
    version: Version,
    allow_duplicate: bool,
}

/// Plans to turn the thing of that id into what `edit` makes of it.
///
/// # Errors
/// What `edit` says, what stands against it, or what the database says.
pub async fn plan<T: Thing>(
    conn: &mut PgConnection,
    id: Uuid,
    allow_duplicate: bool,
    edit: impl FnOnce(&T) -> Result<T>,
) -> Result<Plan<T>> {
    // The version first: what is changed between the two reads is then found out.
    let version = rows::version(conn, T::NOUN, id).await?.ok_or_else(|| gone(T::NOUN, id))?;
    let before = T::read(conn, id).await?.ok_or_else(|| gone(T::NOUN, id))?;
    let after = edit(&before)?;
    let changes = Changes::between(before.fields(), after.fields());
    let warnings = if changes.is_empty() { Vec::new() } else { after.judge(conn, &before, allow_duplicate).await? };
    Ok(Plan { before, after, changes, warnings, version, allow_duplicate })
}

/// Carries a plan out.
///
/// # Errors
/// `Conflict` where the row was changed since it was read, or what the database says. Nothing is written then.
pub async fn apply<T: Thing>(db: &Db, author: &Author, plan: &Plan<T>) -> Result<()> {
    let mut tx = db.begin().await?;
    match write(&mut tx, plan).await {
        Ok(entry) => {
            db::audit::append(&mut tx, author, &entry).await?;
            tx.commit().await
        }
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

/// Lets others change what is an operator's too, but no event file.
pub(super) async fn share_things_of(conn: &mut PgConnection, operator: OperatorId) -> Result<()> {
    db::guard::lock_shared(conn, &format!("things of {operator}")).await
}

/// Keeps everybody else from changing what is an operator's, until the transaction ends.
pub(crate) async fn hold_things_of(conn: &mut PgConnection, operator: OperatorId) -> Result<()> {
    db::guard::lock(conn, &format!("things of {operator}")).await
}

/// Takes the locks of a thing. Who brings in a roster holds all users.
pub(super) async fn lock<T: Thing>(tx: &mut Tx, thing: &T) -> Result<()> {
    if T::NOUN == Noun::User {
        db::roster::share_users(tx).await?;
    }
    if let Some(owner) = thing.owner() {
        share_things_of(tx, owner).await?;
    }
    for name in thing.locks() {
        db::guard::lock(tx, &name).await?;
    }
    Ok(())
}

/// Writes a plan within a transaction of the caller's, who appends the entry last.
pub(super) async fn write<T: Thing>(tx: &mut Tx, plan: &Plan<T>) -> Result<Entry> {
    lock(tx, &plan.after).await?;
    rows::lock(tx, T::NOUN, plan.after.id(), &plan.version).await?;
    plan.after.judge(tx, &plan.before, plan.allow_duplicate).await?;
    plan.after.write(tx).await?;
    Ok(entry(&plan.after, Action::Update, &plan.changes))
}

/// The entry of the audit log for a thing and what is other about it.
pub(super) fn entry<T: Thing>(thing: &T, action: Action, changes: &Changes) -> Entry {
    let entry = Entry::new(T::ENTITY, action).of(thing.id()).fields(changes.to_audit());
    match thing.project() {
        Some(project) => entry.in_project(project),
        None => entry,
    }
}

/// The entry for a new thing.
pub(super) fn created<T: Thing>(thing: &T) -> Entry {
    entry(thing, Action::Create, &Changes::new_thing(thing.fields()))
}

fn gone(noun: Noun, id: Uuid) -> Error {
    Error::new(Kind::Conflict, format!("the {} {id} was removed by somebody else meanwhile", noun.word()))
}

/// A new value of a field that may be empty: `None` leaves it, `Some(None)` empties it.
pub type Edit<'a> = Option<Option<&'a str>>;

/// What an edit makes of a field, with the check of its text.
pub(super) fn edited(
    edit: Edit<'_>,
    before: Option<&String>,
    check: impl FnOnce(&str) -> Result<String>,
) -> Result<Option<String>> {
    match edit {
        None => Ok(before.cloned()),
        Some(None) => Ok(None),
        Some(Some(text)) => check(text).map(Some),
    }
}
