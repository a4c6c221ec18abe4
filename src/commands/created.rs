//! The answer of every `create` and `add`.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::model::target::Target;
use crate::ui::{Page, Render};
use crate::workflows::setup::Created;
use crate::workflows::setup::part::Added;

/// What was created, or was there, or would be: the thing's own fields, `created`, `dry_run` and `target`.
#[derive(Debug)]
pub struct CreatedReport<T> {
    pub thing: T,
    pub outcome: Added,
    pub dry_run: bool,
    /// What was done: `created operator`.
    pub done: Done,
    pub target: Target,
}

/// The words for what was done.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    /// `operator`
    pub noun: &'static str,
    /// `Created operator.`
    pub past: &'static str,
    /// `Would create operator; …`
    pub would: &'static str,
}

impl<T> CreatedReport<T> {
    pub fn new(noun: &'static str, created: Created<T>, dry_run: bool, target: Target) -> Self {
        let (thing, outcome) = match created {
            Created::New(thing) => (thing, Added::New),
            Created::Existing(thing) => (thing, Added::Existing),
            Created::Planned(thing) => (thing, Added::Planned),
        };
        Self { thing, outcome, dry_run, done: Done { noun, past: "Created", would: "Would create" }, target }
    }

    /// Of a consent.
    pub fn granted(thing: T, outcome: Added, dry_run: bool, target: Target) -> Self {
        Self {
            thing,
            outcome,
            dry_run,
            done: Done { noun: "consent", past: "Recorded", would: "Would record" },
            target,
        }
    }

    /// Of something that became part of a project.
    pub fn added(noun: &'static str, thing: T, outcome: Added, dry_run: bool, target: Target) -> Self {
        Self { thing, outcome, dry_run, done: Done { noun, past: "Added", would: "Would add" }, target }
    }
}

impl<T: Serialize> Serialize for CreatedReport<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = serde_json::to_value(&self.thing).map_err(serde::ser::Error::custom)?;
        let mut object = match value {
            Value::Object(fields) => fields,
            other => Map::from_iter([("value".to_owned(), other)]),
        };
        if self.outcome == Added::Planned {
            // What does not exist yet has neither.
            for key in ["id", "created_at"] {
                if let Some(value) = object.get_mut(key).filter(|value| is_made_up(value)) {
                    *value = Value::Null;
                }
            }
        }
        object.insert("created".to_owned(), Value::from(self.outcome == Added::New));
        object.insert("dry_run".to_owned(), Value::from(self.dry_run));
        object.insert("target".to_owned(), serde_json::to_value(&self.target).map_err(serde::ser::Error::custom)?);
        object.serialize(serializer)
    }
}

/// Whether this is the nil id or the epoch, which stand for "not yet".
fn is_made_up(value: &Value) -> bool {
    value.as_str().is_some_and(|text| text == uuid::Uuid::nil().to_string() || text == "1970-01-01T00:00:00Z")
}

impl<T: Render> Render for CreatedReport<T> {
    fn render(&self, page: &mut Page) {
        match self.outcome {
            Added::New => page.good(format!("{} {}.", self.done.past, self.done.noun)),
            Added::Existing => page.line(format!("This {} is there already; nothing was changed.", self.done.noun)),
            Added::Planned => page.line(format!("{} {}; nothing was changed.", self.done.would, self.done.noun)),
        }
        self.thing.render(page);
    }
}

/// An id for people: that of a thing which does not exist yet is not shown.
pub fn id_field(page: &mut Page, id: uuid::Uuid) {
    if !id.is_nil() {
        page.field("Id", id.to_string());
    }
}

/// When a thing was created, unless it does not exist yet.
pub fn times_fields(
    page: &mut Page,
    zone: chrono_tz::Tz,
    created_at: chrono::DateTime<chrono::Utc>,
    deleted_at: Option<chrono::DateTime<chrono::Utc>>,
) {
    use crate::model::time::for_people;
    if created_at != chrono::DateTime::UNIX_EPOCH {
        page.field("Created", for_people(created_at, zone));
    }
    page.field_if("Deleted", deleted_at.map(|time| for_people(time, zone)));
}
