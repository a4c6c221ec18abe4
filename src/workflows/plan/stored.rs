//! Values that were stored by somebody else, such as the web application, and that the file's checks would not let in
//! or would write in another way. A file must compare with them without a difference all the same.

use crate::error::{Error, Result};
use crate::model::text::quoted;

/// Leaves `now` as it was stored where the difference is only space around it.
pub fn keep_space(now: &mut String, before: &str) {
    if now != before && before.trim() == now {
        before.clone_into(now);
    }
}

/// As [`keep_space`], for a field that may be empty: a text of nothing but space is nothing, in a file.
pub fn keep_space_if(now: &mut Option<String>, before: Option<&String>) {
    if let Some(before) = before
        && before.trim() == now.as_deref().unwrap_or_default()
    {
        *now = Some(before.clone());
    }
}

/// A text that `check` would not write in another way: a zone or a language in other letters is not the same to whoever
/// reads the row.
///
/// # Errors
/// That of `check`, or a sentence with the right writing.
pub fn as_written(text: &str, check: impl FnOnce(&str) -> Result<String>) -> Result<()> {
    let right = check(text)?;
    if right == text { Ok(()) } else { Err(Error::invalid(format!("{} is written {right}", quoted(text)))) }
}

/// What an export leaves out, because reading the file again would refuse it: a sentence for each. What a file does
/// not mention stays as it is.
#[derive(Debug, Default)]
pub struct LeftOut {
    notes: Vec<String>,
}

impl LeftOut {
    /// The value if `check` lets it in, else a note.
    pub fn unless<T, C>(&mut self, whose: &str, what: &str, value: T, check: Result<C>) -> Option<T> {
        match check {
            Ok(_) => Some(value),
            Err(error) => {
                self.add(whose, what, error.message());
                None
            }
        }
    }

    pub fn add(&mut self, whose: &str, what: &str, why: &str) {
        self.notes.push(format!("{what} of {} is not in the file, and stays as it is: {why}", quoted(whose)));
    }

    #[must_use]
    pub fn into_notes(self) -> Vec<String> {
        self.notes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workflows::setup::check;

    #[test]
    fn space_alone_is_no_difference() {
        let settled = |now: &str, before: &str| {
            let mut now = now.to_owned();
            keep_space(&mut now, before);
            now
        };
        assert_eq!(settled("terms", "terms\n"), "terms\n");
        assert_eq!(settled("terms", "other"), "terms");
        let settled = |now: Option<&str>, before: Option<&str>| {
            let mut now = now.map(str::to_owned);
            keep_space_if(&mut now, before.map(str::to_owned).as_ref());
            now
        };
        assert_eq!(settled(None, Some(" ")).as_deref(), Some(" "));
        assert_eq!(settled(None, Some("x")), None);
        assert_eq!(settled(Some("x"), None).as_deref(), Some("x"));
        assert_eq!(settled(Some("x"), Some(" x")).as_deref(), Some(" x"));
    }

    #[test]
    fn another_writing_is_another_text() {
        assert!(as_written("Europe/Vienna", check::zone_name).is_ok());
        let error = as_written("europe/vienna", check::zone_name).expect_err("other letters");
        assert!(error.message().contains("is written Europe/Vienna"), "{error}");
        assert!(as_written("de_DE", check::locale).is_err());
    }
}
