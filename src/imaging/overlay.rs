//! The watermark as it is laid on many pictures: worked out once, added to luma and chroma.

use super::stamp::Drawing;
use super::watermark::Placement;
use super::ycc::{self, Ycc};

/// Samples to lay on a picture: each is the mark's share, and `255 - alpha` what is left of the picture.
pub(super) struct Overlay {
    width: usize,
    height: usize,
    placement: Placement,
    luma: Vec<u8>,
    alpha: Vec<u8>,
    cb: Vec<u8>,
    cr: Vec<u8>,
    chroma_alpha: Vec<u8>,
}

impl Overlay {
    /// Takes a drawing over; its sides are even.
    pub fn new(drawing: &Drawing, placement: Placement, opacity: f32) -> Self {
        let (width, height) = (drawing.width, drawing.height);
        let byte = |value: f32| (value * 255.0 + 0.5).clamp(0.0, 255.0) as u8;
        let luma =
            drawing.pixels.iter().map(|p| ycc::luma(byte(p[0] * opacity), byte(p[1] * opacity), byte(p[2] * opacity)));
        let alpha = drawing.pixels.iter().map(|p| byte(p[3] * opacity));
        let (mut cb, mut cr, mut chroma_alpha) = (Vec::new(), Vec::new(), Vec::new());
        for row in (0..height).step_by(2) {
            for column in (0..width).step_by(2) {
                let at = row * width + column;
                let mut mean = [0.0_f32; 4];
                for pixel in [at, at + 1, at + width, at + width + 1].map(|at| drawing.pixels[at]) {
                    mean.iter_mut().zip(pixel).for_each(|(mean, value)| *mean += value * opacity / 4.0);
                }
                let [r, g, b, a] = mean;
                // Chroma is counted from 128: the share of the mark is its colour plus its share of that.
                let (blue, red) = chroma_share(r, g, b);
                cb.push(byte(blue + a * 128.0 / 255.0));
                cr.push(byte(red + a * 128.0 / 255.0));
                chroma_alpha.push(byte(a));
            }
        }
        Self { width, height, placement, luma: luma.collect(), alpha: alpha.collect(), cb, cr, chroma_alpha }
    }

    /// Lays the mark on a picture.
    pub fn apply(&self, picture: &mut Ycc) {
        let (c_width, c_height) = picture.chroma_size();
        let area = self.area(picture.width, picture.height);
        let luma = Layer { width: self.width, height: self.height, samples: &self.luma, alpha: &self.alpha };
        luma.lay(&mut picture.y, picture.width, picture.height, &area);
        let half = area.halved();
        for (samples, plane) in [(&self.cb, &mut picture.cb), (&self.cr, &mut picture.cr)] {
            let layer = Layer { width: self.width / 2, height: self.height / 2, samples, alpha: &self.chroma_alpha };
            layer.lay(plane, c_width, c_height, &half);
        }
    }

    fn area(&self, width: usize, height: usize) -> Area {
        let margin = width.min(height) / 40;
        let (right, bottom) = (width.saturating_sub(self.width + margin), height.saturating_sub(self.height + margin));
        let (x, y) = match self.placement {
            Placement::Tiled => return Area { x: 0, y: 0, repeats: true },
            Placement::TopLeft => (margin.min(right), margin.min(bottom)),
            Placement::TopRight => (right, margin.min(bottom)),
            Placement::BottomLeft => (margin.min(right), bottom),
            Placement::BottomRight => (right, bottom),
            Placement::Centre => (width.saturating_sub(self.width) / 2, height.saturating_sub(self.height) / 2),
        };
        // Even, so that chroma lies under its luma.
        Area { x: x & !1, y: y & !1, repeats: false }
    }
}

fn chroma_share(r: f32, g: f32, b: f32) -> (f32, f32) {
    (-0.168_736 * r - 0.331_264 * g + 0.5 * b, 0.5 * r - 0.418_688 * g - 0.081_312 * b)
}

struct Area {
    x: usize,
    y: usize,
    repeats: bool,
}

impl Area {
    fn halved(&self) -> Self {
        Self { x: self.x / 2, y: self.y / 2, repeats: self.repeats }
    }
}

struct Layer<'o> {
    width: usize,
    height: usize,
    samples: &'o [u8],
    alpha: &'o [u8],
}

impl Layer<'_> {
    fn lay(&self, plane: &mut [u8], width: usize, height: usize, area: &Area) {
        let rows = if area.repeats { height } else { self.height.min(height.saturating_sub(area.y)) };
        for row in 0..rows {
            let from = (row % self.height) * self.width;
            let (samples, alpha) = (&self.samples[from..from + self.width], &self.alpha[from..from + self.width]);
            let line = &mut plane[(area.y + row) * width..(area.y + row + 1) * width];
            if area.repeats {
                line.chunks_mut(self.width).for_each(|piece| blend(piece, samples, alpha));
            } else {
                let end = width.min(area.x + self.width);
                blend(&mut line[area.x.min(end)..end], samples, alpha);
            }
        }
    }
}

fn blend(line: &mut [u8], samples: &[u8], alpha: &[u8]) {
    for ((out, &sample), &alpha) in line.iter_mut().zip(samples).zip(alpha) {
        // x / 255 rounded, in 16 bits.
        let rest = u16::from(*out) * u16::from(255 - alpha) + 128;
        let rest = (rest + (rest >> 8)) >> 8;
        *out = (rest + u16::from(sample)).min(255) as u8;
    }
}

#[cfg(test)]
mod tests {
    use super::super::stamp::Stamp;
    use super::super::watermark::{Mark, Watermark};
    use super::*;

    fn overlay(watermark: &Watermark, side: usize) -> Overlay {
        Stamp::new(watermark).expect("fine").0.draw(side).expect("draws").expect("large enough")
    }

    #[test]
    fn seen_on_white_and_on_black() {
        let mark = overlay(&Watermark { mark: Mark::Text("Ärzteball Ω Ж".to_owned()), ..Watermark::default() }, 600);
        for shade in [0_u8, 128, 255] {
            let mut picture = Ycc::grey(900, 600, vec![shade; 900 * 600]);
            mark.apply(&mut picture);
            let changed = picture.y.iter().filter(|&&y| y.abs_diff(shade) > 40).count();
            assert!(changed > 900 * 600 / 100, "{changed} pixels of {shade}");
            assert!(picture.cb.iter().chain(&picture.cr).all(|&c| c.abs_diff(128) <= 1));
        }
    }

    #[test]
    fn corners_stay_inside_and_leave_the_rest_alone() {
        let mark = Watermark { placement: Placement::BottomRight, ..Watermark::default() };
        let mark = overlay(&mark, 200);
        let mut picture = Ycc::grey(301, 201, vec![0; 301 * 201]);
        mark.apply(&mut picture);
        assert!(picture.y[..301 * 100].iter().all(|&y| y == 0));
        assert!(picture.y[301 * 150..].iter().any(|&y| y > 60));
    }

    #[test]
    fn every_size_can_be_drawn() {
        for side in [16, 17, 40, 63] {
            for placement in [Placement::Tiled, Placement::TopLeft, Placement::Centre] {
                let mark = overlay(&Watermark { placement, size: 1.0, ..Watermark::default() }, side);
                for (width, height) in [(side, side), (side * 3 + 1, side), (side, side * 2 + 1)] {
                    mark.apply(&mut Ycc::grey(width, height, vec![9; width * height]));
                }
            }
        }
    }
}
