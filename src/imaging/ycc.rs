//! A picture as JPEG keeps it: luma, and chroma at half the size (4:2:0, JFIF's YCbCr of sRGB).

use turbojpeg::{Compressor, Subsamp, YuvPlanesImage};

use super::error::{ImagingError, Reason};
use super::orientation::Orientation;

/// Luma has `width * height` samples, chroma half of each side rounded up.
#[derive(Clone)]
pub(super) struct Ycc {
    pub width: usize,
    pub height: usize,
    pub y: Vec<u8>,
    pub cb: Vec<u8>,
    pub cr: Vec<u8>,
}

impl Ycc {
    /// Sides of the chroma planes.
    pub fn chroma_size(&self) -> (usize, usize) {
        (self.width.div_ceil(2), self.height.div_ceil(2))
    }

    /// A picture without colour.
    pub fn grey(width: usize, height: usize, y: Vec<u8>) -> Self {
        let chroma = vec![128; width.div_ceil(2) * height.div_ceil(2)];
        Self { width, height, y, cb: chroma.clone(), cr: chroma }
    }

    /// From three bytes a pixel, sRGB (JFIF 1.02: BT.601's weights, full range).
    pub fn from_rgb(width: usize, height: usize, rgb: &[u8]) -> Self {
        let y = rgb.chunks_exact(3).map(|p| luma(p[0], p[1], p[2])).collect();
        let (c_width, c_height) = (width.div_ceil(2), height.div_ceil(2));
        let (mut cb, mut cr) = (Vec::with_capacity(c_width * c_height), Vec::with_capacity(c_width * c_height));
        for pair in rgb.chunks(width * 6) {
            let (upper, lower) = pair.split_at(width * 3);
            let lower = if lower.is_empty() { upper } else { lower };
            for (a, b) in upper.chunks(6).zip(lower.chunks(6)) {
                // At an odd edge the last column stands for both.
                let last = a.len() - 3;
                let mean = |c: usize| {
                    let sum = [a[c], a[last + c], b[c], b[last + c]].iter().map(|&s| i32::from(s)).sum::<i32>();
                    (sum + 2) / 4
                };
                let (blue, red) = chroma(mean(0), mean(1), mean(2));
                cb.push(blue);
                cr.push(red);
            }
        }
        Self { width, height, y, cb, cr }
    }

    /// Three bytes a pixel. Each chroma sample holds for its four pixels.
    pub fn to_rgb(&self) -> Vec<u8> {
        let (c_width, _) = self.chroma_size();
        let mut rgb = Vec::with_capacity(self.y.len() * 3);
        for (row, line) in self.y.chunks_exact(self.width).enumerate() {
            let from = row / 2 * c_width;
            let (cb, cr) = (&self.cb[from..from + c_width], &self.cr[from..from + c_width]);
            for (column, &y) in line.iter().enumerate() {
                let (blue, red) = (i32::from(cb[column / 2]) - 128, i32::from(cr[column / 2]) - 128);
                let y = (i32::from(y) << 16) + 32_768;
                // BT.601 in 16-bit fixed point, as in JFIF.
                let samples = [y + 91_881 * red, y - 22_554 * blue - 46_802 * red, y + 116_130 * blue];
                rgb.extend(samples.map(|sample| (sample >> 16).clamp(0, 255) as u8));
            }
        }
        rgb
    }

    /// Turned to stand upright.
    #[must_use]
    pub fn turned(self, orientation: Orientation) -> Self {
        if orientation == Orientation::UPRIGHT {
            return self;
        }
        let (c_width, c_height) = self.chroma_size();
        let turned = |samples, width, height| orientation.turn(samples, width, height);
        let swap = orientation.swaps_sides();
        Self {
            width: if swap { self.height } else { self.width },
            height: if swap { self.width } else { self.height },
            y: turned(self.y, self.width, self.height),
            cb: turned(self.cb, c_width, c_height),
            cr: turned(self.cr, c_width, c_height),
        }
    }

    /// Adds `amount` / 64 of what a sample differs from the mean of its four neighbours. Edges of the picture stay.
    pub fn sharpen(&mut self, amount: u8) {
        let (width, height) = (self.width, self.height);
        if amount == 0 || width < 3 || height < 3 {
            return;
        }
        let amount = i16::from(amount);
        // Rows change in place: the ones that neighbours still need as they were are kept aside.
        let mut above = self.y[..width].to_vec();
        let mut here = above.clone();
        for row in 1..height - 1 {
            let (head, below) = self.y.split_at_mut((row + 1) * width);
            let line = &mut head[row * width..];
            here.copy_from_slice(line);
            sharpen_row(line, &above, &here, &below[..width], amount);
            std::mem::swap(&mut above, &mut here);
        }
    }

