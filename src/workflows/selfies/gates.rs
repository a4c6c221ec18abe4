//! What a face must be like for others to be compared with it. The figures are measured: how much each fault costs in
//! similarity with the same face without it.

use crate::model::face::{FaceQuality, FoundFace};
use crate::model::selfie::Reason;

/// How many times larger than the second the first face must be, by area, to be the one that is meant.
const DOMINANT: f32 = 3.0;
/// The detector's confidence.
const LEAST_SCORE: f32 = 0.8;
/// Pixels of the picture as it is kept. A face of 50 px resembles itself in full size by 0.93, one of 32 px by 0.85.
const LEAST_WIDTH_PX: f32 = 80.0;
/// A blur of sigma 1.5 px gives 25 and costs 0.08 of similarity, one of sigma 3 px gives 5 and costs 0.31.
const LEAST_SHARPNESS: f32 = 50.0;
/// Mean luma of the face, 0 to 255. A third of the light gives 39 and costs 0.05, twice the light 204 and costs 0.3.
const LUMA: std::ops::RangeInclusive<f32> = 40.0..=200.0;
const MOST_YAW: f32 = 0.25;
const PITCH: std::ops::RangeInclusive<f32> = 0.42..=0.70;
/// As the eyes tell it, which is less than the head's real roll: the detector draws the points of a tilted face upright.
/// On six portraits, each turned by up to 50 degrees either way, a face turned by 20 told at most 19 and resembled itself
/// by 0.91 or more; from 30 on it told 14 to 35 and resembled itself by as little as 0.04.
const MOST_ROLL_DEGREES: f32 = 15.0;

/// All that speaks against a picture with these faces, the largest first.
#[must_use]
pub fn faults(faces: &[FoundFace]) -> Vec<Reason> {
    let Some(first) = faces.first() else { return vec![Reason::NoFace] };
    let mut faults = Vec::new();
    if faces.get(1).is_some_and(|second| area(first) < DOMINANT * area(second)) {
        faults.push(Reason::MultipleFaces);
    }
    faults.extend(faults_of(&first.quality));
    faults
}

fn area(face: &FoundFace) -> f32 {
    face.area.width * face.area.height
}

fn faults_of(quality: &FaceQuality) -> Vec<Reason> {
    let straight =
        quality.yaw.abs() <= MOST_YAW && PITCH.contains(&quality.pitch) && quality.roll.abs() <= MOST_ROLL_DEGREES;
    [
        (quality.score < LEAST_SCORE, Reason::LowConfidence),
        (quality.width_px < LEAST_WIDTH_PX, Reason::SmallBoundingBox),
        (quality.sharpness < LEAST_SHARPNESS, Reason::LowSharpness),
        (quality.luma < *LUMA.start(), Reason::LowBrightness),
        (quality.luma > *LUMA.end(), Reason::HighBrightness),
        (!straight, Reason::ExtremePose),
    ]
    .into_iter()
    .filter_map(|(fails, reason)| fails.then_some(reason))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::face::{FaceBox, Landmarks};

    const GOOD: FaceQuality =
        FaceQuality { score: 0.93, width_px: 300.0, sharpness: 400.0, luma: 120.0, yaw: 0.05, pitch: 0.55, roll: 3.0 };

    fn face(side: f32, quality: FaceQuality) -> FoundFace {
        let area = FaceBox { left: 0.1, top: 0.1, width: side, height: side };
        FoundFace { area, landmarks: Landmarks([[0.0; 2]; 5]), quality }
    }

    #[test]
    fn one_dominant_face_is_wanted() {
        assert_eq!(faults(&[]), [Reason::NoFace]);
        assert_eq!(faults(&[face(0.4, GOOD)]), []);
        assert_eq!(faults(&[face(0.4, GOOD), face(0.2, GOOD)]), [], "a quarter of the area stands behind");
        assert_eq!(faults(&[face(0.4, GOOD), face(0.3, GOOD)]), [Reason::MultipleFaces]);
    }

    #[test]
    fn each_fault_has_its_name() {
        let told = |quality| faults(&[face(0.4, quality)]);
        assert_eq!(told(FaceQuality { score: 0.79, ..GOOD }), [Reason::LowConfidence]);
        assert_eq!(told(FaceQuality { width_px: 79.0, ..GOOD }), [Reason::SmallBoundingBox]);
        assert_eq!(told(FaceQuality { sharpness: 49.0, ..GOOD }), [Reason::LowSharpness]);
        assert_eq!(told(FaceQuality { luma: 39.0, ..GOOD }), [Reason::LowBrightness]);
        assert_eq!(told(FaceQuality { luma: 201.0, ..GOOD }), [Reason::HighBrightness]);
        for turned in [
            FaceQuality { yaw: -0.3, ..GOOD },
            FaceQuality { pitch: 0.8, ..GOOD },
            FaceQuality { pitch: 0.3, ..GOOD },
            FaceQuality { roll: -16.0, ..GOOD },
            FaceQuality { pitch: f32::NAN, ..GOOD },
        ] {
            assert_eq!(told(turned), [Reason::ExtremePose]);
        }
        assert_eq!(told(FaceQuality { sharpness: 1.0, luma: 10.0, ..GOOD }).len(), 2);
    }
}
