//! What the words of a file mean: keys of the file, keys that the database remembers, emails, names, ids.

use std::collections::{HashMap, HashSet};

use uuid::Uuid;

use super::Thing;
use crate::db::refs::Noun;
use crate::workflows::plan::state::State;
use crate::workflows::plan::wanted::{Identity, Wanted};

/// A thing that is there, or that the file makes.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ref {
    There(Uuid),
    /// By its key in the file.
    New(String),
}

impl Ref {
    /// Of nothing: an operator has no operator.
    #[must_use]
    pub fn none() -> Self {
        Ref::There(Uuid::nil())
    }

    /// Nil for a new one.
    #[must_use]
    pub fn id(&self) -> Uuid {
        match self {
            Ref::There(id) => *id,
            Ref::New(_) => Uuid::nil(),
        }
    }
}

/// Resolves words.
#[derive(Debug)]
pub struct Resolver<'a> {
    state: &'a State,
    /// By the key in the file.
    operators: HashMap<&'a str, Ref>,
    photographers: HashMap<(Ref, &'a str), Ref>,
    packages: HashMap<(Ref, &'a str), Ref>,
    /// Operators, and the nouns of theirs, that the file describes.
    described: HashSet<(Uuid, Noun)>,
}

impl<'a> Resolver<'a> {
    #[must_use]
    pub fn new(wanted: &'a Wanted, state: &'a State) -> Self {
        let mut resolver = Self {
            state,
            operators: HashMap::new(),
            photographers: HashMap::new(),
            packages: HashMap::new(),
            described: HashSet::new(),
        };
        for one in &wanted.operators {
            let found = resolver.find(Noun::Operator, Uuid::nil(), &one.identity);
            resolver.operators.insert(&one.identity.key.value, found);
        }
        for one in &wanted.photographers {
            let Some(operator) = resolver.operator_of(&one.operator.value) else { continue };
            let found = resolver.find(Noun::Photographer, operator.id(), &one.identity);
            resolver.described.insert((operator.id(), Noun::Photographer));
            resolver.photographers.insert((operator, &one.identity.key.value), found);
        }
        for one in &wanted.packages {
            let Some(operator) = resolver.operator_of(&one.operator.value) else { continue };
            let found = resolver.find(Noun::Package, operator.id(), &one.identity);
            resolver.described.insert((operator.id(), Noun::Package));
            resolver.packages.insert((operator, &one.identity.key.value), found);
        }
        for one in &wanted.projects {
            let Some(operator) = resolver.operator_of(&one.operator.value) else { continue };
            resolver.described.insert((operator.id(), Noun::Project));
        }
        // A file that describes an operator describes all that is theirs.
        for one in &wanted.operators {
            let operator = resolver.operators.get(one.identity.key.value.as_str()).map(Ref::id).unwrap_or_default();
            for noun in [Noun::Photographer, Noun::Package, Noun::Project] {
                resolver.described.insert((operator, noun));
            }
        }
        resolver
    }

    /// The thing of an identity. An id that there is not counts as new; whoever makes the step says so.
    #[must_use]
    pub fn find(&self, noun: Noun, operator: Uuid, identity: &Identity) -> Ref {
        let key = &identity.key.value;
        let by_id = identity.id.as_ref().map(|id| id.value).filter(|id| self.state.has(noun, *id));
        let by_key = || self.state.keys.get(&(noun, operator, key.clone())).copied();
        by_id.or_else(by_key).map_or_else(|| Ref::New(key.clone()), Ref::There)
    }

    /// The live thing that the database knows by a key. A deleted one comes back only where the file describes it.
    fn live_of_key(&self, noun: Noun, operator: Uuid, key: &str) -> Option<Uuid> {
        let id = self.state.keys.get(&(noun, operator, key.to_owned())).copied()?;
        self.state.is_live(noun, id).then_some(id)
    }

    /// An operator by key, email or id.
    #[must_use]
    pub fn operator_of(&self, word: &str) -> Option<Ref> {
        if let Some(found) = self.operators.get(word) {
            return Some(found.clone());
        }
        let by_key = self.live_of_key(Noun::Operator, Uuid::nil(), word);
        let fits = |email: &str| email.to_lowercase() == word.to_lowercase();
        let by_word = || {
            let id = word.parse::<Uuid>().ok();
            let mut all = self.state.operators.values().filter(|one| one.deleted_at.is_none());
            all.find(|one| Some(one.id.0) == id || fits(&one.email)).map(|one| one.id.0)
        };
        by_key.or_else(by_word).map(Ref::There)
    }

    /// A photographer of an operator by key, email or id.
    #[must_use]
    pub fn photographer_of(&self, operator: &Ref, word: &str) -> Option<Ref> {
        if let Some(found) = self.photographers.get(&(operator.clone(), word)) {
            return Some(found.clone());
        }
        let by_key = self.live_of_key(Noun::Photographer, operator.id(), word);
        let id = word.parse::<Uuid>().ok();
        let theirs = self.state.photographers.values();
        let mut theirs = theirs.filter(|one| one.operator_id.0 == operator.id() && one.deleted_at.is_none());
        let by_word = theirs.find(|one| Some(one.id.0) == id || one.email.to_lowercase() == word.to_lowercase());
        by_key.or_else(|| by_word.map(|one| one.id.0)).map(Ref::There)
    }

    /// A package of an operator by key, name or id.
    #[must_use]
    pub fn package_of(&self, operator: &Ref, word: &str) -> Option<Ref> {
        if let Some(found) = self.packages.get(&(operator.clone(), word)) {
            return Some(found.clone());
        }
        let by_key = self.live_of_key(Noun::Package, operator.id(), word);
        let id = word.parse::<Uuid>().ok();
        let theirs = self.state.packages.values();
        let mut theirs = theirs.filter(|one| one.operator_id.0 == operator.id() && one.deleted_at.is_none());
        let by_word = theirs.find(|one| Some(one.id.0) == id || one.name == word);
        by_key.or_else(|| by_word.map(|one| one.id.0)).map(Ref::There)
    }

    /// The keys that a word may have been meant for.
    pub fn keys(&self, noun: Noun) -> Vec<&'a str> {
        match noun {
            Noun::Operator => self.operators.keys().copied().collect(),
            Noun::Photographer => self.photographers.keys().map(|(_, key)| *key).collect(),
            Noun::Package => self.packages.keys().map(|(_, key)| *key).collect(),
            Noun::Project | Noun::User => Vec::new(),
        }
    }

    /// Whether the file says which things of that kind its operator has.
    #[must_use]
    pub fn describes(&self, thing: &Thing) -> bool {
        let operator = match thing {
            Thing::Operator(one) => one.id,
            Thing::Photographer(one) => one.operator_id,
            Thing::Package(one) => one.operator_id,
            Thing::Project(one) => one.operator_id,
        };
        self.described.contains(&(operator.0, thing.noun()))
    }
}
