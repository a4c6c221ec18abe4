//! How a stored picture is turned to stand upright.

/// The eight ways of Exif's tag `Orientation` (0x0112).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Orientation(u8);

impl Orientation {
    /// Stored as it is to be seen.
    pub const UPRIGHT: Self = Self(1);

    /// From the tag's value: 1 to 8, anything else is nothing.
    #[must_use]
    pub fn from_exif(value: u32) -> Option<Self> {
        u8::try_from(value).ok().filter(|value| (1..=8).contains(value)).map(Self)
    }

    /// The tag's value, 1 to 8.
    #[must_use]
    pub fn exif(self) -> u8 {
        self.0.max(1)
    }

    /// Whether width and height change places.
    #[must_use]
    pub fn swaps_sides(self) -> bool {
        self.exif() >= 5
    }

    /// The upright size of a picture that is stored with this one.
    #[must_use]
    pub fn upright(self, width: u32, height: u32) -> (u32, u32) {
        if self.swaps_sides() { (height, width) } else { (width, height) }
    }

    /// Rows of samples, or of whole pixels, turned upright. `width * height` of them in, the same number out.
    pub(super) fn turn<T: Copy + Default>(self, samples: Vec<T>, width: usize, height: usize) -> Vec<T> {
        match self.exif() {
            2 => mirror(samples, width),
            3 => reverse(samples),
            4 => flip(&samples, width),
            5 => transpose(&samples, width, height, |x, y| (x, y)),
            6 => transpose(&samples, width, height, |x, y| (x, height - 1 - y)),
            7 => transpose(&samples, width, height, |x, y| (width - 1 - x, height - 1 - y)),
            8 => transpose(&samples, width, height, |x, y| (width - 1 - x, y)),
            _ => samples,
        }
    }
}

fn mirror<T>(mut samples: Vec<T>, width: usize) -> Vec<T> {
    samples.chunks_exact_mut(width).for_each(<[T]>::reverse);
    samples
}

fn reverse<T>(mut samples: Vec<T>) -> Vec<T> {
    samples.reverse();
    samples
}

fn flip<T: Copy>(samples: &[T], width: usize) -> Vec<T> {
    samples.chunks_exact(width).rev().flatten().copied().collect()
}

/// Puts the sample at (x, y) into row `to(x, y).0`, column `to(x, y).1` of a picture `height` wide. In squares: a
/// column at a time would miss the cache at each sample.
fn transpose<T: Copy + Default>(
    samples: &[T],
    width: usize,
    height: usize,
    to: impl Fn(usize, usize) -> (usize, usize),
) -> Vec<T> {
    const SQUARE: usize = 32;
    let mut out = vec![T::default(); samples.len()];
    for y0 in (0..height).step_by(SQUARE) {
        for x0 in (0..width).step_by(SQUARE) {
            for y in y0..height.min(y0 + SQUARE) {
                for x in x0..width.min(x0 + SQUARE) {
                    let (row, column) = to(x, y);
                    out[row * height + column] = samples[y * width + x];
                }
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_the_one_of_the_standard() {
        // Stored: 1 2 3 / 4 5 6. What stands upright, after Exif 3.0, 4.6.5.1.
        let stored = vec![1, 2, 3, 4, 5, 6];
        let upright = |value| Orientation::from_exif(value).expect("known").turn(stored.clone(), 3, 2);
        assert_eq!(upright(1), [1, 2, 3, 4, 5, 6]);
        assert_eq!(upright(2), [3, 2, 1, 6, 5, 4]);
        assert_eq!(upright(3), [6, 5, 4, 3, 2, 1]);
        assert_eq!(upright(4), [4, 5, 6, 1, 2, 3]);
        assert_eq!(upright(5), [1, 4, 2, 5, 3, 6]);
        assert_eq!(upright(6), [4, 1, 5, 2, 6, 3]);
        assert_eq!(upright(7), [6, 3, 5, 2, 4, 1]);
        assert_eq!(upright(8), [3, 6, 2, 5, 1, 4]);
        assert_eq!(Orientation::from_exif(9), None);
        assert_eq!(Orientation::from_exif(0), None);
    }
}
