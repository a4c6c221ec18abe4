//! The terminal that people look at.

use super::context::Context;
use super::finding::Finding;

const NAME: &str = "terminal";

/// Narrower than this, numbers are left out.
const NARROW: usize = 60;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let ui = &context.app.ui;
    if !ui.stderr_is_terminal() {
        return vec![Finding::skipped(NAME, "none: no bars, no colour, no questions")];
    }
    let (rows, columns) = ui.size();
    let word = |yes, name: &str| if yes { name.to_owned() } else { format!("no {name}") };
    let message =
        format!("{columns} x {rows}, {}, {}", word(ui.has_colour(), "colour"), word(ui.has_unicode(), "UTF-8"));
    if !ui.has_unicode() {
        return vec![Finding::warning(NAME, message, "names may look broken: set LANG to a UTF-8 locale (C.UTF-8)")];
    }
    if columns < NARROW {
        return vec![Finding::warning(NAME, message, "a wider window shows more of what goes on")];
    }
    vec![Finding::ok(NAME, message)]
}
