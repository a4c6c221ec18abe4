//! Operators, photographers, packages and projects: what is to become of each.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::resolve::{Ref, Resolver};
use super::{Action, Step, Thing};
use crate::db::refs::Noun;
use crate::error::Error;
use crate::model::fields::Changes;
use crate::model::ids::{OperatorId, PackageId, PhotographerId, ProjectId};
use crate::model::money::Currency;
use crate::model::people::{Operator, Photographer};
use crate::model::project::{Package, Project};
use crate::model::text::{count, quoted};
use crate::workflows::plan::problems::{Problems, Span};
use crate::workflows::plan::state::State;
use crate::workflows::plan::stored::{keep_space, keep_space_if};
use crate::workflows::plan::wanted::{
    At, Field, Identity, PasswordSource, Wanted, WantedOperator, WantedPackage, WantedPhotographer, WantedProject,
};
use crate::workflows::setup::change::Edit;
use crate::workflows::setup::package::{price, sold_before};
use crate::workflows::setup::project::{ProjectEdit, moved};
use crate::workflows::setup::{currency, operator};

/// A step for each thing of the file, operators first.
pub fn steps(
    wanted: &Wanted,
    state: &State,
    resolver: &Resolver<'_>,
    now: DateTime<Utc>,
    problems: &mut Problems<'_>,
) -> Vec<Step> {
    let mut side = Side { state, resolver, now, problems, steps: Vec::new() };
    for one in &wanted.operators {
        side.operator(one);
    }
    for one in &wanted.photographers {
        side.photographer(one);
    }
    for one in &wanted.packages {
        side.package(one);
    }
    for one in &wanted.projects {
        side.project(one);
    }
    side.steps
}

struct Side<'s, 'r, 'p> {
    state: &'s State,
    resolver: &'s Resolver<'r>,
    now: DateTime<Utc>,
    problems: &'s mut Problems<'p>,
    steps: Vec<Step>,
}

