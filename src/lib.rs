//! photoctl administers an event-photography platform directly against its real parts: the Postgres database that it
//! shares with a web application, and the object store that holds the photos.
//!
//! This page is the map of the house. Read it before you move a wall.
//!
//! # Floors
//!
//! Imports point down only; a test reads every `use crate::` and keeps it so.
//!
//! ```text
//! main        parse, run, exit code
//! cli         global options, the list of nouns, one dispatch line each
//! commands    a noun each: clap arguments, then plan -> confirm -> do -> report
//! app, ui     what every command works with; stdout and stderr, formats, progress, prompts
//! workflows   what the tool exists for: ingest, photos, setup. They never print
//! batch  imaging  faces  print  objects  geo  db   adapters and machinery that do not know each other; a workflow joins them
//! config  model  error             plain types: settings, ids, statuses, time, hashes, the one error
//! ```
//!
//! | room | what belongs there | what does not |
//! |---|---|---|
//! | [`commands`] | arguments and their help text, confirmation, choosing the report | SQL, services, printing by hand |
//! | [`ui`] | everything that reaches a terminal; escaping; json, jsonl, csv | knowledge of a noun |
//! | [`workflows`] | decisions of the domain, order of effects, recovery | clap, printing, SQL, a service's own types |
//! | [`batch`] | many items at once: widths, retry, pause, cancellation | a noun of the domain |
//! | [`imaging`] | what a file is, and its derivatives | where files come from or go to |
//! | [`faces`] | where faces are, how well they can be seen, their vectors; the models | who somebody is, consent, files |
//! | [`print`](mod@print) | codes as SVG, PNG and blocks, sheets as PDF; fonts and setting of text | what a card is for, clocks, chance |
//! | [`objects`] | keys, S3 and folder stores | the database |
//! | [`geo`] | the country of an address, from a file | any network |
//! | [`db`] | all the SQL, one file for each entity; pool, embedded server, migrations | decisions |
//! | [`config`] | every setting, the layers, the origin of each value | use of a setting |
//! | [`model`] | types without I/O that all floors speak | anything that can block |
//!
//! # Ground rules
//!
//! - **Identity is content.** A photo's id is a UUIDv5 of its project and its SHA-256
//!   ([`model::ids::PhotoId::of_content`]); object keys carry the id. Uploading again, from anywhere, by two people at
//!   once, makes no second photo.
//! - **Every step can be repeated.** Row `processing`, original, derivatives, row `ready`: a crash between any two
//!   leaves something that the next run completes. Nothing is deleted from a card.
//! - **A change and its audit entry commit together**, and the entry is the last statement before the commit, because
//!   it takes the head of the chain.
//! - **One connection is enough.** Functions of [`db`] take a `&mut PgConnection`, never the pool, and no stream stays
//!   open across other statements: the embedded database has a single connection.
//! - **One error type** ([`error::Error`]) with a closed list of kinds; an adapter translates its service's errors at
//!   its boundary. The kind decides the exit code and the `code` in json.
//! - **Text from outside is escaped where it is written** ([`ui::Page`], [`model::text`]), not where it is read.
//! - **Nothing lands in the wrong place by a forgotten variable**: the database remembers its store, a real server is
//!   never migrated implicitly, and each change names its target.
//!
//! # Where to change what
//!
//! - A new verb: a file in `commands/<noun>/`, a function in a workflow, SQL in `db/<entity>`, an example in the table
//!   of examples, a test in `tests/it/`.
//! - A new setting: one line in [`config::settings`].
//! - A new table or column: a file in `migrations/`; shared tables are a contract with the web application.
//! - A new kind of file: [`imaging`]'s list of formats, and what it is told apart by.

pub mod app;
pub mod batch;
pub mod cli;
pub mod commands;
pub mod config;
pub mod db;
pub mod error;
pub mod faces;
pub mod geo;
pub mod imaging;
pub mod model;
pub mod objects;
pub mod print;
pub mod ui;
pub mod workflows;
