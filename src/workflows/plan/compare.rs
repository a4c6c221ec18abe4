//! What a file wants, compared with what there is: the steps from one to the other.

mod parts;
mod resolve;
mod things;

use serde::Serialize;
use serde_json::json;
use uuid::Uuid;

pub use parts::{Part, PartAction, PartChange, PartKind};
pub use resolve::Ref;

use super::problems::Problems;
use super::state::State;
use super::wanted::{PasswordSource, Wanted};
use crate::db::declared::Weight;
use crate::db::refs::Noun;
use crate::model::digest::Sha256;
use crate::model::fields::{Changes, Field};
use crate::model::people::{Operator, Photographer};
use crate::model::project::{Package, Project};
use crate::model::text::count;
use crate::workflows::setup::change::Thing as _;

/// One of the things that a file describes.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Thing {
    Operator(Operator),
    Photographer(Photographer),
    Package(Package),
    Project(Project),
}

impl Thing {
    #[must_use]
    pub fn noun(&self) -> Noun {
        match self {
            Thing::Operator(_) => Noun::Operator,
            Thing::Photographer(_) => Noun::Photographer,
            Thing::Package(_) => Noun::Package,
            Thing::Project(_) => Noun::Project,
        }
    }

    /// Nil for one that is not there yet.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Thing::Operator(one) => one.id.0,
            Thing::Photographer(one) => one.id.0,
            Thing::Package(one) => one.id.0,
            Thing::Project(one) => one.id.0,
        }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Thing::Operator(one) => &one.name,
            Thing::Photographer(one) => &one.name,
            Thing::Package(one) => &one.name,
            Thing::Project(one) => &one.name,
        }
    }

    fn is_deleted(&self) -> bool {
        match self {
            Thing::Operator(one) => one.deleted_at.is_some(),
            Thing::Photographer(one) => one.deleted_at.is_some(),
            Thing::Package(one) => one.deleted_at.is_some(),
            Thing::Project(one) => one.deleted_at.is_some(),
        }
    }

    /// Its fields, as the audit log knows them.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        match self {
            Thing::Operator(one) => one.fields(),
            Thing::Photographer(one) => one.fields(),
            Thing::Package(one) => one.fields(),
            Thing::Project(one) => one.fields(),
        }
    }
}

/// What is to be done with a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    Create,
    Change,
    /// It was deleted, and the file wants it.
    Restore,
    /// The file wants it no more.
    Remove,
    /// It is as the file wants it.
    Keep,
}

/// What is to be done with one thing.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    #[serde(serialize_with = "noun_word")]
    pub noun: Noun,
    pub key: String,
    /// Not there yet: none.
    pub id: Option<Uuid>,
    pub name: String,
    pub action: Action,
    pub changes: Changes,
    pub parts: Vec<PartChange>,
    /// What somebody should know before.
    pub warnings: Vec<String>,
    /// The thing is taken over: the database does not know its key yet.
    pub adopt: bool,
    #[serde(skip)]
    pub operator: Ref,
    #[serde(skip)]
    pub before: Option<Thing>,
    #[serde(skip)]
    pub after: Thing,
    #[serde(skip)]
    pub password: Option<PasswordSource>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn noun_word<S: serde::Serializer>(noun: &Noun, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(noun.word())
}

impl Step {
    /// Whether anything is different afterwards.
    #[must_use]
    pub fn changes_something(&self) -> bool {
        self.action != Action::Keep || !self.parts.is_empty()
    }
}

/// Something that an earlier file described and this one does not, and that stays.
#[derive(Debug, Clone, Serialize)]
pub struct Kept {
    #[serde(serialize_with = "noun_word")]
    pub noun: Noun,
    pub key: String,
    pub id: Uuid,
    pub name: String,
    pub why: String,
}

/// The whole way from what there is to what a file wants.
#[derive(Debug, Clone, Serialize)]
pub struct Plan {
    /// SHA-256 over the steps and everything that they were decided from.
    pub fingerprint: Sha256,
    pub creates: u64,
    pub changes: u64,
    pub restores: u64,
    pub removes: u64,
    pub unchanged: u64,
    pub steps: Vec<Step>,
    pub kept: Vec<Kept>,
}

impl Plan {
    /// Whether anything is to be done.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.steps.iter().any(Step::changes_something)
    }
}

