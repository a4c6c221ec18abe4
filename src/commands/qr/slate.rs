//! `qr slate`

use std::path::PathBuf;
use std::time::Duration;

use chrono::Utc;
use clap::Args;

use super::output;
use crate::app::App;
use crate::error::{Error, Kind, Result};
use crate::model::qr::slate;
use crate::model::text;
use crate::print::{self, Code};
use crate::ui::{Done, Finished};

/// How long a picture stands: five a second. A shutter is open for less, and a screen needs a moment to show one.
const EVERY: Duration = Duration::from_millis(200);

/// Rows below the code, for the time in letters.
const ROWS_BELOW: usize = 1;

#[derive(Debug, Args)]
pub struct SlateArgs {
    /// Write one picture with the time of now to this file, instead of the terminal
    #[arg(long, value_name = "FILE")]
    pub png: Option<PathBuf>,
    /// Pixels for each module of the picture
    #[arg(long, value_name = "N", default_value_t = 20, requires = "png", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub scale: u16,
}

/// Shows or writes the slate.
///
/// # Errors
/// When stdout is no terminal and no file is named, or the file can not be written.
pub fn run(app: &App, args: &SlateArgs) -> Finished {
    if let Some(path) = &args.png {
        let said = slate(Utc::now());
        let picture = print::png(&Code::of(&said)?, args.scale.into())?;
        output::write(app, Some(path), &picture)?;
        app.ui.written_to(path, &format!("{said} written to {}.", text::path(path)));
        return Ok(Done::OK);
    }
    if !app.ui.stdout_is_terminal() {
        return Err(Error::usage("the slate is shown in a terminal, and stdout is none").hint("give --png FILE"));
    }
    let mut failed = None;
    let frame = |rows, columns| match picture(rows, columns) {
        Ok(lines) => lines,
        Err(error) => {
            failed = Some(error);
            Vec::new()
        }
    };
    tokio::task::block_in_place(|| app.ui.full_screen(EVERY, || app.cancel.is_requested(), frame))?;
    match failed {
        Some(error) => Err(error),
        None if app.cancel.is_requested() => Err(Error::new(Kind::Interrupted, "interrupted")),
        None => Ok(Done::OK),
    }
}

/// The screen with the time of now: as large as fits, in the middle.
fn picture(rows: usize, columns: usize) -> Result<Vec<String>> {
    let said = slate(Utc::now());
    let code = Code::of(&said)?;
    let room = rows.saturating_sub(ROWS_BELOW);
    let fits = |scale: &usize| print::rows_of(&code, *scale) <= room && print::columns_of(&code, *scale) <= columns;
    let Some(scale) = (1..=20).take_while(fits).last() else {
        let (wide, high) = (print::columns_of(&code, 1), print::rows_of(&code, 1) + ROWS_BELOW);
        return Ok(vec![format!("The window is too small: {wide} x {high} are needed.")]);
    };
    let margin = " ".repeat((columns - print::columns_of(&code, scale)) / 2);
    let above = (room - print::rows_of(&code, scale)) / 2;
    let mut lines = vec![String::new(); above];
    lines.extend(print::blocks(&code, scale).into_iter().map(|line| format!("{margin}{line}")));
    let time = time_of(&said);
    let below = format!("{time} any key ends");
    lines.push(format!("{}{below}", " ".repeat(columns.saturating_sub(below.len()) / 2)));
    Ok(lines)
}

/// The time in what the code says: behind the name and the version.
fn time_of(said: &str) -> &str {
    said.splitn(3, ':').nth(2).unwrap_or(said)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_in_letters_is_whole() {
        assert_eq!(time_of("photoctl-slate:1:2026-06-01T11:31:01.000Z"), "2026-06-01T11:31:01.000Z");
    }

    #[test]
    fn the_slate_fits_every_window_that_can_hold_it() {
        for (rows, columns) in [(20, 37), (24, 80), (60, 200), (24, 40), (500, 900)] {
            let lines = picture(rows, columns).expect("a picture");
            assert!((20..=rows).contains(&lines.len()), "{rows}x{columns}: {}", lines.len());
            for line in &lines {
                assert!(console::measure_text_width(line) <= columns, "{rows}x{columns}");
            }
        }
        assert_eq!(picture(19, 80).expect("words").len(), 1);
        assert_eq!(picture(24, 36).expect("words").len(), 1);
    }
}
