//! Carrying a plan out: one transaction, all or nothing, and only if the database is as it was when the plan was made.

use std::collections::HashMap;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::compare::{self, Action, Part, PartAction, Plan, Ref, Step, Thing};
use super::problems::Problems;
use super::state::{self, State};
use super::wanted::{self, PasswordSource, Wanted};
use super::{source, variables};
use crate::config::secret_of_command;
use crate::db::declared::{self, Declared};
use crate::db::refs::Noun;
use crate::db::{self, Db, PgConnection, Tx, rows};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{self, Author, Entity, Entry, Fields};
use crate::model::digest::Sha256;
use crate::model::fields::Changes;
use crate::model::ids::{OperatorId, PackageId, PhotographerId, ProjectId};
use crate::model::text::quoted;
use crate::workflows::setup::change::{self, Thing as _};
use crate::workflows::setup::password::{self, Login, Password};
use crate::workflows::setup::{operator, package, part, photographer, project, removal};

/// A file, with all that decides what it wants.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EventFile {
    /// For people.
    pub name: String,
    pub text: String,
    /// Where files that it names are looked for.
    pub folder: PathBuf,
    pub set: variables::Set,
    pub prune: bool,
    /// Spans back from now are counted from here, so that a plan that waits stays the same.
    pub now: DateTime<Utc>,
}

/// A plan that was made before, as it is kept in a file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SavedPlan {
    pub format: u32,
    pub fingerprint: String,
    pub file: EventFile,
}

/// Version of the form of [`SavedPlan`].
pub const PLAN_FORMAT: u32 = 1;

impl EventFile {
    /// What the file wants.
    ///
    /// # Errors
    /// Every mistake in it.
    pub fn wanted(&self) -> Result<Wanted> {
        let mut problems = Problems::new(&self.name, &self.text);
        let mut root = source::read(&self.text, &mut problems);
        variables::substitute(&mut root, &self.set, &mut problems)?;
        let wanted = wanted::read(root, &self.folder, &mut problems);
        problems.none_or_refuse()?;
        Ok(wanted)
    }

    /// The way from what there is to what the file wants, of one state of the database.
    ///
    /// # Errors
    /// Every mistake that only the database reveals, or what the database says.
    pub async fn plan(&self, db: &Db, wanted: &Wanted) -> Result<Plan> {
        let mut tx = db.snapshot().await?;
        let plan = self.plan_in(&mut tx, wanted).await;
        tx.rollback().await?;
        plan
    }

    async fn plan_in(&self, conn: &mut PgConnection, wanted: &Wanted) -> Result<Plan> {
        let operators = state::operators_of(conn, wanted).await?;
        let state = State::load(conn, &operators, wanted).await?;
        let mut problems = Problems::new(&self.name, &self.text);
        let plan = compare::compare(wanted, &state, self.prune, self.now, &mut problems);
        problems.none_or_refuse()?;
        Ok(plan)
    }
}

/// Carries out the plan of that fingerprint.
///
/// # Errors
/// [`Kind::Conflict`] where the database has moved since it was made, a password that cannot be had, or what the
/// database says. Nothing is written then.
pub async fn apply(
    db: &Db,
    author: &Author,
    file: &EventFile,
    wanted: &Wanted,
    fingerprint: Sha256,
    hashes: &Hashes,
) -> Result<Plan> {
    let mut tx = db.begin().await?;
    match write(&mut tx, file, wanted, fingerprint, hashes).await {
        Ok((plan, entries)) => {
            for entry in &entries {
                db::audit::append(&mut tx, author, entry).await?;
            }
            tx.commit().await?;
            Ok(plan)
        }
        Err(error) => {
            tx.rollback().await?;
            Err(error)
        }
    }
}

/// The plan is of another state of the database.
#[must_use]
pub fn has_moved() -> Error {
    let said = "the database, or a file of terms that the event file names, has changed since the plan was made";
    Error::new(Kind::Conflict, format!("{said}; nothing was written")).hint("make the plan again, and look at it")
}

