//! `completions`: the script for a shell, its place, and the answers it asks the binary for.

mod install;
mod shells;
mod values;
mod words;

use std::ffi::OsString;
use std::path::PathBuf;

use clap_complete::env::CompleteEnv;

use crate::app::App;
use crate::config::Sources;
use crate::error::{Error, Kind, Result};
use crate::model::text;
use crate::ui::{Done, Finished};

pub use values::with_values;

/// The script calls the binary with this variable set to the shell's name.
const VARIABLE: &str = "PHOTOCTL_COMPLETE";

/// Shells that completions exist for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell", alias = "pwsh")]
    PowerShell,
    Elvish,
}

impl Shell {
    /// All of them.
    const ALL: [Self; 5] = [Shell::Bash, Shell::Zsh, Shell::Fish, Shell::PowerShell, Shell::Elvish];

    fn name(self) -> &'static str {
        match self {
            Shell::Bash => "bash",
            Shell::Zsh => "zsh",
            Shell::Fish => "fish",
            Shell::PowerShell => "powershell",
            Shell::Elvish => "elvish",
        }
    }
}

#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct CompletionsArgs {
    #[command(subcommand)]
    pub command: Option<Command>,
    /// The shell
    #[arg(value_enum, required = true)]
    pub shell: Option<Shell>,
    /// Write to this file instead of stdout
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
}

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Puts the script where the shell looks for it, and says what else is needed
    Install(install::InstallArgs),
}

/// Prints, writes or installs the script.
///
/// # Errors
/// When the file can not be written.
pub fn run(app: &App, args: &CompletionsArgs) -> Finished {
    if let Some(Command::Install(args)) = &args.command {
        return install::run(app, args);
    }
    let shell = args.shell.ok_or_else(|| Error::usage("it is not said which shell"))?;
    let script = script(shell)?;
    match &args.to {
        None => app.ui.text("text", &script),
        Some(path) => {
            write(path, &script)?;
            let note = format!("Written to {}; it works from the next {} on.", text::path(path), shell.name());
            app.ui.written_to(path, &note);
        }
    }
    Ok(Done::OK)
}

fn write(path: &std::path::Path, script: &str) -> Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|error| Error::io("create the folder", folder, error))?;
    }
    std::fs::write(path, script).map_err(|error| Error::io("write", path, error))
}

fn script(shell: Shell) -> Result<String> {
    let mut script = Vec::new();
    let completer = shells::ALL
        .completer(shell.name())
        .ok_or_else(|| Error::new(Kind::Internal, format!("no completions for {}", shell.name())))?;
    completer
        .write_registration(VARIABLE, "photoctl", "photoctl", "photoctl", &mut script)
        .map_err(|error| Error::new(Kind::Internal, "cannot make the script").with_source(error))?;
    let script = String::from_utf8(script)
        .map_err(|error| Error::new(Kind::Internal, "the script is no text").with_source(error))?;
    Ok(format!("{}\n", script.trim()))
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
        .shells(shells::ALL)
        .try_complete(args.iter().cloned(), folder.as_deref())
        .unwrap_or(true)
}
