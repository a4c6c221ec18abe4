//! Examples of tags.

use super::Examples;

#[rustfmt::skip]
pub const ALL: &[Examples] = &[
    ("tags", &[
        ("Why a guest is not in a photo, with what support has on the phone",
         "photoctl tags explain --photo DSC_0001.JPG --user gus@example.org"),
        ("What waits for a decision, without the likeliest",
         "photoctl tags list --project \"Summer Run\" --status pending --max-score 0.5"),
    ]),
    ("tags list", &[
        ("What waits for a person",
         "photoctl tags list --project \"Summer Run\" --status pending"),
        ("All tags of a guest, as a spreadsheet",
         "photoctl tags list --user gus@example.org --output csv"),
    ]),
    ("tags explain", &[
        ("By the file's name and the guest's email",
         "photoctl tags explain --photo DSC_0001.JPG --user gus@example.org --project \"Summer Run\""),
        ("By the tag's id, for a script",
         "photoctl tags explain 5f0c2a9b --json"),
    ]),
    ("tags confirm", &[
        ("It is Gus",
         "photoctl tags confirm --photo DSC_0001.JPG --user gus@example.org"),
        ("By the tag's id, to see whether it could be done",
         "photoctl tags confirm 5f0c2a9b --dry-run"),
    ]),
    ("tags reject", &[
        ("It is not Gus, and no run is to say so again",
         "photoctl tags reject --photo DSC_0001.JPG --user gus@example.org"),
        ("By the tag's id, to see what would be done",
         "photoctl tags reject 5f0c2a9b --dry-run"),
    ]),
    ("tags reopen", &[
        ("A decision that was a mistake",
         "photoctl tags reopen --photo DSC_0001.JPG --user gus@example.org"),
        ("By the tag's id, in the name of whoever asked for it",
         "photoctl tags reopen 5f0c2a9b --actor eva@example.org"),
    ]),
    ("tags remove", &[
        ("A guest who does not want to be tagged in this photo",
         "photoctl tags remove --photo DSC_0001.JPG --user gus@example.org --yes"),
        ("By the tag's id, to see what would go",
         "photoctl tags remove 5f0c2a9b --dry-run"),
    ]),
    ("tags add", &[
        ("Seen by a person, from behind",
         "photoctl tags add --photo DSC_0001.JPG --user gus@example.org --project \"Summer Run\""),
        ("From a script that may run twice",
         "photoctl tags add --photo DSC_0001.JPG --user gus@example.org --if-not-exists --json"),
    ]),
    ("tags review", &[
        ("What waits at an event, one key a face",
         "photoctl tags review --project \"Summer Run\""),
        ("How much waits, and of whom",
         "photoctl tags review --dry-run"),
        ("For somebody who has a browser and no terminal; nobody is named",
         "photoctl tags review --project \"Summer Run\" --sheet faces.html"),
    ]),
    ("tags decide", &[
        ("What would be refused: decided elsewhere, revoked, gone",
         "photoctl tags decide decisions.csv --dry-run"),
        ("The decisions of a file, with a report for a script",
         "photoctl tags decide decisions.csv --yes --json"),
    ]),
    ("tags stats", &[
        ("How good the scores are, judged by what people decided",
         "photoctl tags stats --project \"Summer Run\""),
        ("The threshold that they suggest, for a script",
         "photoctl tags stats --project \"Summer Run\" --json"),
    ]),
    ("tags retune", &[
        ("What stricter thresholds would change",
         "photoctl tags retune --project \"Summer Run\" --confirm 0.55 --dry-run"),
        ("Apply them, and keep them for later runs",
         "photoctl tags retune --project \"Summer Run\" --confirm 0.55 --review 0.4 --save --yes"),
    ]),
];
