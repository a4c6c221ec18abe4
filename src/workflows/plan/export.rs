//! A file of what there is: comparing with it finds no difference.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::state::State;
use super::variables::escaped;
use super::wanted::Wanted;
use crate::db::refs::Noun;
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::digest::Sha256;
use crate::model::project::{Package, Project};

/// A file, in the order that people read it.
#[derive(Debug, Serialize)]
pub struct Exported {
    operators: Vec<ExportedOperator>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    photographers: Vec<ExportedPhotographer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    packages: Vec<ExportedPackage>,
    projects: Vec<ExportedProject>,
}

#[derive(Debug, Serialize)]
struct ExportedOperator {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    name: String,
    email: String,
    currency: String,
    locale: String,
    timezone: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    picture: Option<String>,
}

#[derive(Debug, Serialize)]
struct ExportedPhotographer {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    operator: String,
    name: String,
    email: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    address: Option<String>,
}

#[derive(Debug, Serialize)]
struct ExportedPackage {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    operator: String,
    name: String,
    price: String,
    photos: i32,
}

#[derive(Debug, Serialize)]
struct ExportedProject {
    key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    operator: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<String>,
    photographers: Vec<String>,
    packages: Vec<String>,
    coaches: Vec<String>,
    settings: BTreeMap<String, String>,
}

impl Exported {
    /// As TOML.
    ///
    /// # Errors
    /// When a value cannot be written, which does not happen.
    pub fn toml(&self) -> Result<String> {
        toml::to_string_pretty(self)
            .map_err(|error| Error::new(Kind::Internal, "the file cannot be written").with_source(error))
    }

    /// As JSON.
    ///
    /// # Errors
    /// When a value cannot be written, which does not happen.
    pub fn json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::new(Kind::Internal, "the file cannot be written").with_source(error))?;
        Ok(format!("{text}\n"))
    }
}

/// Projects with their operators, photographers and packages.
///
/// # Errors
/// What the database says.
pub async fn export(conn: &mut PgConnection, projects: &[Project]) -> Result<Exported> {
    let operators: BTreeSet<Uuid> = projects.iter().map(|project| project.operator_id.0).collect();
    let operators: Vec<Uuid> = operators.into_iter().collect();
    let state = State::load(conn, &operators, &Wanted::default()).await?;
    let mut keys = Keys::new(&state);
    let mut exported =
        Exported { operators: Vec::new(), photographers: Vec::new(), packages: Vec::new(), projects: Vec::new() };
    let (mut photographers, mut packages) = (BTreeSet::new(), BTreeSet::new());
    for project in projects {
        photographers.extend(state.photographers_of.get(&project.id.0).into_iter().flatten().copied());
        packages.extend(state.packages_of.get(&project.id.0).into_iter().flatten().copied());
    }
    for operator in state.operators.values() {
        exported.operators.push(ExportedOperator {
            key: keys.of(Noun::Operator, operator.id.0, Uuid::nil(), &operator.name),
            id: keys.id(Noun::Operator, operator.id.0),
            name: escaped(&operator.name),
            email: escaped(&operator.email),
            currency: operator.currency.clone(),
            locale: operator.locale.clone(),
            timezone: operator.timezone.clone(),
            picture: operator.profile_picture_url.as_deref().map(escaped),
        });
    }
    let live = |id: &&Uuid| state.photographers.get(*id).is_some_and(|one| one.deleted_at.is_none());
    for one in photographers.iter().filter(live).filter_map(|id| state.photographers.get(id)) {
        exported.photographers.push(ExportedPhotographer {
            key: keys.of(Noun::Photographer, one.id.0, one.operator_id.0, &one.name),
            id: keys.id(Noun::Photographer, one.id.0),
            operator: keys.of(Noun::Operator, one.operator_id.0, Uuid::nil(), ""),
            name: escaped(&one.name),
            email: escaped(&one.email),
            address: one.address.as_deref().map(escaped),
        });
    }
    let live = |id: &&Uuid| state.packages.get(*id).is_some_and(|one| one.deleted_at.is_none());
    for one in packages.iter().filter(live).filter_map(|id| state.packages.get(id)) {
        exported.packages.push(package(one, &mut keys));
    }
    for one in projects {
        exported.projects.push(project(one, &state, &mut keys));
    }
    Ok(exported)
}

fn package(one: &Package, keys: &mut Keys<'_>) -> ExportedPackage {
    ExportedPackage {
        key: keys.of(Noun::Package, one.id.0, one.operator_id.0, &one.name),
        id: keys.id(Noun::Package, one.id.0),
        operator: keys.of(Noun::Operator, one.operator_id.0, Uuid::nil(), ""),
        name: escaped(&one.name),
        price: one.price_for_people(),
        photos: one.photo_count,
    }
}

