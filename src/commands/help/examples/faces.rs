//! Examples of faces and of matching.

use super::Examples;

#[rustfmt::skip]
pub const ALL: &[Examples] = &[
    ("faces", &[
        ("What an event's photos show, to be compared with its guests",
         "photoctl faces index --project \"Summer Run\""),
        ("How far that is",
         "photoctl faces status --project \"Summer Run\""),
    ]),
    ("faces index", &[
        ("How many photos would be looked at",
         "photoctl faces index --project \"Summer Run\" --dry-run"),
        ("Every night, what came in during the day",
         "photoctl faces index --project \"Summer Run\" --json"),
    ]),
    ("faces purge", &[
        ("Which events' faces are due to go",
         "photoctl faces purge --dry-run"),
        ("Every night, by what each event says",
         "photoctl faces purge --json"),
    ]),
    ("faces status", &[
        ("How many photos were looked at, and until when faces are kept",
         "photoctl faces status --project \"Summer Run\""),
        ("For a script",
         "photoctl faces status --project \"Summer Run\" --json"),
    ]),
    ("tags match", &[
        ("How many guests would be found",
         "photoctl tags match --project \"Summer Run\" --dry-run"),
        ("Every few minutes, whatever is new",
         "photoctl tags match --project \"Summer Run\" --json"),
        ("Everything again, after a change of the thresholds",
         "photoctl tags match --project \"Summer Run\" --all"),
    ]),
];
