//! How well a face can be seen, from its points and its aligned crop. What each figure means stands at
//! [`FaceQuality`].

use crate::model::face::{FaceQuality, FoundFace};

use super::align::{Crop, SIDE};
use super::yunet::Candidate;

/// Event photos: a face narrower than this is not told apart from others. At 32 px the cosine to the same face in full
/// size is 0.85, at 24 px 0.72 (73 faces, made smaller).
pub const EVENT_LEAST_WIDTH_PX: f32 = 32.0;
/// Event photos: a face less sharp than this is not told apart from others. A blur of sigma 2 px of the aligned crop
/// gives 12 and a cosine of 0.85; sigma 3 gives 5 and 0.69 (the same faces).
pub const EVENT_LEAST_SHARPNESS: f32 = 10.0;

/// Whether a face of an event photo can be seen well enough to look for whose it is.
#[must_use]
pub fn good_for_event(face: &FoundFace) -> bool {
    face.quality.width_px >= EVENT_LEAST_WIDTH_PX && face.quality.sharpness >= EVENT_LEAST_SHARPNESS
}

/// Of a face as the detector saw it (pixels of the picture) and its crop, where there is one.
pub(super) fn of(face: &Candidate, crop: Option<&Crop>) -> FaceQuality {
    let (luma, sharpness) = crop.map_or((0.0, 0.0), light);
    let [yaw, pitch, roll] = pose(&face.points);
    FaceQuality { score: face.score, width_px: face.area[2], sharpness, luma, yaw, pitch, roll }
}

/// Mean luma, and sharpness. Only what the picture shows counts: the edge to the black beyond it is no detail.
fn light(crop: &Crop) -> (f32, f32) {
    let grey: Vec<f32> = crop.rgb.as_chunks::<3>().0.iter().map(luma).collect();
    let shown = || grey.iter().zip(&crop.inside).filter(|(_, inside)| **inside).map(|(value, _)| *value);
    let luma = mean(shown()).unwrap_or(0.0);
    let edges = laplacian(&grey, &crop.inside);
    let Some(level) = mean(edges.iter().copied()) else { return (luma, 0.0) };
    let variance = mean(edges.iter().map(|edge| (edge - level).powi(2))).unwrap_or(0.0);
    // Black pictures have noise, no sharpness: at luma 1 a step of 1 would count 16,000 times.
    let brightness = luma.max(1.0) / 128.0;
    (luma, variance / (brightness * brightness))
}

/// BT.601's luma.
fn luma(pixel: &[u8; 3]) -> f32 {
    0.299 * f32::from(pixel[0]) + 0.587 * f32::from(pixel[1]) + 0.114 * f32::from(pixel[2])
}

/// How much each pixel differs from its four neighbours, where all five are of the picture.
fn laplacian(grey: &[f32], inside: &[bool]) -> Vec<f32> {
    let mut edges = Vec::with_capacity(grey.len());
    for row in 1..SIDE - 1 {
        for at in row * SIDE + 1..(row + 1) * SIDE - 1 {
            let around = [at - SIDE, at - 1, at + 1, at + SIDE];
            if inside[at] && around.iter().all(|near| inside[*near]) {
                edges.push(around.iter().map(|near| grey[*near]).sum::<f32>() - 4.0 * grey[at]);
            }
        }
    }
    edges
}

fn mean(values: impl Iterator<Item = f32>) -> Option<f32> {
    let (sum, count) = values.fold((0.0, 0_u32), |(sum, count), value| (sum + f64::from(value), count + 1));
    (count > 0).then(|| (sum / f64::from(count)) as f32)
}

