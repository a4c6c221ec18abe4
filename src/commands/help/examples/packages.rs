//! Examples: what is sold.

use super::Examples;

#[rustfmt::skip]
pub(super) const ALL: &[Examples] = &[
    ("package", &[
        ("What an operator sells",
         "photoctl package list --operator events@example.org"),
        ("Something new to sell",
         "photoctl package create --operator events@example.org --name \"Ten photos\" --price 19.90 --photo-count 10"),
    ]),
    ("package create", &[
        ("Ten photos for 19.90 in the operator's currency",
         "photoctl package create --operator events@example.org --name \"Ten photos\" --price 19.90 --photo-count 10"),
        ("In a script that may run twice",
         "photoctl package create --operator events@example.org --name \"One photo\" --price 3 --photo-count 1 --if-not-exists --json"),
    ]),
    ("package list", &[
        ("What an operator sells",
         "photoctl package list --operator events@example.org"),
        ("What is sold at an event",
         "photoctl package list --project \"Summer Run\""),
    ]),
    ("package show", &[
        ("By operator and name",
         "photoctl package show \"events@example.org/Ten photos\""),
        ("As json",
         "photoctl package show \"Ten photos\" --json"),
    ]),
    ("package update", &[
        ("Another price; says how often it was sold",
         "photoctl package update \"Ten photos\" --price 24.90"),
        ("Look first",
         "photoctl package update \"Ten photos\" --photo-count 12 --dry-run"),
    ]),
    ("package delete", &[
        ("Says where it is sold, and asks",
         "photoctl package delete \"Ten photos\""),
        ("In a script",
         "photoctl package delete \"Ten photos\" --yes"),
    ]),
    ("package restore", &[
        ("Back again",
         "photoctl package restore \"Ten photos\""),
        ("Look first",
         "photoctl package restore \"Ten photos\" --dry-run"),
    ]),
];
