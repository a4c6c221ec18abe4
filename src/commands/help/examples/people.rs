//! Examples: operators, photographers, users.

use super::Examples;

#[rustfmt::skip]
pub(super) const ALL: &[Examples] = &[
    ("operator", &[
        ("A new operator, the password asked for",
         "photoctl operator create --name \"Example Events\" --email events@example.org"),
        ("All operators",
         "photoctl operator list"),
    ]),
    ("operator create", &[
        ("The password is asked for, hidden",
         "photoctl operator create --name \"Example Events\" --email events@example.org"),
        ("In a script that may run twice",
         "photoctl operator create --name \"Example Events\" --email events@example.org --no-password --if-not-exists --json"),
        ("With money and zone of the place",
         "photoctl operator create --name \"Example Events\" --email events@example.org --currency EUR --locale de-DE --timezone Europe/Berlin"),
    ]),
    ("operator list", &[
        ("All operators",
         "photoctl operator list"),
        ("For a spreadsheet",
         "photoctl operator list --output csv"),
    ]),
    ("operator show", &[
        ("By email",
         "photoctl operator show events@example.org"),
        ("By the first characters of the id, as json",
         "photoctl operator show 5f0c2a9b --json"),
    ]),
    ("operator update", &[
        ("Another time zone",
         "photoctl operator update events@example.org --timezone Europe/Vienna"),
        ("Look first",
         "photoctl operator update events@example.org --name \"Alpine Events\" --dry-run"),
    ]),
    ("operator delete", &[
        ("Says what hangs on it, and asks",
         "photoctl operator delete events@example.org"),
        ("In a script",
         "photoctl operator delete events@example.org --yes --json"),
    ]),
    ("operator restore", &[
        ("Back again",
         "photoctl operator restore events@example.org"),
        ("Look first",
         "photoctl operator restore events@example.org --dry-run"),
    ]),
    ("operator set-password", &[
        ("Asked for, hidden",
         "photoctl operator set-password events@example.org"),
        ("Log in no more",
         "photoctl operator set-password events@example.org --no-password"),
    ]),
    ("photographer", &[
        ("A new photographer",
         "photoctl photographer create --operator events@example.org --name Finn --email finn@example.org"),
        ("Those of an event",
         "photoctl photographer list --project \"Summer Run\""),
    ]),
    ("photographer create", &[
        ("A new photographer, the password asked for",
         "photoctl photographer create --operator events@example.org --name Finn --email finn@example.org"),
        ("One who will not log in",
         "photoctl photographer create --operator events@example.org --name Finn --email finn@example.org --no-password"),
    ]),
    ("photographer list", &[
        ("All photographers",
         "photoctl photographer list"),
        ("Those of an event, as json",
         "photoctl photographer list --project \"Summer Run\" --json"),
    ]),
    ("photographer show", &[
        ("By email",
         "photoctl photographer show finn@example.org"),
        ("As json",
         "photoctl photographer show finn@example.org --json"),
    ]),
    ("photographer update", &[
        ("Another email",
         "photoctl photographer update finn@example.org --email finn@example.net"),
        ("An address, as json",
         "photoctl photographer update finn@example.org --address \"Am Hafen 1, Hamburg\" --json"),
    ]),
    ("photographer delete", &[
        ("Says how many photos there are, and asks",
         "photoctl photographer delete finn@example.org"),
        ("In a script",
         "photoctl photographer delete finn@example.org --yes"),
    ]),
    ("photographer restore", &[
        ("Back again",
         "photoctl photographer restore finn@example.org"),
        ("Look first",
         "photoctl photographer restore finn@example.org --dry-run"),
    ]),
    ("photographer set-password", &[
        ("Asked for, hidden",
         "photoctl photographer set-password finn@example.org"),
        ("Log in no more",
         "photoctl photographer set-password finn@example.org --no-password"),
    ]),
    ("user", &[
        ("A guest",
         "photoctl user create --name Gus --email gus@example.org"),
        ("The guests of an event",
         "photoctl user list --project \"Summer Run\""),
    ]),
    ("user create", &[
        ("A guest, the password asked for",
         "photoctl user create --name Gus --email gus@example.org"),
        ("In a script that may run twice",
         "photoctl user create --name Gus --email gus@example.org --no-password --if-not-exists"),
    ]),
    ("user list", &[
        ("All guests",
         "photoctl user list"),
        ("Those of an event, as json",
         "photoctl user list --project \"Summer Run\" --json"),
    ]),
    ("user show", &[
        ("By email",
         "photoctl user show gus@example.org"),
        ("As json",
         "photoctl user show gus@example.org --json"),
    ]),
    ("user update", &[
        ("Another name",
         "photoctl user update gus@example.org --name \"Gus Berg\""),
        ("An address on bills, and none otherwise",
         "photoctl user update gus@example.org --billing-address \"Hauptplatz 1, Graz\" --no-address"),
    ]),
    ("user delete", &[
        ("Says what hangs on it, and asks",
         "photoctl user delete gus@example.org"),
        ("In a script",
         "photoctl user delete gus@example.org --yes --json"),
    ]),
    ("user restore", &[
        ("Back again",
         "photoctl user restore gus@example.org"),
        ("Look first",
         "photoctl user restore gus@example.org --dry-run"),
    ]),
    ("user set-password", &[
        ("Asked for, hidden",
         "photoctl user set-password gus@example.org"),
        ("Log in no more",
         "photoctl user set-password gus@example.org --no-password"),
    ]),
];
