//! What the database holds of the operators that a file is about.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use uuid::Uuid;

use super::wanted::Wanted;
use crate::db::declared::{self, Declared, Weight};
use crate::db::packages::PackageFilter;
use crate::db::page::Page;
use crate::db::photographers::PhotographerFilter;
use crate::db::projects::ProjectFilter;
use crate::db::refs::Noun;
use crate::db::{self, PgConnection};
use crate::error::Result;
use crate::model::ids::OperatorId;
use crate::model::people::{Operator, Photographer};
use crate::model::project::{Coach, Package, Project};

/// More rows than an operator has.
const MOST: i64 = 10_000_000;

/// Everything that is compared with a file; deleted things too.
#[derive(Debug, Default)]
pub struct State {
    pub operators: BTreeMap<Uuid, Operator>,
    pub photographers: BTreeMap<Uuid, Photographer>,
    pub packages: BTreeMap<Uuid, Package>,
    pub projects: BTreeMap<Uuid, Project>,
    pub keys: HashMap<(Noun, Uuid, String), Uuid>,
    pub key_of: BTreeMap<(Noun, Uuid), String>,
    pub photographers_of: HashMap<Uuid, BTreeSet<Uuid>>,
    pub packages_of: HashMap<Uuid, BTreeSet<Uuid>>,
    pub coaches_of: HashMap<Uuid, Vec<Coach>>,
    pub settings_of: HashMap<Uuid, BTreeMap<String, String>>,
    /// Emails that the file wants, in small letters, and whose they are.
    pub emails: HashMap<(Noun, String), (Uuid, bool)>,
    /// Of a photographer in a project, of a package at a project: the project comes first.
    pub weight_in: HashMap<(Uuid, Uuid), Weight>,
    pub weight_of: HashMap<(Noun, Uuid), Weight>,
}

/// The operators that a file is about, as far as the database has them.
///
/// # Errors
/// What the database says.
pub async fn operators_of(conn: &mut PgConnection, wanted: &Wanted) -> Result<Vec<Uuid>> {
    let mut keys: Vec<String> = Vec::new();
    let mut ids: Vec<Uuid> = Vec::new();
    let mut emails: Vec<String> = Vec::new();
    for operator in &wanted.operators {
        keys.push(operator.identity.key.value.clone());
        ids.extend(operator.identity.id.as_ref().map(|id| id.value));
    }
    let named = wanted.photographers.iter().map(|one| &one.operator);
    let named = named.chain(wanted.packages.iter().map(|one| &one.operator));
    for word in named.chain(wanted.projects.iter().map(|one| &one.operator)) {
        let word = &word.value;
        keys.push(word.clone());
        ids.extend(word.parse::<Uuid>());
        emails.push(word.to_lowercase());
    }
    for list in [&mut keys, &mut emails] {
        list.sort_unstable();
        list.dedup();
    }
    let mut found: Vec<Uuid> =
        declared::operators(conn, &keys, &ids, &emails).await?.into_iter().map(|id| id.0).collect();
    found.sort_unstable();
    Ok(found)
}

impl State {
    /// Of these operators; `wanted` tells which emails matter.
    ///
    /// # Errors
    /// What the database says.
    pub async fn load(conn: &mut PgConnection, operators: &[Uuid], wanted: &Wanted) -> Result<Self> {
        let mut state = Self::default();
        let all = &Page { deleted: true, ..Page::first(MOST) };
        for id in operators {
            let operator = OperatorId(*id);
            state.operators.extend(db::operators::get(conn, operator).await?.map(|one| (*id, one)));
            let filter = PhotographerFilter { operator: Some(operator), ..Default::default() };
            let found = db::photographers::list(conn, filter, all).await?;
            state.photographers.extend(found.into_iter().map(|one| (one.id.0, one)));
            let filter = PackageFilter { operator: Some(operator), ..Default::default() };
            let found = db::packages::list(conn, filter, all).await?;
            state.packages.extend(found.into_iter().map(|one| (one.id.0, one)));
            let filter = ProjectFilter { operator: Some(operator), ..Default::default() };
            let found = db::projects::list(conn, filter, all).await?;
            state.projects.extend(found.into_iter().map(|one| (one.id.0, one)));
        }
        state.load_keys(conn, operators).await?;
        state.load_parts(conn, operators).await?;
        state.load_weights(conn, operators).await?;
        state.load_emails(conn, wanted).await?;
        Ok(state)
    }

