//! A project's settings: the policy of an event, kept with it in the database.

use super::part;
use crate::config::settings::{self, Policy, Setting};
use crate::config::{Config, Origin, policy};
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::ProjectId;
use crate::model::project::Project;
use crate::model::text::quoted;

/// What holds in a project, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    pub setting: &'static str,
    pub about: &'static str,
    /// What holds here and now.
    pub value: Option<String>,
    pub origin: String,
    /// What the project itself says.
    pub own: Option<String>,
    /// A privacy setting: a local value may only be stricter.
    pub privacy: bool,
}

/// A change of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub setting: &'static str,
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Change {
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.before != self.after
    }
}

/// Configuration with the project's settings laid over it: what any work on its photos goes by.
///
/// # Errors
/// What the database says.
pub async fn of_project(conn: &mut PgConnection, config: &Config, project: ProjectId) -> Result<Config> {
    let own = db::settings::list(conn, project).await?;
    Ok(config.for_project(own.iter().map(|(key, value)| (key.as_str(), value.as_str()))))
}

/// Every setting that a project can have, with what holds.
///
/// # Errors
/// What the database says.
pub async fn list(conn: &mut PgConnection, config: &Config, project: ProjectId) -> Result<Vec<Effective>> {
    let own = db::settings::list(conn, project).await?;
    let config = config.for_project(own.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    let policies = settings::ALL.iter().filter_map(|setting| Some((*setting, setting.project?)));
    Ok(policies
        .map(|(setting, policy)| {
            let value = config.value(setting);
            Effective {
                setting: setting.key,
                about: setting.about,
                value: value.map(|value| value.text.clone()),
                origin: value.map_or(Origin::Default, |value| value.origin.clone()).to_string(),
                own: own.iter().find(|(key, _)| key == setting.key).map(|(_, value)| value.clone()),
                privacy: matches!(policy, Policy::Privacy { .. }),
            }
        })
        .collect())
}

/// The settings that a project can have.
pub fn of_projects() -> impl Iterator<Item = &'static Setting> {
    settings::ALL.iter().copied().filter(|setting| setting.project.is_some())
}

/// The setting of that name, if it can be a project's. `watermark-position` is `watermark_position`.
///
/// # Errors
/// A sentence with the names there are.
pub fn setting(key: &str) -> Result<&'static Setting> {
    let name = key.trim().to_ascii_lowercase().replace('-', "_");
    let there_are = || {
        let names: Vec<_> = settings::ALL.iter().filter(|one| one.project.is_some()).map(|one| one.key).collect();
        format!("settings of a project are: {}", names.join(", "))
    };
    match settings::find(&name) {
        Some(setting) if setting.project.is_some() => Ok(setting),
        Some(setting) => Err(Error::invalid(format!("{} is not a project's setting", setting.key))
            .hint("it belongs into the configuration file or the environment: see photoctl config show")
            .hint(there_are())),
        None => Err(Error::invalid(format!("there is no setting {}", quoted(key))).hint(there_are())),
    }
}

/// Sets (`Some`) or unsets (`None`) one setting of a project. Nothing is written where nothing would change.
///
/// # Errors
/// When the value does not fit, or what the database says.
pub async fn change(
    db: &Db,
    author: &Author,
    project: &Project,
    setting: &'static Setting,
    value: Option<&str>,
    dry_run: bool,
) -> Result<Change> {
    if setting.project.is_none() {
        return Err(Error::new(Kind::Internal, format!("{} is not a project's setting", setting.key)));
    }
    let after = value.map(|value| policy::canonical(setting, value)).transpose()?;
    let mut tx = db.begin().await?;
    if !dry_run {
        part::hold(&mut tx, project, "settings").await?;
    }
    let before = db::settings::get(&mut tx, project.id, setting.key).await?;
    let change = Change { setting: setting.key, before, after };
    if dry_run || !change.changes_something() {
        tx.rollback().await?;
        return Ok(change);
    }
    let action = match &change.after {
        Some(value) => {
            db::settings::set(&mut tx, project.id, setting.key, value).await?;
            Action::Set
        }
        None => {
            db::settings::unset(&mut tx, project.id, setting.key).await?;
            Action::Unset
        }
    };
    let fields = Fields::new().plain(setting.key, change.before.as_deref(), change.after.as_deref());
    let entry = Entry::new(Entity::ProjectSetting, action).of(project.id.0).in_project(project.id).fields(fields);
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(change)
}
