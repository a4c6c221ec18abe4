//! A file as values that know where they stand.

use std::ops::Range;

use jsonc_parser::ast;
use toml::de::{DeTable, DeValue};

use super::problems::{Problems, Span};

/// A value and its place.
#[derive(Debug, Clone)]
pub struct Node {
    pub span: Span,
    pub value: Value,
}

/// What a file can hold.
#[derive(Debug, Clone)]
pub enum Value {
    Text(String),
    Integer(i64),
    Bool(bool),
    List(Vec<Node>),
    Table(Vec<(Key, Node)>),
    /// As it is written.
    Fraction(String),
    /// With what it is called: null.
    Other(&'static str),
}

/// A key and its place.
#[derive(Debug, Clone)]
pub struct Key {
    pub span: Span,
    pub name: String,
}

impl Value {
    /// What it is called in messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Value::Text(_) => "a text",
            Value::Integer(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::List(_) => "a list",
            Value::Table(_) => "a table",
            Value::Fraction(_) => "a fraction",
            Value::Other(name) => name,
        }
    }
}

/// Reads JSON where the text begins with `{`, else TOML. Mistakes of the syntax go to `problems`.
#[must_use]
pub fn read(text: &str, problems: &mut Problems<'_>) -> Node {
    // Editors on Windows put it there.
    let bare = text.trim_start_matches('\u{feff}');
    let offset = text.len() - bare.len();
    let mut node = if bare.trim_start().starts_with('{') {
        read_json(bare, offset, problems)
    } else {
        read_toml(bare, offset, problems)
    };
    node.shift(offset);
    node
}

impl Node {
    fn shift(&mut self, offset: usize) {
        if offset == 0 {
            return;
        }
        let moved = |span: &mut Span| *span = span.start + offset..span.end + offset;
        moved(&mut self.span);
        match &mut self.value {
            Value::List(nodes) => nodes.iter_mut().for_each(|node| node.shift(offset)),
            Value::Table(entries) => entries.iter_mut().for_each(|(key, node)| {
                moved(&mut key.span);
                node.shift(offset);
            }),
            _ => {}
        }
    }
}

fn read_toml(text: &str, offset: usize, problems: &mut Problems<'_>) -> Node {
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        problems.add(&(span.start + offset..span.end + offset), error.message().replace('\n', ", "));
    }
    let span = table.span();
    Node { span, value: of_table(table.into_inner()) }
}

fn of_table(table: DeTable<'_>) -> Value {
    let mut entries: Vec<(Key, Node)> = table
        .into_iter()
        .map(|(key, value)| {
            let key = Key { span: key.span(), name: key.into_inner().into_owned() };
            let span = value.span();
            (key, Node { span, value: of_toml(value.into_inner()) })
        })
        .collect();
    // As they stand in the file.
    entries.sort_by_key(|(key, _)| key.span.start);
    Value::Table(entries)
}

fn of_toml(value: DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::Text(text.into_owned()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or(Value::Other("a number that is too large"), Value::Integer),
        DeValue::Boolean(truth) => Value::Bool(truth),
        DeValue::Float(number) => Value::Fraction(number.as_str().to_owned()),
        // Times are read with their zone later.
        DeValue::Datetime(time) => Value::Text(time.to_string()),
        DeValue::Array(list) => Value::List(
            list.into_iter()
                .map(|value| {
                    let span = value.span();
                    Node { span, value: of_toml(value.into_inner()) }
                })
                .collect(),
        ),
        DeValue::Table(table) => of_table(table),
    }
}

fn read_json(text: &str, offset: usize, problems: &mut Problems<'_>) -> Node {
    let strict = jsonc_parser::ParseOptions {
        allow_comments: false,
        allow_loose_object_property_names: false,
        allow_trailing_commas: false,
        allow_missing_commas: false,
        allow_single_quoted_strings: false,
        allow_hexadecimal_numbers: false,
        allow_unary_plus_numbers: false,
        allow_bare_decimal_point_numbers: false,
        allow_non_finite_numbers: false,
        allow_extended_string_escapes: false,
    };
    let empty = Node { span: 0..0, value: Value::Table(Vec::new()) };
    match jsonc_parser::parse_to_ast(text, &jsonc_parser::CollectOptions::default(), &strict) {
        Ok(parsed) => parsed.value.map_or(empty, |value| of_json(value)),
        Err(error) => {
            let range = error.range();
            problems.add(&(range.start + offset..range.end + offset), error.kind().to_string());
            empty
        }
    }
}

fn of_json(value: ast::Value<'_>) -> Node {
    let span = |range: jsonc_parser::common::Range| -> Range<usize> { range.start..range.end };
    match value {
        ast::Value::StringLit(text) => Node { span: span(text.range), value: Value::Text(text.value.into_owned()) },
        ast::Value::NumberLit(number) => Node {
            span: span(number.range),
            value: number.value.parse().map_or_else(|_| Value::Fraction(number.value.to_owned()), Value::Integer),
        },
        ast::Value::BooleanLit(truth) => Node { span: span(truth.range), value: Value::Bool(truth.value) },
        ast::Value::NullKeyword(null) => Node { span: span(null.range), value: Value::Other("null") },
        ast::Value::Array(list) => {
            Node { span: span(list.range), value: Value::List(list.elements.into_iter().map(of_json).collect()) }
        }
        ast::Value::Object(object) => {
            let entries = object.properties.into_iter().map(|property| {
                let key = match property.name {
                    ast::ObjectPropName::String(text) => Key { span: span(text.range), name: text.value.into_owned() },
                    ast::ObjectPropName::Word(word) => Key { span: span(word.range), name: word.value.to_owned() },
                };
                (key, of_json(property.value))
            });
            Node { span: span(object.range), value: Value::Table(entries.collect()) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(node: &Node, out: &mut Vec<(usize, String)>) {
        match &node.value {
            Value::Text(text) => out.push((node.span.start, text.clone())),
            Value::List(nodes) => nodes.iter().for_each(|node| texts(node, out)),
            Value::Table(entries) => entries.iter().for_each(|(_, node)| texts(node, out)),
            _ => {}
        }
    }

    #[test]
    fn both_forms_know_their_places() {
        for text in ["\u{feff}a = [\"x\"]\nb = { c = \"y\" }\n", "{\"a\": [\"x\"], \"b\": {\"c\": \"y\"}}"] {
            let mut problems = Problems::new("f", text);
            let mut found = Vec::new();
            texts(&read(text, &mut problems), &mut found);
            assert!(problems.is_empty());
            assert_eq!(found.len(), 2);
            for (at, word) in found {
                assert_eq!(&text[at..=at + word.len()], format!("\"{word}"), "{text}");
            }
        }
    }

    #[test]
    fn mistakes_of_the_syntax_have_places_too() {
        for (text, place) in
            [("a = 1\nb = = 2\nc = \n", "f:2:"), ("{\"a\": 1,}", "f:1:"), ("{\"a\": 1 \"b\": 2}", "f:1:")]
        {
            let mut problems = Problems::new("f", text);
            let _partly = read(text, &mut problems);
            let error = problems.none_or_refuse().expect_err("a mistake");
            assert!(error.details()[0].starts_with(place), "{:?}", error.details());
        }
    }
}
