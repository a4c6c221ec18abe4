//! `help`: topics, commands, and the examples under every `--help`.

pub mod examples;
pub mod tasks;
mod topics;

use crate::app::App;
use crate::error::{Error, Result};
use crate::model::text::quoted;
use crate::ui::{Done, Finished};

/// What `help` explains besides commands.
const TOPICS: &[(&str, &str)] = &[
    ("exit-codes", "what the exit code of a command means to a script"),
    ("error-codes", "the closed list of codes of errors in json"),
    ("settings", "every setting: its name in the file, its environment variable, its default"),
];

#[derive(Debug, clap::Args)]
pub struct HelpArgs {
    /// A topic (exit-codes, error-codes, settings) or the words of a command [default: all commands by task]
    #[arg(value_name = "TOPIC|COMMAND")]
    pub words: Vec<String>,
}

/// Shows all commands by task, a topic, or a command's help.
///
/// # Errors
/// When there is neither of that name.
pub fn run(app: &App, args: &HelpArgs) -> Finished {
    let words: Vec<&str> = args.words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [] => app.ui.show(&tasks::page()),
        ["exit-codes"] => app.ui.list(&topics::exit_codes(), None),
        ["error-codes"] => app.ui.list(&topics::error_codes(), None),
        ["settings"] => topics::settings(app),
        words => app.ui.page_of_help(&help_of(words)?),
    }
    Ok(Done::OK)
}

fn help_of(words: &[&str]) -> Result<clap::builder::StyledStr> {
    let mut root = crate::cli::command();
    root.build();
    let mut command = &mut root;
    for (at, word) in words.iter().enumerate() {
        let place = if at == 0 { "photoctl".to_owned() } else { format!("photoctl {}", words[..at].join(" ")) };
        command = command.find_subcommand_mut(word).ok_or_else(|| {
            Error::usage(format!("{} is neither a topic nor a command of {place}", quoted(word)))
                .hint(format!("{place} --help lists its commands"))
                .hint(format!("topics: {}", topic_names()))
        })?;
    }
    Ok(command.render_long_help())
}

fn topic_names() -> String {
    TOPICS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

/// The command with examples under each help, and the topics under the first.
#[must_use]
pub fn with_examples(command: clap::Command) -> clap::Command {
    let command = decorate(command, "");
    let mut topics = String::from("All commands by task: photoctl help\n\nTopics (photoctl help TOPIC):\n");
    for (name, about) in TOPICS {
        topics.push_str(&format!("  {name:<12} {about}\n"));
    }
    let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    command.after_help(format!("{topics}\n{examples}"))
}

fn decorate(command: clap::Command, path: &str) -> clap::Command {
    let command = match examples::of(path) {
        Some(list) => command.after_help(text(list)),
        None => command,
    };
    let names: Vec<String> = command.get_subcommands().map(|inner| inner.get_name().to_owned()).collect();
    names.into_iter().fold(command, |command, name| {
        let inner = if path.is_empty() { name.clone() } else { format!("{path} {name}") };
        command.mut_subcommand(&name, |command| decorate(command, &inner))
    })
}

fn text(list: &[(&str, &str)]) -> String {
    let mut text = String::from("Examples:\n");
    for (what, line) in list {
        text.push_str(&format!("  # {what}\n  {}\n", folded(line)));
    }
    text.truncate(text.trim_end().len());
    text
}

/// A long line is folded the way a shell takes it: help is wrapped by words, and a wrapped line could not be copied.
fn folded(line: &str) -> String {
    const WIDTH: usize = 76;
    let (mut out, mut length) = (String::new(), 0);
    for part in line.split(" --") {
        let part = if out.is_empty() { part.to_owned() } else { format!(" --{part}") };
        if length > 0 && length + part.len() > WIDTH {
            out.push_str(" \\\n     ");
            length = 5;
        }
        length += part.len();
        out.push_str(&part);
    }
    out
}
