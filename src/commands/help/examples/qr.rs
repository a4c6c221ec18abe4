//! Examples of QR tokens, cards and the slate.

use super::Examples;

#[rustfmt::skip]
pub const ALL: &[Examples] = &[
    ("qr", &[
        ("A token for each member",
         "photoctl qr issue --project \"Summer Run\" --members"),
        ("Their cards, as a PDF to print and cut",
         "photoctl qr sheet --project \"Summer Run\" --to cards.pdf"),
        ("A poster that lets everybody join",
         "photoctl qr issue --project \"Summer Run\" --reusable --expires 30d"),
        ("Which tokens are still open",
         "photoctl qr list --project \"Summer Run\" --status open"),
    ]),
    ("qr issue", &[
        ("Fifty for whoever comes, open until the project ends",
         "photoctl qr issue --project \"Summer Run\" --count 50"),
        ("One for each member; again, it issues only what is missing",
         "photoctl qr issue --project \"Summer Run\" --members --expires 3d"),
        ("Links for a mailing, as a spreadsheet",
         "photoctl qr issue --project \"Summer Run\" --members --output csv"),
        ("For a poster",
         "photoctl qr issue --project \"Summer Run\" --reusable --expires 30d"),
    ]),
    ("qr list", &[
        ("Those that are open",
         "photoctl qr list --project \"Summer Run\" --status open"),
        ("With their links: whoever sees them may join",
         "photoctl qr list --project \"Summer Run\" --show-tokens --output csv"),
    ]),
    ("qr revoke", &[
        ("A card that was lost, by the id in the list",
         "photoctl qr revoke 5f0c2a9b"),
        ("All that are open",
         "photoctl qr revoke --all --project \"Summer Run\" --yes"),
    ]),
    ("qr prune", &[
        ("What would go",
         "photoctl qr prune --project \"Summer Run\" --dry-run"),
        ("What expired more than 90 days ago, from cron",
         "photoctl qr prune --before 90d --yes"),
    ]),
    ("qr redeem", &[
        ("A guest at the desk, whose card was scanned there",
         "photoctl qr redeem k3f9x2m7c5t1w8b4n6p0q3r5va --user gus@example.org --accept-terms"),
        ("The token from a scanner, not seen in the list of processes",
         "photoctl qr redeem - --user gus@example.org --json"),
    ]),
    ("qr render", &[
        ("In the terminal",
         "photoctl qr render 5f0c2a9b"),
        ("For print, at any size",
         "photoctl qr render 5f0c2a9b --to poster.svg"),
    ]),
    ("qr sheet", &[
        ("Each open token on a card, eight on a page",
         "photoctl qr sheet --project \"Summer Run\" --to cards.pdf"),
        ("Business cards on Letter",
         "photoctl qr sheet --project \"Summer Run\" --paper letter --card 85x55 --to cards.pdf"),
        ("The poster's token on small cards for the tables",
         "photoctl qr sheet --project \"Summer Run\" --reusable --columns 3 --rows 5 --cards 60 --to tables.pdf"),
        ("With a font for names in Japanese",
         "photoctl qr sheet --project \"Summer Run\" --font NotoSansJP-Bold.ttf --to cards.pdf"),
    ]),
    ("qr slate", &[
        ("Full screen, until a key is pressed",
         "photoctl qr slate"),
        ("One picture",
         "photoctl qr slate --png slate.png"),
    ]),
];
