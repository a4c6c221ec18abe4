//! Examples of consents.

use super::Examples;

#[rustfmt::skip]
pub const ALL: &[Examples] = &[
    ("consent", &[
        ("A guest who signed a form at the desk",
         "photoctl consent grant --user gus@example.org --consent-version 2026-05 --evidence \"form 17, signed at the desk\""),
        ("Who of an event's guests may be looked for",
         "photoctl consent status --project \"Summer Run\""),
    ]),
    ("consent grant", &[
        ("With what proves it, in words",
         "photoctl consent grant --user gus@example.org --consent-version 2026-05 --evidence \"form 17, signed at the desk\""),
        ("With a file, and the day on which it was given",
         "photoctl consent grant --user gus@example.org --consent-version 2026-05 --evidence-file form.pdf --given-at 2026-05-30"),
    ]),
    ("consent import", &[
        ("What a list of forms would do",
         "photoctl consent import consents.csv --dry-run"),
        ("Every night, what another system exports",
         "photoctl consent import consents.csv --report imported.jsonl --json"),
    ]),
    ("consent revoke", &[
        ("What would go",
         "photoctl consent revoke --user gus@example.org --dry-run"),
        ("A guest who no longer wants to be found",
         "photoctl consent revoke --user gus@example.org --yes"),
    ]),
    ("consent list", &[
        ("What a guest has agreed to, and when",
         "photoctl consent list --user gus@example.org"),
        ("Everything that holds at an event, as a spreadsheet",
         "photoctl consent list --project \"Summer Run\" --active --output csv"),
    ]),
    ("consent status", &[
        ("Who may be looked for, and who not",
         "photoctl consent status --project \"Summer Run\""),
        ("Whom to ask again, for a script",
         "photoctl consent status --project \"Summer Run\" --only old_version --json"),
    ]),
];
