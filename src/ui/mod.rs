//! What people and scripts see. Data goes to stdout, everything else to stderr; nothing else in the crate prints.
//!
//! A command hands one typed value over: [`Ui::show`] one thing, [`Ui::list`] many, [`Ui::report`] the end of an
//! operation. The four output formats are made from that value; no command knows which one was asked for.

mod full;
pub mod log;
mod machine;
pub mod page;
pub mod panics;
mod picture;
pub mod progress;
pub mod prompt;
mod screen;
pub mod signals;
pub mod stage;
mod terminal;
mod ticker;

use std::collections::BTreeMap;
use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

pub use page::{Page, Render, Row};
pub use prompt::Confirmed;

use screen::{Reflow, Screen};

use crate::error::{Error, Exit, Kind, Result};
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
    /// On a terminal that has some, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

/// How to talk. Built once from flags and environment; clones share the streams.
#[derive(Debug, Clone)]
pub struct Ui {
    format: Format,
    quiet: bool,
    colour_out: bool,
    colour_err: bool,
    stdin_terminal: bool,
    stderr_terminal: bool,
    stdout_terminal: bool,
    /// `TERM=dumb`: no cursor to move, so no frame.
    dumb: bool,
    unicode: bool,
    screen: Arc<Screen>,
    state: Arc<State>,
}

#[derive(Debug, Default)]
struct State {
    /// A question is on the terminal.
    asking: AtomicBool,
    /// jsonl: the `summary` line is out.
    summarised: AtomicBool,
    /// Why the answer could not be written.
    unwritten: Mutex<Option<std::io::Error>>,
    /// What was said while another screen was shown.
    held: Mutex<Vec<String>>,
}

/// So many lines are held back at most: a log that nobody can see is not to fill the memory.
const HELD_MOST: usize = 1_000;

/// What decides how to talk.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    pub format: Format,
    pub quiet: bool,
    pub colour: Colour,
    /// The process's environment.
    pub environment: &'a BTreeMap<String, String>,
}

/// Terminals that can do nothing but lines, and those from before colour.
fn has_no_colour(term: &str) -> bool {
    matches!(term, "dumb" | "xterm-old") || term.starts_with("vt") || term.ends_with("-mono")
}

