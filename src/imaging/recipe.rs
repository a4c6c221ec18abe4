//! What derivatives look like, and a number that changes whenever they would.

use crate::model::digest::{Sha256, Sha256Hasher};

use super::watermark::{Mark, Watermark};

/// Raised when the same settings give other pixels: derivatives made by an older one are out of date.
const VERSION: u32 = 1;

/// How derivatives are made.
#[derive(Debug, Clone, PartialEq)]
pub struct Recipe {
    /// Longest side of the preview in pixels.
    pub preview_px: u32,
    /// Longest side of the thumbnail in pixels.
    pub thumbnail_px: u32,
    /// libjpeg's quality, 1 to 100.
    pub preview_quality: u8,
    /// libjpeg's quality, 1 to 100.
    pub thumbnail_quality: u8,
    /// 64ths of the difference to the neighbours that are added to the preview, 0 to 32.
    pub sharpen: u8,
    /// Put on the preview. The thumbnail has none: it is too small to be of use to anybody else.
    pub watermark: Option<Watermark>,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            preview_px: 2048,
            thumbnail_px: 400,
            // What libvips takes by default, so that both can be compared sample by sample.
            preview_quality: 75,
            thumbnail_quality: 75,
            sharpen: 2,
            watermark: None,
        }
    }
}

impl Recipe {
    /// SHA-256 of everything that the derivatives depend on besides the original.
    #[must_use]
    pub fn fingerprint(&self) -> Sha256 {
        let mut hasher = Sha256Hasher::default();
        hasher.update(b"photoctl derivatives\n");
        for number in [
            VERSION,
            self.preview_px,
            self.thumbnail_px,
            u32::from(self.preview_quality),
            u32::from(self.thumbnail_quality),
            u32::from(self.sharpen),
            u32::from(self.watermark.is_some()),
        ] {
            hasher.update(&number.to_be_bytes());
        }
        if let Some(watermark) = &self.watermark {
            let (kind, bytes): (u8, &[u8]) = match &watermark.mark {
                Mark::Text(text) => (0, text.as_bytes()),
                Mark::Png(png) => (1, png),
            };
            hasher.update(&[kind, watermark.placement as u8]);
            hasher.update(&watermark.opacity.to_be_bytes());
            hasher.update(&watermark.size.to_be_bytes());
            hasher.update(&(bytes.len() as u64).to_be_bytes());
            hasher.update(bytes);
        }
        hasher.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::super::watermark::Placement;
    use super::*;

    #[test]
    fn whatever_changes_the_pixels_changes_the_fingerprint() {
        let text = |text: &str| Some(Watermark { mark: Mark::Text(text.to_owned()), ..Watermark::default() });
        let recipes = [
            Recipe::default(),
            Recipe { preview_px: 1024, ..Recipe::default() },
            Recipe { sharpen: 0, ..Recipe::default() },
            Recipe { watermark: text("a"), ..Recipe::default() },
            Recipe { watermark: text("b"), ..Recipe::default() },
            Recipe {
                watermark: text("b").map(|mark| Watermark { placement: Placement::BottomRight, ..mark }),
                ..Recipe::default()
            },
            Recipe { watermark: text("b").map(|mark| Watermark { opacity: 0.5, ..mark }), ..Recipe::default() },
        ];
        let mut prints: Vec<_> = recipes.iter().map(Recipe::fingerprint).collect();
        assert_eq!(prints[0], Recipe::default().fingerprint());
        prints.sort_unstable();
        prints.dedup();
        assert_eq!(prints.len(), recipes.len());
    }
}