    async fn load_keys(&mut self, conn: &mut PgConnection, operators: &[Uuid]) -> Result<()> {
        for Declared { noun, operator, key, id } in declared::keys(conn, operators).await? {
            // The web application may have removed the row.
            if self.has(noun, id) {
                self.keys.insert((noun, operator, key.clone()), id);
                self.key_of.insert((noun, id), key);
            }
        }
        Ok(())
    }

    async fn load_parts(&mut self, conn: &mut PgConnection, operators: &[Uuid]) -> Result<()> {
        let parts = declared::parts(conn, operators).await?;
        for (project, photographer) in parts.photographers {
            self.photographers_of.entry(project.0).or_default().insert(photographer);
        }
        for (project, package) in parts.packages {
            self.packages_of.entry(project.0).or_default().insert(package);
        }
        for coach in parts.coaches {
            self.coaches_of.entry(coach.project_id.0).or_default().push(coach);
        }
        for (project, key, value) in parts.settings {
            self.settings_of.entry(project.0).or_default().insert(key, value);
        }
        Ok(())
    }

    async fn load_weights(&mut self, conn: &mut PgConnection, operators: &[Uuid]) -> Result<()> {
        let weights = declared::weights(conn, operators).await?;
        for (project, photographer, count) in weights.photos {
            self.weight_in.entry((project.0, photographer)).or_default().photos += count;
            self.weight_of.entry((Noun::Photographer, photographer)).or_default().photos += count;
            self.weight_of.entry((Noun::Project, project.0)).or_default().photos += count;
        }
        for (project, package, count) in weights.sales {
            self.weight_in.entry((project.0, package)).or_default().sales += count;
            self.weight_of.entry((Noun::Package, package)).or_default().sales += count;
            self.weight_of.entry((Noun::Project, project.0)).or_default().sales += count;
        }
        Ok(())
    }

    async fn load_emails(&mut self, conn: &mut PgConnection, wanted: &Wanted) -> Result<()> {
        let lower = |email: &super::wanted::At<String>| email.value.to_lowercase();
        let operators: Vec<_> = wanted.operators.iter().filter_map(|one| one.email.as_ref()).map(lower).collect();
        let photographers: Vec<_> =
            wanted.photographers.iter().filter_map(|one| one.email.as_ref()).map(lower).collect();
        for (noun, emails) in [(Noun::Operator, operators), (Noun::Photographer, photographers)] {
            let found = declared::emails(conn, noun, &emails).await?;
            self.emails.extend(found.into_iter().map(|(email, whose)| ((noun, email), whose)));
        }
        Ok(())
    }

    /// Whether there is such a row, not deleted.
    #[must_use]
    pub fn is_live(&self, noun: Noun, id: Uuid) -> bool {
        match noun {
            Noun::Operator => self.operators.get(&id).is_some_and(|one| one.deleted_at.is_none()),
            Noun::Photographer => self.photographers.get(&id).is_some_and(|one| one.deleted_at.is_none()),
            Noun::Package => self.packages.get(&id).is_some_and(|one| one.deleted_at.is_none()),
            Noun::Project => self.projects.get(&id).is_some_and(|one| one.deleted_at.is_none()),
            Noun::User => false,
        }
    }

    /// Whether there is such a row.
    #[must_use]
    pub fn has(&self, noun: Noun, id: Uuid) -> bool {
        match noun {
            Noun::Operator => self.operators.contains_key(&id),
            Noun::Photographer => self.photographers.contains_key(&id),
            Noun::Package => self.packages.contains_key(&id),
            Noun::Project => self.projects.contains_key(&id),
            Noun::User => false,
        }
    }
}
