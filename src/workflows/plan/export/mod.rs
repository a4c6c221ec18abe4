//! A file of what there is: comparing with it finds no difference.

mod file;
mod keys;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use uuid::Uuid;

pub use file::Exported;
use file::{ExportedOperator, ExportedPackage, ExportedPhotographer, ExportedProject};
use keys::Keys;

use super::state::State;
use super::stored::{LeftOut, as_written};
use super::variables::escaped;
use super::wanted::Wanted;
use crate::config::policy;
use crate::db::refs::Noun;
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::digest::Sha256;
use crate::model::money::Currency;
use crate::model::people::{Operator, Photographer};
use crate::model::project::{Package, Project};
use crate::workflows::setup::package::price;
use crate::workflows::setup::project::zone_of;
use crate::workflows::setup::{check, settings};

/// Projects with their operators, photographers and packages, and a sentence for each value that is left out: rows of
/// the web application may hold what no file can say.
///
/// # Errors
/// What the database says.
pub async fn export(conn: &mut PgConnection, projects: &[Project]) -> Result<(Exported, Vec<String>)> {
    let operators: BTreeSet<Uuid> = projects.iter().map(|project| project.operator_id.0).collect();
    let operators: Vec<Uuid> = operators.into_iter().collect();
    let state = State::load(conn, &operators, &Wanted::default()).await?;
    let (mut photographers, mut packages) = (BTreeSet::new(), BTreeSet::new());
    for project in projects {
        photographers.extend(state.photographers_of.get(&project.id.0).into_iter().flatten().copied());
        packages.extend(state.packages_of.get(&project.id.0).into_iter().flatten().copied());
    }
    let mut side = Side { state: &state, keys: Keys::new(&state), left_out: LeftOut::default() };
    let exported = Exported {
        operators: state.operators.values().map(|one| side.operator(one)).collect(),
        photographers: photographers
            .iter()
            .filter(|id| state.is_live(Noun::Photographer, **id))
            .filter_map(|id| state.photographers.get(id))
            .map(|one| side.photographer(one))
            .collect(),
        packages: packages
            .iter()
            .filter(|id| state.is_live(Noun::Package, **id))
            .filter_map(|id| state.packages.get(id))
            .map(|one| side.package(one))
            .collect(),
        projects: projects.iter().map(|one| side.project(one)).collect(),
    };
    Ok((exported, side.left_out.into_notes()))
}

struct Side<'s> {
    state: &'s State,
    keys: Keys<'s>,
    left_out: LeftOut,
}

