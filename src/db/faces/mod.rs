//! Faces of photos: which photos were looked at, what was found there, and how long it is kept.

mod purge;
mod scans;
mod vectors;

pub use purge::{Expired, expired, kept_since, purge};
pub use scans::{Scan, Standing, forget, hold_areas, lock, scanned, standing, store, unscanned, withdrawn_areas};
pub use vectors::{
    PhotoFace, StoredVector, any_kept, mark_matched, match_again, match_deleted_again, of_photos, unmatched, vectors_of,
};

use pgvector::Vector;

use crate::error::{Error, Kind, Result};
use crate::model::face::{Embedding, FaceBox, FaceQuality, FoundFace, Landmarks};

/// Columns of a face as they are stored, for each table that has them.
pub(super) struct FaceColumns {
    pub area: [f32; 4],
    pub landmarks: Vec<f32>,
    /// Score, width in pixels, sharpness, luma, yaw, pitch, roll.
    pub quality: [f32; 7],
}

impl FaceColumns {
    pub(super) fn of(face: &FoundFace) -> Self {
        let (area, quality) = (&face.area, &face.quality);
        Self {
            area: [area.left, area.top, area.width, area.height],
            landmarks: face.landmarks.0.iter().flatten().copied().collect(),
            quality: [
                quality.score,
                quality.width_px,
                quality.sharpness,
                quality.luma,
                quality.yaw,
                quality.pitch,
                quality.roll,
            ],
        }
    }

    pub(super) fn face(&self) -> FoundFace {
        let [left, top, width, height] = self.area;
        let [score, width_px, sharpness, luma, yaw, pitch, roll] = self.quality;
        let mut points = [[0.0; 2]; 5];
        for (point, pair) in points.iter_mut().zip(self.landmarks.chunks_exact(2)) {
            *point = [pair[0], pair[1]];
        }
        FoundFace {
            area: FaceBox { left, top, width, height },
            landmarks: Landmarks(points),
            quality: FaceQuality { score, width_px, sharpness, luma, yaw, pitch, roll },
        }
    }
}

/// A vector as the column takes it.
#[must_use]
pub fn to_column(vector: &Embedding) -> Vector {
    Vector::from(vector.values().to_vec())
}

/// A vector as it was stored.
///
/// # Errors
/// When the column holds none that can be compared.
pub fn of_column(vector: &Vector) -> Result<Embedding> {
    Embedding::normalised(vector.as_slice())
        .ok_or_else(|| Error::new(Kind::Internal, "a stored vector is not one of 128 finite values"))
}
