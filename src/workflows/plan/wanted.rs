//! What a file wants: its values as operators, photographers, packages and projects, checked as far as the file alone
//! tells.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono_tz::Tz;
use uuid::Uuid;

use super::problems::{Problems, Span};
use super::source::{Key, Node, Value};
use crate::config::policy;
use crate::model::money::Currency;
use crate::model::text;
use crate::workflows::setup::{check, settings};

/// A value and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    pub span: Span,
    pub value: T,
}

/// A field that may be empty: `None` is not in the file, and left alone; an empty text empties it.
pub type Field = Option<At<Option<String>>>;

/// Where a password comes from. It never stands in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordSource {
    /// The environment variable of that name.
    Environment(String),
    /// What a command prints, up to the first line's end.
    Command(String),
}

/// What each thing has.
#[derive(Debug, Clone)]
pub struct Identity {
    pub key: At<String>,
    /// Takes over the thing of that id.
    pub id: Option<At<Uuid>>,
}

#[derive(Debug, Clone)]
pub struct WantedOperator {
    pub identity: Identity,
    pub name: Option<At<String>>,
    pub email: Option<At<String>>,
    pub currency: Option<At<Currency>>,
    pub locale: Option<At<String>>,
    pub timezone: Option<At<Tz>>,
    pub picture: Field,
    pub password: Option<PasswordSource>,
}

#[derive(Debug, Clone)]
pub struct WantedPhotographer {
    pub identity: Identity,
    pub operator: At<String>,
    pub name: Option<At<String>>,
    pub email: Option<At<String>>,
    pub address: Field,
    pub password: Option<PasswordSource>,
}

#[derive(Debug, Clone)]
pub struct WantedPackage {
    pub identity: Identity,
    pub operator: At<String>,
    pub name: Option<At<String>>,
    /// `19.90 EUR`
    pub price: Option<At<String>>,
    pub photos: Option<At<u32>>,
}

#[derive(Debug, Clone)]
pub struct WantedProject {
    pub identity: Identity,
    pub operator: At<String>,
    pub name: Option<At<String>>,
    pub location: Field,
    pub start: Field,
    pub end: Field,
    pub timezone: Field,
    pub link: Field,
    pub terms: Field,
    pub photographers: Option<Vec<At<String>>>,
    pub packages: Option<Vec<At<String>>>,
    pub coaches: Option<Vec<At<String>>>,
    /// In their canonical form.
    pub settings: Option<BTreeMap<&'static str, At<String>>>,
}

/// Everything that a file wants.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    pub operators: Vec<WantedOperator>,
    pub photographers: Vec<WantedPhotographer>,
    pub packages: Vec<WantedPackage>,
    pub projects: Vec<WantedProject>,
}

/// Reads what a file wants. Files that it names are looked for in `folder`. Mistakes go to `problems`.
#[must_use]
pub fn read(root: Node, folder: &Path, problems: &mut Problems<'_>) -> Wanted {
    let mut wanted = Wanted::default();
    let mut table = Table::new(root, "the file", problems);
    for node in table.list("operators") {
        wanted.operators.extend(operator(Table::new(node, "an operator", table.problems)));
    }
    for node in table.list("photographers") {
        wanted.photographers.extend(photographer(Table::new(node, "a photographer", table.problems)));
    }
    for node in table.list("packages") {
        wanted.packages.extend(package(Table::new(node, "a package", table.problems)));
    }
    for node in table.list("projects") {
        wanted.projects.extend(project(Table::new(node, "a project", table.problems), folder));
    }
    // Editors find the schema by it.
    let _for_editors = table.take("$schema");
    table.taken.push("variables");
    drop(table);
    each_once("operator", wanted.operators.iter().map(|one| (String::new(), &one.identity)), problems);
    each_once(
        "photographer",
        wanted.photographers.iter().map(|one| (one.operator.value.clone(), &one.identity)),
        problems,
    );
    each_once("package", wanted.packages.iter().map(|one| (one.operator.value.clone(), &one.identity)), problems);
    each_once("project", wanted.projects.iter().map(|one| (one.operator.value.clone(), &one.identity)), problems);
    emails_once(wanted.operators.iter().filter_map(|one| one.email.as_ref()), problems);
    emails_once(wanted.photographers.iter().filter_map(|one| one.email.as_ref()), problems);
    wanted
}