impl Side<'_, '_, '_> {
    /// The operator that a thing belongs to; a mistake where there is none.
    fn operator_of(&mut self, word: &At<String>) -> Option<Ref> {
        let found = self.resolver.operator_of(&word.value);
        if found.is_none() {
            let keys = self.resolver.keys(Noun::Operator);
            self.problems.unknown(&word.span, "there is no operator", &word.value, keys);
        }
        found
    }

    /// The operator as the file leaves them: the currency and the zone matter.
    fn operator_after(&self, operator: &Ref) -> Option<Operator> {
        let planned = self.steps.iter().find_map(|step| match &step.after {
            Thing::Operator(one) => match operator {
                Ref::There(id) => (one.id.0 == *id).then(|| one.clone()),
                Ref::New(key) => (one.id.0.is_nil() && step.key == *key).then(|| one.clone()),
            },
            _ => None,
        });
        planned.or_else(|| self.state.operators.get(&operator.id()).cloned())
    }

    /// The row of an identity, if it is there. Says so where an id names none, or the key another one.
    fn there(&mut self, noun: Noun, operator: &Ref, identity: &Identity) -> Option<Uuid> {
        let remembered = self.state.keys.get(&(noun, operator.id(), identity.key.value.clone())).copied();
        if let Some(id) = &identity.id {
            if !self.belongs(noun, id.value, operator) {
                let said = format!("there is no {} {} of that operator", noun.word(), id.value);
                self.problems.add(
                    &id.span,
                    if noun == Noun::Operator { format!("there is no operator {}", id.value) } else { said },
                );
                return None;
            }
            if remembered.is_some_and(|other| other != id.value) {
                let said = format!("the key belongs to another {}: {}", noun.word(), remembered.unwrap_or_default());
                self.problems.add(&identity.key.span, said);
            }
            return Some(id.value);
        }
        remembered
    }

    fn belongs(&self, noun: Noun, id: Uuid, operator: &Ref) -> bool {
        let whose = match noun {
            Noun::Operator => return self.state.operators.contains_key(&id),
            Noun::Photographer => self.state.photographers.get(&id).map(|one| one.operator_id),
            Noun::Package => self.state.packages.get(&id).map(|one| one.operator_id),
            Noun::Project => self.state.projects.get(&id).map(|one| one.operator_id),
            Noun::User => None,
        };
        whose.is_some_and(|whose| whose.0 == operator.id())
    }

    /// A new thing needs a value that the file does not give.
    fn needs(&mut self, identity: &Identity, noun: Noun, name: &str) {
        let said = format!("the {} `{}` is new: it needs `{name}`", noun.word(), identity.key.value);
        self.problems.add(&identity.key.span, said);
    }

    fn email_is_free(&mut self, noun: Noun, email: Option<&At<String>>, id: Option<Uuid>) {
        let Some(email) = email else { return };
        let Some((whose, deleted)) = self.state.emails.get(&(noun, email.value.to_lowercase())) else { return };
        if Some(*whose) != id {
            let deleted = if *deleted { "deleted " } else { "" };
            let word = noun.word();
            let said = format!(
                "{} is the email of the {deleted}{word} {whose}; to take them over, write id = \"{whose}\"",
                email.value
            );
            self.problems.add(&email.span, said);
        }
    }

    fn push(
        &mut self,
        identity: &Identity,
        operator: Ref,
        before: Option<Thing>,
        after: Thing,
        password: Option<&PasswordSource>,
        warnings: Vec<String>,
    ) {
        let changes = match &before {
            Some(before) => Changes::between(before.fields(), after.fields()),
            None => Changes::new_thing(after.fields()),
        };
        let action = match &before {
            None => Action::Create,
            Some(before) if before.is_deleted() => Action::Restore,
            Some(_) if changes.is_empty() => Action::Keep,
            Some(_) => Action::Change,
        };
        let (noun, id) = (after.noun(), before.as_ref().map(Thing::id));
        let known = id.and_then(|id| self.state.key_of.get(&(noun, id)));
        self.steps.push(Step {
            noun,
            key: identity.key.value.clone(),
            id,
            name: after.name().to_owned(),
            action,
            changes,
            parts: Vec::new(),
            warnings,
            adopt: known != Some(&identity.key.value),
            operator,
            before,
            after,
            password: password.filter(|_| id.is_none()).cloned(),
        });
    }

    fn operator(&mut self, one: &WantedOperator) {
        let id = self.there(Noun::Operator, &Ref::none(), &one.identity);
        let before = id.and_then(|id| self.state.operators.get(&id).cloned());
        if before.is_none() {
            for (name, given) in [("name", one.name.is_some()), ("email", one.email.is_some())] {
                if !given {
                    self.needs(&one.identity, Noun::Operator, name);
                }
            }
        }
        self.email_is_free(Noun::Operator, one.email.as_ref(), id);
        let mut after = before.clone().unwrap_or_else(|| new_operator(one));
        set(&mut after.name, one.name.as_ref());
        set(&mut after.email, one.email.as_ref());
        if let Some(locale) = &one.locale {
            after.locale.clone_from(&locale.value);
        }
        if let Some(currency) = &one.currency {
            currency.value.code().clone_into(&mut after.currency);
        }
        if let Some(zone) = &one.timezone {
            zone.value.name().clone_into(&mut after.timezone);
        }
        set_field(&mut after.profile_picture_url, &one.picture);
        if let Some(before) = before.as_ref().filter(|before| before.currency != after.currency) {
            self.currency_may_change(before, one.currency.as_ref());
        }
        let mut warnings = Vec::new();
        if let Some(before) = before.as_ref().filter(|before| before.email != after.email) {
            let (old, new) = (&before.email, &after.email);
            warnings.push(format!(
                "logs in as {new} from now on, no longer as {old}; keys of operators are the database's"
            ));
        }
        if before.is_none() && one.currency.is_none() {
            warnings.push(format!("{}: from {}", after.currency, decided(one).1));
        }
        self.push(
            &one.identity,
            Ref::none(),
            before.map(Thing::Operator),
            Thing::Operator(after),
            one.password.as_ref(),
            warnings,
        );
    }

    fn currency_may_change(&mut self, before: &Operator, currency: Option<&At<Currency>>) {
        let packages = self.state.packages.values().filter(|package| package.operator_id == before.id).count() as u64;
        if let Some(currency) = currency
            && packages > 0
        {
            let said = format!(
                "the currency of {} cannot change: {} and their sales are counted in {}",
                before.email,
                count(packages, "package"),
                before.currency
            );
            self.problems.add(&currency.span, said);
        }
    }

    fn photographer(&mut self, one: &WantedPhotographer) {
        let Some(operator) = self.operator_of(&one.operator) else { return };
        let id = self.there(Noun::Photographer, &operator, &one.identity);
        let before = id.and_then(|id| self.state.photographers.get(&id).cloned());
        if before.is_none() {
            for (name, given) in [("name", one.name.is_some()), ("email", one.email.is_some())] {
                if !given {
                    self.needs(&one.identity, Noun::Photographer, name);
                }
            }
        }
        self.email_is_free(Noun::Photographer, one.email.as_ref(), id);
        let mut after = before.clone().unwrap_or_else(|| Photographer {
            id: PhotographerId(Uuid::nil()),
            name: String::new(),
            email: String::new(),
            address: None,
            operator_id: OperatorId(operator.id()),
            operator: self.operator_after(&operator).map(|one| one.name).unwrap_or_default(),
            created_at: DateTime::UNIX_EPOCH,
            deleted_at: None,
        });
        set(&mut after.name, one.name.as_ref());
        set(&mut after.email, one.email.as_ref());
        set_field(&mut after.address, &one.address);
        let before = before.map(Thing::Photographer);
        self.push(&one.identity, operator, before, Thing::Photographer(after), one.password.as_ref(), Vec::new());
    }

    fn package(&mut self, one: &WantedPackage) {
        let Some(operator) = self.operator_of(&one.operator) else { return };
        let id = self.there(Noun::Package, &operator, &one.identity);
        let before = id.and_then(|id| self.state.packages.get(&id).cloned());
        if before.is_none() {
            let given =
                [("name", one.name.is_some()), ("price", one.price.is_some()), ("photos", one.photos.is_some())];
            for (name, _) in given.into_iter().filter(|(_, given)| !given) {
                self.needs(&one.identity, Noun::Package, name);
            }
        }
        let owner = self.operator_after(&operator);
        let currency = owner.as_ref().map(|owner| owner.currency.clone()).unwrap_or_default();
        let mut after = before.clone().unwrap_or_else(|| Package {
            id: PackageId(Uuid::nil()),
            name: String::new(),
            operator_id: OperatorId(operator.id()),
            operator: owner.map(|owner| owner.name).unwrap_or_default(),
            price: 0,
            currency: currency.clone(),
            photo_count: 1,
            created_at: DateTime::UNIX_EPOCH,
            deleted_at: None,
        });
        set(&mut after.name, one.name.as_ref());
        if let Some(text) = &one.price {
            after.price = self.price(text, &currency).unwrap_or(after.price);
        }
        if let Some(photos) = &one.photos {
            after.photo_count = i32::try_from(photos.value).unwrap_or(i32::MAX);
        }
        let sold = id.and_then(|id| self.state.weight_of.get(&(Noun::Package, id))).map_or(0, |weight| weight.sales);
        let warnings = before.as_ref().and_then(|before| sold_before(before, &after, sold)).into_iter().collect();
        self.push(&one.identity, operator, before.map(Thing::Package), Thing::Package(after), None, warnings);
    }

    /// A price in a file names its currency, which must be the operator's.
    fn price(&mut self, text: &At<String>, currency: &str) -> Option<i32> {
        if !text.value.contains(|c: char| c.is_ascii_alphabetic()) {
            self.problems.add(&text.span, format!("a price names its currency: \"{} {currency}\"", text.value.trim()));
            return None;
        }
        self.problems.check(&text.span, price(&text.value, currency))
    }

    fn project(&mut self, one: &WantedProject) {
        let Some(operator) = self.operator_of(&one.operator) else { return };
        let id = self.there(Noun::Project, &operator, &one.identity);
        let before = id.and_then(|id| self.state.projects.get(&id).cloned());
        if before.is_none() && one.name.is_none() {
            self.needs(&one.identity, Noun::Project, "name");
        }
        let owner = self.operator_after(&operator);
        let base = before.clone().unwrap_or_else(|| Project {
            id: ProjectId(Uuid::nil()),
            name: String::new(),
            operator_id: OperatorId(operator.id()),
            operator: owner.as_ref().map(|owner| owner.name.clone()).unwrap_or_default(),
            location: None,
            start_at: None,
            end_at: None,
            link: None,
            terms: None,
            timezone: None,
            operator_timezone: String::new(),
            created_at: DateTime::UNIX_EPOCH,
            deleted_at: None,
        });
        // The file may give the operator another zone.
        let zone = owner.map(|owner| owner.timezone).unwrap_or_default();
        let base = Project { operator_timezone: zone, ..base };
        // A mistake in it hides no mistake in its parts.
        let after = self.project_after(one, &base).unwrap_or(base);
        let warnings = before.as_ref().and_then(|before| moved(before, &after)).into_iter().collect();
        self.push(&one.identity, operator, before.map(Thing::Project), Thing::Project(after), None, warnings);
    }

    fn project_after(&mut self, one: &WantedProject, base: &Project) -> Option<Project> {
        let edit = ProjectEdit {
            name: one.name.as_ref().map(|name| name.value.as_str()),
            location: edit(&one.location),
            timezone: edit(&one.timezone),
            link: edit(&one.link),
            terms: edit(&one.terms),
            ..ProjectEdit::default()
        };
        let place = |field: &Field| field.as_ref().map_or(one.identity.key.span.clone(), |at| at.span.clone());
        let without_times = self.problems.check(&one.identity.key.span, edit.apply(base, self.now))?;
        // One after the other, so that each mistake has its own place.
        let mut after = without_times;
        let both = one.start.is_some() && one.end.is_some();
        if both {
            (after.start_at, after.end_at) = (None, None);
        }
        let times = [(&one.start, true), (&one.end, false)];
        for (field, is_start) in times {
            let edit = match is_start {
                true => ProjectEdit { start: self::edit(field), ..ProjectEdit::default() },
                false => ProjectEdit { end: self::edit(field), ..ProjectEdit::default() },
            };
            after = self.problems.check(&place(field), edit.apply(&after, self.now).map_err(without_option))?;
        }
        // A moment that is the same to the minute is the same: files have no seconds.
        for (now, was) in [(&mut after.start_at, base.start_at), (&mut after.end_at, base.end_at)] {
            let minute = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp().div_euclid(60));
            if minute(*now) == minute(was) {
                *now = was;
            }
        }
        keep_space(&mut after.name, &base.name);
        keep_space_if(&mut after.location, base.location.as_ref());
        keep_space_if(&mut after.link, base.link.as_ref());
        keep_space_if(&mut after.terms, base.terms.as_ref());
        Some(after)
    }
}

