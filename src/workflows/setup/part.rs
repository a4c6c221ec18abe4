//! Who and what takes part in a project: photographers, members, packages.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::change;
use crate::db::{self, Db, PgConnection, Tx};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::{OperatorId, ProjectId};
use crate::model::people::{Photographer, User};
use crate::model::project::{Package, Project};
use crate::model::text::{printable, quoted};
use crate::model::time;

/// What came of an `add`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Added {
    New,
    Existing,
    Planned,
}

/// What to do where it is there already, and whether to do anything at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct AddMode {
    pub if_not_exists: bool,
    pub dry_run: bool,
}

/// Assigns a photographer to a project.
///
/// # Errors
/// `AlreadyExists` where they are assigned, a sentence where they work for another operator, or what the database says.
pub async fn add_photographer(
    db: &Db,
    author: &Author,
    project: &Project,
    photographer: &Photographer,
    mode: AddMode,
) -> Result<Added> {
    same_operator("photographer", &photographer.name, photographer.operator_id, project.operator_id)?;
    let mut tx = db.begin().await?;
    let added = assign(&mut tx, author, project, photographer, mode).await?;
    tx.commit().await?;
    Ok(added)
}

/// The same within a transaction of the caller's, for workflows that assign on the way. Appends to the audit log, so
/// it comes last.
///
/// # Errors
/// As [`add_photographer`].
pub async fn assign(
    conn: &mut PgConnection,
    author: &Author,
    project: &Project,
    photographer: &Photographer,
    mode: AddMode,
) -> Result<Added> {
    // A dry run looks, and waits for nobody.
    if !mode.dry_run {
        hold(conn, project, "photographers").await?;
    }
    if db::members::has_photographer(conn, project.id, photographer.id).await? {
        let who = format!("photographer {} is assigned", printable(&photographer.email));
        return there_already(&who, project, mode);
    }
    if mode.dry_run {
        return Ok(Added::Planned);
    }
    db::members::add_photographer(conn, project.id, photographer.id).await?;
    db::audit::append(conn, author, &added(Entity::ProjectPhotographer, project.id, photographer.id.0)).await?;
    Ok(Added::New)
}

/// Lets a user join a project.
///
/// # Errors
/// `AlreadyExists` where they have joined, or what the database says.
pub async fn add_member(
    db: &Db,
    author: &Author,
    project: &Project,
    user: &User,
    terms_accepted_at: Option<DateTime<Utc>>,
    mode: AddMode,
) -> Result<Added> {
    let mut tx = db.begin().await?;
    if !mode.dry_run {
        hold(&mut tx, project, "members").await?;
    }
    if let Some(there) = db::members::member(&mut tx, project.id, user.id).await? {
        tx.rollback().await?;
        if mode.if_not_exists && terms_accepted_at.is_some() && there.terms_accepted_at != terms_accepted_at {
            let is = there.terms_accepted_at.map_or("not accepted".to_owned(), time::rfc3339);
            let error = Error::new(Kind::AlreadyExists, format!("user {} is a member already", user.id));
            return Err(error.hint(format!("the terms are {is}: that is not what is given")));
        }
        return there_already(&format!("user {} is a member", printable(&user.email)), project, mode);
    }
    if mode.dry_run {
        tx.rollback().await?;
        return Ok(Added::Planned);
    }
    let done = db::members::add_member(&mut tx, project.id, user.id, terms_accepted_at).await;
    if done.as_ref().is_err_and(|error| db::error::violated_unique(error).is_some()) {
        tx.rollback().await?;
        return there_already(&format!("user {} is a member", printable(&user.email)), project, mode);
    }
    done?;
    let accepted = terms_accepted_at.map(time::rfc3339);
    let mut entry = added(Entity::ProjectMember, project.id, user.id.0);
    entry.fields = entry.fields.plain("terms_accepted_at", None, accepted.as_deref());
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(Added::New)
}

