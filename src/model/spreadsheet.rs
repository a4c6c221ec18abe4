//! Cells of CSV files that people open in a spreadsheet.

use std::borrow::Cow;

/// What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
const FORMULA: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\n'];

/// The cell for `text`, with an apostrophe in front where a spreadsheet would run it as a formula. [`read`] gives the
/// text back.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if is_marked_or_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text of a cell that [`cell`] may have made.
#[must_use]
pub fn read(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_marked_or_formula(text) => text,
        _ => cell,
    }
}

/// A formula, or one behind apostrophes: those have to be told from the one that is put in front.
fn is_marked_or_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_are_made_harmless_and_read_back() {
        for text in ["=1+1", "+49 40", "-x", "@sum", "\tx", "\rx", "'=1", "''=1", "'t Hooft", "'", "", "a=b", "''", "é"]
        {
            let held = cell(text);
            assert!(!held.starts_with(FORMULA), "{held:?}");
            assert_eq!(read(&held), text);
        }
        assert_eq!(cell("=1"), "'=1");
        assert_eq!(cell("'t Hooft"), "'t Hooft");
        assert_eq!(read("=1"), "=1");
    }
}