/// The options of a command line are not the words of a file.
fn without_option(error: Error) -> Error {
    let message = error.message().trim_start_matches("--start: ").trim_start_matches("--end: ").to_owned();
    let renewed = Error::new(error.kind(), message);
    error.hints().iter().fold(renewed, |renewed, hint| renewed.hint(hint.clone()))
}

/// The currency of a new operator who has none in the file, and what it was decided from.
fn decided(one: &WantedOperator) -> (String, String) {
    let zone = one.timezone.as_ref().map(|zone| zone.value);
    let locale = one.locale.as_ref().map(|locale| locale.value.as_str());
    let default = || (currency::DEFAULT.to_owned(), "the default".to_owned());
    currency::decide(&currency::Whereabouts::default(), zone, locale)
        .map_or_else(|_| default(), |decided| (decided.currency.code().to_owned(), decided.from))
}

fn new_operator(one: &WantedOperator) -> Operator {
    Operator {
        id: OperatorId(Uuid::nil()),
        name: String::new(),
        email: String::new(),
        currency: decided(one).0,
        locale: operator::DEFAULT_LOCALE.to_owned(),
        timezone: operator::DEFAULT_TIMEZONE.name().to_owned(),
        profile_picture_url: None,
        created_at: DateTime::UNIX_EPOCH,
        deleted_at: None,
    }
}