/// Compares. Mistakes that only the database reveals go to `problems`; the plan is of use only if there are none.
#[must_use]
pub fn compare(
    wanted: &Wanted,
    state: &State,
    prune: bool,
    now: chrono::DateTime<chrono::Utc>,
    problems: &mut Problems<'_>,
) -> Plan {
    let resolver = resolve::Resolver::new(wanted, state);
    let mut steps = things::steps(wanted, state, &resolver, now, problems);
    for step in &mut steps {
        let index = wanted.projects.iter().position(|one| {
            step.noun == Noun::Project
                && one.identity.key.value == step.key
                && resolver.operator_of(&one.operator.value).is_some_and(|operator| operator == step.operator)
        });
        if let Some(index) = index {
            step.parts = parts::of(&wanted.projects[index], step, state, &resolver, prune, problems);
            if step.action == Action::Keep && !step.parts.is_empty() {
                step.action = Action::Change;
            }
        }
    }
    things::names_are_free(&steps, wanted, state, problems);
    let mut kept = Vec::new();
    unmentioned(&mut steps, &mut kept, state, &resolver, prune);
    finish(steps, kept, state)
}

/// What earlier files described, and this one does not.
fn unmentioned(
    steps: &mut Vec<Step>,
    kept: &mut Vec<Kept>,
    state: &State,
    resolver: &resolve::Resolver<'_>,
    prune: bool,
) {
    let mut wanted: std::collections::HashSet<(Noun, Uuid)> =
        steps.iter().filter_map(|step| Some((step.noun, step.id?))).collect();
    // What takes part in a project of the file, and stays there, is wanted too.
    for step in steps.iter().filter(|step| step.noun == Noun::Project) {
        let there = |noun, parts: Option<&std::collections::BTreeSet<Uuid>>| {
            parts.into_iter().flatten().map(|id| (noun, *id)).collect::<Vec<_>>()
        };
        let project = step.id.unwrap_or_default();
        wanted.extend(there(Noun::Photographer, state.photographers_of.get(&project)));
        wanted.extend(there(Noun::Package, state.packages_of.get(&project)));
    }
    for change in steps.iter().flat_map(|step| &step.parts) {
        let noun = if change.kind == PartKind::Photographer { Noun::Photographer } else { Noun::Package };
        if let Part::Thing(Ref::There(id)) = &change.part
            && change.action == PartAction::Add
        {
            wanted.insert((noun, *id));
        }
    }
    let mut removes = Vec::new();
    for ((noun, id), key) in &state.key_of {
        if wanted.contains(&(*noun, *id)) {
            continue;
        }
        let thing = match noun {
            // A file may be about some projects of an operator without describing the operator.
            Noun::Operator | Noun::User => continue,
            Noun::Photographer => state.photographers.get(id).cloned().map(Thing::Photographer),
            Noun::Package => state.packages.get(id).cloned().map(Thing::Package),
            Noun::Project => state.projects.get(id).cloned().map(Thing::Project),
        };
        let Some(thing) = thing.filter(|thing| !thing.is_deleted()) else { continue };
        if !resolver.describes(&thing) {
            continue;
        }
        let weight = state.weight_of.get(&(*noun, *id)).copied().unwrap_or_default();
        if prune && weight == Weight::default() {
            removes.push(Step {
                noun: *noun,
                key: key.clone(),
                id: Some(*id),
                name: thing.name().to_owned(),
                action: Action::Remove,
                changes: Changes::default(),
                parts: Vec::new(),
                warnings: Vec::new(),
                adopt: false,
                operator: Ref::none(),
                before: Some(thing.clone()),
                after: thing,
                password: None,
            });
        } else {
            let why = if prune { heavy(weight) } else { "not in the file; --prune removes it".to_owned() };
            kept.push(Kept { noun: *noun, key: key.clone(), id: *id, name: thing.name().to_owned(), why });
        }
    }
    // Projects before what is sold at them.
    removes.sort_by_key(|step| std::cmp::Reverse(step.noun));
    steps.extend(removes);
}

/// Why something is not removed.
fn heavy(weight: Weight) -> String {
    let photos = (weight.photos > 0).then(|| count(weight.photos.unsigned_abs(), "photo"));
    let sales = (weight.sales > 0).then(|| count(weight.sales.unsigned_abs(), "sale"));
    let has: Vec<String> = photos.into_iter().chain(sales).collect();
    format!("not in the file, but has {}", has.join(" and "))
}

fn finish(steps: Vec<Step>, kept: Vec<Kept>, state: &State) -> Plan {
    let number = |action| steps.iter().filter(|step| step.action == action).count() as u64;
    let told: Vec<_> = steps
        .iter()
        .map(|step| {
            let parts = step.id.filter(|_| step.noun == Noun::Project).map(|id| {
                json!([
                    state.photographers_of.get(&id),
                    state.packages_of.get(&id),
                    state.coaches_of.get(&id),
                    state.settings_of.get(&id),
                ])
            });
            json!([step, step.before, step.after, parts])
        })
        .collect();
    let fingerprint = Sha256::of(json!(["plan 1", told, kept]).to_string().as_bytes());
    Plan {
        fingerprint,
        creates: number(Action::Create),
        changes: number(Action::Change),
        restores: number(Action::Restore),
        removes: number(Action::Remove),
        unchanged: number(Action::Keep),
        steps,
        kept,
    }
}
