//! Faces of all sizes in one picture: it is looked at in several sizes, and what was seen is joined.
//!
//! YuNet sees faces of about 10 to 300 px. One that fills a selfie is smaller than that at 480 px ("near"), the people
//! of an event are at 1280 px ("far"), and the last rows of a group at 2560 px ("tiny"). The last look costs four times
//! the second one, so it is done only where small faces were seen.

use std::sync::Arc;

use rten::ThreadPool;

use crate::error::Result;
use crate::model::pixels::Pixels;

use super::models::Network;
use super::shrink;
use super::yunet::{self, Candidate, overlap};

/// The least confidence of a face. OpenCV's sample takes 0.9, which loses faces that are turned or half hidden; at 0.6
/// hands and patterns begin to be taken for faces.
pub const LEAST_SCORE: f32 = 0.75;
/// From here on something may be a face that is too small to be sure of.
const WEAK_SCORE: f32 = 0.5;
/// Two boxes that share more are of one face: OpenCV's default.
const SAME_FACE: f32 = 0.3;
/// What another size has seen of a face counts as a view of it where the boxes share this much.
const SAME_VIEW: f32 = 0.5;
/// The size of face, in pixels of what is looked at, whose points are the most exact: that of the aligned crop.
const BEST_PX: f32 = 112.0;

/// Longest sides, in pixels.
pub(super) const NEAR_PX: u32 = 480;
pub(super) const FAR_PX: u32 = 1280;
pub(super) const TINY_PX: u32 = 2560;
/// Smaller pictures have little more to show than the far look has seen.
pub(super) const TINY_FROM_PX: u32 = 1920;
/// Faces narrower than this in the far look call for the tiny one.
const TINY_FACE_PX: f32 = 48.0;

/// What one look has seen: candidates in pixels of the whole picture, the best first.
struct Look {
    seen: Vec<Candidate>,
    /// Pixels that was looked at for each of the picture's.
    scale: f32,
}

/// One face, with all looks that have seen it.
struct Group {
    best: Candidate,
    look: usize,
    /// As the best sized look has seen it.
    view: Candidate,
    misfit: f32,
}

/// The faces of a picture, in pixels of it; in no order.
pub(super) fn faces(detector: &Network, picture: &Pixels, threads: &Arc<ThreadPool>) -> Result<Vec<Candidate>> {
    let far = shrink::to_longest(picture, FAR_PX)?;
    let mut looks = vec![look(detector, picture, &far, threads)?];
    if longest(&far) > NEAR_PX {
        let near = shrink::to_longest(&far, NEAR_PX)?;
        looks.push(look(detector, picture, &near, threads)?);
    }
    if longest(picture) > TINY_FROM_PX && has_tiny(&looks[0]) {
        drop(far);
        let tiny = shrink::to_longest(picture, TINY_PX)?;
        looks.push(look(detector, picture, &tiny, threads)?);
    }
    Ok(joined(&looks))
}

/// One look at a picture as it is: candidates from `WEAK_SCORE` on, one a face, the best first.
pub(super) fn at_one_size(detector: &Network, shown: &Pixels, threads: &Arc<ThreadPool>) -> Result<Vec<Candidate>> {
    let (width, height) = yunet::padded(shown.width(), shown.height());
    let outputs = detector.run(yunet::input(shown), threads)?;
    let mut kept: Vec<Candidate> = Vec::new();
    for candidate in yunet::candidates(&outputs, width, height, WEAK_SCORE)? {
        if kept.iter().all(|better| overlap(&better.area, &candidate.area) <= SAME_FACE) {
            kept.push(candidate);
        }
    }
    Ok(kept)
}

fn look(detector: &Network, picture: &Pixels, shown: &Pixels, threads: &Arc<ThreadPool>) -> Result<Look> {
    let mut seen = at_one_size(detector, shown, threads)?;
    // Both sides were rounded for themselves.
    let back = [ratio(picture.width(), shown.width()), ratio(picture.height(), shown.height())];
    for candidate in &mut seen {
        for (at, value) in candidate.area.iter_mut().enumerate() {
            *value *= back[at % 2];
        }
        for point in &mut candidate.points {
            *point = [point[0] * back[0], point[1] * back[1]];
        }
    }
    Ok(Look { seen, scale: 1.0 / back[0] })
}

fn ratio(a: u32, b: u32) -> f32 {
    (f64::from(a) / f64::from(b)) as f32
}

fn longest(picture: &Pixels) -> u32 {
    picture.width().max(picture.height())
}

fn has_tiny(far: &Look) -> bool {
    far.seen.iter().any(|face| face.area[2] * far.scale < TINY_FACE_PX)
}

/// One face for all that was seen of it: the highest score of all looks, and place and points from the look in which
/// the face has the size that the model is most exact at.
fn joined(looks: &[Look]) -> Vec<Candidate> {
    let mut all: Vec<(usize, Candidate)> = looks
        .iter()
        .enumerate()
        .flat_map(|(look, of)| of.seen.iter().map(move |candidate| (look, *candidate)))
        .filter(|(_, candidate)| candidate.score >= LEAST_SCORE)
        .collect();
    all.sort_by(|(_, a), (_, b)| b.score.total_cmp(&a.score));
    let mut groups: Vec<Group> = Vec::new();
    for (look, candidate) in all {
        let misfit = (candidate.area[2] * looks[look].scale / BEST_PX).ln().abs();
        let same = groups.iter_mut().find(|group| overlap(&group.best.area, &candidate.area) > SAME_FACE);
        match same {
            None => groups.push(Group { best: candidate, look, view: candidate, misfit }),
            Some(group) => {
                let view = group.look != look && overlap(&group.best.area, &candidate.area) >= SAME_VIEW;
                if view && misfit < group.misfit {
                    (group.view, group.misfit) = (candidate, misfit);
                }
            }
        }
    }
    groups.into_iter().map(|group| Candidate { score: group.best.score, ..group.view }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(left: f32, width: f32, score: f32) -> Candidate {
        Candidate { area: [left, 0.0, width, width], points: [[left, 0.0]; 5], score }
    }

    #[test]
    fn a_face_seen_twice_is_one_with_the_points_of_the_better_size() {
        let far = Look { seen: vec![seen(0.0, 1000.0, 0.8), seen(3000.0, 100.0, 0.9)], scale: 0.5 };
        let near = Look { seen: vec![seen(20.0, 1010.0, 0.95), seen(2000.0, 300.0, 0.6)], scale: 0.1 };
        let mut faces = joined(&[far, near]);
        faces.sort_by(|a, b| a.area[0].total_cmp(&b.area[0]));
        // 101 px beats 500 px; what is too weak in all looks is none; what one look has seen alone stays.
        assert_eq!(faces, [seen(20.0, 1010.0, 0.95), seen(3000.0, 100.0, 0.9)]);
    }

    #[test]
    fn the_highest_score_goes_with_the_best_sized_view() {
        let far = Look { seen: vec![seen(0.0, 240.0, 0.8)], scale: 0.5 };
        let near = Look { seen: vec![seen(5.0, 240.0, 0.9)], scale: 0.1 };
        assert_eq!(joined(&[far, near]), [Candidate { score: 0.9, ..seen(0.0, 240.0, 0.8) }]);
    }

    #[test]
    fn only_small_faces_call_for_another_look() {
        let look = |width, score| Look { seen: vec![seen(0.0, width, score)], scale: 0.25 };
        assert!(has_tiny(&look(100.0, 0.5)) && has_tiny(&look(191.0, 0.9)));
        assert!(!has_tiny(&look(200.0, 0.9)));
    }
}