fn set(field: &mut String, wanted: Option<&At<String>>) {
    if let Some(wanted) = wanted {
        let before = std::mem::replace(field, wanted.value.clone());
        keep_space(field, &before);
    }
}

fn set_field(field: &mut Option<String>, wanted: &Field) {
    if let Some(wanted) = wanted {
        let before = std::mem::replace(field, wanted.value.clone());
        keep_space_if(field, before.as_ref());
    }
}

fn edit(field: &Field) -> Edit<'_> {
    field.as_ref().map(|at| at.value.as_deref())
}

/// No two live things of an operator have the same name afterwards.
pub fn names_are_free(steps: &[Step], wanted: &Wanted, state: &State, problems: &mut Problems<'_>) {
    let mut taken: HashMap<(Noun, Ref, String), Uuid> = HashMap::new();
    let described: std::collections::HashSet<Uuid> = steps.iter().filter_map(|step| step.id).collect();
    let mut live = |noun, operator: OperatorId, name: &str, id: Uuid, deleted: bool| {
        if !deleted && !described.contains(&id) {
            taken.insert((noun, Ref::There(operator.0), name.to_owned()), id);
        }
    };
    for one in state.photographers.values() {
        live(Noun::Photographer, one.operator_id, &one.name, one.id.0, one.deleted_at.is_some());
    }
    for one in state.packages.values() {
        live(Noun::Package, one.operator_id, &one.name, one.id.0, one.deleted_at.is_some());
    }
    for one in state.projects.values() {
        live(Noun::Project, one.operator_id, &one.name, one.id.0, one.deleted_at.is_some());
    }
    let mut new: HashMap<(Noun, Ref, String), &str> = HashMap::new();
    for step in steps.iter().filter(|step| step.noun != Noun::Operator) {
        let place = (step.noun, step.operator.clone(), step.name.clone());
        // What is called like another one already may stay so.
        let before = step.before.as_ref().filter(|before| before.name() == step.name && !before.is_deleted());
        let span = span_of(wanted, step);
        if before.is_none()
            && let Some(id) = taken.get(&place)
        {
            let (word, name) = (step.noun.word(), quoted(&step.name));
            problems.add(&span, format!("there is a {word} {name} already; to take it over, write id = \"{id}\""));
        }
        if let Some(other) = new.insert(place, &step.key)
            && before.is_none()
        {
            problems.add(&span, format!("`{other}` has the same name {}", quoted(&step.name)));
        }
    }
}

/// Where the name of a step's thing stands in the file, else its key.
fn span_of(wanted: &Wanted, step: &Step) -> Span {
    let place = |identity: &Identity, name: &Option<At<String>>| {
        (identity.key.value == step.key)
            .then(|| name.as_ref().map_or(identity.key.span.clone(), |name| name.span.clone()))
    };
    let found = match step.noun {
        Noun::Photographer => wanted.photographers.iter().find_map(|one| place(&one.identity, &one.name)),
        Noun::Package => wanted.packages.iter().find_map(|one| place(&one.identity, &one.name)),
        Noun::Project => wanted.projects.iter().find_map(|one| place(&one.identity, &one.name)),
        Noun::Operator | Noun::User => None,
    };
    found.unwrap_or(0..0)
}
