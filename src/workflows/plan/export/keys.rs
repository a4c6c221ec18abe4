//! The keys of what is exported.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::db::refs::Noun;
use crate::workflows::plan::state::State;

/// A key for each thing: the one that the database remembers, else one made of its name.
pub struct Keys<'s> {
    state: &'s State,
    made: BTreeMap<(Noun, Uuid), String>,
    taken: BTreeSet<(Noun, Uuid, String)>,
}

impl<'s> Keys<'s> {
    pub fn new(state: &'s State) -> Self {
        let taken = state.keys.keys().map(|(noun, operator, key)| (*noun, *operator, key.clone())).collect();
        Self { state, made: BTreeMap::new(), taken }
    }

    pub fn of(&mut self, noun: Noun, id: Uuid, operator: Uuid, name: &str) -> String {
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
    pub fn id(&self, noun: Noun, id: Uuid) -> Option<Uuid> {
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
