//! The log on stderr, above the frame of a running progress. It holds ids, counts and times: never names, emails,
//! tokens or keys.

use std::io::{self, Write};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::{FilterExt, Targets, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use super::Ui;
use crate::model::text;

/// These log headers, statements and parameters below the level given here: no flag or setting lets them.
const CAPS: &[(&str, LevelFilter)] = &[
    ("aws", LevelFilter::INFO),
    ("hyper", LevelFilter::INFO),
    ("h2", LevelFilter::INFO),
    ("http", LevelFilter::INFO),
    ("reqwest", LevelFilter::INFO),
    ("rustls", LevelFilter::INFO),
    ("sqlx", LevelFilter::ERROR),
    ("tokio_postgres", LevelFilter::ERROR),
    ("wasmer", LevelFilter::ERROR),
    ("pglite", LevelFilter::WARN),
    ("virtual_fs", LevelFilter::WARN),
];

/// What is logged.
#[derive(Debug, Clone)]
pub struct LogOptions {
    /// How many `-v`.
    pub verbose: u8,
    /// The setting `log`, which `-v` adds to.
    pub filter: Option<Targets>,
    pub json: bool,
}

/// Starts the log. A second start (in tests) changes nothing.
pub fn start(ui: &Ui, options: &LogOptions) {
    let targets = match (options.verbose, &options.filter) {
        (0, Some(filter)) => filter.clone(),
        (verbose, filter) => {
            let mut targets = match verbose {
                0 => Targets::new().with_default(LevelFilter::OFF).with_target("photoctl", LevelFilter::WARN),
                1 => Targets::new().with_default(LevelFilter::WARN).with_target("photoctl", LevelFilter::INFO),
                2 => Targets::new().with_default(LevelFilter::INFO).with_target("photoctl", LevelFilter::DEBUG),
                _ => Targets::new().with_default(LevelFilter::DEBUG).with_target("photoctl", LevelFilter::TRACE),
            };
            if let Some(filter) = filter {
                targets = targets.with_targets(filter.iter().map(|(target, level)| (target.to_owned(), level)));
            }
            targets
        }
    };
    let filter = targets.and(filter_fn(|event| allowed(event.target(), *event.level())));
    let writer = Lines { ui: ui.clone() };
    let layer = tracing_subscriber::fmt::layer().with_writer(writer);
    let layer = if options.json {
        layer.json().flatten_event(true).with_current_span(false).with_span_list(false).boxed()
    } else {
        layer.with_ansi(ui.has_colour()).boxed()
    };
    let _ = tracing_subscriber::registry().with(layer.with_filter(filter)).try_init();
}

fn allowed(target: &str, level: tracing::Level) -> bool {
    CAPS.iter().find(|(prefix, _)| target.starts_with(prefix)).is_none_or(|(_, cap)| level <= *cap)
}

/// Writes each event as a line of the screen.
#[derive(Debug, Clone)]
struct Lines {
    ui: Ui,
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line;

    fn make_writer(&'a self) -> Line {
        Line { ui: self.ui.clone(), bytes: Vec::new() }
    }
}

/// One event being written; said when dropped.
struct Line {
    ui: Ui,
    bytes: Vec<u8>,
}

impl Write for Line {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        let text = String::from_utf8_lossy(&self.bytes);
        for line in text.lines() {
            // Colour of our own making may pass, whatever else a library logs may not.
            if self.ui.has_colour() { self.ui.say(line) } else { self.ui.say(&text::printable(line)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tracing::Level;

    #[test]
    fn headers_and_statements_are_never_logged() {
        assert!(!allowed("aws_smithy_runtime::client", Level::DEBUG));
        assert!(!allowed("hyper_util::client", Level::TRACE));
        assert!(!allowed("sqlx::query", Level::WARN));
        assert!(allowed("photoctl::workflows", Level::TRACE));
    }
}