/// Yaw, pitch and roll. The first two are of the face with its roll taken out.
fn pose(points: &[[f32; 2]; 5]) -> [f32; 3] {
    let [right_eye, left_eye, nose, right_mouth, left_mouth] = *points;
    let turn = (left_eye[1] - right_eye[1]).atan2(left_eye[0] - right_eye[0]);
    let (sin, cos) = turn.sin_cos();
    let level = |point: [f32; 2]| [point[0] * cos + point[1] * sin, point[1] * cos - point[0] * sin];
    let middle = |a: [f32; 2], b: [f32; 2]| level([a[0].midpoint(b[0]), a[1].midpoint(b[1])]);
    let (eyes, mouth, nose) = (middle(right_eye, left_eye), middle(right_mouth, left_mouth), level(nose));
    let apart = (left_eye[0] - right_eye[0]).hypot(left_eye[1] - right_eye[1]);
    let share = |part: f32, whole: f32| if whole.abs() > 1e-3 { part / whole } else { 0.0 };
    [
        share(nose[0] - eyes[0].midpoint(mouth[0]), apart),
        share(nose[1] - eyes[1], mouth[1] - eyes[1]),
        turn.to_degrees(),
    ]
}

#[cfg(test)]
mod tests {
    use crate::model::face::{FaceBox, Landmarks};

    use super::*;

    const AHEAD: [[f32; 2]; 5] = [[38.0, 52.0], [74.0, 52.0], [56.0, 72.0], [42.0, 92.0], [70.0, 92.0]];

    fn turned(degrees: f32) -> [[f32; 2]; 5] {
        let (sin, cos) = degrees.to_radians().sin_cos();
        AHEAD.map(|[x, y]| [x * cos - y * sin, x * sin + y * cos])
    }

    fn close(a: [f32; 3], b: [f32; 3]) -> bool {
        a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-3)
    }

    #[test]
    fn a_turned_head_keeps_its_yaw_and_pitch() {
        assert!(close(pose(&AHEAD), [0.0, 0.5, 0.0]));
        assert!(close(pose(&turned(30.0)), [0.0, 0.5, 30.0]));
        assert!(close(pose(&turned(-90.0)), [0.0, 0.5, -90.0]));
        let mut aside = AHEAD;
        aside[2] = [65.0, 80.0];
        assert!(close(pose(&aside), [0.25, 0.7, 0.0]));
        assert!(close(pose(&[[1.0; 2]; 5]), [0.0, 0.0, 0.0]));
    }

    fn crop(sample: impl Fn(usize, usize) -> u8) -> Crop {
        let rgb = (0..SIDE * SIDE).flat_map(|at| [sample(at % SIDE, at / SIDE); 3]).collect();
        Crop { rgb, inside: vec![true; SIDE * SIDE] }
    }

    #[test]
    fn a_darker_copy_is_as_sharp() {
        let (bright, bright_edges) = light(&crop(|x, _| if x % 8 < 4 { 200 } else { 100 }));
        let (dark, dark_edges) = light(&crop(|x, _| if x % 8 < 4 { 100 } else { 50 }));
        assert!((bright - 2.0 * dark).abs() < 0.1 && bright_edges > 1000.0);
        assert!((bright_edges / dark_edges - 1.0).abs() < 0.01);
        assert!(light(&crop(|_, _| 128)).1.abs() < 1e-3);
    }

    #[test]
    fn what_lies_beyond_the_edge_does_not_count() {
        let mut half = crop(|x, _| if x < 60 { 128 } else { 0 });
        half.inside = (0..SIDE * SIDE).map(|at| at % SIDE < 60).collect();
        let (luma, sharpness) = light(&half);
        assert!((luma - 128.0).abs() < 0.1 && sharpness < 1e-3);
        half.inside = vec![false; SIDE * SIDE];
        assert_eq!(light(&half), (0.0, 0.0));
    }

    #[test]
    fn small_and_blurred_faces_are_not_for_events() {
        let area = FaceBox { left: 0.0, top: 0.0, width: 0.1, height: 0.1 };
        let face = |width_px, sharpness| {
            let quality = FaceQuality { score: 0.9, width_px, sharpness, luma: 128.0, yaw: 0.0, pitch: 0.5, roll: 0.0 };
            FoundFace { area, landmarks: Landmarks([[0.0; 2]; 5]), quality }
        };
        assert!(good_for_event(&face(32.0, 10.0)));
        assert!(!good_for_event(&face(31.9, 10.0)) && !good_for_event(&face(32.0, 9.9)));
    }
}
