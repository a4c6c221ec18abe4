//! The fields of a thing as a person sets them, and the difference of two states: what a plan shows, a report answers
//! and the audit log keeps.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Serialize, Serializer};
use serde_json::{Map, Value as Json, json};

use super::audit::Fields;
use super::digest::Sha256;
use super::money::Money;
use super::text::count;
use super::time;

/// What a field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    Text(String),
    Number(i64),
    Money(Money),
    /// Shown to people in the zone.
    Time(DateTime<Utc>, Tz),
    /// Pages of text: people are told how long it is.
    Long(String),
}

impl Value {
    /// As a person reads it.
    #[must_use]
    pub fn for_people(&self) -> String {
        match self {
            Value::Text(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Money(money) => money.to_string(),
            Value::Time(moment, zone) => time::for_people(*moment, *zone),
            Value::Long(text) => {
                format!("{} ({})", count(text.chars().count() as u64, "character"), &digest(text)[7..15])
            }
        }
    }

    /// Whether it is the same value, whatever the zone that it is shown in.
    fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Time(one, _), Value::Time(two, _)) => one == two,
            _ => self == other,
        }
    }

    fn json(&self) -> Json {
        match self {
            Value::Text(text) | Value::Long(text) => json!(text),
            Value::Number(number) => json!(number),
            Value::Money(money) => json!(money.amount),
            Value::Time(moment, _) => json!(time::rfc3339(*moment)),
        }
    }
}

fn digest(text: &str) -> String {
    format!("sha256:{}", Sha256::of(text.as_bytes()))
}

/// How the audit log keeps a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    Plain,
    /// Personal data: a salted hash.
    Private,
}

/// A field and what it holds; `None` is "not set".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub value: Option<Value>,
    pub keep: Keep,
}

impl Field {
    /// A text that anybody may read.
    #[must_use]
    pub fn text(name: &'static str, value: Option<&str>) -> Self {
        Self { name, value: value.map(|text| Value::Text(text.to_owned())), keep: Keep::Plain }
    }

    /// Names, emails and addresses of people.
    #[must_use]
    pub fn private(name: &'static str, value: Option<&str>) -> Self {
        Self { keep: Keep::Private, ..Self::text(name, value) }
    }

    #[must_use]
    pub fn of(name: &'static str, value: Option<Value>) -> Self {
        Self { name, value, keep: Keep::Plain }
    }
}

/// A field that is another than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub name: &'static str,
    pub before: Option<Value>,
    pub after: Option<Value>,
    keep: Keep,
}

/// What is different between two states. Serializes as `{"name": {"before": …, "after": …}}`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes(Vec<Change>);

impl Changes {
    /// Of a thing that was `before`, and is or would be `after`. Both have the same fields in the same order.
    #[must_use]
    pub fn between(before: Vec<Field>, after: Vec<Field>) -> Self {
        let same = |one: &Option<Value>, two: &Option<Value>| match (one, two) {
            (Some(one), Some(two)) => one.is(two),
            (one, two) => one.is_none() && two.is_none(),
        };
        let pairs = before.into_iter().zip(after).filter(|(before, after)| !same(&before.value, &after.value));
        let change = |(before, after): (Field, Field)| Change {
            name: after.name,
            before: before.value,
            after: after.value,
            keep: after.keep,
        };
        Self(pairs.map(change).collect())
    }

    /// Of a new thing: everything that is set.
    #[must_use]
    pub fn new_thing(fields: Vec<Field>) -> Self {
        let set = fields.into_iter().filter(|field| field.value.is_some());
        let change = |field: Field| Change { name: field.name, before: None, after: field.value, keep: field.keep };
        Self(set.map(change).collect())
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Change> {
        self.0.iter()
    }

    /// Whether that field is another.
    #[must_use]
    pub fn touch(&self, name: &str) -> bool {
        self.0.iter().any(|change| change.name == name)
    }

    /// What the audit log keeps of it.
    #[must_use]
    pub fn to_audit(&self) -> Fields {
        self.0.iter().fold(Fields::new(), |fields, change| match (&change.before, &change.after) {
            (Some(Value::Number(_) | Value::Money(_)), _) | (_, Some(Value::Number(_) | Value::Money(_))) => {
                let number = |value: &Option<Value>| match value {
                    Some(Value::Number(number)) => Some(*number),
                    Some(Value::Money(money)) => Some(money.amount),
                    _ => None,
                };
                fields.number(change.name, number(&change.before), number(&change.after))
            }
            (before, after) => {
                let text = |value: &Option<Value>| {
                    value.as_ref().map(|value| match value {
                        // Of long texts it holds a digest.
                        Value::Long(text) => digest(text),
                        Value::Text(text) => text.clone(),
                        Value::Time(moment, _) => time::rfc3339(*moment),
                        other => other.for_people(),
                    })
                };
                let (before, after) = (text(before), text(after));
                match change.keep {
                    Keep::Plain => fields.plain(change.name, before.as_deref(), after.as_deref()),
                    Keep::Private => fields.private(change.name, before.as_deref(), after.as_deref()),
                }
            }
        })
    }
}

impl Serialize for Changes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let side = |value: &Option<Value>| value.as_ref().map_or(Json::Null, Value::json);
        let field = |change: &Change| {
            (change.name.to_owned(), json!({"before": side(&change.before), "after": side(&change.after)}))
        };
        Map::from_iter(self.0.iter().map(field)).serialize(serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_another_is_told() {
        let moment = DateTime::UNIX_EPOCH;
        let state = |name: &str, zone: Tz, price: i64| {
            vec![
                Field::private("name", Some(name)),
                Field::text("link", None),
                Field::of("start_at", Some(Value::Time(moment, zone))),
                Field::of("price", Some(Value::Number(price))),
            ]
        };
        let changes = Changes::between(state("Ana", Tz::UTC, 1), state("Bo", Tz::Europe__Berlin, 2));
        assert_eq!(changes.iter().map(|change| change.name).collect::<Vec<_>>(), ["name", "price"]);
        let json = changes.to_audit().to_json(b"salt");
        assert_eq!(json["price"], json!({"before": 1, "after": 2}));
        assert!(json["name"]["after"].as_str().expect("a hash").starts_with("sha256:"));
        assert_eq!(serde_json::to_value(&changes).expect("json")["name"], json!({"before": "Ana", "after": "Bo"}));
        assert!(Changes::between(state("Ana", Tz::UTC, 1), state("Ana", Tz::UTC, 1)).is_empty());
        assert!(!Changes::new_thing(state("Ana", Tz::UTC, 1)).touch("link"));
    }
}