async fn write(
    tx: &mut Tx,
    file: &EventFile,
    wanted: &Wanted,
    fingerprint: Sha256,
    hashes: &Hashes,
) -> Result<(Plan, Vec<Entry>)> {
    db::guard::lock(tx, "event files").await?;
    let operators = state::operators_of(tx, wanted).await?;
    // Whoever creates or adds by hand waits; before the rows, as they take them in that order too.
    for operator in &operators {
        change::hold_things_of(tx, OperatorId(*operator)).await?;
    }
    declared::lock(tx, &operators).await?;
    // What is a mistake now was none when the plan was made.
    let moved = |error: Error| if error.kind() == Kind::InvalidInput { has_moved() } else { error };
    let plan = file.plan_in(tx, wanted).await.map_err(moved)?;
    if plan.fingerprint != fingerprint {
        return Err(has_moved());
    }
    let mut writer = Writer { tx, hashes, made: HashMap::new(), entries: Vec::new() };
    for step in &plan.steps {
        writer.step(step).await?;
    }
    let entries = writer.entries;
    Ok((plan, entries))
}

/// The hashes of the passwords of new people, by noun and key.
#[derive(Debug, Default)]
pub struct Hashes(HashMap<(Noun, String, Ref), String>);

impl Hashes {
    /// Gets and hashes the passwords that the plan needs. Before the transaction: a command may take its time.
    ///
    /// # Errors
    /// When one cannot be had, or bcrypt cannot take it.
    pub async fn of(plan: &Plan, cost: u32) -> Result<Self> {
        let mut hashes = HashMap::new();
        let people = plan
            .steps
            .iter()
            .filter(|step| step.action == Action::Create && matches!(step.noun, Noun::Operator | Noun::Photographer));
        for step in people {
            let login = match &step.password {
                None => Login::Without,
                Some(source) => Login::With(
                    password_from(source)
                        .map_err(|error| error.context(format!("the password of {}", quoted(&step.name))))?,
                ),
            };
            let hash = password::hash(login, cost).await?;
            hashes.insert((step.noun, step.key.clone(), step.operator.clone()), hash);
        }
        Ok(Self(hashes))
    }
}

fn password_from(source: &PasswordSource) -> Result<Password> {
    match source {
        PasswordSource::Environment(name) => {
            let value = std::env::var(name).map_err(|_| {
                Error::invalid(format!("the environment variable {} is not set", quoted(name)))
                    .hint("set it, or leave the password out: nobody can log in then until one is set")
            })?;
            Password::new(value)
        }
        PasswordSource::Command(command) => Password::new(secret_of_command("password", command)?),
    }
}

struct Writer<'t> {
    tx: &'t mut Tx,
    hashes: &'t Hashes,
    /// Ids of what was made, by noun, key and operator.
    made: HashMap<(Noun, Ref, String), Uuid>,
    entries: Vec<Entry>,
}

