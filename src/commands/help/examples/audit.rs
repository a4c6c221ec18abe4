//! Examples: who did what.

use super::Examples;

#[rustfmt::skip]
pub(super) const ALL: &[Examples] = &[
    ("audit", &[
        ("The last changes",
         "photoctl audit list --limit 20"),
        ("Whether the log is as it was written",
         "photoctl audit list --verify --limit 1"),
    ]),
    ("audit list", &[
        ("The last changes",
         "photoctl audit list --limit 20"),
        ("What left the house in the last three days",
         "photoctl audit list --action link --since 3d"),
        ("Whether the log is as it was written",
         "photoctl audit list --verify --limit 1"),
    ]),
];
