//! A face that was found in a picture: where it is, how good it is, and the vector that it is told apart by.

use std::fmt;

use serde::Serialize;

/// Values of a vector.
pub const DIMENSIONS: usize = 128;

/// Where something lies in the upright picture: fractions of its width and height, as Rekognition's `BoundingBox`. A
/// box can reach beyond the edges.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FaceBox {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

/// From which [`FaceBox::overlap`] on two boxes of a photo are of the same face.
pub const SAME_FACE: f32 = 0.5;

impl FaceBox {
    /// Intersection over union of two boxes of the same picture; 0 where they do not meet.
    #[must_use]
    pub fn overlap(&self, other: &FaceBox) -> f32 {
        let wide = (self.left + self.width).min(other.left + other.width) - self.left.max(other.left);
        let high = (self.top + self.height).min(other.top + other.height) - self.top.max(other.top);
        if wide <= 0.0 || high <= 0.0 {
            return 0.0;
        }
        let both = wide * high;
        both / (self.width * self.height + other.width * other.height - both)
    }
}

/// Right eye, left eye, tip of the nose, right and left corner of the mouth (the person's right and left): fractions
/// of the upright picture's width and height.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Landmarks(pub [[f32; 2]; 5]);

/// How well a face can be seen.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FaceQuality {
    /// The detector's confidence, 0 to 1.
    pub score: f32,
    /// Width of the face in pixels of the upright picture.
    pub width_px: f32,
    /// Variance of the Laplacian over the aligned grey crop of 112 px, divided by (mean luma / 128) squared: a darker
    /// copy of a picture is as sharp as the picture.
    pub sharpness: f32,
    /// Mean of the aligned grey crop, 0 to 255.
    pub luma: f32,
    /// Nose beside the middle of eyes and mouth, in distances of the eyes; 0 looks ahead. Signed: positive where the
    /// nose lies to the right in the picture.
    pub yaw: f32,
    /// Nose below the eyes, as a share of the way to the mouth; about 0.55 looks ahead.
    pub pitch: f32,
    /// Degrees by which the line of the eyes is turned.
    pub roll: f32,
}

/// A face in a picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct FoundFace {
    pub area: FaceBox,
    pub landmarks: Landmarks,
    pub quality: FaceQuality,
}

/// The vector of a face: 128 values of length 1 together. What tells people apart is never shown, so it has no
/// `Display`, and its `Debug` says only that it is one.
#[derive(Clone, PartialEq)]
pub struct Embedding(Box<[f32; DIMENSIONS]>);

impl Embedding {
    /// Of a model's output, brought to length 1. `None` where there are not 128 values, one is not finite, or all are
    /// zero.
    #[must_use]
    pub fn normalised(values: &[f32]) -> Option<Self> {
        let mut own: Box<[f32; DIMENSIONS]> = Box::new(values.try_into().ok()?);
        let length = own.iter().map(|value| f64::from(*value) * f64::from(*value)).sum::<f64>().sqrt();
        if !length.is_finite() || length < 1e-12 {
            return None;
        }
        for value in own.iter_mut() {
            #[expect(clippy::cast_possible_truncation, reason = "a value of at most 1")]
            let scaled = (f64::from(*value) / length) as f32;
            *value = scaled;
        }
        Some(Self(own))
    }

    #[must_use]
    pub fn values(&self) -> &[f32; DIMENSIONS] {
        &self.0
    }

    /// Cosine of the angle between two: 1 for the same.
    #[must_use]
    pub fn similarity(&self, other: &Embedding) -> f32 {
        self.0.iter().zip(other.0.iter()).map(|(a, b)| a * b).sum()
    }
}

impl fmt::Debug for Embedding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Embedding(..)")
    }
}

/// A face with its vector.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    pub found: FoundFace,
    pub vector: Embedding,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_has_length_one_and_is_not_shown() {
        let mut values = vec![0.0; DIMENSIONS];
        (values[0], values[1]) = (3.0, 4.0);
        let vector = Embedding::normalised(&values).expect("a vector");
        assert!((vector.values()[0] - 0.6).abs() < 1e-6 && (vector.similarity(&vector) - 1.0).abs() < 1e-6);
        assert_eq!(format!("{vector:?}"), "Embedding(..)");
        assert!(Embedding::normalised(&[0.0; DIMENSIONS]).is_none());
        assert!(Embedding::normalised(&values[1..]).is_none());
        values[5] = f32::NAN;
        assert!(Embedding::normalised(&values).is_none());
    }

    #[test]
    fn boxes_overlap_by_their_common_share() {
        let a = FaceBox { left: 0.0, top: 0.0, width: 0.2, height: 0.2 };
        let b = FaceBox { left: 0.1, top: 0.0, width: 0.2, height: 0.2 };
        assert!((a.overlap(&a) - 1.0).abs() < 1e-6 && (a.overlap(&b) - 1.0 / 3.0).abs() < 1e-5);
        assert!(a.overlap(&FaceBox { left: 0.5, ..a }).abs() < f32::EPSILON);
    }
}