/// Emails are unique, whatever their case.
fn emails_once<'a>(emails: impl Iterator<Item = &'a At<String>>, problems: &mut Problems<'_>) {
    let mut seen = std::collections::HashSet::new();
    for email in emails {
        if !seen.insert(email.value.to_lowercase()) {
            problems.add(&email.span, format!("{} is another one's email too", text::quoted(&email.value)));
        }
    }
}

fn each_once<'a>(noun: &str, all: impl Iterator<Item = (String, &'a Identity)>, problems: &mut Problems<'_>) {
    let mut keys = std::collections::HashSet::new();
    let mut ids = std::collections::HashSet::new();
    for (operator, identity) in all {
        let key = &identity.key;
        if !keys.insert((operator, key.value.clone())) {
            problems.add(&key.span, format!("there is another {noun} with the key `{}`", text::printable(&key.value)));
        }
        if let Some(id) = &identity.id
            && !ids.insert(id.value)
        {
            problems.add(&id.span, format!("there is another {noun} with the id {}", id.value));
        }
    }
}

fn operator(mut table: Table<'_, '_>) -> Option<WantedOperator> {
    let identity = table.identity();
    let wanted = WantedOperator {
        name: table.checked("name", |text| check::name(text, "the name")),
        email: table.checked("email", check::email),
        currency: table.checked("currency", str::parse),
        locale: table.checked("locale", check::locale),
        timezone: table.checked("timezone", check::zone),
        picture: table.field("picture", check::link),
        password: table.password(),
        identity: identity?,
    };
    Some(wanted)
}

fn photographer(mut table: Table<'_, '_>) -> Option<WantedPhotographer> {
    let identity = table.identity();
    let operator = table.required("operator");
    let wanted = WantedPhotographer {
        name: table.checked("name", |text| check::name(text, "the name")),
        email: table.checked("email", check::email),
        address: table.field("address", |text| check::text(text, "the address")),
        password: table.password(),
        identity: identity?,
        operator: operator?,
    };
    Some(wanted)
}

fn package(mut table: Table<'_, '_>) -> Option<WantedPackage> {
    let identity = table.identity();
    let operator = table.required("operator");
    let wanted = WantedPackage {
        name: table.checked("name", |text| check::name(text, "the name")),
        price: table.price(),
        photos: table.whole_number("photos"),
        identity: identity?,
        operator: operator?,
    };
    Some(wanted)
}

fn project(mut table: Table<'_, '_>, folder: &Path) -> Option<WantedProject> {
    let identity = table.identity();
    let operator = table.required("operator");
    let wanted = WantedProject {
        name: table.checked("name", |text| check::name(text, "the name")),
        location: table.field("location", |text| check::name(text, "the location")),
        // Times are read once the zone is known.
        start: table.field("start", |text| Ok(text.to_owned())),
        end: table.field("end", |text| Ok(text.to_owned())),
        timezone: table.field("timezone", check::zone_name),
        link: table.field("link", check::link),
        terms: table.terms(folder),
        photographers: table.texts("photographers"),
        packages: table.texts("packages"),
        coaches: table.texts("coaches").map(|names| {
            let checked = |name: At<String>| {
                let value = table.problems.check(&name.span, check::name(&name.value, "the coach's name"))?;
                Some(At { span: name.span, value })
            };
            names.into_iter().filter_map(checked).collect()
        }),
        settings: table.settings(),
        identity: identity?,
        operator: operator?,
    };
    Some(wanted)
}

/// A table being read: what was taken is known, the rest is a mistake.
struct Table<'p, 'a> {
    what: &'static str,
    span: Span,
    entries: Vec<(Key, Node)>,
    taken: Vec<&'static str>,
    problems: &'p mut Problems<'a>,
}

