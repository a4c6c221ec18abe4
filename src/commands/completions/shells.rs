//! How each shell asks, and how it has to be answered so that a name with spaces, quotes or an @ stays one word.

use std::ffi::OsString;
use std::io::{Error, Write};
use std::path::Path;

use clap_complete::engine;
use clap_complete::env::{self, EnvCompleter, Shells};

use super::words::{self, Line};

/// All shells that photoctl answers.
pub(super) const ALL: Shells<'static> = Shells(&[&Bash, &Zsh, &Fish, &PowerShell, &env::Elvish]);

struct Bash;

impl EnvCompleter for Bash {
    fn name(&self) -> &'static str {
        "bash"
    }

    fn is(&self, name: &str) -> bool {
        name == "bash"
    }

    fn write_registration(&self, _: &str, _: &str, _: &str, _: &str, out: &mut dyn Write) -> Result<(), Error> {
        out.write_all(include_bytes!("photoctl.bash"))
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        args: Vec<OsString>,
        folder: Option<&Path>,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let line = args.first().map(|line| line.to_string_lossy().into_owned()).unwrap_or_default();
        let point = std::env::var("PHOTOCTL_POINT").ok().and_then(|point| point.parse().ok()).unwrap_or(line.len());
        let breaks = std::env::var("PHOTOCTL_WORDBREAKS").unwrap_or_default();
        let line = Line::read(line.get(..point).unwrap_or(&line));
        let index = line.words.len() - 1;
        let words = line.words.iter().map(OsString::from).collect();
        for candidate in engine::complete(command, words, index, folder)? {
            writeln!(out, "{}", line.answer(&candidate.get_value().to_string_lossy(), &breaks))?;
        }
        Ok(())
    }
}

struct Zsh;

impl EnvCompleter for Zsh {
    fn name(&self) -> &'static str {
        "zsh"
    }

    fn is(&self, name: &str) -> bool {
        name == "zsh"
    }

    fn write_registration(&self, _: &str, _: &str, _: &str, _: &str, out: &mut dyn Write) -> Result<(), Error> {
        out.write_all(include_bytes!("photoctl.zsh"))
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        args: Vec<OsString>,
        folder: Option<&Path>,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        env::Zsh.write_complete(command, with_plain_last(args), folder, out)
    }
}

struct Fish;

impl EnvCompleter for Fish {
    fn name(&self) -> &'static str {
        "fish"
    }

    fn is(&self, name: &str) -> bool {
        name == "fish"
    }

    fn write_registration(
        &self,
        variable: &str,
        name: &str,
        bin: &str,
        completer: &str,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        env::Fish.write_registration(variable, name, bin, completer, out)
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        args: Vec<OsString>,
        folder: Option<&Path>,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        env::Fish.write_complete(command, with_plain_last(args), folder, out)
    }
}

/// The word under the cursor comes as it is typed, quotes and all.
fn with_plain_last(mut args: Vec<OsString>) -> Vec<OsString> {
    if let Some(last) = args.last_mut()
        && let Some(text) = last.to_str()
    {
        *last = words::plain(text).into();
    }
    args
}

struct PowerShell;

impl EnvCompleter for PowerShell {
    fn name(&self) -> &'static str {
        "powershell"
    }

    fn is(&self, name: &str) -> bool {
        env::Powershell.is(name)
    }

    fn write_registration(
        &self,
        variable: &str,
        name: &str,
        bin: &str,
        completer: &str,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        env::Powershell.write_registration(variable, name, bin, completer, out)
    }

    fn write_complete(
        &self,
        command: &mut clap::Command,
        args: Vec<OsString>,
        folder: Option<&Path>,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let index = args.len().saturating_sub(1);
        for candidate in engine::complete(command, args, index, folder)? {
            let value = candidate.get_value().to_string_lossy();
            let help = candidate.get_help().map(ToString::to_string).unwrap_or_default();
            let help = help.lines().next().unwrap_or_default();
            writeln!(out, "{}\t{}", words::in_powershell(&value), if help.is_empty() { &value } else { help })?;
        }
        Ok(())
    }
}