impl Ui {
    #[must_use]
    pub fn new(options: &Options<'_>) -> Self {
        let stdout_terminal = std::io::stdout().is_terminal();
        let stderr_terminal = std::io::stderr().is_terminal();
        let variable = |name: &str| options.environment.get(name).filter(|value| !value.is_empty()).cloned();
        let term = variable("TERM").unwrap_or_else(|| "dumb".to_owned());
        let dumb = term == "dumb";
        let refused = variable("NO_COLOR").is_some() || has_no_colour(&term);
        let colour = |terminal: bool| match options.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => terminal && !refused,
        };
        // Prompts and tables ask console itself.
        console::set_colors_enabled(colour(stdout_terminal));
        console::set_colors_enabled_stderr(colour(stderr_terminal));
        let unicode = ["LC_ALL", "LC_CTYPE", "LANG"]
            .into_iter()
            .find_map(variable)
            .is_some_and(|locale| locale.to_ascii_lowercase().replace('-', "").contains("utf8"));
        Self {
            format: options.format,
            quiet: options.quiet,
            colour_out: colour(stdout_terminal) && options.format == Format::Human,
            colour_err: colour(stderr_terminal),
            stdin_terminal: std::io::stdin().is_terminal(),
            stderr_terminal,
            stdout_terminal,
            dumb,
            unicode,
            screen: Arc::new(Screen::new(Reflow::of(variable), if unicode { "…" } else { "..." })),
            state: Arc::default(),
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

    /// Whether the locale is a UTF-8 one.
    #[must_use]
    pub fn has_unicode(&self) -> bool {
        self.unicode
    }

    /// Whether messages are coloured.
    #[must_use]
    pub fn has_colour(&self) -> bool {
        self.colour_err
    }

    /// Whether data is coloured: a terminal, or `--color always`, and `--output human`.
    #[must_use]
    pub fn has_colour_out(&self) -> bool {
        self.colour_out
    }

    /// Rows and columns of the terminal on stderr.
    #[must_use]
    pub fn size(&self) -> (usize, usize) {
        self.screen.size()
    }

    /// Columns of the terminal on stdout, where it is one.
    #[must_use]
    pub fn width_out(&self) -> Option<usize> {
        let size = console::Term::stdout().size_checked().filter(|_| self.stdout_terminal);
        size.map(|(_, columns)| usize::from(columns))
    }

    /// One thing: created, shown.
    pub fn show<T: Render>(&self, thing: &T) {
        match self.format {
            Format::Human => self.print_page(thing),
            _ => {
                self.print(&machine::show(self.format, thing));
                self.summarised();
            }
        }
    }

    /// Many things of a kind. `cut` is a word for people that the list goes on, and how to go on.
    pub fn list<T: Row>(&self, rows: &[T], cut: Option<&str>) {
        match self.format {
            Format::Human => {
                let mut page = self.page();
                page.rows(rows);
                self.print(&page.into_text());
            }
            _ => {
                self.print(&machine::list(self.format, rows, T::LEFT_OUT));
                self.summarised();
            }
        }
        match cut {
            // A script that asks for quiet must not take the part for the whole.
            Some(cut) if self.format != Format::Human => self.warn(cut),
            Some(cut) => self.note(cut),
            None => {}
        }
    }

    /// Rows whose columns are known only now: the answer to somebody's SQL.
    pub fn records(&self, columns: &[String], rows: &[Vec<Option<String>>]) {
        if self.format == Format::Human {
            let headers: Vec<&str> = columns.iter().map(String::as_str).collect();
            let cells = rows.iter().map(|row| row.iter().map(|cell| cell.clone().unwrap_or_default()).collect());
            let mut page = self.page();
            page.table(&headers, cells);
            self.print(&page.into_text());
            return;
        }
        let records: Vec<serde_json::Map<String, serde_json::Value>> = rows
            .iter()
            .map(|row| columns.iter().zip(row).map(|(name, cell)| (name.clone(), json!(cell))).collect())
            .collect();
        self.print(&machine::list(self.format, &records, &[]));
        self.summarised();
    }

    /// The end of an operation. In jsonl it is the `summary`; the items went before it by [`progress`].
    pub fn report<T: Render>(&self, report: &T) {
        match self.format {
            Format::Human => self.print_page(report),
            _ => {
                self.print(&machine::report(self.format, report));
                self.summarised();
            }
        }
    }

    /// As [`Ui::report`], of an operation whose items are all known at its end: in jsonl each has a line before the
    /// `summary`.
    pub fn report_of<I: serde::Serialize, T: Render>(&self, items: &[I], report: &T) {
        if self.format == Format::Jsonl {
            self.print(&machine::items(items));
        }
        self.report(report);
    }

    /// A text that is the whole answer: SQL, a script, a page. For machines it is the field `name` of a document.
    pub fn text(&self, name: &str, text: &str) {
        match self.format {
            Format::Human => self.data(text),
            _ => {
                let fields = BTreeMap::from([(name, text)]);
                self.print(&machine::show(self.format, &fields));
                self.summarised();
            }
        }
    }

    /// The answer went into a file: `note` for people, its path for machines.
    pub fn written_to(&self, path: &std::path::Path, note: &str) {
        match self.format {
            Format::Human => self.note(note),
            _ => self.text("file", &crate::model::text::path(path)),
        }
    }

    /// Text that is data as it is: links, an exported file.
    pub fn data(&self, text: &str) {
        self.print(text);
    }

    /// Binary data as it is.
    pub fn bytes(&self, bytes: &[u8]) {
        let write = || {
            let mut out = std::io::stdout().lock();
            out.write_all(bytes).and_then(|()| out.flush())
        };
        let written = if self.stdout_terminal { self.screen.above(write) } else { write() };
        match written {
            // A reader that has gone away is no error of ours: the work itself goes on to its end.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                self.state.unwritten.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
            }
            _ => {}
        }
    }

