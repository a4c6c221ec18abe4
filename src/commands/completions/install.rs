//! `completions install`

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Shell, VARIABLE, script, write};
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::model::text;
use crate::ui::{Done, Finished, Page, Render};

#[derive(Debug, clap::Args)]
pub struct InstallArgs {
    /// The shell [default: the one that this command is called from, else that of the variable SHELL]
    #[arg(value_enum)]
    pub shell: Option<Shell>,
    /// Only say what would be written where
    #[arg(long)]
    pub dry_run: bool,
}

/// Writes the script into the person's own folder for it. Files that a person writes are never touched.
pub(super) fn run(app: &App, args: &InstallArgs) -> Finished {
    let shell = match args.shell {
        Some(shell) => shell,
        None => in_use().ok_or_else(|| {
            let known = Shell::ALL.map(Shell::name).join(", ");
            Error::usage("it cannot be told which shell this is").hint(format!("name one of {known}"))
        })?,
    };
    let file = place(shell)?;
    let script = script(shell)?;
    let held = std::fs::read_to_string(&file).ok();
    if held.as_ref().is_some_and(|held| !held.contains(VARIABLE)) || (held.is_none() && file.exists()) {
        return Err(Error::new(Kind::AlreadyExists, format!("{} is there, and not ours", text::path(&file)))
            .hint(format!("put it aside, or write elsewhere: photoctl completions {} --to FILE", shell.name())));
    }
    let written = held.as_deref() != Some(script.as_str());
    if written && !args.dry_run {
        write(&file, &script)?;
    }
    app.ui.report(&Installed {
        ok: true,
        dry_run: args.dry_run,
        shell: shell.name(),
        written,
        add: addition(shell, &file),
        file: text::path(&file),
    });
    Ok(Done::OK)
}

/// The shell that called; else the person's log-in shell.
fn in_use() -> Option<Shell> {
    let parent = rustix::process::getppid().map(|parent| format!("/proc/{}/comm", parent.as_raw_nonzero()));
    let caller = parent.and_then(|path| std::fs::read_to_string(path).ok());
    let usual = std::env::var("SHELL").ok();
    [caller, usual].into_iter().flatten().find_map(|name| named(&name))
}

fn named(program: &str) -> Option<Shell> {
    let name = Path::new(program.trim()).file_name()?.to_str()?;
    match name.trim_start_matches('-') {
        "pwsh" => Some(Shell::PowerShell),
        name => Shell::ALL.into_iter().find(|shell| shell.name() == name),
    }
}

/// Where the shell, or its usual set-up, looks for a person's own completions.
fn place(shell: Shell) -> Result<PathBuf> {
    let folder = |variable: &str, default: &str| {
        let named = std::env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        named.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(default))).ok_or_else(|| {
            Error::new(Kind::Config, "there is no HOME to put the file into")
                .hint(format!("name it: photoctl completions {} --to FILE", shell.name()))
        })
    };
    let data = || folder("XDG_DATA_HOME", ".local/share");
    let settings = || folder("XDG_CONFIG_HOME", ".config");
    Ok(match shell {
        Shell::Bash => data()?.join("bash-completion/completions/photoctl"),
        Shell::Zsh => data()?.join("zsh/site-functions/_photoctl"),
        Shell::Fish => settings()?.join("fish/completions/photoctl.fish"),
        Shell::PowerShell => settings()?.join("powershell/photoctl.ps1"),
        Shell::Elvish => settings()?.join("elvish/lib/photoctl.elv"),
    })
}

/// What the person has to add to a file of their own, and where.
fn addition(shell: Shell, file: &Path) -> Option<Addition> {
    let path = quoted(file);
    let folder = quoted(file.parent().unwrap_or(file));
    let (to, line, unless) = match shell {
        Shell::Bash => ("~/.bashrc", format!("source {path}"), Some("the package bash-completion is installed")),
        Shell::Zsh => (
            "~/.zshrc, before compinit is called",
            format!("fpath=({folder} $fpath); autoload -Uz compinit; compinit"),
            Some("that folder is in fpath already"),
        ),
        Shell::Fish => return None,
        Shell::PowerShell => ("the file that $PROFILE names", format!(". {path}"), None),
        Shell::Elvish => ("~/.config/elvish/rc.elv", "use photoctl".to_owned(), None),
    };
    Some(Addition { to, line, unless })
}

/// The same in all these shells.
fn quoted(path: &Path) -> String {
    let path = text::path(path);
    let plain = path.chars().all(|c| c.is_alphanumeric() || "/._-".contains(c));
    if plain { path } else { format!("'{path}'") }
}

#[derive(Debug, Serialize)]
struct Addition {
    to: &'static str,
    line: String,
    unless: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct Installed {
    ok: bool,
    dry_run: bool,
    shell: &'static str,
    /// False where the same was there before.
    written: bool,
    file: String,
    /// What photoctl leaves to the person.
    add: Option<Addition>,
}

impl Render for Installed {
    fn render(&self, page: &mut Page) {
        match (self.written, self.dry_run) {
            (true, true) => page.line(format!("Would write {}.", self.file)),
            (true, false) => page.good(format!("Written: {}", self.file)),
            (false, _) => page.line(format!("It is there already: {}", self.file)),
        }
        if let Some(add) = &self.add {
            let unless = add.unless.map(|unless| format!(", unless {unless}")).unwrap_or_default();
            page.line(format!("Add to {}{unless}:", add.to));
            page.line(format!("  {}", add.line));
        }
        page.line(format!("It works from the next {} on.", self.shell));
    }
}
