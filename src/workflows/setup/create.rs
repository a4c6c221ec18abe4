//! Creating, the same for every noun: one transaction that locks what makes two creators of the same thing wait for
//! each other, looks whether it is there, writes, appends the audit entry, commits.

use uuid::Uuid;

use super::change::{self, Thing};
use super::password::Password;
use super::{Created, Differences, Mode};
use crate::db::{self, Db, PgConnection, Tx, rows};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Author, Entry};
use crate::model::fields::Changes;

/// A thing to be created, checked.
pub trait New {
    type Thing: Thing;

    /// The thing as it would be; its id is nil.
    fn planned(&self) -> Self::Thing;

    /// The fields that were given, not taken from a default.
    fn given(&self) -> &[&'static str];

    /// The live thing that is the same one, where `mode` may be content with it.
    ///
    /// # Errors
    /// `AlreadyExists` where it is taken and `mode` is not content.
    #[allow(async_fn_in_trait, reason = "used within the crate, on one thread at a time")]
    async fn same(&self, conn: &mut PgConnection, mode: Mode) -> Result<Option<Self::Thing>>;

    /// Further differences between what is there and what is given.
    #[allow(async_fn_in_trait, reason = "as above")]
    async fn differ(
        &self,
        _conn: &mut PgConnection,
        _there: &Self::Thing,
        _differences: &mut Differences,
    ) -> Result<()> {
        Ok(())
    }

    /// Writes the row. People get this hash of a password.
    #[allow(async_fn_in_trait, reason = "as above")]
    async fn insert(&self, conn: &mut PgConnection, password_hash: &str) -> Result<Uuid>;

    /// Writes what belongs to it from the start, and answers the entries for that.
    #[allow(async_fn_in_trait, reason = "as above")]
    async fn insert_parts(&self, _conn: &mut PgConnection, _thing: &Self::Thing) -> Result<Vec<Entry>> {
        Ok(Vec::new())
    }
}

/// The thing that is there already, where `mode` is content with it.
///
/// # Errors
/// `AlreadyExists` where it is taken, or the one that is there differs from what is given.
pub async fn existing<N: New>(
    conn: &mut PgConnection,
    new: &N,
    password: Option<&Password>,
    mode: Mode,
) -> Result<Option<N::Thing>> {
    let Some(there) = new.same(conn, mode).await? else { return Ok(None) };
    let changes = Changes::between(there.fields(), new.planned().fields());
    let mut differences = Differences::default();
    for change in changes.iter().filter(|change| new.given().contains(&change.name)) {
        differences.change(change);
    }
    if let Some(password) = password {
        let hash = rows::password_hash(conn, N::Thing::NOUN, there.id()).await?;
        if !hash.is_some_and(|hash| password.fits(&hash)) {
            differences.said("the password is another");
        }
    }
    new.differ(conn, &there, &mut differences).await?;
    differences.none_or_refuse(&there.label(), there.id())?;
    Ok(Some(there))
}

/// Creates a thing. `password_hash` is for people; things have none.
///
/// # Errors
/// As [`existing`], or what the database says.
pub async fn create<N: New>(
    db: &Db,
    author: &Author,
    new: &N,
    password_hash: &str,
    mode: Mode,
) -> Result<Created<N::Thing>> {
    let mut tx = db.begin().await?;
    match write(&mut tx, new, password_hash, mode).await {
        Ok(Written::New(thing, entries)) => {
            for entry in &entries {
                db::audit::append(&mut tx, author, entry).await?;
            }
            tx.commit().await?;
            Ok(Created::New(thing))
        }
        Ok(Written::There(there)) => {
            tx.rollback().await?;
            Ok(Created::Existing(there))
        }
        // The web application does not take our locks.
        Err(error) if db::error::violated_unique(&error).is_some() => {
            tx.rollback().await?;
            let there = existing(&mut *db.conn().await?, new, None, mode).await?;
            there.map(Created::Existing).ok_or(error)
        }
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

/// What [`write`] did.
pub(super) enum Written<T> {
    New(T, Vec<Entry>),
    There(T),
}

/// Writes a new thing within a transaction of the caller's, who appends the entries last.
pub(super) async fn write<N: New>(tx: &mut Tx, new: &N, password_hash: &str, mode: Mode) -> Result<Written<N::Thing>> {
    change::lock(tx, &new.planned()).await?;
    if let Some(there) = existing(tx, new, None, mode).await? {
        return Ok(Written::There(there));
    }
    let id = new.insert(tx, password_hash).await?;
    let thing = N::Thing::read(tx, id)
        .await?
        .ok_or_else(|| Error::new(Kind::Internal, format!("the new {} cannot be read", N::Thing::NOUN.word())))?;
    let mut entries = vec![change::created(&thing)];
    entries.extend(new.insert_parts(tx, &thing).await?);
    Ok(Written::New(thing, entries))
}