    /// Whether all data reached stdout.
    ///
    /// # Errors
    /// When it did not: disk full behind a redirection. A closed pipe is no error.
    pub fn written(&self) -> Result<()> {
        match self.state.unwritten.lock().unwrap_or_else(PoisonError::into_inner).take() {
            None => Ok(()),
            Some(error) => {
                let kind = if error.kind() == ErrorKind::StorageFull { Kind::DiskFull } else { Kind::Io };
                Err(Error::new(kind, "cannot write the answer to stdout").with_source(error))
            }
        }
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

    /// A page of help on stdout, with colour where there is some.
    pub fn page_of_help(&self, text: &clap::builder::StyledStr) {
        let text = if self.colour_out { text.ansi().to_string() } else { text.to_string() };
        self.text("text", &format!("{}\n", text.trim_end()));
    }

    /// Text of our own for people, as it is: a help page where a command is missing.
    pub fn aside(&self, text: &str) {
        self.say(text.trim_end());
    }

    /// Something to look at. Shown even with `--quiet`.
    pub fn warn(&self, text: &str) {
        let label = self.paint_err("Warning:", console::Style::new().yellow().bold());
        self.say(&format!("{label} {}", printable(text)));
    }

    /// The error that ends the command: sentence, causes, hints; or one JSON object.
    pub fn error(&self, error: &Error) {
        if self.format == Format::Jsonl && !self.state.summarised.swap(true, Ordering::Relaxed) {
            self.print(&format!("{}\n", machine::typed("error", error_object(error))));
            self.print(&format!("{}\n", json!({"type": "summary", "ok": false})));
        }
        if matches!(self.format, Format::Json | Format::Jsonl) {
            self.say(&error_object(error).to_string());
            return;
        }
        let label = self.paint_err("Error:", console::Style::new().red().bold());
        self.say(&format!("{label} {}", printable(error.message())));
        for detail in error.details() {
            self.say(&format!("  {}", printable(detail)));
        }
        for cause in error.causes().iter().filter(|cause| !error.message().contains(cause.as_str())) {
            self.say(&format!("  Caused by: {}", printable(cause)));
        }
        for hint in error.hints() {
            let label = self.paint_err("Hint:", console::Style::new().cyan());
            self.say(&format!("  {label} {}", printable(hint)));
        }
    }

    fn print_page<T: Render>(&self, thing: &T) {
        let mut page = self.page();
        thing.render(&mut page);
        self.print(&page.into_text());
    }

    /// An empty page as wide as the terminal; off one, lines are as long as they are.
    fn page(&self) -> Page {
        let page = Page::new(self.colour_out);
        match console::Term::stdout().size_checked() {
            Some((_, columns)) if self.stdout_terminal => page.with_width(columns),
            _ => page,
        }
    }

    fn print(&self, text: &str) {
        self.bytes(text.as_bytes());
    }

    fn summarised(&self) {
        self.state.summarised.store(true, Ordering::Relaxed);
    }

    fn say(&self, text: &str) {
        if self.stderr_terminal && terminal::is_full() {
            let mut held = self.state.held.lock().unwrap_or_else(PoisonError::into_inner);
            if held.len() < HELD_MOST {
                held.push(text.to_owned());
            }
            return;
        }
        self.say_held();
        self.screen.line(text);
    }

    /// Says what was held back.
    fn say_held(&self) {
        let held = std::mem::take(&mut *self.state.held.lock().unwrap_or_else(PoisonError::into_inner));
        held.iter().for_each(|text| self.screen.line(text));
    }

    fn paint_err(&self, text: &str, style: console::Style) -> String {
        style.force_styling(self.colour_err).apply_to(text).to_string()
    }
}

/// The json form of an error.
#[must_use]
pub fn error_object(error: &Error) -> serde_json::Value {
    let mut object = json!({
        "code": error.kind().code(),
        "message": error.message(),
        "hint": (!error.hints().is_empty()).then(|| error.hints().join("; ")),
        "retryable": error.kind().retryable(),
    });
    if !error.details().is_empty() {
        object["details"] = json!(error.details());
    }
    json!({ "error": object })
}

/// The end of a command: what the process exits with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Done(pub Exit);

impl Done {
    pub const OK: Done = Done(Exit::Ok);
}

/// What every command function returns.
pub type Finished = Result<Done>;