    /// A progressive JPEG without any metadata. `quality` is libjpeg's, 1 to 100.
    pub fn encode(&mut self, quality: u8) -> Result<Vec<u8>, ImagingError> {
        let failed =
            |error: turbojpeg::Error| ImagingError::new(Reason::Internal, format!("the JPEG library failed: {error}"));
        let (c_width, _) = self.chroma_size();
        let stride = c_width * 2;
        // The library reads whole units of 2 x 2: edges are repeated where a side is odd.
        let padded;
        let y = if stride == self.width {
            if self.height % 2 == 1 {
                let last = self.y.len() - self.width;
                self.y.extend_from_within(last..);
            }
            &self.y
        } else {
            padded = pad(&self.y, self.width, self.height);
            &padded
        };
        let mut compressor = Compressor::new().map_err(failed)?;
        compressor.set_quality(i32::from(quality.clamp(1, 100))).map_err(failed)?;
        compressor.set_progressive(true).map_err(failed)?;
        let encoded = compressor.compress_yuv_planes_to_vec(&YuvPlanesImage {
            y_plane: y,
            u_plane: &self.cb,
            v_plane: &self.cr,
            width: self.width,
            height: self.height,
            y_stride: stride,
            u_stride: c_width,
            v_stride: c_width,
            subsamp: Subsamp::Sub2x2,
        });
        self.y.truncate(self.width * self.height);
        encoded.map_err(failed)
    }
}

/// With one more column, and one more row where the height is odd.
fn pad(y: &[u8], width: usize, height: usize) -> Vec<u8> {
    let mut padded = Vec::with_capacity((width + 1) * (height + 1));
    for row in y.chunks_exact(width) {
        padded.extend_from_slice(row);
        padded.push(row[width - 1]);
    }
    if height % 2 == 1 {
        padded.extend_from_within(padded.len() - (width + 1)..);
    }
    padded
}

fn sharpen_row(line: &mut [u8], above: &[u8], here: &[u8], below: &[u8], amount: i16) {
    let inner = line.len() - 2;
    let (left, middle, right) = (&here[..inner], &here[1..=inner], &here[2..]);
    let (above, below, out) = (&above[1..=inner], &below[1..=inner], &mut line[1..=inner]);
    for i in 0..inner {
        let neighbours = i16::from(left[i]) + i16::from(right[i]) + i16::from(above[i]) + i16::from(below[i]);
        let centre = i16::from(middle[i]);
        // At most 4 * 255 times an amount of up to 32, and a half to round: sixteen bits hold it.
        let change = ((4 * centre - neighbours) * amount + 128) >> 8;
        out[i] = (centre + change).clamp(0, 255) as u8;
    }
}

/// BT.601's luma in 16-bit fixed point.
pub(super) fn luma(r: u8, g: u8, b: u8) -> u8 {
    let sum = 19_595 * u32::from(r) + 38_470 * u32::from(g) + 7_471 * u32::from(b) + 32_768;
    (sum >> 16) as u8
}

/// Cb and Cr in 16-bit fixed point, from samples of 0 to 255.
pub(super) fn chroma(r: i32, g: i32, b: i32) -> (u8, u8) {
    let blue = (-11_059 * r - 21_709 * g + 32_768 * b + (128 << 16) + 32_767) >> 16;
    let red = (32_768 * r - 27_439 * g - 5_329 * b + (128 << 16) + 32_767) >> 16;
    (blue.clamp(0, 255) as u8, red.clamp(0, 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_those_of_jfif() {
        let red = Ycc::from_rgb(3, 1, &[255, 0, 0, 255, 0, 0, 255, 0, 0]);
        assert_eq!((red.y[0], red.cb.len(), red.cb[1], red.cr[1]), (76, 2, 85, 255));
        let white = Ycc::from_rgb(1, 1, &[255; 3]);
        assert_eq!((white.y[0], white.cb[0], white.cr[0]), (255, 128, 128));
    }

    #[test]
    fn odd_sides_are_written_and_read_back() {
        for (width, height) in [(1, 1), (7, 4), (4, 7), (33, 17)] {
            let mut picture = Ycc::grey(width, height, vec![200; width * height]);
            let jpeg = picture.encode(90).expect("encodes");
            let back = image::load_from_memory(&jpeg).expect("decodes").to_rgb8();
            assert_eq!((back.width() as usize, back.height() as usize), (width, height));
            assert!(back.pixels().all(|pixel| pixel.0.iter().all(|&sample| sample.abs_diff(200) <= 2)));
        }
    }

    #[test]
    fn sharpening_leaves_flat_areas_and_steepens_edges() {
        let mut picture = Ycc::grey(6, 3, [[50, 50, 50, 150, 150, 150]; 3].concat());
        picture.sharpen(16);
        assert_eq!(picture.y[6..12], [50, 50, 44, 156, 150, 150]);
    }
}