fn project(one: &Project, state: &State, keys: &mut Keys<'_>) -> ExportedProject {
    let operator = one.operator_id.0;
    let zone = one.zone();
    // With the offset, where the time alone could be meant twice.
    let moment = |time: DateTime<Utc>| time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S%.f%:z").to_string();
    let of = |parts: &HashMap<Uuid, BTreeSet<Uuid>>| parts.get(&one.id.0).cloned().unwrap_or_default();
    let photographers = of(&state.photographers_of).into_iter().filter_map(|id| {
        let found = state.photographers.get(&id).filter(|found| found.deleted_at.is_none())?;
        Some(keys.of(Noun::Photographer, id, operator, &found.name))
    });
    let photographers = photographers.collect();
    let packages = of(&state.packages_of).into_iter().filter_map(|id| {
        let found = state.packages.get(&id).filter(|found| found.deleted_at.is_none())?;
        Some(keys.of(Noun::Package, id, operator, &found.name))
    });
    let packages = packages.collect();
    ExportedProject {
        key: keys.of(Noun::Project, one.id.0, operator, &one.name),
        id: keys.id(Noun::Project, one.id.0),
        operator: keys.of(Noun::Operator, operator, Uuid::nil(), ""),
        name: escaped(&one.name),
        location: one.location.as_deref().map(escaped),
        start: one.start_at.map(moment),
        end: one.end_at.map(moment),
        timezone: one.timezone.clone(),
        link: one.link.as_deref().map(escaped),
        terms: one.terms.as_deref().map(escaped),
        photographers,
        packages,
        coaches: state.coaches_of.get(&one.id.0).into_iter().flatten().map(|coach| escaped(&coach.name)).collect(),
        settings: state
            .settings_of
            .get(&one.id.0)
            .into_iter()
            .flatten()
            .map(|(key, value)| (key.clone(), escaped(value)))
            .collect(),
    }
}

/// A key for each thing: the one that the database remembers, else one made of its name.
struct Keys<'s> {
    state: &'s State,
    made: BTreeMap<(Noun, Uuid), String>,
    taken: BTreeSet<(Noun, Uuid, String)>,
}

impl<'s> Keys<'s> {
    fn new(state: &'s State) -> Self {
        let taken = state.keys.keys().map(|(noun, operator, key)| (*noun, *operator, key.clone())).collect();
        Self { state, made: BTreeMap::new(), taken }
    }

    fn of(&mut self, noun: Noun, id: Uuid, operator: Uuid, name: &str) -> String {
        if let Some(key) = self.state.key_of.get(&(noun, id)).or_else(|| self.made.get(&(noun, id))) {
            return key.clone();
        }
        let stem = slug(name, noun);
        let numbered = (2..).map(|n: u32| format!("{stem}-{n}"));
        let free = std::iter::once(stem.clone())
            .chain(numbered)
            .find(|key| !self.taken.contains(&(noun, operator, key.clone())))
            .unwrap_or(stem);
        self.taken.insert((noun, operator, free.clone()));
        self.made.insert((noun, id), free.clone());
        free
    }

    /// What the database does not know by a key is named by its id.
    fn id(&self, noun: Noun, id: Uuid) -> Option<Uuid> {
        (!self.state.key_of.contains_key(&(noun, id))).then_some(id)
    }
}

/// `Summer Run 2026` becomes `summer-run-2026`.
fn slug(name: &str, noun: Noun) -> String {
    let mut slug = String::new();
    for c in name.chars().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    let slug: String = slug.trim_matches('-').chars().take(60).collect();
    if slug.is_empty() { noun.word().to_owned() } else { slug }
}

/// Notes that a file with people's names and emails has left the house.
///
/// # Errors
/// What the database says.
pub async fn note(db: &Db, author: &Author, projects: &[Project], text: &str) -> Result<()> {
    let digest = Sha256::of(text.as_bytes()).to_string();
    let fields = Fields::new().plain("sha256", None, Some(&digest));
    let mut entry =
        Entry::new(Entity::Project, Action::Export).items(projects.iter().map(|one| one.id.0)).fields(fields);
    if let [only] = projects {
        entry = entry.of(only.id.0).in_project(only.id);
    }
    let mut tx = db.begin().await?;
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_made_of_names() {
        assert_eq!(slug("Summer Run 2026!", Noun::Project), "summer-run-2026");
        assert_eq!(slug("東京", Noun::Project), "project");
        assert_eq!(slug("  --Ünter--Den ", Noun::Package), "nter-den");
    }
}
