//! Examples: who did what.

use super::Examples;

#[rustfmt::skip]
pub(super) const ALL: &[Examples] = &[
    ("audit", &[
        ("The last changes",
         "photoctl audit list --limit 20"),
        ("Whether the log is as it was written",
         "photoctl audit verify"),
    ]),
    ("audit list", &[
        ("The last changes",
         "photoctl audit list --limit 20"),
        ("What left the house in the last three days",
         "photoctl audit list --action link --since 3d"),
        ("Whether the log is as it was written",
         "photoctl audit list --verify --limit 1"),
    ]),
    ("audit show", &[
        ("An entry by its number",
         "photoctl audit show 1"),
        ("All that was done to a project, as json",
         "photoctl audit show 5f0c2a9b --json"),
    ]),
    ("audit verify", &[
        ("Whether the log is as it was written",
         "photoctl audit verify"),
        ("Whether it still holds what was noted elsewhere a month ago",
         "photoctl audit verify --head \"$(cat audit-head.txt)\""),
        ("After a backup of a server was restored",
         "photoctl audit verify --accept"),
    ]),
    ("audit export", &[
        ("All of it, an entry a line",
         "photoctl audit export --to audit.jsonl"),
        ("What came since entry 2, for a spreadsheet",
         "photoctl audit export --after 2 --format csv --to audit.csv"),
        ("Whether nobody has touched it, without photoctl",
         "photoctl audit export | python3 examples/verify_audit.py"),
    ]),
];
