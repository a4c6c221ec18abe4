//! The crop that the recogniser takes: 112 x 112 px, turned and scaled so that eyes, nose and mouth lie where they lay
//! in all pictures that it has learnt from.

use crate::error::Result;
use crate::model::face::Landmarks;
use crate::model::pixels::Pixels;

use super::shrink::{self, Region};

/// Side of the crop in pixels.
pub(super) const SIDE: usize = 112;
/// Where the five points are to lie: ArcFace's template, as OpenCV's `FaceRecognizerSF` has it.
const TEMPLATE: [[f32; 2]; 5] =
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];
/// Below this scale sampling would skip pixels: the face is averaged to about its new size first.
const SHRINK_BELOW: f64 = 0.75;

/// An aligned face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Crop {
    /// Three bytes a pixel.
    pub rgb: Vec<u8>,
    /// Which pixels come from the picture; the others, beyond its edge, are black.
    pub inside: Vec<bool>,
}

/// u = a x - b y + left, v = b x + a y + top.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Similarity {
    a: f64,
    b: f64,
    left: f64,
    top: f64,
}

impl Similarity {
    /// The one that brings `points` closest to the template, by least squares. `None` where they do not tell a size:
    /// all in one place, or not finite.
    fn to_template(points: &[[f64; 2]; 5]) -> Option<Self> {
        let target = TEMPLATE.map(|point| point.map(f64::from));
        let mean = |of: &[[f64; 2]; 5], axis: usize| of.iter().map(|point| point[axis]).sum::<f64>() / 5.0;
        let from = [mean(points, 0), mean(points, 1)];
        let to = [mean(&target, 0), mean(&target, 1)];
        let (mut spread, mut along, mut across) = (0.0, 0.0, 0.0);
        for (point, target) in points.iter().zip(&target) {
            let [x, y] = [point[0] - from[0], point[1] - from[1]];
            let [u, v] = [target[0] - to[0], target[1] - to[1]];
            spread += x * x + y * y;
            along += x * u + y * v;
            across += x * v - y * u;
        }
        let (a, b) = (along / spread, across / spread);
        let found = Self { a, b, left: to[0] - a * from[0] + b * from[1], top: to[1] - b * from[0] - a * from[1] };
        (found.scale() > 1e-6 && found.left.is_finite() && found.top.is_finite()).then_some(found)
    }

    /// Pixels of the crop for each of the picture.
    fn scale(&self) -> f64 {
        self.a.hypot(self.b)
    }

    /// Where a place of the crop lies in the picture.
    fn back(&self, u: f64, v: f64) -> [f64; 2] {
        let (u, v, square) = (u - self.left, v - self.top, self.a * self.a + self.b * self.b);
        [(self.a * u + self.b * v) / square, (self.a * v - self.b * u) / square]
    }
}

/// Aligns a face. `None` where its points are not those of one.
pub(super) fn align(picture: &Pixels, landmarks: &Landmarks) -> Result<Option<Crop>> {
    let size = [f64::from(picture.width()), f64::from(picture.height())];
    let points = landmarks.0.map(|point| [f64::from(point[0]) * size[0], f64::from(point[1]) * size[1]]);
    let Some(similarity) = Similarity::to_template(&points) else { return Ok(None) };
    if similarity.scale() >= SHRINK_BELOW {
        return Ok(Some(sample(picture, &similarity)));
    }
    let Some(part) = region(picture, &similarity) else { return Ok(None) };
    let smaller = |side: u32| ((f64::from(side) * similarity.scale()).ceil() as u32).clamp(1, side);
    let shrunk = shrink::region(picture, part, smaller(part.width), smaller(part.height))?;
    let (wide, high) = (ratio(shrunk.width(), part.width), ratio(shrunk.height(), part.height));
    // Points name middles of pixels.
    let moved = points.map(|point| {
        let [x, y] = [point[0] - f64::from(part.left), point[1] - f64::from(part.top)];
        [(x + 0.5) * wide - 0.5, (y + 0.5) * high - 0.5]
    });
    Ok(Similarity::to_template(&moved).map(|similarity| sample(&shrunk, &similarity)))
}

fn ratio(a: u32, b: u32) -> f64 {
    f64::from(a) / f64::from(b)
}

