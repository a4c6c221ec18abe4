//! Pictures in terminals that can show them: by the graphics of kitty and iTerm2, else as coloured half blocks.

use std::io::Cursor;

use super::Ui;
use crate::error::{Error, Kind, Result};

/// Widest picture, in columns.
const COLUMNS: u32 = 60;
/// Longest side that is decoded, in pixels.
const LONGEST_SIDE: u32 = 8192;
/// Most memory that decoding may take, in bytes.
const DECODE_BYTES: u64 = 64 * 1024 * 1024;

impl Ui {
    /// Whether stdout is a terminal that shows colours.
    #[must_use]
    pub fn can_show_pictures(&self) -> bool {
        self.stdout_terminal && self.colour_out
    }

    /// Shows a picture (JPEG or PNG) where [`Ui::can_show_pictures`]; otherwise does nothing.
    ///
    /// # Errors
    /// [`Kind::BadFile`] when it can not be decoded.
    pub fn picture(&self, bytes: &[u8]) -> Result<()> {
        if !self.can_show_pictures() {
            return Ok(());
        }
        let unreadable = |error: &dyn std::fmt::Display| {
            Error::new(Kind::BadFile, format!("the thumbnail can not be decoded: {error}"))
        };
        let mut reader =
            image::ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|error| unreadable(&error))?;
        let mut limits = image::Limits::default();
        limits.max_image_width = Some(LONGEST_SIDE);
        limits.max_image_height = Some(LONGEST_SIDE);
        limits.max_alloc = Some(DECODE_BYTES);
        reader.limits(limits);
        let picture = reader.decode().map_err(|error| unreadable(&error))?;
        let config = viuer::Config {
            absolute_offset: false,
            width: Some(COLUMNS.min(u32::from(viuer::terminal_size().0))),
            // Whether a terminal speaks kitty's protocol is asked by a question that others never answer.
            use_kitty: self.stdin_terminal && speaks_kitty(),
            ..viuer::Config::default()
        };
        // A terminal that has gone away is no error of ours.
        let _ = viuer::print(&picture, &config);
        Ok(())
    }
}

fn speaks_kitty() -> bool {
    let variable = |name| std::env::var(name).unwrap_or_default();
    !variable("KITTY_WINDOW_ID").is_empty()
        || ["kitty", "ghostty"].iter().any(|name| variable("TERM").contains(name))
        || ["ghostty", "WezTerm"].contains(&variable("TERM_PROGRAM").as_str())
}
