//! Examples of selfies.

use super::Examples;

#[rustfmt::skip]
pub const ALL: &[Examples] = &[
    ("selfie", &[
        ("The selfies of an event, as files named by email",
         "photoctl selfie enroll --project \"Summer Run\" --dir selfies"),
        ("What waits for a person",
         "photoctl selfie list --project \"Summer Run\" --status pending"),
    ]),
    ("selfie enroll", &[
        ("One guest, two pictures",
         "photoctl selfie enroll --user gus@example.org selfie.jpg selfie2.jpg"),
        ("A folder with gus@example.org.jpg, gus@example.org__2.jpg, or a folder for each guest; every night",
         "photoctl selfie enroll --project \"Summer Run\" --dir selfies"),
        ("What guests sent by the web application",
         "photoctl selfie enroll --pending --project \"Summer Run\""),
        ("A picture with somebody behind the guest, let pass",
         "photoctl selfie enroll --user gus@example.org --allow MULTIPLE_FACES selfie.jpg"),
        ("And look for them in the photos at once",
         "photoctl selfie enroll --user gus@example.org --project \"Summer Run\" --match selfie.jpg"),
    ]),
    ("selfie list", &[
        ("Those of one guest",
         "photoctl selfie list --user gus@example.org"),
        ("Whom to ask for a better picture, as a spreadsheet",
         "photoctl selfie list --project \"Summer Run\" --status rejected --output csv"),
    ]),
    ("selfie show", &[
        ("How it was judged, and the picture",
         "photoctl selfie show 5f0c2a9b"),
        ("For a script",
         "photoctl selfie show 5f0c2a9b --json"),
    ]),
    ("selfie review", &[
        ("One after the other, with the picture",
         "photoctl selfie review --project \"Summer Run\""),
        ("Those of all events",
         "photoctl selfie review"),
    ]),
    ("selfie approve", &[
        ("One that looks like somebody else, and is not",
         "photoctl selfie approve 5f0c2a9b"),
        ("What would be approved",
         "photoctl selfie approve 5f0c2a9b --dry-run"),
    ]),
    ("selfie reject", &[
        ("One of somebody else",
         "photoctl selfie reject 5f0c2a9b --reason \"This is not you: please send a picture of yourself.\""),
        ("What would be refused",
         "photoctl selfie reject 5f0c2a9b --reason \"A drawing\" --dry-run"),
    ]),
    ("selfie delete", &[
        ("What would go",
         "photoctl selfie delete 5f0c2a9b --dry-run"),
        ("With its picture",
         "photoctl selfie delete 5f0c2a9b --yes"),
    ]),
    ("selfie check", &[
        ("Before it is sent anywhere",
         "photoctl selfie check selfie.jpg"),
        ("For a script: exit code 3 where it would not be approved",
         "photoctl selfie check selfie.jpg selfie2.jpg --json"),
    ]),
    ("selfie re-embed", &[
        ("What another model would take",
         "photoctl selfie re-embed --all --dry-run"),
        ("After it came",
         "photoctl selfie re-embed --all"),
    ]),
];
