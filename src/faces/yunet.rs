//! YuNet's input and what its outputs mean (OpenCV's `FaceDetectorYN`, libfacedetection's paper of 2023).

use rten_tensor::NdTensor;

use crate::error::{Error, Kind, Result};
use crate::model::pixels::Pixels;

/// Cells of the model's three grids, in pixels of its input.
const STRIDES: [usize; 3] = [8, 16, 32];
/// The input's sides are multiples of the largest.
const UNIT: usize = 32;
/// Candidates of one look that are compared with each other: OpenCV's default.
const MOST: usize = 5000;

/// A face as one look saw it, in pixels of the picture that was looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Candidate {
    /// Left, top, width, height.
    pub area: [f32; 4],
    pub points: [[f32; 2]; 5],
    pub score: f32,
}

/// The sides of the input for a picture: rounded up.
pub(super) fn padded(width: u32, height: u32) -> (usize, usize) {
    ((width as usize).next_multiple_of(UNIT), (height as usize).next_multiple_of(UNIT))
}

/// Blue, green and red planes of 0 to 255; black to the right and below.
pub(super) fn input(picture: &Pixels) -> NdTensor<f32, 4> {
    let (width, height) = padded(picture.width(), picture.height());
    let plane = width * height;
    let mut values = vec![0.0; 3 * plane];
    let (blue, rest) = values.split_at_mut(plane);
    let (green, red) = rest.split_at_mut(plane);
    for (y, row) in picture.rgb().chunks_exact(picture.width() as usize * 3).enumerate() {
        let at = y * width;
        let planes = red[at..].iter_mut().zip(&mut green[at..]).zip(&mut blue[at..]);
        for (pixel, ((red, green), blue)) in row.as_chunks::<3>().0.iter().zip(planes) {
            (*red, *green, *blue) = (f32::from(pixel[0]), f32::from(pixel[1]), f32::from(pixel[2]));
        }
    }
    NdTensor::from_data([1, 3, height, width], values)
}

/// All candidates of at least `least` from the model's twelve outputs (classes, objects, boxes and points of each
/// grid) for an input of `width` x `height`; the best first.
///
/// # Errors
/// `Internal` where the outputs are not those of such an input.
pub(super) fn candidates(outputs: &[Vec<f32>], width: usize, height: usize, least: f32) -> Result<Vec<Candidate>> {
    let unfit = || Error::new(Kind::Internal, "the face detector answers with other numbers than it should");
    let [classes, objects, boxes, points] = outputs.as_chunks::<3>().0 else { return Err(unfit()) };
    let mut found = Vec::new();
    for (grid, stride) in STRIDES.into_iter().enumerate() {
        let (columns, cells) = (width / stride, (width / stride) * (height / stride));
        let (areas, area_rest) = boxes[grid].as_chunks::<4>();
        let (marks, mark_rest) = points[grid].as_chunks::<10>();
        let lengths = [classes[grid].len(), objects[grid].len(), areas.len(), marks.len()];
        if lengths != [cells; 4] || !area_rest.is_empty() || !mark_rest.is_empty() {
            return Err(unfit());
        }
        for (cell, (class, object)) in classes[grid].iter().zip(&objects[grid]).enumerate() {
            let score = (class.clamp(0.0, 1.0) * object.clamp(0.0, 1.0)).sqrt();
            if score >= least {
                let at = [(cell % columns) as f32, (cell / columns) as f32];
                found.extend(candidate(at, stride as f32, &areas[cell], &marks[cell], score));
            }
        }
    }
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    found.truncate(MOST);
    Ok(found)
}

/// What the cell in column `at[0]` and row `at[1]` says. `None` where its numbers are none of a picture.
fn candidate(at: [f32; 2], stride: f32, area: &[f32; 4], marks: &[f32; 10], score: f32) -> Option<Candidate> {
    let (width, height) = (area[2].exp() * stride, area[3].exp() * stride);
    let (x, y) = ((at[0] + area[0]) * stride, (at[1] + area[1]) * stride);
    let mut points = [[0.0; 2]; 5];
    for (point, mark) in points.iter_mut().zip(marks.as_chunks::<2>().0) {
        *point = [(at[0] + mark[0]) * stride, (at[1] + mark[1]) * stride];
    }
    let area = [x - width / 2.0, y - height / 2.0, width, height];
    let finite = area.iter().chain(points.as_flattened()).all(|value| value.is_finite());
    (finite && width > 0.0 && height > 0.0).then_some(Candidate { area, points, score })
}

/// Intersection over union of two areas; 0 where they do not meet.
pub(super) fn overlap(a: &[f32; 4], b: &[f32; 4]) -> f32 {
    let wide = (a[0] + a[2]).min(b[0] + b[2]) - a[0].max(b[0]);
    let high = (a[1] + a[3]).min(b[1] + b[3]) - a[1].max(b[1]);
    if wide <= 0.0 || high <= 0.0 {
        return 0.0;
    }
    wide * high / (a[2] * a[3] + b[2] * b[3] - wide * high)
}

#[cfg(test)]
mod tests {
    use rten_tensor::Layout;

    use super::*;

    fn outputs(cells: [usize; 3]) -> Vec<Vec<f32>> {
        [1, 1, 4, 10].iter().flat_map(|values| cells.map(|cells| vec![0.0; cells * values])).collect()
    }

    #[test]
    fn a_cell_says_where_a_face_is() {
        let mut outputs = outputs([32, 8, 2]);
        // The second row of the grid of 16: four columns, so cell 5 is column 1, row 1.
        (outputs[1][5], outputs[4][5]) = (1.2, 0.81);
        outputs[7][20..24].copy_from_slice(&[0.5, 0.25, 2.0_f32.ln(), 0.0]);
        outputs[10][50..52].copy_from_slice(&[0.5, 1.0]);
        // Not finite: nothing of a picture.
        (outputs[2][0], outputs[5][0], outputs[8][2]) = (1.0, 1.0, 1000.0);
        let found = candidates(&outputs, 64, 32, 0.75).expect("outputs of 64 x 32");
        assert_eq!(found.len(), 1);
        assert!((found[0].score - 0.9).abs() < 1e-6);
        assert_eq!(found[0].area.map(f32::round), [8.0, 12.0, 32.0, 16.0]);
        assert_eq!((found[0].points[0], found[0].points[1]), ([24.0, 32.0], [16.0, 16.0]));
        assert!(candidates(&outputs, 64, 64, 0.75).is_err());
        assert!(candidates(&outputs[1..], 64, 32, 0.75).is_err());
    }

    #[test]
    fn the_input_is_padded_with_black() {
        let picture = Pixels::new(2, 1, vec![1, 2, 3, 4, 5, 6]).expect("a picture");
        let input = input(&picture);
        assert_eq!(input.shape(), [1, 3, 32, 32]);
        let at = |plane, y, x| input[[0, plane, y, x]];
        assert_eq!([at(0, 0, 0), at(1, 0, 0), at(2, 0, 1)], [3.0, 2.0, 4.0]);
        assert_eq!([at(0, 0, 2), at(2, 1, 0)], [0.0, 0.0]);
    }
}