/// Whatever was not taken is not known.
impl Drop for Table<'_, '_> {
    fn drop(&mut self) {
        for (key, _) in &self.entries {
            if self.taken.contains(&key.name.as_str()) {
                self.problems.add(&key.span, format!("in {}, `{}` stands twice", self.what, key.name));
            } else {
                let what = format!("in {}, there is no", self.what);
                self.problems.unknown(&key.span, &what, &key.name, self.taken.iter().copied());
            }
        }
    }
}

impl<'p, 'a> Table<'p, 'a> {
    fn new(node: Node, what: &'static str, problems: &'p mut Problems<'a>) -> Self {
        let span = node.span;
        let entries = match node.value {
            Value::Table(entries) => entries,
            other => {
                problems.add(&span, format!("{what} is a table, not {}", other.kind()));
                Vec::new()
            }
        };
        Self { what, span, entries, taken: Vec::new(), problems }
    }

    fn take(&mut self, name: &'static str) -> Option<Node> {
        self.taken.push(name);
        let position = self.entries.iter().position(|(key, _)| key.name == name)?;
        Some(self.entries.remove(position).1)
    }

    fn text(&mut self, name: &'static str) -> Option<At<String>> {
        let node = self.take(name)?;
        match node.value {
            Value::Text(value) if value.contains('\0') => {
                self.problems.add(&node.span, format!("`{name}` holds a NUL character"));
                None
            }
            Value::Text(value) => Some(At { span: node.span, value }),
            other => {
                self.problems.add(&node.span, format!("`{name}` is a text, not {}", other.kind()));
                None
            }
        }
    }

    fn required(&mut self, name: &'static str) -> Option<At<String>> {
        let there = self.entries.iter().any(|(key, _)| key.name == name);
        if !there {
            // The rest of an array's table may be long: its first line says which one.
            let first = self.entries.first().map_or(self.span.clone(), |(key, _)| key.span.clone());
            self.problems.add(&first, format!("{} needs `{name}`", self.what));
        }
        self.text(name)
    }

    fn checked<T>(&mut self, name: &'static str, check: impl FnOnce(&str) -> crate::error::Result<T>) -> Option<At<T>> {
        let text = self.text(name)?;
        let value = self.problems.check(&text.span, check(&text.value))?;
        Some(At { span: text.span, value })
    }

    fn field(&mut self, name: &'static str, check: impl FnOnce(&str) -> crate::error::Result<String>) -> Field {
        let text = self.text(name)?;
        if text.value.trim().is_empty() {
            return Some(At { span: text.span, value: None });
        }
        let value = self.problems.check(&text.span, check(&text.value))?;
        Some(At { span: text.span, value: Some(value) })
    }

    fn identity(&mut self) -> Option<Identity> {
        let id = self.checked("id", |text| {
            text.trim().parse().map_err(|_| crate::error::Error::invalid(format!("{} is no id", text::quoted(text))))
        });
        let key = self.required("key")?;
        let good = !key.value.is_empty()
            && key.value.len() <= 100
            && key.value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
        if !good {
            self.problems.add(&key.span, "a key has 1 to 100 letters, digits, `-`, `_` and `.`");
            return None;
        }
        Some(Identity { key, id })
    }

    fn list(&mut self, name: &'static str) -> Vec<Node> {
        match self.take(name) {
            None => Vec::new(),
            Some(Node { value: Value::List(nodes), .. }) => nodes,
            Some(node) => {
                let said = format!("`{name}` is a list of tables, not {}: write [[{name}]]", node.value.kind());
                self.problems.add(&node.span, said);
                Vec::new()
            }
        }
    }

