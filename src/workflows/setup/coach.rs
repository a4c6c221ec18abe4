//! A project's coaches: names without accounts.

use uuid::Uuid;

use super::check;
use super::part::{self, AddMode, Added};
use crate::db::{self, Db, PgConnection, refs};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::project::{Coach, Project};
use crate::model::text::{printable, quoted};

/// The coach of a project that `text` means: an id, the beginning of one, or a name.
///
/// # Errors
/// [`Kind::NotFound`], or [`Kind::Ambiguous`] with the candidates.
pub async fn find(conn: &mut PgConnection, project: &Project, text: &str) -> Result<Coach> {
    let text = text.trim();
    let range = refs::id_range(text);
    let fits = |coach: &Coach| {
        coach.name.to_lowercase() == text.to_lowercase()
            || range.is_some_and(|(from, to)| (from..=to).contains(&coach.id))
    };
    let all = db::coaches::list(conn, project.id).await?;
    let mut found: Vec<Coach> = all.into_iter().filter(fits).collect();
    if found.iter().filter(|coach| coach.name == text).count() == 1 {
        found.retain(|coach| coach.name == text);
    }
    let shown = format!("coach {} at {}", quoted(text), quoted(&project.name));
    match found.len() {
        0 => Err(Error::new(Kind::NotFound, format!("there is no {shown}"))
            .hint("photoctl project coaches list shows who there is")),
        1 => Ok(found.remove(0)),
        count => {
            let error = Error::new(Kind::Ambiguous, format!("there are {count} of {shown}"));
            Err(found
                .iter()
                .fold(error, |error, coach| error.hint(format!("{}  {}", coach.id, printable(&coach.name)))))
        }
    }
}

/// No coach is none; other errors stay.
///
/// # Errors
/// Those of [`find`] but [`Kind::NotFound`].
pub fn if_any(found: Result<Coach>) -> Result<Option<Coach>> {
    match found {
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        found => found.map(Some),
    }
}

/// Adds a coach.
///
/// # Errors
/// A sentence for a name that cannot be stored, `AlreadyExists` for one that is there, or what the database says.
pub async fn add(db: &Db, author: &Author, project: &Project, name: &str, mode: AddMode) -> Result<(Coach, Added)> {
    let name = check::name(name, "the coach's name")?;
    let mut tx = db.begin().await?;
    if !mode.dry_run {
        part::hold(&mut tx, project, "coaches").await?;
    }
    let there = db::coaches::list(&mut tx, project.id).await?.into_iter().find(|coach| coach.name == name);
    if let Some(coach) = there {
        tx.rollback().await?;
        let outcome = part::there_already(&format!("coach {} is", quoted(&name)), project, mode)?;
        return Ok((coach, outcome));
    }
    let mut coach = Coach { id: Uuid::nil(), name, project_id: project.id };
    if mode.dry_run {
        tx.rollback().await?;
        return Ok((coach, Added::Planned));
    }
    coach.id = db::coaches::add(&mut tx, project.id, &coach.name).await?;
    let fields = Fields::new().private("name", None, Some(&coach.name));
    let entry = part::added(Entity::ProjectCoach, project.id, coach.id).fields(fields);
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok((coach, Added::New))
}

/// Gives a coach another name.
///
/// # Errors
/// A sentence for a name that cannot be stored, `AlreadyExists` for one that is taken, [`Kind::Conflict`] where
/// somebody else has renamed or removed the coach, or what the database says.
pub async fn rename(
    db: &Db,
    author: &Author,
    project: &Project,
    before: &Coach,
    name: &str,
    dry_run: bool,
) -> Result<Coach> {
    let after = Coach { name: check::name(name, "the coach's name")?, ..before.clone() };
    if after.name == before.name {
        return Ok(after);
    }
    let mut tx = db.begin().await?;
    if !dry_run {
        part::hold(&mut tx, project, "coaches").await?;
    }
    let taken = db::coaches::list(&mut tx, project.id).await?.into_iter().any(|coach| coach.name == after.name);
    if taken || dry_run {
        tx.rollback().await?;
        return if taken {
            let (name, project) = (printable(&after.name), printable(&project.name));
            Err(Error::new(Kind::AlreadyExists, format!("there is a coach \"{name}\" at \"{project}\" already")))
        } else {
            Ok(after)
        };
    }
    if !db::coaches::rename(&mut tx, before, &after.name).await? {
        tx.rollback().await?;
        return Err(Error::new(Kind::Conflict, "the coach was renamed or removed by somebody else meanwhile"));
    }
    let fields = Fields::new().private("name", Some(&before.name), Some(&after.name));
    let entry = Entry::new(Entity::ProjectCoach, Action::Update).of(before.id).in_project(project.id).fields(fields);
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes a coach out of a project. Whether they were there.
///
/// # Errors
/// What the database says.
pub async fn remove(db: &Db, author: &Author, project: &Project, coach: &Coach) -> Result<bool> {
    let mut tx = db.begin().await?;
    if !db::coaches::remove(&mut tx, coach).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    let fields = Fields::new().private("name", Some(&coach.name), None);
    let entry = Entry::new(Entity::ProjectCoach, Action::Delete).of(coach.id).in_project(project.id).fields(fields);
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(true)
}
