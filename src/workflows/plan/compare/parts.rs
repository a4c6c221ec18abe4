//! Who and what takes part in a project: photographers, packages, coaches, settings.

use serde::Serialize;

use super::Step;
use super::resolve::{Ref, Resolver};
use crate::config::policy;
use crate::db::refs::Noun;
use crate::model::ids::ProjectId;
use crate::model::project::Coach;
use crate::model::text::quoted;
use crate::workflows::plan::problems::Problems;
use crate::workflows::plan::state::State;
use crate::workflows::plan::wanted::{At, WantedProject};
use crate::workflows::setup::settings;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartKind {
    Photographer,
    Package,
    Coach,
    Setting,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartAction {
    Add,
    Remove,
    /// Of a setting: another value.
    Change,
}

/// What is written for a part.
#[derive(Debug, Clone)]
pub enum Part {
    Thing(Ref),
    Coach(Coach),
    Setting(&'static str),
    /// A setting that goes.
    OtherSetting(String),
}

/// A part that comes, goes, or is another.
#[derive(Debug, Clone, Serialize)]
pub struct PartChange {
    pub kind: PartKind,
    pub action: PartAction,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    #[serde(skip)]
    pub part: Part,
}

/// What is different about the parts of a project.
pub fn of(
    wanted: &WantedProject,
    step: &mut Step,
    state: &State,
    resolver: &Resolver<'_>,
    prune: bool,
    problems: &mut Problems<'_>,
) -> Vec<PartChange> {
    let mut changes = Vec::new();
    let mut side = Side { step, state, resolver, prune, problems, changes: &mut changes };
    if let Some(words) = &wanted.photographers {
        side.things(Noun::Photographer, PartKind::Photographer, words);
    }
    if let Some(words) = &wanted.packages {
        side.things(Noun::Package, PartKind::Package, words);
    }
    if let Some(names) = &wanted.coaches {
        side.coaches(names);
    }
    if let Some(settings) = &wanted.settings {
        side.settings(settings);
    }
    changes
}

struct Side<'s, 'r, 'a, 'p> {
    step: &'s mut Step,
    state: &'s State,
    resolver: &'s Resolver<'r>,
    prune: bool,
    problems: &'s mut Problems<'p>,
    changes: &'a mut Vec<PartChange>,
}

impl Side<'_, '_, '_, '_> {
    fn add(&mut self, kind: PartKind, name: String, part: Part) {
        self.changes.push(PartChange { kind, action: PartAction::Add, name, before: None, after: None, part });
    }

    fn surplus(&mut self, kind: PartKind, name: String, part: Part, heavy: Option<String>) {
        match heavy {
            _ if !self.prune => {
                self.step.warnings.push(format!("{} stays: not in the file; --prune removes it", quoted(&name)));
            }
            Some(heavy) => {
                self.step.warnings.push(format!("{} stays: not in the file, but has {heavy}", quoted(&name)))
            }
            None => self.changes.push(PartChange {
                kind,
                action: PartAction::Remove,
                name,
                before: None,
                after: None,
                part,
            }),
        }
    }

    fn things(&mut self, noun: Noun, kind: PartKind, words: &[At<String>]) {
        let there = match (noun, self.step.id) {
            (Noun::Photographer, Some(id)) => self.state.photographers_of.get(&id).cloned().unwrap_or_default(),
            (_, Some(id)) => self.state.packages_of.get(&id).cloned().unwrap_or_default(),
            (_, None) => std::collections::BTreeSet::new(),
        };
        let mut wanted = std::collections::HashSet::new();
        for word in words {
            let operator = self.step.operator.clone();
            let found = match noun {
                Noun::Photographer => self.resolver.photographer_of(&operator, &word.value),
                _ => self.resolver.package_of(&operator, &word.value),
            };
            let Some(found) = found else {
                let what = format!("the project's operator has no {}", noun.word());
                self.problems.unknown(&word.span, &what, &word.value, self.resolver.keys(noun));
                continue;
            };
            if !wanted.insert(found.clone()) {
                self.problems.add(
                    &word.span,
                    format!("{} is the same {} as another word here", quoted(&word.value), noun.word()),
                );
                continue;
            }
            if !matches!(&found, Ref::There(id) if there.contains(id)) {
                let name = self.name_of(noun, &found).unwrap_or_else(|| word.value.clone());
                self.add(kind, name, Part::Thing(found));
            }
        }
        for id in there {
            let found = Ref::There(id);
            if wanted.contains(&found) {
                continue;
            }
            let project = self.step.id.unwrap_or_default();
            let weight = self.state.weight_in.get(&(project, id)).copied().unwrap_or_default();
            let heavy = match noun {
                Noun::Photographer => {
                    (weight.photos > 0).then(|| crate::model::text::count(weight.photos.unsigned_abs(), "photo"))
                }
                _ => (weight.sales > 0).then(|| crate::model::text::count(weight.sales.unsigned_abs(), "sale")),
            };
            let name = self.name_of(noun, &found).unwrap_or_else(|| id.to_string());
            self.surplus(kind, name, Part::Thing(found), heavy);
        }
    }

    fn name_of(&self, noun: Noun, found: &Ref) -> Option<String> {
        let Ref::There(id) = found else { return None };
        match noun {
            Noun::Photographer => self.state.photographers.get(id).map(|one| one.email.clone()),
            _ => self.state.packages.get(id).map(|one| one.name.clone()),
        }
    }

    fn coaches(&mut self, names: &[At<String>]) {
        let project = self.step.id.unwrap_or_default();
        let there = self.state.coaches_of.get(&project).cloned().unwrap_or_default();
        for name in names {
            if !there.iter().any(|coach| coach.name.trim() == name.value) {
                let coach = Coach { id: uuid::Uuid::nil(), name: name.value.clone(), project_id: ProjectId(project) };
                self.add(PartKind::Coach, name.value.clone(), Part::Coach(coach));
            }
        }
        for coach in there {
            if !names.iter().any(|name| name.value == coach.name.trim()) {
                self.surplus(PartKind::Coach, coach.name.clone(), Part::Coach(coach), None);
            }
        }
    }

    fn settings(&mut self, settings: &std::collections::BTreeMap<&'static str, At<String>>) {
        let project = self.step.id.unwrap_or_default();
        let there = self.state.settings_of.get(&project).cloned().unwrap_or_default();
        for (key, value) in settings {
            let before = there.get(*key);
            let same = |before: &String| {
                settings::setting(key)
                    .and_then(|setting| policy::canonical(setting, before))
                    .is_ok_and(|canonical| canonical == value.value)
            };
            if before == Some(&value.value) || before.is_some_and(same) {
                continue;
            }
            self.changes.push(PartChange {
                kind: PartKind::Setting,
                action: if before.is_some() { PartAction::Change } else { PartAction::Add },
                name: (*key).to_owned(),
                before: before.cloned(),
                after: Some(value.value.clone()),
                part: Part::Setting(key),
            });
        }
        let surplus = there.keys().filter(|key| !settings.contains_key(key.as_str()));
        for key in surplus {
            // A newer photoctl may have set it: no file of ours could name it.
            if settings::setting(key).is_err() {
                self.step.warnings.push(format!("{} stays: no setting that this photoctl knows", quoted(key)));
                continue;
            }
            self.surplus(PartKind::Setting, key.clone(), Part::OtherSetting(key.clone()), None);
            if let Some(change) = self.changes.last_mut().filter(|change| change.name == *key) {
                change.before = there.get(key).cloned();
            }
        }
    }
}
