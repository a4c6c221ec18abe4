//! Examples: photos.

use super::Examples;

#[rustfmt::skip]
pub(super) const ALL: &[Examples] = &[
    ("photos", &[
        ("A card into an event",
         "photoctl photos upload --project \"Summer Run\" --photographer finn@example.org --dir /media/card"),
        ("The newest photos of an event",
         "photoctl photos list --project \"Summer Run\" --limit 20"),
    ]),
    ("photos upload", &[
        ("A card",
         "photoctl photos upload --project \"Summer Run\" --photographer finn@example.org --dir /media/card"),
        ("Two cards at once, gently",
         "photoctl photos upload --project \"Summer Run\" --photographer finn@example.org --dir /media/card1 --dir /media/card2 --bwlimit 2MiB"),
        ("What would be done",
         "photoctl photos upload --project \"Summer Run\" --photographer finn@example.org --dir /media/card --dry-run"),
        ("With a line for each file, for a script",
         "photoctl photos upload --project \"Summer Run\" --photographer finn@example.org --dir /media/card --report card.jsonl --json"),
    ]),
    ("photos list", &[
        ("The newest photos of an event",
         "photoctl photos list --project \"Summer Run\" --limit 20"),
        ("What failed to upload",
         "photoctl photos list --project \"Summer Run\" --status failed"),
        ("Of one afternoon, for a script",
         "photoctl photos list --project \"Summer Run\" --captured-since \"2026-06-01 14:00\" --captured-until \"2026-06-01 18:00\" --json"),
    ]),
    ("photos show", &[
        ("By the first characters of the id",
         "photoctl photos show 5f0c2a9b"),
        ("As json",
         "photoctl photos show 5f0c2a9b --json"),
    ]),
    ("photos url", &[
        ("A link to the watermarked preview, for an hour",
         "photoctl photos url 5f0c2a9b"),
        ("Originals for a week",
         "photoctl photos url 5f0c2a9b --kind original --expires 7d"),
    ]),
    ("photos verify", &[
        ("Whether all objects of an event are there",
         "photoctl photos verify --project \"Summer Run\""),
        ("Their bytes too, and remake what is missing",
         "photoctl photos verify --project \"Summer Run\" --deep --repair"),
    ]),
    ("photos adopt", &[
        ("What would be read and made for photos that the web application uploaded",
         "photoctl photos adopt --project \"Summer Run\" --dry-run"),
        ("Do it",
         "photoctl photos adopt --project \"Summer Run\""),
    ]),
    ("photos reprocess", &[
        ("Previews anew, after another watermark",
         "photoctl photos reprocess --project \"Summer Run\""),
        ("Of one photo",
         "photoctl photos reprocess 5f0c2a9b"),
    ]),
    ("photos download", &[
        ("All previews into a folder",
         "photoctl photos download --project \"Summer Run\" --kind watermarked --dir previews"),
        ("The originals of one photographer",
         "photoctl photos download --project \"Summer Run\" --photographer finn@example.org --kind original --dir originals"),
        ("The RAWs that were stored beside JPEGs",
         "photoctl photos download --project \"Summer Run\" --kind raw --dir raws"),
    ]),
    ("photos delete", &[
        ("One photo",
         "photoctl photos delete 5f0c2a9b"),
        ("What a filter would delete",
         "photoctl photos delete --project \"Summer Run\" --name \"IMG_00*.jpg\" --dry-run"),
    ]),
    ("photos restore", &[
        ("One photo",
         "photoctl photos restore 5f0c2a9b"),
        ("All that were deleted in an event",
         "photoctl photos restore --project \"Summer Run\""),
    ]),
];
