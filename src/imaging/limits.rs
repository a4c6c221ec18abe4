//! How much a picture may ask for. Checked on headers, before memory is taken.

use super::error::{ImagingError, Reason};
use crate::model::text;

/// Bounds on one picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Width times height. The default, 300 million, is twice the largest camera back of today.
    pub max_pixels: u64,
    /// What decoding may take besides the file itself (see [`super::Probe::decode_bytes`]). Default 1 GiB.
    pub max_decode_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_pixels: 300_000_000, max_decode_bytes: 1 << 30 }
    }
}

/// Scans in one JPEG. Encoders write 10 or so; thousands are an attack on the decoder's time
/// ("Two Issues with the JPEG Standard", libjpeg-turbo project, 2014).
pub(super) const MAX_JPEG_SCANS: u32 = 100;

/// Longest side, as in the JPEG standard (T.81, 16 bits).
pub(super) const MAX_SIDE: u32 = 65_535;

impl Limits {
    pub(super) fn check_pixels(&self, width: u32, height: u32) -> Result<(), ImagingError> {
        let pixels = u64::from(width) * u64::from(height);
        if pixels > self.max_pixels || width > MAX_SIDE || height > MAX_SIDE {
            return Err(ImagingError::new(
                Reason::TooLarge,
                format!(
                    "the picture has {} x {} pixels; at most {} million are accepted",
                    text::thousands(u64::from(width)),
                    text::thousands(u64::from(height)),
                    self.max_pixels / 1_000_000
                ),
            ));
        }
        Ok(())
    }

    pub(super) fn check_bytes(&self, bytes: u64) -> Result<(), ImagingError> {
        if bytes > self.max_decode_bytes {
            return Err(ImagingError::new(
                Reason::TooLarge,
                format!(
                    "decoding it would take {}; at most {} are allowed",
                    text::size(bytes),
                    text::size(self.max_decode_bytes)
                ),
            ));
        }
        Ok(())
    }
}
