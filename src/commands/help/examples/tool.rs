//! Examples: the tool itself.

use super::Examples;

#[rustfmt::skip]
pub(super) const ALL: &[Examples] = &[
    ("config", &[
        ("Each value and where it came from",
         "photoctl config show"),
        ("A commented file to begin with",
         "photoctl config init"),
    ]),
    ("config show", &[
        ("Each value and where it came from",
         "photoctl config show"),
        ("Only what is set, as json",
         "photoctl config show --set --json"),
        ("As commands on an event see it",
         "photoctl config show --project \"Summer Run\" watermark"),
    ]),
    ("config path", &[
        ("Where the file and the data are",
         "photoctl config path"),
        ("For a script",
         "photoctl config path --json"),
    ]),
    ("config init", &[
        ("A commented file where it is looked for",
         "photoctl config init"),
        ("Look at it first",
         "photoctl config init --dry-run"),
    ]),
    ("doctor", &[
        ("Everything",
         "photoctl doctor"),
        ("What an upload needs, for a script",
         "photoctl doctor --for upload --json"),
    ]),
    ("completions", &[
        ("For bash, from the next login on",
         "photoctl completions bash --to ~/.local/share/bash-completion/completions/photoctl"),
        ("For fish",
         "photoctl completions fish --to ~/.config/fish/completions/photoctl.fish"),
    ]),
    ("man", &[
        ("All pages into a folder",
         "photoctl man --to ~/.local/share/man/man1"),
        ("The first page",
         "photoctl man"),
    ]),
    ("help", &[
        ("What exit codes mean",
         "photoctl help exit-codes"),
        ("All settings",
         "photoctl help settings"),
        ("A command",
         "photoctl help photos upload"),
    ]),
];
