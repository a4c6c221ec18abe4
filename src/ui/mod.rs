//! What people and scripts see. Data goes to stdout, everything else to stderr; nothing else in the crate prints.
//!
//! A command hands one typed value over: [`Ui::show`] one thing, [`Ui::list`] many, [`Ui::report`] the end of an
//! operation. The four output formats are made from that value; no command knows which one was asked for.

mod machine;
pub mod page;
mod picture;
pub mod progress;
pub mod prompt;
pub mod signals;

use std::io::{IsTerminal, Write};

use serde_json::json;

pub use page::{Page, Render, Row};
pub use prompt::Confirmed;

use crate::error::{Error, Exit, Result};
use crate::model::target::Target;
use crate::model::text::printable;

/// The form of what stdout carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people.
    Human,
    /// One JSON document.
    Json,
    /// One JSON object a line, ending in a summary.
    Jsonl,
    /// Comma-separated values with a header (RFC 4180).
    Csv,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// How to talk. Built once from flags and environment.
#[derive(Debug, Clone)]
pub struct Ui {
    format: Format,
    quiet: bool,
    colour_out: bool,
    colour_err: bool,
    stdin_terminal: bool,
    stderr_terminal: bool,
    stdout_terminal: bool,
}

/// What decides how to talk.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    pub format: Format,
    pub quiet: bool,
    pub colour: Colour,
    /// The value of `NO_COLOR`, if set.
    pub no_color: Option<&'a str>,
    /// The value of `TERM`, if set.
    pub term: Option<&'a str>,
}

impl Ui {
    #[must_use]
    pub fn new(options: &Options<'_>) -> Self {
        let stdout_terminal = std::io::stdout().is_terminal();
        let stderr_terminal = std::io::stderr().is_terminal();
        let refused = options.no_color.is_some_and(|value| !value.is_empty()) || options.term == Some("dumb");
        let colour = |terminal: bool| match options.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !refused,
        };
        Self {
            format: options.format,
            quiet: options.quiet,
            colour_out: colour(stdout_terminal) && options.format == Format::Human,
            colour_err: colour(stderr_terminal),
            stdin_terminal: std::io::stdin().is_terminal(),
            stderr_terminal,
            stdout_terminal,
        }
    }

    #[must_use]
    pub fn format(&self) -> Format {
        self.format
    }

    /// Whether a person can be asked: stdin and stderr are terminals.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.stdin_terminal && self.stderr_terminal
    }

    #[must_use]
    pub fn stdout_is_terminal(&self) -> bool {
        self.stdout_terminal
    }

    #[must_use]
    pub fn stderr_is_terminal(&self) -> bool {
        self.stderr_terminal
    }

    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// One thing: created, shown.
    pub fn show<T: Render>(&self, thing: &T) {
        match self.format {
            Format::Human => self.print_page(thing),
            _ => self.print(&machine::show(self.format, thing)),
        }
    }

    /// Many things of a kind. `cut` is a word for people that the list goes on, and how to go on.
    pub fn list<T: Row>(&self, rows: &[T], cut: Option<&str>) {
        match self.format {
            Format::Human => {
                let mut page = Page::new(self.colour_out);
                page.rows(rows);
                self.print(&page.into_text());
            }
            _ => self.print(&machine::list(self.format, rows)),
        }
        if let Some(cut) = cut {
            self.note(cut);
        }
    }

    /// The end of an operation. In jsonl it is the `summary`; the items went before it by [`progress`].
    pub fn report<T: Render>(&self, report: &T) {
        match self.format {
            Format::Human => self.print_page(report),
            _ => self.print(&machine::report(self.format, report)),
        }
    }

    /// Text that is data as it is: SQL, a completion script, an exported file.
    pub fn data(&self, text: &str) {
        self.print(text);
    }

    /// Binary data as it is.
    pub fn bytes(&self, bytes: &[u8]) {
        // A reader that has gone away is no error of ours: the work itself goes on to its end.
        let _ = std::io::stdout().lock().write_all(bytes);
    }

    /// What a change is about to change.
    pub fn target(&self, target: &Target) {
        if self.quiet {
            return;
        }
        let mut parts = vec![format!("database {}", target.database)];
        parts.extend(target.store.as_ref().map(|store| format!("store {store}")));
        parts.extend(target.profile.as_ref().map(|profile| format!("profile {profile}")));
        self.say(&format!("Target: {}", printable(&parts.join(", "))));
    }

    /// Something good to know. Silent with `--quiet`.
    pub fn note(&self, text: &str) {
        if !self.quiet {
            self.say(&printable(text));
        }
    }

    /// Something to look at. Shown even with `--quiet`.
    pub fn warn(&self, text: &str) {
        let label = self.paint_err("Warning:", console::Style::new().yellow().bold());
        self.say(&format!("{label} {}", printable(text)));
    }

    /// The error that ends the command: sentence, causes, hints; or one JSON object.
    pub fn error(&self, error: &Error) {
        if matches!(self.format, Format::Json | Format::Jsonl) {
            self.say(&error_object(error).to_string());
            return;
        }
        let label = self.paint_err("Error:", console::Style::new().red().bold());
        self.say(&format!("{label} {}", printable(error.message())));
        for cause in error.causes().iter().filter(|cause| !error.message().contains(cause.as_str())) {
            self.say(&format!("  Caused by: {}", printable(cause)));
        }
        for hint in error.hints() {
            let label = self.paint_err("Hint:", console::Style::new().cyan());
            self.say(&format!("  {label} {}", printable(hint)));
        }
    }

    fn print_page<T: Render>(&self, thing: &T) {
        let mut page = Page::new(self.colour_out);
        thing.render(&mut page);
        self.print(&page.into_text());
    }

    fn print(&self, text: &str) {
        let mut out = std::io::stdout().lock();
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }

    fn say(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    fn paint_err(&self, text: &str, style: console::Style) -> String {
        style.force_styling(self.colour_err).apply_to(text).to_string()
    }
}

/// The json form of an error.
#[must_use]
pub fn error_object(error: &Error) -> serde_json::Value {
    json!({"error": {
        "code": error.kind().code(),
        "message": error.message(),
        "hint": (!error.hints().is_empty()).then(|| error.hints().join("; ")),
        "retryable": error.kind().retryable(),
    }})
}

/// The end of a command: what the process exits with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done(pub Exit);

impl Done {
    pub const OK: Done = Done(Exit::Ok);
}

/// What every command function returns.
pub type Finished = Result<Done>;