/// Sells a package at a project.
///
/// # Errors
/// `AlreadyExists` where it is sold there, a sentence where it is another operator's, or what the database says.
pub async fn add_package(
    db: &Db,
    author: &Author,
    project: &Project,
    package: &Package,
    mode: AddMode,
) -> Result<Added> {
    same_operator("package", &package.name, package.operator_id, project.operator_id)?;
    let mut tx = db.begin().await?;
    if !mode.dry_run {
        hold(&mut tx, project, "packages").await?;
    }
    let what = format!("package {} is sold", quoted(&package.name));
    if db::members::has_package(&mut tx, project.id, package.id).await? {
        tx.rollback().await?;
        return there_already(&what, project, mode);
    }
    if mode.dry_run {
        tx.rollback().await?;
        return Ok(Added::Planned);
    }
    let done = db::members::add_package(&mut tx, project.id, package.id).await;
    if done.as_ref().is_err_and(|error| db::error::violated_unique(error).is_some()) {
        tx.rollback().await?;
        return there_already(&what, project, mode);
    }
    done?;
    db::audit::append(&mut tx, author, &added(Entity::ProjectPackage, project.id, package.id.0)).await?;
    tx.commit().await?;
    Ok(Added::New)
}

/// Takes a photographer off a project; their photos stay. Whether they were assigned.
///
/// # Errors
/// What the database says.
pub async fn remove_photographer(
    db: &Db,
    author: &Author,
    project: &Project,
    photographer: &Photographer,
) -> Result<bool> {
    let mut tx = db.begin().await?;
    let done = db::members::remove_photographer(&mut tx, project.id, photographer.id).await?;
    removed(tx, author, Entity::ProjectPhotographer, project.id, photographer.id.0, done).await
}

/// Takes a user out of a project; their tags and sales stay. Whether they were a member.
///
/// # Errors
/// What the database says.
pub async fn remove_member(db: &Db, author: &Author, project: &Project, user: &User) -> Result<bool> {
    let mut tx = db.begin().await?;
    let done = db::members::remove_member(&mut tx, project.id, user.id).await?;
    removed(tx, author, Entity::ProjectMember, project.id, user.id.0, done).await
}

/// Sells a package at a project no more; sales stay. Whether it was sold there.
///
/// # Errors
/// What the database says.
pub async fn remove_package(db: &Db, author: &Author, project: &Project, package: &Package) -> Result<bool> {
    let mut tx = db.begin().await?;
    let done = db::members::remove_package(&mut tx, project.id, package.id).await?;
    removed(tx, author, Entity::ProjectPackage, project.id, package.id.0, done).await
}

async fn removed(
    mut tx: Tx,
    author: &Author,
    entity: Entity,
    project: ProjectId,
    part: Uuid,
    done: bool,
) -> Result<bool> {
    if !done {
        tx.rollback().await?;
        return Ok(false);
    }
    db::audit::append(&mut tx, author, &Entry::new(entity, Action::Delete).of(part).in_project(project)).await?;
    tx.commit().await?;
    Ok(true)
}

/// Keeps others from adding parts of that kind to a project, until the transaction ends.
pub(super) async fn hold(conn: &mut PgConnection, project: &Project, parts: &str) -> Result<()> {
    change::share_things_of(conn, project.operator_id).await?;
    db::guard::lock(conn, &format!("{parts} of {}", project.id)).await
}

/// # Errors
/// When `theirs` is not the project's operator.
pub(super) fn same_operator(noun: &str, name: &str, theirs: OperatorId, projects: OperatorId) -> Result<()> {
    if theirs == projects {
        return Ok(());
    }
    Err(Error::invalid(format!("{noun} {} belongs to operator {theirs}", quoted(name)))
        .hint(format!("the project belongs to operator {projects}: take a {noun} of theirs")))
}

/// The audit entry for a new part of a project.
pub(crate) fn added(entity: Entity, project: ProjectId, part: Uuid) -> Entry {
    Entry::new(entity, Action::Create).of(part).in_project(project).fields(Fields::new())
}

pub(super) fn there_already(what: &str, project: &Project, mode: AddMode) -> Result<Added> {
    if mode.if_not_exists {
        return Ok(Added::Existing);
    }
    Err(Error::new(Kind::AlreadyExists, format!("{what} already at {} (id {})", quoted(&project.name), project.id))
        .hint("--if-not-exists is content with that"))
}