    fn texts(&mut self, name: &'static str) -> Option<Vec<At<String>>> {
        let node = self.take(name)?;
        let Value::List(nodes) = node.value else {
            self.problems.add(&node.span, format!("`{name}` is a list of texts, not {}", node.value.kind()));
            return None;
        };
        let mut texts: Vec<At<String>> = Vec::new();
        for node in nodes {
            match node.value {
                Value::Text(value) if texts.iter().any(|known| known.value == value) => {
                    self.problems.add(&node.span, format!("{} stands in `{name}` twice", text::quoted(&value)));
                }
                Value::Text(value) => texts.push(At { span: node.span, value }),
                other => self.problems.add(&node.span, format!("`{name}` holds texts, not {}", other.kind())),
            }
        }
        Some(texts)
    }

    fn whole_number(&mut self, name: &'static str) -> Option<At<u32>> {
        let node = self.take(name)?;
        match node.value {
            Value::Integer(number) if (1..=i64::from(i32::MAX)).contains(&number) => {
                Some(At { span: node.span, value: u32::try_from(number).unwrap_or(u32::MAX) })
            }
            _ => {
                self.problems.add(&node.span, format!("`{name}` is a whole number from 1"));
                None
            }
        }
    }

    fn price(&mut self) -> Option<At<String>> {
        let node = self.take("price")?;
        match node.value {
            Value::Text(value) => Some(At { span: node.span, value }),
            _ => {
                self.problems.add(&node.span, "`price` is a text with its currency: \"19.90 EUR\"");
                None
            }
        }
    }

    fn password(&mut self) -> Option<PasswordSource> {
        let node = self.take("password")?;
        let span = node.span.clone();
        let said = "a password never stands in the file: write { env = \"NAME\" } or { command = \"…\" }, or nothing";
        let Value::Table(entries) = node.value else {
            self.problems.add(&span, said);
            return None;
        };
        let mut table = Table { what: "a password", span, entries, taken: Vec::new(), problems: self.problems };
        let (env, command) = (table.text("env"), table.text("command"));
        match (env, command) {
            (Some(name), None) => Some(PasswordSource::Environment(name.value)),
            (None, Some(command)) => Some(PasswordSource::Command(command.value)),
            _ => {
                table.problems.add(&table.span, said);
                None
            }
        }
    }

    /// `terms`, or the content of the file that `terms_file` names.
    fn terms(&mut self, folder: &Path) -> Field {
        let inline = self.field("terms", |text| check::text(text, "the terms"));
        let file = self.text("terms_file");
        match (inline, file) {
            (Some(inline), Some(_)) => {
                self.problems.add(&inline.span, "`terms` and `terms_file` are both given: one of them");
                None
            }
            (inline, None) => inline,
            (None, Some(name)) => {
                let path = folder.join(PathBuf::from(&name.value));
                let read = check::terms_file(&path);
                let value = self.problems.check(&name.span, read.and_then(|text| check::text(&text, "the terms")))?;
                Some(At { span: name.span, value: Some(value) })
            }
        }
    }

    fn settings(&mut self) -> Option<BTreeMap<&'static str, At<String>>> {
        let node = self.take("settings")?;
        let Value::Table(entries) = node.value else {
            self.problems.add(&node.span, format!("`settings` is a table, not {}", node.value.kind()));
            return None;
        };
        let mut values = BTreeMap::new();
        for (key, node) in entries {
            let Some(setting) = settings::of_projects().find(|setting| setting.key == key.name) else {
                let names = settings::of_projects().map(|setting| setting.key);
                self.problems.unknown(&key.span, "there is no setting of a project", &key.name, names);
                continue;
            };
            let text = match node.value {
                Value::Text(text) | Value::Fraction(text) => text,
                Value::Integer(number) => number.to_string(),
                Value::Bool(truth) => truth.to_string(),
                other => {
                    let said = format!("`{}` is a text, a number or true and false, not {}", key.name, other.kind());
                    self.problems.add(&node.span, said);
                    continue;
                }
            };
            if let Some(value) = self.problems.check(&node.span, policy::canonical(setting, &text)) {
                values.insert(setting.key, At { span: node.span, value });
            }
        }
        Some(values)
    }
}
