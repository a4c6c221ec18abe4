//! Values that only the machine knows: names of the database's things, profiles.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::time::Duration;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};

use crate::config::{Config, Sources, settings};
use crate::db::ServerConfig;
use crate::db::names::{self, Named};
use crate::db::refs::Noun;
use crate::model::text;
use crate::workflows::kept;

/// How long a server may take; with starting and ending, a Tab takes less than 300 ms.
const PATIENCE: Duration = Duration::from_millis(250);
/// Another length for [`PATIENCE`], for far servers: `1s`.
const PATIENCE_VARIABLE: &str = "PHOTOCTL_COMPLETE_PATIENCE";
/// More names than this nobody reads.
const MOST: i64 = 500;

/// Where the values of an argument come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Things { noun: Noun, deleted: bool },
    Profiles,
}

/// The command with live values for what names a thing of the database or a profile.
#[must_use]
pub fn with_values(command: clap::Command) -> clap::Command {
    attach(command, None, false)
}

/// `noun` is what the command is about, `deleted` whether it is about the deleted ones.
fn attach(command: clap::Command, noun: Option<Noun>, deleted: bool) -> clap::Command {
    let sources: Vec<(String, Source)> = command
        .get_arguments()
        .filter_map(|arg| Some((arg.get_id().to_string(), source_of(arg, noun, deleted)?)))
        .collect();
    let command = sources.into_iter().fold(command, |command, (id, source)| {
        command.mut_arg(id, |arg| arg.add(ArgValueCompleter::new(move |typed: &OsStr| values(source, typed))))
    });
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        let (noun, deleted) = (noun.or_else(|| noun_of(&name)), name == "restore");
        command.mut_subcommand(name, |inner| attach(inner, noun, deleted))
    })
}

fn noun_of(word: &str) -> Option<Noun> {
    [Noun::Operator, Noun::Photographer, Noun::User, Noun::Package, Noun::Project]
        .into_iter()
        .find(|noun| noun.word().eq_ignore_ascii_case(word))
}

fn source_of(arg: &clap::Arg, noun: Option<Noun>, deleted: bool) -> Option<Source> {
    match arg.get_long() {
        Some("profile") => Some(Source::Profiles),
        Some(option) => noun_of(option).map(|noun| Source::Things { noun, deleted: false }),
        None => {
            let word = arg.get_value_names()?.first()?.as_str();
            let noun = if matches!(word, "WHICH" | "WHO") { noun } else { noun_of(word) };
            noun.map(|noun| Source::Things { noun, deleted })
        }
    }
}

fn values(source: Source, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy();
    let found = match source {
        Source::Things { noun, deleted } => things(noun, deleted, &typed),
        Source::Profiles => profiles().into_iter().map(|name| (name, None)).collect(),
    };
    let typed = typed.to_lowercase();
    let mut seen = BTreeSet::new();
    found
        .into_iter()
        .filter(|(value, _)| value.to_lowercase().starts_with(&typed))
        // A line break would end the shell's list in the middle of a name; a dash would begin an option.
        .filter(|(value, _)| text::printable(value) == *value && !value.is_empty() && !value.starts_with('-'))
        .filter(|(value, _)| seen.insert(value.clone()))
        .map(|(value, help)| CompletionCandidate::new(value).help(help.map(Into::into)))
        .collect()
}

type Value = (String, Option<String>);

/// Names and emails; with `operator-email/` in front where that was typed.
fn things(noun: Noun, deleted: bool, typed: &str) -> Vec<Value> {
    let whole = typed.contains('/');
    let named = names_of(noun, typed).unwrap_or_default();
    named
        .into_iter()
        .filter(|named| named.noun == noun.word() && named.deleted == deleted)
        .map(|named| match (named.email, named.operator) {
            (Some(email), _) => (email, Some(text::printable(&named.name))),
            (None, Some(operator)) if whole => (format!("{operator}/{}", named.name), None),
            (None, operator) => (named.name, operator.map(|operator| text::printable(&operator))),
        })
        .collect()
}

/// Of a server, what it answers at once; of the embedded database, what the last command has left.
fn names_of(noun: Noun, typed: &str) -> Option<Vec<Named>> {
    let config = configured()?;
    let Some(url) = config.get(settings::DATABASE_URL) else { return Some(kept::names::read(config.home())) };
    let patience = std::env::var(PATIENCE_VARIABLE).ok().and_then(|text| humantime::parse_duration(&text).ok());
    let patience = patience.unwrap_or(PATIENCE);
    let mut server = ServerConfig::new(url);
    server.connect_timeout = patience;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().ok()?;
    let found = runtime.block_on(async {
        tokio::time::timeout(patience, names::of_server(&server, noun, typed, MOST)).await.ok()?.ok()
    });
    // Looking up an address can not be given up: it is left behind.
    runtime.shutdown_background();
    found
}

/// What the person's line says about which configuration is meant counts for its completion too.
fn configured() -> Option<Config> {
    let mut sources = Sources::from_process();
    let mut words = line().into_iter();
    while let Some(word) = words.next() {
        match word.split_once('=').unwrap_or((&word, "")) {
            ("--profile", "") => sources.profile = words.next(),
            ("--config", "") => sources.config_file = words.next().map(PathBuf::from),
            ("--profile", name) => sources.profile = Some(name.to_owned()),
            ("--config", path) => sources.config_file = Some(PathBuf::from(path)),
            _ => {}
        }
    }
    Config::load(&sources).ok()
}

/// The words of the person's line: bash hands it over as one.
fn line() -> Vec<String> {
    let args: Vec<String> = std::env::args().skip_while(|arg| arg != "--").skip(1).collect();
    match args.as_slice() {
        [line] => super::words::Line::read(line).words,
        _ => args,
    }
}

fn profiles() -> Vec<String> {
    let mut sources = Sources::from_process();
    sources.profile = None;
    Config::load_anyway(&sources).map(|config| config.profiles().to_vec()).unwrap_or_default()
}