impl Side<'_> {
    /// A text as the file has it, if reading it again lets it in.
    fn text<T>(
        &mut self,
        whose: &str,
        what: &str,
        value: &str,
        check: impl FnOnce(&str) -> Result<T>,
    ) -> Option<String> {
        self.left_out.unless(whose, what, escaped(value), check(value))
    }

    /// As [`Side::text`], for a field that may be empty.
    fn field<T>(
        &mut self,
        whose: &str,
        what: &str,
        value: Option<&str>,
        check: impl FnOnce(&str) -> Result<T>,
    ) -> Option<String> {
        self.text(whose, what, value.filter(|value| !value.trim().is_empty())?, check)
    }

    fn operator(&mut self, one: &Operator) -> ExportedOperator {
        let whose = one.email.as_str();
        ExportedOperator {
            key: self.keys.of(Noun::Operator, one.id.0, Uuid::nil(), &one.name),
            id: self.keys.id(Noun::Operator, one.id.0),
            name: self.text(whose, "the name", &one.name, |text| check::name(text, "the name")),
            email: self.text(whose, "the email", &one.email, check::email),
            currency: self.text(whose, "the currency", &one.currency, str::parse::<Currency>),
            locale: self.text(whose, "the locale", &one.locale, |text| as_written(text, check::locale)),
            timezone: self.text(whose, "the time zone", &one.timezone, |text| as_written(text, check::zone_name)),
            picture: self.field(whose, "the picture", one.profile_picture_url.as_deref(), check::link),
        }
    }

    fn photographer(&mut self, one: &Photographer) -> ExportedPhotographer {
        let whose = one.email.as_str();
        let address = |text: &str| check::text(text, "the address");
        ExportedPhotographer {
            key: self.keys.of(Noun::Photographer, one.id.0, one.operator_id.0, &one.name),
            id: self.keys.id(Noun::Photographer, one.id.0),
            operator: self.keys.of(Noun::Operator, one.operator_id.0, Uuid::nil(), ""),
            name: self.text(whose, "the name", &one.name, |text| check::name(text, "the name")),
            email: self.text(whose, "the email", &one.email, check::email),
            address: self.field(whose, "the address", one.address.as_deref(), address),
        }
    }

    fn package(&mut self, one: &Package) -> ExportedPackage {
        let whose = one.name.as_str();
        let words = one.price_for_people();
        let photos = match one.photo_count {
            1.. => Ok(()),
            count => Err(Error::invalid(format!("{count} is no number of photos"))),
        };
        ExportedPackage {
            key: self.keys.of(Noun::Package, one.id.0, one.operator_id.0, &one.name),
            id: self.keys.id(Noun::Package, one.id.0),
            operator: self.keys.of(Noun::Operator, one.operator_id.0, Uuid::nil(), ""),
            name: self.text(whose, "the name", &one.name, |text| check::name(text, "the name")),
            price: self.text(whose, "the price", &words, |text| price(text, &one.currency)),
            photos: self.left_out.unless(whose, "the number of photos", one.photo_count, photos),
        }
    }

    fn project(&mut self, one: &Project) -> ExportedProject {
        let (whose, operator) = (one.name.as_str(), one.operator_id.0);
        let (start, end) = self.times(one);
        ExportedProject {
            key: self.keys.of(Noun::Project, one.id.0, operator, &one.name),
            id: self.keys.id(Noun::Project, one.id.0),
            operator: self.keys.of(Noun::Operator, operator, Uuid::nil(), ""),
            name: self.text(whose, "the name", &one.name, |text| check::name(text, "the name")),
            location: self.field(whose, "the location", one.location.as_deref(), |text| check::name(text, "it")),
            start,
            end,
            timezone: self
                .field(whose, "the time zone", one.timezone.as_deref(), |text| as_written(text, check::zone_name)),
            link: self.field(whose, "the link", one.link.as_deref(), check::link),
            terms: self.field(whose, "the text of terms", one.terms.as_deref(), |text| check::text(text, "it")),
            photographers: self.parts(one, Noun::Photographer, &self.state.photographers_of),
            packages: self.parts(one, Noun::Package, &self.state.packages_of),
            coaches: self.coaches(one),
            settings: self.settings(one),
        }
    }

    /// Start and end, as far as reading them again gives the same.
    fn times(&mut self, one: &Project) -> (Option<String>, Option<String>) {
        let zone = one.zone();
        let bad = match (zone_of(one.timezone.as_deref(), &one.operator_timezone), one.start_at, one.end_at) {
            (_, None, None) => None,
            (Err(error), _, _) => Some(error.message().to_owned()),
            (_, Some(start), Some(end)) if end < start => Some("it ends before it starts".to_owned()),
            _ => None,
        };
        if let Some(why) = bad {
            self.left_out.add(&one.name, "the time", &why);
            return (None, None);
        }
        // With the offset, where the time alone could be meant twice.
        let moment = |time: DateTime<Utc>| time.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S%.f%:z").to_string();
        (one.start_at.map(moment), one.end_at.map(moment))
    }

    /// The keys of what takes part in a project.
    fn parts(&mut self, one: &Project, noun: Noun, parts: &HashMap<Uuid, BTreeSet<Uuid>>) -> Vec<String> {
        let state = self.state;
        let ids = parts.get(&one.id.0).into_iter().flatten().copied().filter(|id| state.is_live(noun, *id));
        ids.filter_map(|id| {
            let name = match noun {
                Noun::Photographer => &state.photographers.get(&id)?.name,
                _ => &state.packages.get(&id)?.name,
            };
            Some(self.keys.of(noun, id, one.operator_id.0, name))
        })
        .collect()
    }

    /// Each name once: a list of names cannot say that two coaches have the same.
    fn coaches(&mut self, one: &Project) -> Vec<String> {
        let state = self.state;
        let names: BTreeSet<&str> =
            state.coaches_of.get(&one.id.0).into_iter().flatten().map(|coach| coach.name.trim()).collect();
        names
            .into_iter()
            .filter_map(|name| {
                self.text(&one.name, &format!("the coach {name}"), name, |text| check::name(text, "the name"))
            })
            .collect()
    }

    fn settings(&mut self, one: &Project) -> BTreeMap<String, String> {
        let state = self.state;
        let own = state.settings_of.get(&one.id.0).into_iter().flatten();
        own.filter_map(|(key, value)| {
            let fits = |value: &str| policy::canonical(settings::setting(key)?, value);
            Some((key.clone(), self.text(&one.name, &format!("the setting {key}"), value, fits)?))
        })
        .collect()
    }
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
