//! `${name}` in the texts of a file: what differs from season to season.

use std::collections::BTreeMap;

use super::problems::Problems;
use super::source::{Node, Value};
use crate::error::{Error, Result};
use crate::model::text::{near, printable};

/// Values of variables as `--set name=value` gives them.
pub type Set = BTreeMap<String, String>;

/// Reads `name=value`.
///
/// # Errors
/// When it is none.
pub fn parse(text: &str) -> Result<(String, String)> {
    text.split_once('=')
        .filter(|(name, _)| is_name(name))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .ok_or_else(|| Error::usage("--set wants name=value").hint("such as --set year=2027"))
}

/// Takes the table `variables` out of a file, lays `set` over it, and puts the values into every other text.
///
/// # Errors
/// Where `set` names a variable that the file does not have. What is wrong in the file goes to `problems`.
pub fn substitute(root: &mut Node, set: &Set, problems: &mut Problems<'_>) -> Result<()> {
    let Value::Table(entries) = &mut root.value else { return Ok(()) };
    let mut values = Set::new();
    if let Some(position) = entries.iter().position(|(key, _)| key.name == "variables") {
        let (_, node) = entries.remove(position);
        declare(node, &mut values, problems);
    }
    for (name, value) in set {
        if !values.contains_key(name) {
            let error = Error::usage(format!("the file has no variable `{}`", printable(name)));
            let near = near(name, values.keys().map(String::as_str));
            return Err(match near.first() {
                Some(near) => error.hint(format!("did you mean `{}`?", printable(near))),
                None => error.hint("its table [variables] names those that it has, with what holds otherwise"),
            });
        }
        values.insert(name.clone(), value.clone());
    }
    put(root, &values, problems);
    Ok(())
}

fn declare(node: Node, values: &mut Set, problems: &mut Problems<'_>) {
    let Value::Table(entries) = node.value else {
        problems.add(&node.span, "`variables` is a table of names and texts");
        return;
    };
    for (key, node) in entries {
        match node.value {
            _ if !is_name(&key.name) => {
                problems.add(&key.span, "a variable's name has letters, digits and underscores only");
            }
            Value::Text(text) => drop(values.insert(key.name, text)),
            Value::Integer(number) => drop(values.insert(key.name, number.to_string())),
            other => problems.add(&node.span, format!("a variable is a text, not {}", other.kind())),
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn put(node: &mut Node, values: &Set, problems: &mut Problems<'_>) {
    match &mut node.value {
        Value::Text(text) if text.contains('$') => match filled(text, values) {
            Ok(filled) => *text = filled,
            Err(Unfilled::Open) => problems.add(&node.span, "`${` is not closed; `$${` stands for the text itself"),
            Err(Unfilled::Unknown(name)) => {
                problems.unknown(&node.span, "there is no variable", &name, values.keys().map(String::as_str));
            }
        },
        Value::List(nodes) => nodes.iter_mut().for_each(|node| put(node, values, problems)),
        Value::Table(entries) => entries.iter_mut().for_each(|(_, node)| put(node, values, problems)),
        _ => {}
    }
}

enum Unfilled {
    Open,
    Unknown(String),
}

fn filled(text: &str, values: &Set) -> Result<String, Unfilled> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, after) = rest.split_at(at);
        if let Some(before) = before.strip_suffix('$') {
            out.push_str(before);
            out.push_str("${");
            rest = &after[2..];
            continue;
        }
        out.push_str(before);
        let end = after.find('}').ok_or(Unfilled::Open)?;
        let name = after[2..end].trim();
        out.push_str(values.get(name).ok_or_else(|| Unfilled::Unknown(name.to_owned()))?);
        rest = &after[end + 1..];
    }
    out.push_str(rest);
    Ok(out)
}

/// A text that stands for itself in a file.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_put_in_and_what_is_escaped_stays() {
        let values = Set::from([("year".to_owned(), "2027".to_owned())]);
        let fill = |text: &str| filled(text, &values).ok();
        assert_eq!(fill("Run ${year} $5 $${year} ${ year }").as_deref(), Some("Run 2027 $5 ${year} 2027"));
        assert_eq!(fill("${yaer}"), None);
        assert_eq!(fill("${year"), None);
        for text in ["a ${b} $${c}", "$", "$$", "${"] {
            assert_eq!(fill(&escaped(text)).as_deref(), Some(text));
        }
        assert!(parse("a b=c").is_err() && parse("=c").is_err() && parse("a").is_err());
        assert_eq!(parse("a=b=c").expect("a pair"), ("a".to_owned(), "b=c".to_owned()));
    }
}
