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
        ("For the shell that you sit at",
         "photoctl completions install"),
        ("Only the script, for bash",
         "photoctl completions bash"),
    ]),
    ("completions install", &[
        ("For the shell that you sit at",
         "photoctl completions install"),
        ("For zsh; look first",
         "photoctl completions install zsh --dry-run"),
    ]),
    ("man", &[
        ("All pages into a folder",
         "photoctl man --to ~/.local/share/man/man1"),
        ("The first page",
         "photoctl man"),
    ]),
    ("help", &[
        ("All commands, by what you are about to do",
         "photoctl help"),
        ("What exit codes mean",
         "photoctl help exit-codes"),
        ("All settings",
         "photoctl help settings"),
        ("A command",
         "photoctl help photos upload"),
    ]),
];
