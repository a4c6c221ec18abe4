//! Mistakes in a file, all of them at once, each with its place.

use std::ops::Range;

use crate::error::{Error, Kind};
use crate::model::text::{near, printable};

/// Where something stands in the text: a range of bytes.
pub type Span = Range<usize>;

/// What is wrong in one file.
#[derive(Debug)]
pub struct Problems<'a> {
    /// The file's name for people.
    name: &'a str,
    text: &'a str,
    found: Vec<(Span, String)>,
}

impl<'a> Problems<'a> {
    #[must_use]
    pub fn new(name: &'a str, text: &'a str) -> Self {
        Self { name, text, found: Vec::new() }
    }

    /// Notes a mistake.
    pub fn add(&mut self, span: &Span, said: impl Into<String>) {
        self.found.push((span.clone(), said.into()));
    }

    /// The value, or its error as a mistake at that place.
    pub fn check<T>(&mut self, span: &Span, value: Result<T, Error>) -> Option<T> {
        match value {
            Ok(value) => Some(value),
            Err(error) => {
                let hints = error.hints().iter().map(|hint| format!(" ({hint})")).collect::<String>();
                self.add(span, format!("{}{hints}", error.message()));
                None
            }
        }
    }

    /// `word` is none of `names`.
    pub fn unknown<'n>(&mut self, span: &Span, what: &str, word: &str, names: impl IntoIterator<Item = &'n str>) {
        let near = near(word, names);
        let meant = if near.is_empty() { String::new() } else { format!("; did you mean `{}`?", near.join("` or `")) };
        self.add(span, format!("{what} `{}`{meant}", printable(word)));
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// # Errors
    /// All mistakes with line and column, in their order, if there is any.
    pub fn none_or_refuse(&mut self) -> Result<(), Error> {
        if self.found.is_empty() {
            return Ok(());
        }
        self.found.sort_by_key(|(span, _)| span.start);
        self.found.dedup();
        let mistakes = match self.found.len() {
            1 => "a mistake".to_owned(),
            count => format!("{count} mistakes"),
        };
        let error = Error::new(Kind::InvalidInput, format!("{} has {mistakes}; nothing was changed", self.name));
        Err(self.found.iter().fold(error, |error, (span, said)| {
            let (line, column) = position(self.text, span.start);
            error.detail(format!("{}:{line}:{column}: {said}", self.name))
        }))
    }
}

/// Line and column, both from 1; the column in characters.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_come_in_order_with_their_places() {
        let text = "a = 1\nö = 2\n  c = 3\n";
        let mut problems = Problems::new("x.toml", text);
        problems.unknown(&(15..16), "there is no", "photografers", ["photographers", "packages"]);
        problems.add(&(6..8), "bad");
        let error = problems.none_or_refuse().expect_err("two");
        assert_eq!(
            error.details(),
            ["x.toml:2:1: bad", "x.toml:3:3: there is no `photografers`; did you mean `photographers`?"]
        );
    }
}
