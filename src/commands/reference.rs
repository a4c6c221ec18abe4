//! From what a person names, or has set as a default, to the thing itself.

use crate::app::App;
use crate::config::{Setting, settings};
use crate::db::refs::{self, Noun};
use crate::db::{self, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::ids::OperatorId;
use crate::model::people::{Operator, Photographer, User};
use crate::model::project::{Package, Project};

/// Most things that a person is asked to choose from.
const CHOICES_MOST: i64 = 50;

/// The operator named, or the default one; on a terminal, the one chosen.
///
/// # Errors
/// A usage error that names the option where none is given, or that of [`refs::operator`].
pub async fn operator(app: &App, conn: &mut PgConnection, given: Option<&str>) -> Result<Operator> {
    let found = named(app, conn, Noun::Operator, given, Some(settings::OPERATOR), None).await?;
    db::operators::get(conn, found.into()).await?.ok_or_else(gone)
}

/// The operator named, or the default one, if there is any: for filters.
///
/// # Errors
/// That of [`refs::operator`].
pub async fn operator_if(app: &App, conn: &mut PgConnection, given: Option<&str>) -> Result<Option<Operator>> {
    match given.or_else(|| app.config.get(settings::OPERATOR)) {
        Some(_) => operator(app, conn, given).await.map(Some),
        None => Ok(None),
    }
}

/// The project named, or the default one; on a terminal, the one chosen.
///
/// # Errors
/// A usage error that names the option where none is given, or that of [`refs::project`].
pub async fn project(app: &App, conn: &mut PgConnection, given: Option<&str>) -> Result<Project> {
    let found = named(app, conn, Noun::Project, given, Some(settings::PROJECT), None).await?;
    db::projects::get(conn, found.into()).await?.ok_or_else(gone)
}

/// The project named, or the default one, if there is any: for filters.
///
/// # Errors
/// That of [`refs::project`].
pub async fn project_if(app: &App, conn: &mut PgConnection, given: Option<&str>) -> Result<Option<Project>> {
    match given.or_else(|| app.config.get(settings::PROJECT)) {
        Some(_) => project(app, conn, given).await.map(Some),
        None => Ok(None),
    }
}

/// The photographer named, or the default one; on a terminal, the one chosen. Names are looked for among those of
/// `operator`, where one is given.
///
/// # Errors
/// A usage error that names the option where none is given, or that of [`refs::photographer`].
pub async fn photographer(
    app: &App,
    conn: &mut PgConnection,
    given: Option<&str>,
    operator: Option<OperatorId>,
) -> Result<Photographer> {
    let found = named(app, conn, Noun::Photographer, given, Some(settings::PHOTOGRAPHER), operator).await?;
    db::photographers::get(conn, found.into()).await?.ok_or_else(gone)
}

/// The user named; on a terminal, the one chosen.
///
/// # Errors
/// A usage error that names the option where none is given, or that of [`refs::user`].
pub async fn user(app: &App, conn: &mut PgConnection, given: Option<&str>) -> Result<User> {
    let found = named(app, conn, Noun::User, given, None, None).await?;
    db::users::get(conn, found.into()).await?.ok_or_else(gone)
}

/// The package named; on a terminal, the one chosen. Its name is looked for among those of `operator`, where one is
/// given.
///
/// # Errors
/// A usage error that names the option where none is given, or that of [`refs::package`].
pub async fn package(
    app: &App,
    conn: &mut PgConnection,
    given: Option<&str>,
    operator: Option<OperatorId>,
) -> Result<Package> {
    let found = named(app, conn, Noun::Package, given, None, operator).await?;
    db::packages::get(conn, found.into()).await?.ok_or_else(gone)
}

/// The thing named, a deleted one too; else as for any other command. For what ends something: what was deleted takes
/// part in a project until it is taken out, and a consent holds until it is revoked.
///
/// # Errors
/// A usage error that names the option where none is given, or that of [`refs::find_even_deleted`].
pub async fn even_deleted(
    app: &App,
    conn: &mut PgConnection,
    noun: Noun,
    given: Option<&str>,
    operator: Option<OperatorId>,
) -> Result<uuid::Uuid> {
    let default = (noun == Noun::Photographer).then_some(settings::PHOTOGRAPHER);
    match given {
        Some(text) => refs::find_even_deleted(conn, noun, text, operator).await.map(|found| found.id),
        None => named(app, conn, noun, None, default, operator).await,
    }
}

/// Says so where a deleted thing has the name that a new one is to have: that one may be meant.
///
/// # Errors
/// What the database says.
pub async fn note_namesake(app: &App, noun: Noun, name: &str, operator: OperatorId) -> Result<()> {
    let deleted = refs::deleted_namesake(&mut *app.db().await?.conn().await?, noun, name.trim(), operator).await?;
    if let Some(id) = deleted {
        let word = noun.word();
        app.ui.note(&format!("A deleted {word} has that name: photoctl {word} restore {id} would bring it back."));
    }
    Ok(())
}

async fn named(
    app: &App,
    conn: &mut PgConnection,
    noun: Noun,
    given: Option<&str>,
    default: Option<&'static Setting>,
    operator: Option<OperatorId>,
) -> Result<uuid::Uuid> {
    if let Some(text) = given {
        return refs::find(conn, noun, text, operator).await.map(|found| found.id);
    }
    if let Some(value) = default.and_then(|setting| app.config.value(setting)) {
        let found = refs::find(conn, noun, &value.text, operator).await;
        return found.map(|found| found.id).map_err(|error| error.context(format!("default from {}", value.origin)));
    }
    if !app.ui.can_ask() {
        return Err(missing(noun, default));
    }
    chosen(app, conn, noun, operator).await.map(|choice| choice.id)
}

/// The thing that a person at a terminal chooses; off one, a usage error that says what is missing.
///
/// # Errors
/// [`Kind::Usage`] off a terminal, [`Kind::NotFound`] where there is nothing to choose from.
pub async fn choose(app: &App, conn: &mut PgConnection, noun: Noun) -> Result<refs::Candidate> {
    if !app.ui.can_ask() {
        let word = noun.word();
        return Err(Error::usage(format!("it is not said which {word}"))
            .hint(format!("name it by its id, its first 8 characters or more, or a name that only one {word} has")));
    }
    chosen(app, conn, noun, None).await
}

async fn chosen(
    app: &App,
    conn: &mut PgConnection,
    noun: Noun,
    operator: Option<OperatorId>,
) -> Result<refs::Candidate> {
    let mut choices = refs::choices(conn, noun, operator, CHOICES_MOST).await?;
    if choices.is_empty() {
        let word = noun.word();
        return Err(Error::new(Kind::NotFound, format!("there is no {word} yet"))
            .hint(format!("create one with photoctl {word} create")));
    }
    let shown: Vec<String> = choices.iter().map(refs::Candidate::for_people).collect();
    let chosen = app.ui.choose(&format!("Which {}?", noun.word()), &shown, &format!("--{}", noun.word()))?;
    if chosen < choices.len() { Ok(choices.swap_remove(chosen)) } else { Err(gone()) }
}

fn missing(noun: Noun, default: Option<&'static Setting>) -> Error {
    let word = noun.word();
    let error = Error::usage(format!("--{word} is missing"))
        .hint(format!("give --{word} with an id, its first 8 characters or more, or a name that only one {word} has"));
    match default {
        Some(setting) => error.hint(format!(
            "or set a default: {} in the environment, or {} in the configuration file",
            setting.env.first().copied().unwrap_or_default(),
            setting.key
        )),
        None => error,
    }
}

/// It was there a moment ago.
pub fn gone() -> Error {
    Error::new(Kind::Conflict, "it was removed by somebody else meanwhile")
}
