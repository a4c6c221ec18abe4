//! Pictures made for the terminal: for blocking threads, before they are needed.

use std::sync::Arc;

use image::{DynamicImage, RgbImage};
use ratatui::Frame;
use ratatui::layout::{Rect, Size};
use ratatui_image::picker::{Picker, ProtocolType};
use ratatui_image::protocol::Protocol;
use ratatui_image::{FilterType, Image, Resize};

use crate::error::{Error, Kind, Result};
use crate::model::pixels::Pixels;

/// Makes pictures for one terminal. Cheap to clone.
#[derive(Clone)]
pub struct Painter {
    picker: Option<Arc<Picker>>,
}

/// A picture as the terminal takes it, for one size.
pub struct Painted(Protocol);

impl Painter {
    pub(super) fn of(picker: Picker) -> Self {
        Self { picker: Some(Arc::new(picker)) }
    }

    pub(super) fn words() -> Self {
        Self { picker: None }
    }

    /// Whether pictures can be shown at all.
    #[must_use]
    pub fn shows(&self) -> bool {
        self.picker.is_some()
    }

    /// Whether they are real pixels, not blocks.
    #[must_use]
    pub fn is_sharp(&self) -> bool {
        self.picker.as_ref().is_some_and(|picker| picker.protocol_type() != ProtocolType::Halfblocks)
    }

    /// Longest side in pixels that is of any use for so many columns and rows: a larger picture only takes longer.
    #[must_use]
    pub fn room(&self, columns: u16, rows: u16) -> u32 {
        self.picker.as_ref().map_or(0, |picker| {
            let letter = picker.font_size();
            // Half as much again, so that the last step still has something to choose from.
            (u32::from(columns) * u32::from(letter.width)).max(u32::from(rows) * u32::from(letter.height)) * 3 / 2
        })
    }

    /// What makes the terminal forget the pictures that it was given; nothing where it keeps none.
    pub(super) fn forget(&self) -> &'static [u8] {
        let kitty = self.picker.as_ref().is_some_and(|picker| picker.protocol_type() == ProtocolType::Kitty);
        if kitty { b"\x1b_Ga=d,d=A,q=2\x1b\\" } else { b"" }
    }

    /// Makes a picture that fills so many columns and rows as well as its shape lets it.
    ///
    /// # Errors
    /// When it can not be made.
    pub fn paint(&self, picture: &Pixels, columns: u16, rows: u16) -> Result<Painted> {
        let failed = || Error::new(Kind::Internal, "the picture can not be shown");
        let picker = self.picker.as_ref().ok_or_else(failed)?;
        let image = RgbImage::from_raw(picture.width(), picture.height(), picture.rgb().to_vec()).ok_or_else(failed)?;
        let image = DynamicImage::ImageRgb8(image);
        let resize = Resize::Scale(Some(FilterType::Triangle));
        let made = picker.new_protocol(image, Size::new(columns.max(1), rows.max(1)), resize);
        made.map(Painted).map_err(|error| failed().with_source(error))
    }
}

impl Painted {
    /// Shows it in the middle of `area`; nothing where it does not fit.
    pub fn show(&self, frame: &mut Frame<'_>, area: Rect) {
        let size = self.0.size();
        if size.width > area.width || size.height > area.height {
            return;
        }
        let (x, y) = (area.x + (area.width - size.width) / 2, area.y + (area.height - size.height) / 2);
        frame.render_widget(Image::new(&self.0), Rect::new(x, y, size.width, size.height));
    }
}
