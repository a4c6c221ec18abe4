//! Setting an event up: people, projects, what is sold, and a project's policy.
//!
//! Every change is one transaction: lock what makes two creators of the same thing wait for each other, look whether
//! it is there, write, append the audit entry, commit. What has nothing to keep is rolled back before it answers: one
//! that is dropped ends in the background, and an embedded server is not to stop meanwhile.

pub mod change;
pub mod check;
pub mod coach;
pub mod create;
pub mod currency;
pub mod edition;
pub mod operator;
pub mod package;
pub mod part;
pub mod password;
pub mod photographer;
pub mod project;
pub mod removal;
pub mod settings;
pub mod user;

use uuid::Uuid;

use crate::db::refs::Noun;
use crate::error::{Error, Kind};
use crate::model::fields::{Change, Value};
use crate::model::text::{printable, quoted};

/// What to do where the thing is there already, and whether to do anything at all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mode {
    pub if_not_exists: bool,
    pub allow_duplicate: bool,
    pub dry_run: bool,
}

/// What came of a `create`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created<T> {
    New(T),
    /// It was there, and agrees with what was given.
    Existing(T),
    /// What would be created. It has no id yet: the field is nil.
    Planned(T),
}

/// The fields in which an existing thing differs from what was given.
#[derive(Debug, Default)]
pub struct Differences(Vec<String>);

impl Differences {
    /// A field that is another. Times are compared to the minute: spans back from now (`3d`) move with every run.
    pub fn change(&mut self, change: &Change) {
        if let (Some(Value::Time(one, _)), Some(Value::Time(two, _))) = (&change.before, &change.after)
            && one.timestamp().div_euclid(60) == two.timestamp().div_euclid(60)
        {
            return;
        }
        // An email is the same in any case.
        if let ("email", Some(Value::Text(one)), Some(Value::Text(two))) = (change.name, &change.before, &change.after)
            && one.to_lowercase() == two.to_lowercase()
        {
            return;
        }
        let shown = |value: &Option<Value>| match value {
            None => "not set".to_owned(),
            Some(Value::Text(text)) => quoted(text),
            Some(other) => other.for_people(),
        };
        let name = change.name.trim_end_matches("_at").replace('_', " ");
        self.0.push(format!("{name} is {}, given was {}", shown(&change.before), shown(&change.after)));
    }

    /// A difference whose two sides are not to be shown, or are no texts.
    pub fn said(&mut self, sentence: impl Into<String>) {
        self.0.push(sentence.into());
    }

    /// # Errors
    /// [`Kind::AlreadyExists`] naming each difference, if there is any.
    pub fn none_or_refuse(self, what: &str, id: Uuid) -> Result<(), Error> {
        if self.0.is_empty() {
            return Ok(());
        }
        let error = Error::new(Kind::AlreadyExists, format!("{what} exists (id {id}), but differs from what is given"));
        Err(self.0.into_iter().fold(error, Error::hint))
    }
}

/// A thing of that name is there already, and another one is to be created.
fn name_taken(what: &str, id: Uuid) -> Error {
    name_held(what, id).hint("--if-not-exists answers that one")
}

/// A thing of that name is there already.
fn name_held(what: &str, id: Uuid) -> Error {
    Error::new(Kind::AlreadyExists, format!("{what} exists already (id {id})"))
        .hint("--allow-duplicate takes the name a second time")
}

/// An email belongs to somebody already, and another one is to be created with it.
fn email_taken(noun: Noun, email: &str, id: Uuid, deleted: bool) -> Error {
    let error = email_held(noun, email, id, deleted);
    if deleted { error } else { error.hint("--if-not-exists answers that one") }
}

/// An email belongs to somebody already.
fn email_held(noun: Noun, email: &str, id: Uuid, deleted: bool) -> Error {
    let (noun, email) = (noun.word(), printable(email));
    if deleted {
        return Error::new(Kind::AlreadyExists, format!("{email} is the email of the deleted {noun} {id}"))
            .hint("emails are unique, deleted ones included: use another one")
            .hint(format!("or bring that one back: photoctl {noun} restore {id}"));
    }
    Error::new(Kind::AlreadyExists, format!("{email} is the email of {noun} {id}"))
        .hint("emails are unique, whatever their case")
}
