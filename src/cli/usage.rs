//! A command line that is wrong: clap's refusal in the form that all errors have, json included.

use std::ffi::OsString;

use clap::error::ErrorKind;

use crate::error::{Error, Exit, Result};
use crate::ui::{Colour, Format, Ui};

/// What has to be known before the command line is read, or although it can not be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Early {
    pub(super) format: Format,
    pub(super) colour: Colour,
    pub(super) quiet: bool,
}

impl Early {
    /// Looks for the few options that say how to talk; whatever else is wrong, they hold.
    pub(super) fn scan(args: &[OsString]) -> Self {
        let mut early = Self { format: Format::Human, colour: Colour::Auto, quiet: false };
        let mut args = args.iter().skip(1).filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--");
        while let Some(arg) = args.next() {
            let (name, inline) = match arg.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name, Some(value)),
                _ => (arg, None),
            };
            match name {
                "--json" => early.format = Format::Json,
                "--quiet" => early.quiet = true,
                "--output" => early.take_format(inline.or_else(|| args.next())),
                "--color" => early.take_colour(inline.or_else(|| args.next())),
                _ => {
                    if let Some(short) = name.strip_prefix('-').filter(|short| !short.starts_with('-')) {
                        early.take_short(short, &mut args);
                    }
                }
            }
        }
        early
    }

    /// `-q`, `-o json`, `-ojson`, `-qvojson`
    fn take_short<'a>(&mut self, short: &'a str, rest: &mut impl Iterator<Item = &'a str>) {
        for (at, c) in short.char_indices() {
            match c {
                'q' => self.quiet = true,
                'v' | 'y' => {}
                'o' => {
                    let value = short[at + 1..].trim_start_matches('=');
                    self.take_format(if value.is_empty() { rest.next() } else { Some(value) });
                    return;
                }
                _ => return,
            }
        }
    }

    fn take_format(&mut self, value: Option<&str>) {
        if let Some(format) = value.and_then(|value| <Format as clap::ValueEnum>::from_str(value, false).ok()) {
            self.format = format;
        }
    }

    fn take_colour(&mut self, value: Option<&str>) {
        if let Some(colour) = value.and_then(|value| <Colour as clap::ValueEnum>::from_str(value, false).ok()) {
            self.colour = colour;
        }
    }
}

/// What to do when clap has not given matches: help and version are answers, all else is an error.
///
/// # Errors
/// The usage error, with clap's tips as hints.
pub(super) fn refused(ui: &Ui, error: &clap::Error, words: &str) -> Result<Exit> {
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => {
            let text = error.render();
            ui.text("text", &if ui.has_colour_out() { text.ansi().to_string() } else { text.to_string() });
            Ok(Exit::Ok)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand if ui.format() == Format::Human => {
            let text = error.render();
            ui.aside(&if ui.has_colour() { text.ansi().to_string() } else { text.to_string() });
            Ok(Exit::Usage)
        }
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            Err(Error::usage("a command is missing").hint("photoctl --help lists them"))
        }
        _ => Err(translate(error, words)),
    }
}

fn translate(error: &clap::Error, words: &str) -> Error {
    let text = error.render().to_string();
    let mut paragraphs = text.split("\n\n");
    let first = paragraphs.next().unwrap_or_default();
    let mut lines = first.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut message = lines.next().unwrap_or("the command line is wrong").trim_start_matches("error: ").to_owned();
    let mut hints = Vec::new();
    let mut items = Vec::new();
    for line in lines {
        match line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            Some(inner) => hints.push(inner.to_owned()),
            None => items.push(line),
        }
    }
    if !items.is_empty() {
        message = format!("{} {}", message, items.join(", "));
    }
    for line in paragraphs.flat_map(str::lines).map(str::trim) {
        if let Some(tip) = line.strip_prefix("tip: ") {
            hints.push(tip.to_owned());
        } else if let Some(usage) = line.strip_prefix("Usage: ") {
            hints.push(format!("usage: {usage}"));
        }
    }
    hints.push(format!("{words} --help explains it"));
    hints.into_iter().fold(Error::usage(message), Error::hint)
}

/// The command that the line means, as far as it can be read: `photoctl photos upload`.
pub(super) fn words_of(root: &clap::Command, args: &[OsString]) -> String {
    let mut command = root;
    let mut words = vec!["photoctl"];
    let mut args = args.iter().skip(1).filter_map(|arg| arg.to_str()).take_while(|arg| *arg != "--");
    while let Some(arg) = args.next() {
        if arg.starts_with('-') {
            if takes_next(root, arg) || takes_next(command, arg) {
                args.next();
            }
            continue;
        }
        let Some(inner) = command.find_subcommand(arg) else { break };
        words.push(inner.get_name());
        command = inner;
    }
    words.join(" ")
}

/// Whether the value of this option is the next word.
fn takes_next(command: &clap::Command, arg: &str) -> bool {
    command.get_arguments().filter(|option| option.get_action().takes_values()).any(|option| {
        match arg.strip_prefix("--") {
            Some(long) => option.get_long() == Some(long),
            None => option.get_short().is_some_and(|short| arg.ends_with(short)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(line: &str) -> Early {
        Early::scan(&line.split(' ').map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn the_form_is_known_although_the_line_is_wrong() {
        for line in
            ["p --json", "p x --output json", "p --output=json --nonsense", "p -o json", "p -qojson", "p -qo json"]
        {
            assert_eq!(scan(line).format, Format::Json, "{line}");
        }
        for line in ["p", "p -- --json", "p --output human", "p --jsonx", "p -nojson"] {
            assert_eq!(scan(line).format, Format::Human, "{line}");
        }
        assert_eq!(scan("p --color=always").colour, Colour::Always);
        assert!(scan("p -vq").quiet);
    }
}
