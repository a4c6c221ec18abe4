//! Carries out the revocations that were left while the embedded database was in use.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::spool::{Left, Spool};
use super::{Revocation, revoke_as_asked};
use crate::db::refs::{self, Noun};
use crate::db::{self, Db};
use crate::error::{Error, Kind, Result};
use crate::model::consent;
use crate::model::ids::UserId;

/// Between two looks at the folder: so long a revocation waits at most, unless the database is busy with one long
/// transaction.
pub const EVERY: Duration = Duration::from_millis(250);

/// What became of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drained {
    Done {
        user: UserId,
        kind: String,
        done: Revocation,
    },
    /// It is in the folder of those that failed.
    SetAside {
        file: PathBuf,
        why: String,
    },
}

/// Carries out what waits beside this database, if it is an embedded one with a schema of this program's; else it goes
/// on waiting. Each is done by who left it, and can be done again: a crash after the commit leaves a file that finds
/// nothing to do. Takes a connection of its own, so the caller must hold none.
///
/// # Errors
/// What the database says, or when a file that was carried out cannot be removed: left behind, it would end a consent
/// that is given later. Files that cannot be carried out are set aside.
pub async fn drain(db: &Db) -> Result<Vec<Drained>> {
    let Some(home) = db.data_folder() else { return Ok(Vec::new()) };
    let spool = Spool::of(home);
    let waiting = spool.waiting()?;
    if waiting.is_empty() || !is_current(db).await? {
        return Ok(Vec::new());
    }
    let (mut told, mut carried_out) = (Vec::new(), Vec::new());
    for name in waiting {
        let refused = match spool.read(&name) {
            Ok(None) => continue,
            Ok(Some(left)) => match carry_out(db, &left).await {
                Ok(done) => {
                    carried_out.push(name);
                    told.push(done);
                    continue;
                }
                Err(error) if means_nobody(&error) => error,
                Err(error) => return Err(error.context("a revocation that was left could not be carried out")),
            },
            Err(error) => error,
        };
        let why = refused.to_string();
        spool.set_aside(&name, &why)?;
        told.push(Drained::SetAside { file: spool.failed_folder().join(name), why });
    }
    if !carried_out.is_empty() {
        // The engine does not flush at a commit: with the file, a power cut would take the revocation.
        db.make_durable().await?;
        spool.remove(&carried_out)?;
    }
    Ok(told)
}

/// A loop's own look at what waits: between its items it costs a look at a clock, and now and then one at a folder.
#[derive(Debug, Default)]
pub struct Turn {
    last: Option<Instant>,
}

impl Turn {
    /// As [`drain`], at most each [`EVERY`].
    ///
    /// # Errors
    /// As [`drain`].
    pub async fn between_items(&mut self, db: &Db) -> Result<Vec<Drained>> {
        if self.last.is_some_and(|last| last.elapsed() < EVERY) {
            return Ok(Vec::new());
        }
        self.last = Some(Instant::now());
        drain(db).await
    }
}

/// A database that is to be migrated first takes nothing: the tables of the consents may be others.
async fn is_current(db: &Db) -> Result<bool> {
    match db.require_current().await {
        Err(error) if matches!(error.kind(), Kind::SchemaOutdated | Kind::SchemaNewer) => Ok(false),
        asked => asked.map(|()| true),
    }
}

async fn carry_out(db: &Db, left: &Left) -> Result<Drained> {
    let kind = consent::kind(&left.kind)?;
    let user = {
        let conn = &mut db.conn().await?;
        let found = refs::find_even_deleted(conn, Noun::User, &left.user, None).await?;
        let user = db::users::get(conn, found.id.into()).await?;
        user.ok_or_else(|| Error::new(Kind::NotFound, "the user is gone"))?
    };
    let done = revoke_as_asked(db, &left.author(), &user, &kind, Some(left.at), false).await?;
    Ok(Drained::Done { user: user.id, kind, done })
}

/// Whether it is the file that is wrong, and not the database.
fn means_nobody(error: &Error) -> bool {
    matches!(error.kind(), Kind::NotFound | Kind::Ambiguous | Kind::InvalidInput)
}
