//! Examples: the database.

use super::Examples;

#[rustfmt::skip]
pub(super) const ALL: &[Examples] = &[
    ("db", &[
        ("Create or update the tables",
         "photoctl db migrate"),
        ("What the database is and where it stands",
         "photoctl db status"),
        ("Whether its tables are as they should be",
         "photoctl db check"),
    ]),
    ("db migrate", &[
        ("Create or update the tables",
         "photoctl db migrate"),
        ("Only show what would be done",
         "photoctl db migrate --dry-run"),
    ]),
    ("db status", &[
        ("What the database is and where it stands",
         "photoctl db status"),
        ("As json",
         "photoctl db status --json"),
    ]),
    ("db check", &[
        ("Whether the tables are as they should be",
         "photoctl db check"),
        ("In a script: exit code 6 where they are not",
         "photoctl db check --exit-code --json"),
    ]),
    ("db grants", &[
        ("The rights that an upload needs, as SQL",
         "photoctl db grants --for upload"),
        ("For a role of another name, into a file",
         "photoctl db grants --for read --role reporting --to grants.sql"),
    ]),
    ("db backup", &[
        ("The embedded database into a file",
         "photoctl db backup /media/backup/summer.photoctl"),
        ("Every night, from cron",
         "photoctl db backup --quiet --overwrite /media/backup/nightly.photoctl"),
    ]),
    ("db restore", &[
        ("Into an empty data folder",
         "photoctl db restore /media/backup/summer.photoctl"),
        ("Only look whether the file is sound",
         "photoctl db restore /media/backup/summer.photoctl --dry-run"),
        ("In place of what is there, without a question",
         "photoctl db restore /media/backup/summer.photoctl --overwrite --yes"),
    ]),
    ("db shell", &[
        ("A prompt for SQL (psql on a real server)",
         "photoctl db shell"),
        ("One statement, as csv",
         "photoctl db shell --execute \"select count(*) from photos\" --output csv"),
    ]),
    ("db store", &[
        ("The store that belongs to the database",
         "photoctl db store"),
        ("After all objects were moved",
         "photoctl db store --set"),
    ]),
];
