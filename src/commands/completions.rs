//! `completions`: the script for a shell, and the answers it asks the binary for.

use std::ffi::OsString;
use std::path::PathBuf;

use clap_complete::env::{CompleteEnv, Shells};

use crate::app::App;
use crate::config::Sources;
use crate::error::{Error, Kind, Result};
use crate::ui::{Done, Finished};

/// The script calls the binary with this variable set to the shell's name.
const VARIABLE: &str = "PHOTOCTL_COMPLETE";

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
        None => app.ui.data(&script),
        Some(path) => {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder).map_err(|error| Error::io("create the folder", folder, error))?;
            }
            std::fs::write(path, script).map_err(|error| Error::io("write", path, error))?;
            app.ui.note(&format!("Written to {}; it works from the next {} on.", path.display(), args.shell.name()));
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

/// The command with live values for what names a thing of the database.
#[must_use]
pub fn with_values(command: clap::Command) -> clap::Command {
    command
}
