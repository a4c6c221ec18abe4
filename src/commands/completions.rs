//! `completions`: the script for a shell, and the answers it asks the binary for.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use clap_complete::engine::{ArgValueCompleter, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};

use crate::app::App;
use crate::config::{Config, Sources, settings};
use crate::db::refs::{self, Noun};
use crate::db::{Db, DbConfig, EmbeddedConfig, ServerConfig};
use crate::error::{Error, Kind, Result};
use crate::model::text;
use crate::ui::{Done, Finished};

/// The script calls the binary with this variable set to the shell's name.
const VARIABLE: &str = "PHOTOCTL_COMPLETE";

/// How long a Tab may take. An embedded database opens in half a second on a machine that is not busy.
const PATIENCE: Duration = Duration::from_secs(2);
/// Another length for [`PATIENCE`], for slow machines: `10s`.
const PATIENCE_VARIABLE: &str = "PHOTOCTL_COMPLETE_PATIENCE";
/// More names than this nobody reads.
const MOST: i64 = 500;

/// Shells that completions exist for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

impl Shell {
    fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
        }
    }
}

#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

/// Prints or writes the script.
///
/// # Errors
/// When the file can not be written.
pub fn run(app: &App, args: &CompletionsArgs) -> Finished {
    let script = script(args.shell)?;
    match &args.to {
        None => app.ui.text("text", &script),
        Some(path) => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|error| Error::io("create the folder", folder, error))?;
            }
            std::fs::write(path, script).map_err(|error| Error::io("write", path, error))?;
            let note = format!("Written to {}; it works from the next {} on.", text::path(path), args.shell.name());
            app.ui.written_to(path, &note);
        }
    }
    Ok(Done::OK)
}

fn script(shell: Shell) -> Result<String> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    let completer = shells
        .completer(shell.name())
        .ok_or_else(|| Error::new(Kind::Internal, format!("no completions for {}", shell.name())))?;
    completer
        .write_registration(VARIABLE, "photoctl", "photoctl", "photoctl", &mut script)
        .map_err(|error| Error::new(Kind::Internal, "cannot make the script").with_source(error))?;
    String::from_utf8(script).map_err(|error| Error::new(Kind::Internal, "the script is no text").with_source(error))
}

/// Where a shell asks for completions: answers it. Returns whether that was so.
#[must_use]
pub fn answer(args: &[OsString], sources: &Sources) -> bool {
    if sources.environment.get(VARIABLE).is_none_or(String::is_empty) {
        return false;
    }
    let folder = std::env::current_dir().ok();
    // A completion that fails is no completion: a message would stand in the middle of the person's line.
    CompleteEnv::with_factory(crate::cli::command)
        .var(VARIABLE)
        .try_complete(args.iter().cloned(), folder.as_deref())
        .unwrap_or(true)
}

/// The command with live values for what names a thing of the database, a profile or a setting.
#[must_use]
pub fn with_values(command: clap::Command) -> clap::Command {
    let ids: Vec<(String, Source)> =
        command.get_arguments().filter_map(|arg| Some((arg.get_id().to_string(), source_of(arg)?))).collect();
    let command = ids.into_iter().fold(command, |command, (id, source)| {
        command.mut_arg(id, |arg| arg.add(ArgValueCompleter::new(move |typed: &OsStr| values(source, typed))))
    });
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| command.mut_subcommand(name, with_values))
}

/// Where the values of an option come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Database(Noun),
    Profiles,
}

fn source_of(arg: &clap::Arg) -> Option<Source> {
    Some(match arg.get_long()? {
        "operator" => Source::Database(Noun::Operator),
        "photographer" => Source::Database(Noun::Photographer),
        "user" => Source::Database(Noun::User),
        "package" => Source::Database(Noun::Package),
        "project" => Source::Database(Noun::Project),
        "profile" => Source::Profiles,
        _ => return None,
    })
}

fn values(source: Source, typed: &OsStr) -> Vec<CompletionCandidate> {
    let typed = typed.to_string_lossy().to_lowercase();
    let found = match source {
        Source::Database(noun) => of_database(noun),
        Source::Profiles => profiles(),
    };
    found
        .into_iter()
        .filter(|(value, _)| value.to_lowercase().starts_with(&typed))
        .map(|(value, help)| CompletionCandidate::new(value).help(help.map(Into::into)))
        .collect()
}

type Value = (String, Option<String>);

/// What the person's line says about which configuration is meant counts for its completion too.
fn configured() -> Option<Config> {
    let mut sources = Sources::from_process();
    let mut words = std::env::args().skip_while(|arg| arg != "--").skip(1);
    while let Some(word) = words.next() {
        match word.as_str() {
            "--profile" => sources.profile = words.next(),
            "--config" => sources.config_file = words.next().map(PathBuf::from),
            _ => {}
        }
    }
    Config::load(&sources).ok()
}

fn profiles() -> Vec<Value> {
    let names = configured_profiles().unwrap_or_default();
    names.into_iter().map(|name| (name, None)).collect()
}

fn configured_profiles() -> Option<Vec<String>> {
    let mut sources = Sources::from_process();
    sources.profile = None;
    Some(Config::load_anyway(&sources).ok()?.profiles().to_vec())
}

/// Names and emails. Where the answer does not come at once there is none: nobody waits for a Tab.
fn of_database(noun: Noun) -> Vec<Value> {
    let Some(config) = configured() else { return Vec::new() };
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build() else {
        return Vec::new();
    };
    let patience = std::env::var(PATIENCE_VARIABLE).ok().and_then(|text| humantime::parse_duration(&text).ok());
    let patience = patience.unwrap_or(PATIENCE);
    let found = runtime.block_on(async { tokio::time::timeout(patience, ask(&config, noun)).await });
    runtime.shutdown_background();
    found.ok().and_then(Result::ok).unwrap_or_default()
}

async fn ask(config: &Config, noun: Noun) -> Result<Vec<Value>> {
    let db = match config.get(settings::DATABASE_URL) {
        Some(url) => Db::connect(&DbConfig::Url(ServerConfig::new(url))).await?,
        // One that another run uses answers `Locked` at once, since nothing is waited for.
        None => Db::connect(&DbConfig::Embedded(EmbeddedConfig::new(config.home()))).await?,
    };
    let found = refs::choices(&mut *db.conn().await?, noun, None, MOST).await?;
    db.close().await;
    let value = |candidate: refs::Candidate| match candidate.email {
        Some(email) => (email, Some(text::printable(&candidate.name))),
        None => (candidate.name, candidate.operator),
    };
    // A line break would end the shell's list in the middle of a name.
    Ok(found.into_iter().map(value).filter(|(value, _)| text::printable(value) == *value).collect())
}
