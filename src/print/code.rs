//! A QR code as a square of dark and light modules.

use qrcode::{Color, EcLevel, QrCode};

use crate::error::{Error, Result};

/// Light modules around a code that readers need (ISO/IEC 18004).
pub const QUIET: usize = 4;

/// The modules of a QR code, without the light ones around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    side: usize,
    dark: Vec<bool>,
}

impl Code {
    /// The smallest code that holds `text` and can be read with 15 % of it lost (level M).
    ///
    /// # Errors
    /// When the text is too long for any code: more than 2,331 bytes.
    pub fn of(text: &str) -> Result<Self> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M).map_err(|error| {
            Error::invalid(format!("a text of {} bytes does not fit into a QR code: {error}", text.len()))
                .hint("make the link shorter: qr_url_template, or the project's link")
        })?;
        let side = code.width();
        Ok(Self { side, dark: code.into_colors().into_iter().map(|color| color == Color::Dark).collect() })
    }

    /// Modules along one side.
    #[must_use]
    pub fn side(&self) -> usize {
        self.side
    }

    /// Modules along one side with the light ones around it.
    #[must_use]
    pub fn full_side(&self) -> usize {
        self.side + 2 * QUIET
    }

    /// Whether a module is dark; positions count from the corner of the light frame, and all outside is light.
    #[must_use]
    pub fn is_dark(&self, x: usize, y: usize) -> bool {
        let inside = |at: usize| at.checked_sub(QUIET).filter(|at| *at < self.side);
        match (inside(x), inside(y)) {
            (Some(x), Some(y)) => self.dark.get(y * self.side + x).copied().unwrap_or(false),
            _ => false,
        }
    }

    /// The dark modules as horizontal strips: x, y and length, counted as in [`Code::is_dark`].
    pub fn strips(&self) -> Vec<(usize, usize, usize)> {
        let mut strips = Vec::new();
        for y in 0..self.full_side() {
            let mut begin = None;
            for x in 0..=self.full_side() {
                match (begin, self.is_dark(x, y)) {
                    (None, true) => begin = Some(x),
                    (Some(from), false) => {
                        strips.push((from, y, x - from));
                        begin = None;
                    }
                    _ => {}
                }
            }
        }
        strips
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_finder_patterns_and_a_light_frame() {
        let code = Code::of("https://example.org/?token=k3f9").expect("a code");
        assert_eq!(code.full_side(), code.side() + 8);
        assert!(!code.is_dark(3, 3) && code.is_dark(4, 4) && code.is_dark(10, 4) && !code.is_dark(11, 4));
        assert!(!code.is_dark(1_000, 1_000));
        let area: usize = code.strips().iter().map(|(_, _, length)| length).sum();
        assert_eq!(area, code.dark.iter().filter(|dark| **dark).count());
        assert!(Code::of(&"x".repeat(2_332)).is_err());
    }
}
