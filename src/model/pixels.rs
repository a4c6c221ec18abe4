//! A picture in memory: what imaging decodes and what faces are looked for in.

use std::fmt;

/// Upright pixels in sRGB, three bytes each, row by row from the top left.
#[derive(Clone, PartialEq, Eq)]
pub struct Pixels {
    width: u32,
    height: u32,
    rgb: Vec<u8>,
}

impl Pixels {
    /// `None` where a side is 0, or the bytes are not three for each pixel.
    #[must_use]
    pub fn new(width: u32, height: u32, rgb: Vec<u8>) -> Option<Self> {
        let bytes = (width as usize).checked_mul(height as usize)?.checked_mul(3)?;
        (bytes > 0 && rgb.len() == bytes).then_some(Self { width, height, rgb })
    }

    #[must_use]
    pub fn width(&self) -> u32 {
        self.width
    }

    #[must_use]
    pub fn height(&self) -> u32 {
        self.height
    }

    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// A copy of a part, from the column `left` and the row `top`, which may lie beyond the edges: what does is left
    /// out. `None` where nothing is left.
    #[must_use]
    pub fn crop(&self, left: i64, top: i64, width: u32, height: u32) -> Option<Self> {
        let within = |from: i64, len: u32, side: u32| {
            let side = i64::from(side);
            let (start, end) = (from.clamp(0, side), from.saturating_add(i64::from(len)).clamp(0, side));
            Some((usize::try_from(start).ok()?, u32::try_from(end - start).ok()?))
        };
        let ((left, width), (top, height)) = (within(left, width, self.width)?, within(top, height, self.height)?);
        if width == 0 || height == 0 {
            return None;
        }
        let rows = self.rgb.chunks_exact(self.width as usize * 3).skip(top).take(height as usize);
        let rgb = rows.flat_map(|row| &row[left * 3..(left + width as usize) * 3]).copied().collect();
        Self::new(width, height, rgb)
    }
}

impl fmt::Debug for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pixels({} x {})", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_what_lies_within() {
        let picture = Pixels::new(3, 2, (0..18).collect()).expect("a picture");
        let part = |left, top, width, height| picture.crop(left, top, width, height).map(|part| part.rgb);
        assert_eq!(part(1, 1, 1, 1), Some(vec![12, 13, 14]));
        assert_eq!(part(-5, -1, 6, 2), Some(vec![0, 1, 2]));
        assert_eq!(part(2, 0, u32::MAX, u32::MAX), Some(vec![6, 7, 8, 15, 16, 17]));
        assert_eq!(part(0, 0, 3, 2).as_deref(), Some(picture.rgb()));
        for (left, top, width, height) in
            [(3, 0, 1, 1), (0, -2, 3, 2), (0, 0, 0, 1), (i64::MIN, 0, 9, 9), (i64::MAX, 0, 9, 9)]
        {
            assert_eq!(part(left, top, width, height), None);
        }
    }
}
