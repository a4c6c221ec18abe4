//! Values that were stored by somebody else, such as the web application, and that the file's checks would not let in
//! or would write in another way. A file must compare with them without a difference all the same.

use crate::error::Result;
use crate::model::text::quoted;

/// Leaves `now` as it was stored where the difference is only one of writing: space around it, or letters' case where
/// `check` makes them one.
pub fn keep_writing(now: &mut String, before: &str, check: impl FnOnce(&str) -> Result<String>) {
    if now != before && check(before).is_ok_and(|checked| checked == *now) {
        before.clone_into(now);
    }
}

/// As [`keep_writing`], for a field that may be empty.
pub fn keep_writing_if(now: &mut Option<String>, before: Option<&String>, check: impl FnOnce(&str) -> Result<String>) {
    match (now, before) {
        (Some(now), Some(before)) => keep_writing(now, before, check),
        // An empty text is nothing, in a file.
        (now @ None, Some(before)) if before.trim().is_empty() => *now = Some(before.clone()),
        _ => {}
    }
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
    fn writing_alone_is_no_difference() {
        let settled = |now: &str, before: &str| {
            let mut now = now.to_owned();
            keep_writing(&mut now, before, |text| check::text(text, "it"));
            now
        };
        assert_eq!(settled("terms", "terms\n"), "terms\n");
        assert_eq!(settled("terms", "other"), "terms");
        assert_eq!(settled("terms", " "), "terms");
        let mut now = None;
        keep_writing_if(&mut now, Some(&" ".to_owned()), check::link);
        assert_eq!(now.as_deref(), Some(" "));
        keep_writing_if(&mut now, None, check::link);
        assert_eq!(now.as_deref(), Some(" "));
    }
}
