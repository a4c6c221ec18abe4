//! Deleting softly and bringing back, the same for every noun. What hangs on a thing stays as it is: it is hidden only
//! as far as it is looked for by way of the thing.

use uuid::Uuid;

use super::change::{self, Thing};
use super::name_held;
use crate::db::hangs::Hanging;
use crate::db::refs::{Candidate, Noun};
use crate::db::{self, Db, PgConnection, Tx, hangs, rows};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry};
use crate::model::ids::{PackageId, PhotographerId, ProjectId};
use crate::model::people::{Operator, Photographer, User};
use crate::model::project::{Package, Project};
use crate::model::text::printable;

/// A thing that is to be deleted, with what hangs on it.
#[derive(Debug, Clone)]
pub struct Weighed {
    pub thing: Candidate,
    pub hanging: Vec<Hanging>,
}

/// What hangs on each of `things`.
///
/// # Errors
/// What the database says.
pub async fn weigh(conn: &mut PgConnection, noun: Noun, things: Vec<Candidate>) -> Result<Vec<Weighed>> {
    let mut weighed = Vec::with_capacity(things.len());
    for thing in things {
        let hanging = hangs::of(conn, noun, thing.id).await?;
        weighed.push(Weighed { thing, hanging });
    }
    Ok(weighed)
}

/// Deletes softly. Answers those that were not deleted before.
///
/// # Errors
/// What the database says.
pub async fn delete(db: &Db, author: &Author, noun: Noun, ids: &[Uuid]) -> Result<Vec<Uuid>> {
    let mut tx = db.begin().await?;
    let done = rows::delete(&mut tx, noun, ids).await?;
    finish(tx, author, noun, Action::Delete, done).await
}

/// Brings back what was deleted. Answers those that were deleted.
///
/// # Errors
/// A sentence where the operator is deleted still, [`Kind::AlreadyExists`] where another has the name now, or what the
/// database says.
pub async fn restore(db: &Db, author: &Author, noun: Noun, ids: &[Uuid], allow_duplicate: bool) -> Result<Vec<Uuid>> {
    let mut tx = db.begin().await?;
    match return_all(&mut tx, noun, ids, allow_duplicate).await {
        Ok(done) => finish(tx, author, noun, Action::Restore, done).await,
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

/// One after the other: two of one name do not both come back.
async fn return_all(tx: &mut Tx, noun: Noun, ids: &[Uuid], allow_duplicate: bool) -> Result<Vec<Uuid>> {
    // In one order, whatever was typed: two that restore the same do not wait for each other.
    let mut ids = ids.to_vec();
    ids.sort_unstable();
    let mut done = Vec::new();
    for id in ids {
        lock(tx, noun, id).await?;
        may_return(tx, noun, id, allow_duplicate).await?;
        done.extend(rows::restore(tx, noun, &[id]).await?);
    }
    Ok(done)
}

/// The locks that a creator of the same thing takes.
async fn lock(tx: &mut Tx, noun: Noun, id: Uuid) -> Result<()> {
    async fn of<T: Thing>(tx: &mut Tx, id: Uuid) -> Result<()> {
        match T::read(tx, id).await? {
            Some(thing) => change::lock(tx, &thing).await,
            None => Ok(()),
        }
    }
    match noun {
        Noun::Operator => of::<Operator>(tx, id).await,
        Noun::Photographer => of::<Photographer>(tx, id).await,
        Noun::User => of::<User>(tx, id).await,
        Noun::Package => of::<Package>(tx, id).await,
        Noun::Project => of::<Project>(tx, id).await,
    }
}

/// Whether a deleted thing may come back.
///
/// # Errors
/// As [`restore`].
pub async fn may_return(conn: &mut PgConnection, noun: Noun, id: Uuid, allow_duplicate: bool) -> Result<()> {
    match noun {
        Noun::Operator | Noun::User => Ok(()),
        Noun::Photographer => {
            let Some(one) = db::photographers::get(conn, PhotographerId(id)).await? else { return Ok(()) };
            operator_is_there(conn, &one.label(), one.operator_id).await?;
            let there = db::photographers::by_name(conn, one.operator_id, &one.name).await?;
            name_is_free(&one.label(), there.first().map(|other| other.id.0), allow_duplicate)
        }
        Noun::Package => {
            let Some(one) = db::packages::get(conn, PackageId(id)).await? else { return Ok(()) };
            operator_is_there(conn, &one.label(), one.operator_id).await?;
            let there = db::packages::by_name(conn, one.operator_id, &one.name).await?;
            name_is_free(&one.label(), there.first().map(|other| other.id.0), allow_duplicate)
        }
        Noun::Project => {
            let Some(one) = db::projects::get(conn, ProjectId(id)).await? else { return Ok(()) };
            operator_is_there(conn, &one.label(), one.operator_id).await?;
            let there = db::projects::by_name(conn, one.operator_id, &one.name).await?;
            name_is_free(&one.label(), there.first().map(|other| other.id.0), allow_duplicate)
        }
    }
}

async fn operator_is_there(
    conn: &mut PgConnection,
    label: &str,
    operator: crate::model::ids::OperatorId,
) -> Result<()> {
    let operator = db::operators::get(conn, operator).await?;
    match operator.filter(|operator| operator.deleted_at.is_some()) {
        None => Ok(()),
        Some(operator) => {
            let email = printable(&operator.email);
            Err(Error::new(Kind::Conflict, format!("{label} belongs to the operator {email}, who is deleted"))
                .hint(format!("bring the operator back first: photoctl operator restore {email}")))
        }
    }
}

fn name_is_free(label: &str, other: Option<Uuid>, allow_duplicate: bool) -> Result<()> {
    match other {
        Some(other) if !allow_duplicate => Err(name_held(label, other).hint("or rename the other one first")),
        _ => Ok(()),
    }
}

async fn finish(mut tx: Tx, author: &Author, noun: Noun, action: Action, done: Vec<Uuid>) -> Result<Vec<Uuid>> {
    if done.is_empty() {
        tx.rollback().await?;
        return Ok(done);
    }
    for id in &done {
        let mut entry = Entry::new(entity(noun), action).of(*id);
        if noun == Noun::Project {
            entry = entry.in_project(ProjectId(*id));
        }
        db::audit::append(&mut tx, author, &entry).await?;
    }
    tx.commit().await?;
    Ok(done)
}

/// What the audit log calls a noun.
#[must_use]
pub fn entity(noun: Noun) -> Entity {
    match noun {
        Noun::Operator => Operator::ENTITY,
        Noun::Photographer => Photographer::ENTITY,
        Noun::User => User::ENTITY,
        Noun::Package => Package::ENTITY,
        Noun::Project => Project::ENTITY,
    }
}
