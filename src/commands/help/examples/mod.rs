//! The examples of every command, by its words. A test holds that each command has some, and runs them.

mod audit;
mod consent;
mod database;
mod faces;
mod packages;
mod people;
mod photos;
mod projects;
mod qr;
mod tags;
mod tool;

/// What it is for, and the command line.
type Example = (&'static str, &'static str);
/// A command's words, and its examples.
pub type Examples = (&'static str, &'static [Example]);

/// The examples of a command; the root's under the empty path.
#[must_use]
pub fn of(path: &str) -> Option<&'static [Example]> {
    all().find(|(held, _)| *held == path).map(|(_, examples)| *examples)
}

/// All of them, by groups of nouns.
pub fn all() -> impl Iterator<Item = &'static Examples> {
    let groups = [
        ROOT,
        people::ALL,
        packages::ALL,
        projects::ALL,
        qr::ALL,
        consent::ALL,
        photos::ALL,
        faces::ALL,
        tags::ALL,
        database::ALL,
        tool::ALL,
        audit::ALL,
    ];
    groups.into_iter().flatten()
}

#[rustfmt::skip]
const ROOT: &[Examples] = &[
    ("", &[
        ("An event from nothing, with the embedded database and a local store",
         "photoctl db migrate"),
        ("A photographer's card into an event",
         "photoctl photos upload --project \"Summer Run\" --photographer finn@example.org --dir /media/card"),
        ("What does not work here, and what to do about it",
         "photoctl doctor"),
    ]),
];
