//! json, jsonl and csv from anything that serializes.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Format;
use crate::model::spreadsheet;

pub(super) fn show<T: Serialize>(format: Format, thing: &T) -> String {
    let value = value_of(thing);
    match format {
        Format::Jsonl => format!("{}\n{}\n", typed("item", value), json!({"type": "summary", "count": 1})),
        Format::Csv => csv(&[value]),
        Format::Human | Format::Json => pretty(&value),
    }
}

pub(super) fn list<T: Serialize>(format: Format, rows: &[T], left_out: &[&str]) -> String {
    let mut values: Vec<Value> = rows.iter().map(value_of).collect();
    for object in values.iter_mut().filter_map(Value::as_object_mut) {
        object.retain(|key, _| !left_out.contains(&key.as_str()));
    }
    match format {
        Format::Jsonl => {
            let summary = json!({"type": "summary", "count": values.len()});
            format!("{}{summary}\n", lines(values))
        }
        Format::Csv => csv(&values),
        Format::Human | Format::Json => pretty(&Value::Array(values)),
    }
}

/// A line of jsonl for each.
pub(super) fn items<T: Serialize>(rows: &[T]) -> String {
    lines(rows.iter().map(value_of))
}

fn lines(values: impl IntoIterator<Item = Value>) -> String {
    values.into_iter().map(|value| format!("{}\n", typed("item", value))).collect()
}

pub(super) fn report<T: Serialize>(format: Format, report: &T) -> String {
    let value = value_of(report);
    match format {
        Format::Jsonl => format!("{}\n", typed("summary", value)),
        Format::Csv => csv(&[value]),
        Format::Human | Format::Json => pretty(&value),
    }
}

/// The object with `"type"` in front.
pub(super) fn typed(kind: &str, value: Value) -> Value {
    let mut object = Map::new();
    object.insert("type".to_owned(), Value::from(kind));
    match value {
        Value::Object(fields) => object.extend(fields),
        other => {
            object.insert("value".to_owned(), other);
        }
    }
    Value::Object(object)
}

fn value_of<T: Serialize>(thing: &T) -> Value {
    serde_json::to_value(thing).unwrap_or(Value::Null)
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

/// One header for all rows; nested objects become `outer.inner`, arrays stay JSON. A cell that a spreadsheet would
/// run as a formula gets an apostrophe in front.
fn csv(rows: &[Value]) -> String {
    let flat: Vec<Map<String, Value>> = rows.iter().map(flatten).collect();
    let mut header: Vec<&str> = Vec::new();
    for row in &flat {
        for key in row.keys() {
            if !header.contains(&key.as_str()) {
                header.push(key);
            }
        }
    }
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    if !header.is_empty() {
        let _ = writer.write_record(&header);
    }
    for row in &flat {
        let _ = writer.write_record(header.iter().map(|key| cell(row.get(*key))));
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

fn flatten(value: &Value) -> Map<String, Value> {
    fn walk(prefix: &str, value: &Value, out: &mut Map<String, Value>) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    let name = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
                    walk(&name, value, out);
                }
            }
            other => {
                out.insert(if prefix.is_empty() { "value".to_owned() } else { prefix.to_owned() }, other.clone());
            }
        }
    }
    let mut out = Map::new();
    walk("", value, &mut out);
    out
}

fn cell(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => spreadsheet::cell(text).into_owned(),
        Some(other) => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_flattens_and_defuses() {
        let rows = [json!({"id": 1, "target": {"database": "a,b"}, "name": "=cmd()"}), json!({"id": 2, "extra": [1]})];
        assert_eq!(csv(&rows), "id,target.database,name,extra\r\n1,\"a,b\",'=cmd(),\r\n2,,,[1]\r\n");
    }

    #[test]
    fn jsonl_ends_in_a_summary() {
        let text = list(Format::Jsonl, &[json!({"id": 1, "long": "x"})], &["long"]);
        let last = text.lines().last().expect("a line");
        assert_eq!(last, r#"{"type":"summary","count":1}"#);
    }
}
