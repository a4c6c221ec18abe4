//! The examples of every command, by its words. A test holds that each command has some and that they parse.

/// What it is for, and the command line.
type Example = (&'static str, &'static str);

/// The examples of a command; the root's under the empty path.
#[must_use]
pub fn of(path: &str) -> Option<&'static [Example]> {
    ALL.iter().find(|(held, _)| *held == path).map(|(_, examples)| *examples)
}

/// All of them, in the order of the command list.
pub const ALL: &[(&str, &[Example])] = &[
    (
        "",
        &[
            ("An event from nothing, with the embedded database and a local store", "photoctl db migrate"),
            (
                "A photographer's card into an event",
                "photoctl photos upload --project gala --photographer anna@example.org --dir /media/card",
            ),
            ("What does not work here, and what to do about it", "photoctl doctor"),
        ],
    ),
    (
        "operator",
        &[
            (
                "A new operator, the password asked for",
                "photoctl operator create --name \"Example Events\" --email events@example.org",
            ),
            ("All operators", "photoctl operator list"),
        ],
    ),
    (
        "operator create",
        &[
            (
                "The password is asked for, hidden",
                "photoctl operator create --name \"Example Events\" --email events@example.org",
            ),
            (
                "In a script that may run twice",
                "photoctl operator create --name \"Example Events\" --email events@example.org --no-password --if-not-exists --json",
            ),
        ],
    ),
    (
        "operator list",
        &[("All operators", "photoctl operator list"), ("For a spreadsheet", "photoctl operator list --output csv")],
    ),
    (
        "operator show",
        &[
            ("By email", "photoctl operator show events@example.org"),
            ("By the first characters of the id, as json", "photoctl operator show 5f0c2a9b --json"),
        ],
    ),
    (
        "photographer",
        &[
            (
                "A new photographer",
                "photoctl photographer create --operator events@example.org --name Anna --email anna@example.org",
            ),
            ("All of an operator", "photoctl photographer list --operator events@example.org"),
        ],
    ),
    (
        "photographer create",
        &[
            (
                "A new photographer, the password asked for",
                "photoctl photographer create --operator events@example.org --name Anna --email anna@example.org",
            ),
            (
                "One who will not sign in",
                "photoctl photographer create --operator events@example.org --name Anna --email anna@example.org --no-password",
            ),
        ],
    ),
    (
        "photographer list",
        &[
            ("All photographers", "photoctl photographer list"),
            ("Those of an operator, as json", "photoctl photographer list --operator events@example.org --json"),
        ],
    ),
    (
        "photographer show",
        &[
            ("By email", "photoctl photographer show anna@example.org"),
            ("As json", "photoctl photographer show anna@example.org --json"),
        ],
    ),
    (
        "user",
        &[("A guest", "photoctl user create --name Ben --email ben@example.org"), ("All guests", "photoctl user list")],
    ),
    (
        "user create",
        &[
            ("A guest", "photoctl user create --name Ben --email ben@example.org"),
            (
                "In a script that may run twice",
                "photoctl user create --name Ben --email ben@example.org --no-password --if-not-exists",
            ),
        ],
    ),
    ("user list", &[("All guests", "photoctl user list"), ("As json", "photoctl user list --json")]),
    (
        "user show",
        &[("By email", "photoctl user show ben@example.org"), ("As json", "photoctl user show ben@example.org --json")],
    ),
    (
        "config",
        &[
            ("Each value and where it came from", "photoctl config show"),
            ("A commented file to begin with", "photoctl config init"),
        ],
    ),
    (
        "config show",
        &[
            ("Each value and where it came from", "photoctl config show"),
            ("Only what is set, as json", "photoctl config show --set --json"),
            ("As commands of a project see it", "photoctl config show --project gala"),
        ],
    ),
    (
        "config path",
        &[("Where the file and the data are", "photoctl config path"), ("For a script", "photoctl config path --json")],
    ),
    (
        "config init",
        &[
            ("A commented file where it is looked for", "photoctl config init"),
            ("Look at it first", "photoctl config init --dry-run"),
        ],
    ),
    (
        "doctor",
        &[
            ("Everything", "photoctl doctor"),
            ("What an upload needs, for a script", "photoctl doctor --for upload --json"),
        ],
    ),
    (
        "db",
        &[
            ("Create or update the tables", "photoctl db migrate"),
            ("What the database is and holds", "photoctl db status"),
            ("Whether its tables are as they should be", "photoctl db check"),
        ],
    ),
    (
        "db migrate",
        &[
            ("Create or update the tables", "photoctl db migrate"),
            ("Only show what would be done", "photoctl db migrate --dry-run"),
        ],
    ),
    (
        "db status",
        &[("What the database is and holds", "photoctl db status"), ("As json", "photoctl db status --json")],
    ),
    (
        "db check",
        &[
            ("Whether the tables are as they should be", "photoctl db check"),
            ("In a script: exit code 6 where they are not", "photoctl db check --exit-code --quiet"),
        ],
    ),
    (
        "db grants",
        &[
            ("The rights that an upload needs, as SQL", "photoctl db grants --for upload --role photoctl_upload"),
            ("Read only, into a file", "photoctl db grants --for read --role reporting --to grants.sql"),
        ],
    ),
    (
        "db backup",
        &[
            ("The embedded database into a file", "photoctl db backup /media/backup/gala.photoctl"),
            ("Every night, from cron", "photoctl db backup --quiet --overwrite /media/backup/nightly.photoctl"),
        ],
    ),
    (
        "db restore",
        &[
            ("Into an empty data folder", "photoctl db restore /media/backup/gala.photoctl"),
            (
                "In place of what is there, without a question",
                "photoctl db restore --overwrite --yes /media/backup/gala.photoctl",
            ),
        ],
    ),
    (
        "db shell",
        &[
            ("A prompt for SQL (psql on a real server)", "photoctl db shell"),
            ("One statement, as csv", "photoctl db shell --execute \"select count(*) from photos\" --output csv"),
        ],
    ),
    (
        "photos",
        &[
            (
                "A card into an event",
                "photoctl photos upload --project gala --photographer anna@example.org --dir /media/card",
            ),
            ("What is there", "photoctl photos list --project gala"),
            ("Whether all of it is safe", "photoctl photos verify --project gala"),
        ],
    ),
    (
        "photos list",
        &[
            ("The newest uploads of an event", "photoctl photos list --project gala --limit 50"),
            (
                "In the order they were taken, for a script",
                "photoctl photos list --project gala --sort captured --json",
            ),
            (
                "One camera's files of one evening",
                "photoctl photos list --name \"DSC_*.jpg\" --captured-since \"2026-06-01 18:00\" --captured-until 2026-06-01",
            ),
            ("What was deleted", "photoctl photos list --project gala --deleted"),
        ],
    ),
    (
        "photos show",
        &[
            ("All that is known of a photo", "photoctl photos show 1b2c3d4e"),
            ("For a script", "photoctl photos show 1b2c3d4e --json"),
        ],
    ),
    (
        "photos verify",
        &[
            ("Rows against objects, both ways", "photoctl photos verify --project gala"),
            ("Every byte, from cron", "photoctl photos verify --all-projects --deep --exit-code --quiet --json"),
            ("Mend what can be mended", "photoctl photos verify --project gala --repair"),
        ],
    ),
    (
        "photos adopt",
        &[
            ("What the web application's own uploader stored", "photoctl photos adopt --project gala"),
            ("What it would do", "photoctl photos adopt --all-projects --dry-run"),
        ],
    ),
    (
        "photos reprocess",
        &[
            ("After a change of the watermark", "photoctl photos reprocess --project gala"),
            ("Anew in any case, some photos", "photoctl photos reprocess --force 1b2c3d4e 5f6a7b8c"),
        ],
    ),
    (
        "photos download",
        &[
            (
                "All originals of an event; run it again to go on",
                "photoctl photos download --project gala --kind original --dir gala",
            ),
            (
                "The previews of one guest",
                "photoctl photos download --project gala --user guest@example.org --dir previews",
            ),
        ],
    ),
    (
        "photos url",
        &[
            ("A link to a preview that works for an hour", "photoctl photos url 1b2c3d4e"),
            ("To the original, for a day", "photoctl photos url 1b2c3d4e --kind original --expires 1d"),
        ],
    ),
    (
        "photos delete",
        &[
            ("What would be deleted", "photoctl photos delete --project gala --name \"test*\" --dry-run"),
            ("Some photos, without being asked", "photoctl photos delete 1b2c3d4e 5f6a7b8c --yes"),
            ("From a list of ids", "photoctl photos delete - --yes"),
        ],
    ),
    (
        "photos restore",
        &[
            ("One photo", "photoctl photos restore 1b2c3d4e"),
            ("All that was deleted of an event", "photoctl photos restore --project gala"),
        ],
    ),
    (
        "completions",
        &[
            (
                "For bash, from the next login on",
                "photoctl completions bash --to ~/.local/share/bash-completion/completions/photoctl",
            ),
            ("For fish", "photoctl completions fish --to ~/.config/fish/completions/photoctl.fish"),
        ],
    ),
    (
        "man",
        &[("All pages into a folder", "photoctl man --to ~/.local/share/man/man1"), ("The first page", "photoctl man")],
    ),
    (
        "help",
        &[
            ("What exit codes mean", "photoctl help exit-codes"),
            ("All settings", "photoctl help settings"),
            ("A command", "photoctl help photos upload"),
        ],
    ),
];