/// The part of the picture that the crop shows, with a margin for the filter. `None` where it lies beside the picture.
fn region(picture: &Pixels, similarity: &Similarity) -> Option<Region> {
    let (first, last) = (-2.0, SIDE as f64 + 1.0);
    let corners = [(first, first), (last, first), (first, last), (last, last)].map(|(u, v)| similarity.back(u, v));
    let along = |axis: usize, side: u32| {
        let values = corners.map(|corner| corner[axis]);
        let low = values.into_iter().fold(f64::INFINITY, f64::min).floor().clamp(0.0, f64::from(side));
        let high = values.into_iter().fold(f64::NEG_INFINITY, f64::max).ceil().clamp(0.0, f64::from(side));
        (high > low).then_some((low as u32, (high - low) as u32))
    };
    let ((left, width), (top, height)) = (along(0, picture.width())?, along(1, picture.height())?);
    Some(Region { left, top, width, height })
}

/// Bilinear, black beyond the edges.
fn sample(picture: &Pixels, similarity: &Similarity) -> Crop {
    let mut crop = Crop { rgb: Vec::with_capacity(SIDE * SIDE * 3), inside: Vec::with_capacity(SIDE * SIDE) };
    let last = [f64::from(picture.width()) - 1.0, f64::from(picture.height()) - 1.0];
    for v in 0..SIDE {
        for u in 0..SIDE {
            let [x, y] = similarity.back(u as f64, v as f64);
            crop.rgb.extend(pixel_at(picture, x, y));
            crop.inside.push((0.0..=last[0]).contains(&x) && (0.0..=last[1]).contains(&y));
        }
    }
    crop
}

fn pixel_at(picture: &Pixels, x: f64, y: f64) -> [u8; 3] {
    let (column, row) = (x.floor(), y.floor());
    let (right, below) = (x - column, y - row);
    let mut sums = [0.0; 3];
    for (column, row, share) in [
        (column, row, (1.0 - right) * (1.0 - below)),
        (column + 1.0, row, right * (1.0 - below)),
        (column, row + 1.0, (1.0 - right) * below),
        (column + 1.0, row + 1.0, right * below),
    ] {
        if let Some(pixel) = stored(picture, column, row) {
            sums.iter_mut().zip(pixel).for_each(|(sum, sample)| *sum += share * f64::from(*sample));
        }
    }
    sums.map(|sum| sum.round() as u8)
}

fn stored(picture: &Pixels, column: f64, row: f64) -> Option<&[u8; 3]> {
    let (width, height) = (f64::from(picture.width()), f64::from(picture.height()));
    if column < 0.0 || row < 0.0 || column >= width || row >= height {
        return None;
    }
    let at = row as usize * picture.width() as usize + column as usize;
    picture.rgb().as_chunks::<3>().0.get(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Landmarks that lie as in the template, `scale` times as large and moved, in a picture of `side` pixels.
    fn landmarks(scale: f32, moved: f32, side: f32) -> Landmarks {
        Landmarks(TEMPLATE.map(|point| point.map(|value| (value * scale + moved) / side)))
    }

    #[test]
    fn a_face_that_is_aligned_already_stays_as_it_is() {
        let rgb: Vec<u8> = (0..SIDE * SIDE * 3).map(|at| (at * 7 % 251) as u8).collect();
        let picture = Pixels::new(112, 112, rgb.clone()).expect("a picture");
        let crop = align(&picture, &landmarks(1.0, 0.0, 112.0)).expect("aligns").expect("a face");
        assert!(crop.rgb.iter().zip(&rgb).all(|(a, b)| a.abs_diff(*b) <= 1));
    }

    #[test]
    fn large_faces_are_averaged_and_edges_are_black() {
        let stripes: Vec<u8> = (0..896 * 896).flat_map(|at| [if at % 2 == 0 { 0 } else { 200 }; 3]).collect();
        let picture = Pixels::new(896, 896, stripes).expect("a picture");
        let crop = align(&picture, &landmarks(8.0, 0.0, 896.0)).expect("aligns").expect("a face");
        // At the very edge the black beyond it is mixed in.
        let inner = |at: usize| crop.rgb[(112 * 50 + at) * 3];
        assert!((2..110).all(|at| inner(at).abs_diff(100) <= 2));
        let aside = align(&picture, &landmarks(8.0, 448.0, 896.0)).expect("aligns").expect("a face");
        assert!(aside.inside[0] && !aside.inside[SIDE * SIDE - 1]);
        assert_eq!(aside.rgb[SIDE * SIDE * 3 - 3..], [0; 3]);
    }

    #[test]
    fn points_that_are_no_face_have_no_crop() {
        let picture = Pixels::new(10, 10, vec![0; 300]).expect("a picture");
        for points in [[[0.5; 2]; 5], [[f32::NAN; 2]; 5], [[f32::INFINITY; 2]; 5]] {
            assert!(align(&picture, &Landmarks(points)).expect("no failure").is_none());
        }
        let far_away = Landmarks(TEMPLATE.map(|point| point.map(|value| value + 1e4)));
        assert!(align(&picture, &far_away).expect("no failure").is_none());
    }
}