impl Writer<'_> {
    /// The operator's id, made or there.
    fn operator(&self, operator: &Ref) -> Result<Uuid> {
        self.id_of(Noun::Operator, &Ref::none(), operator)
    }

    fn id_of(&self, noun: Noun, operator: &Ref, what: &Ref) -> Result<Uuid> {
        match what {
            Ref::There(id) => Ok(*id),
            Ref::New(key) => {
                self.made.get(&(noun, operator.clone(), key.clone())).copied().ok_or_else(|| {
                    Error::new(Kind::Internal, format!("the {} {} was not made", noun.word(), quoted(key)))
                })
            }
        }
    }

    async fn step(&mut self, step: &Step) -> Result<()> {
        let operator = self.operator(&step.operator)?;
        let id = match step.id {
            None => self.create(step, operator).await?,
            Some(id) => {
                self.change(step, id).await?;
                id
            }
        };
        if step.action == Action::Remove {
            return declared::forget(self.tx, step.noun, id).await;
        }
        if step.adopt {
            let declared = Declared { noun: step.noun, operator, key: step.key.clone(), id };
            declared::remember(self.tx, &declared).await?;
            if step.id.is_some() {
                let fields = Fields::new().plain("key", None, Some(&step.key));
                self.entries.push(Entry::new(removal::entity(step.noun), audit::Action::Adopt).of(id).fields(fields));
            }
        }
        for change in &step.parts {
            self.part(ProjectId(id), &step.operator, change).await?;
        }
        Ok(())
    }

    async fn create(&mut self, step: &Step, operator: Uuid) -> Result<Uuid> {
        let key = (step.noun, step.key.clone(), step.operator.clone());
        let hash = self.hashes.0.get(&key).map(String::as_str).unwrap_or_default();
        let mut thing = step.after.clone();
        let id = match &mut thing {
            Thing::Operator(one) => {
                one.id = db::operators::insert(self.tx, &operator::values(one), hash).await?;
                one.id.0
            }
            Thing::Photographer(one) => {
                one.operator_id = OperatorId(operator);
                let values = photographer::values(one);
                one.id = db::photographers::insert(self.tx, OperatorId(operator), &values, hash).await?;
                one.id.0
            }
            Thing::Package(one) => {
                one.operator_id = OperatorId(operator);
                one.id = db::packages::insert(self.tx, OperatorId(operator), &package::values(one)).await?;
                one.id.0
            }
            Thing::Project(one) => {
                one.operator_id = OperatorId(operator);
                one.id = db::projects::insert(self.tx, OperatorId(operator), &project::values(one)).await?;
                one.id.0
            }
        };
        self.made.insert((step.noun, step.operator.clone(), step.key.clone()), id);
        self.note(&thing, audit::Action::Create, &Changes::new_thing(thing.fields()));
        Ok(id)
    }

    async fn change(&mut self, step: &Step, id: Uuid) -> Result<()> {
        let action = match step.action {
            Action::Remove => {
                rows::delete(self.tx, step.noun, &[id]).await?;
                audit::Action::Delete
            }
            Action::Restore => {
                rows::restore(self.tx, step.noun, &[id]).await?;
                audit::Action::Restore
            }
            _ => audit::Action::Update,
        };
        if !step.changes.is_empty() {
            match &step.after {
                Thing::Operator(one) => one.write(self.tx).await?,
                Thing::Photographer(one) => one.write(self.tx).await?,
                Thing::Package(one) => one.write(self.tx).await?,
                Thing::Project(one) => one.write(self.tx).await?,
            }
        }
        if !step.changes.is_empty() || action != audit::Action::Update {
            self.note(&step.after, action, &step.changes);
        }
        Ok(())
    }

    fn note(&mut self, thing: &Thing, action: audit::Action, changes: &Changes) {
        let entry = Entry::new(removal::entity(thing.noun()), action).of(thing.id()).fields(changes.to_audit());
        self.entries.push(match thing {
            Thing::Project(project) => entry.in_project(project.id),
            _ => entry,
        });
    }

    async fn part(&mut self, project: ProjectId, operator: &Ref, change: &compare::PartChange) -> Result<()> {
        let add = change.action == PartAction::Add;
        let action = if add { audit::Action::Create } else { audit::Action::Delete };
        let entry = match &change.part {
            Part::Thing(what) if change.kind == compare::PartKind::Photographer => {
                let id = self.id_of(Noun::Photographer, operator, what)?;
                if add {
                    db::members::add_photographer(self.tx, project, PhotographerId(id)).await?;
                } else {
                    db::members::remove_photographer(self.tx, project, PhotographerId(id)).await?;
                }
                Entry::new(Entity::ProjectPhotographer, action).of(id)
            }
            Part::Thing(what) => {
                let id = self.id_of(Noun::Package, operator, what)?;
                if add {
                    db::members::add_package(self.tx, project, PackageId(id)).await?;
                } else {
                    db::members::remove_package(self.tx, project, PackageId(id)).await?;
                }
                Entry::new(Entity::ProjectPackage, action).of(id)
            }
            Part::Coach(coach) if add => {
                let id = db::coaches::add(self.tx, project, &coach.name).await?;
                let fields = Fields::new().private("name", None, Some(&coach.name));
                part::added(Entity::ProjectCoach, project, id).fields(fields)
            }
            Part::Coach(coach) => {
                db::coaches::remove(self.tx, coach).await?;
                let fields = Fields::new().private("name", Some(&coach.name), None);
                Entry::new(Entity::ProjectCoach, action).of(coach.id).fields(fields)
            }
            Part::Setting(_) | Part::OtherSetting(_) => {
                let (before, after) = (change.before.as_deref(), change.after.as_deref());
                let action = match after {
                    Some(value) => {
                        db::settings::set(self.tx, project, &change.name, value).await?;
                        audit::Action::Set
                    }
                    None => {
                        db::settings::unset(self.tx, project, &change.name).await?;
                        audit::Action::Unset
                    }
                };
                let fields = Fields::new().plain(&change.name, before, after);
                Entry::new(Entity::ProjectSetting, action).of(project.0).fields(fields)
            }
        };
        self.entries.push(entry.in_project(project));
        Ok(())
    }
}
