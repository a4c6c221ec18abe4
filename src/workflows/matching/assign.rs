//! Who is who in one photo: each face goes to at most one person and each person to at most one face, so that the
//! whole fits best.

use std::collections::{BTreeMap, BTreeSet};

use pathfinding::kuhn_munkres::kuhn_munkres;
use pathfinding::matrix::Matrix;

use super::compare::Near;
use crate::model::face::{FaceBox, SAME_FACE};
use crate::model::ids::UserId;
use crate::model::matching::Thresholds;
use crate::model::tag::Found;

/// A face of a photo and whom it resembles, the nearest first.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub ordinal: i32,
    pub area: FaceBox,
    pub near: Vec<Near>,
}

/// What people have decided about a photo.
#[derive(Debug, Clone, Default)]
pub struct Fixed {
    /// Not in the photo, whoever resembles them.
    pub excluded: BTreeSet<UserId>,
    /// In the photo; the face where it is known.
    pub present: BTreeMap<UserId, Option<FaceBox>>,
}

/// Steps of similarity that are told apart in the sum.
const STEPS: f32 = 1e6;

/// The best assignment of faces to people. What a face weighs for somebody is how far it lies above the review
/// threshold: two doubtful finds never outweigh a clear one. People whose presence is fixed hold their face, and get
/// no second one; they are not in the answer.
#[must_use]
pub fn assign(faces: &[Candidate], fixed: &Fixed, thresholds: &Thresholds) -> Vec<(UserId, Found)> {
    let taken = held_faces(faces, fixed, thresholds);
    let open: Vec<(usize, &Candidate)> = faces.iter().enumerate().filter(|(index, _)| !taken.contains(index)).collect();
    let fits = |near: &Near| {
        near.score >= thresholds.review
            && !fixed.excluded.contains(&near.user)
            && !fixed.present.contains_key(&near.user)
    };
    let users: BTreeSet<UserId> =
        open.iter().flat_map(|(_, face)| face.near.iter().filter(|near| fits(near)).map(|near| near.user)).collect();
    let users: Vec<UserId> = users.into_iter().collect();
    if users.is_empty() {
        return Vec::new();
    }
    // The method wants at least as many columns as rows; columns that stand for nobody weigh nothing.
    let columns = users.len().max(open.len());
    let mut weights = Matrix::new(open.len(), columns, 0i64);
    for (row, (_, face)) in open.iter().enumerate() {
        for near in face.near.iter().filter(|near| fits(near)) {
            if let Ok(column) = users.binary_search(&near.user) {
                weights[(row, column)] = weight(near.score - thresholds.review);
            }
        }
    }
    let (_, chosen) = kuhn_munkres(&weights);
    let mut found = Vec::new();
    for (row, column) in chosen.into_iter().enumerate() {
        if weights[(row, column)] == 0 {
            continue;
        }
        let (face, user) = (open[row].1, users[column]);
        let Some(near) = face.near.iter().find(|near| near.user == user) else { continue };
        let runner_up = face.near.iter().find(|other| other.user != user && !fixed.excluded.contains(&other.user));
        found.push((
            user,
            Found {
                ordinal: face.ordinal,
                area: face.area,
                score: near.score,
                selfie: near.selfie,
                runner_up: runner_up.map(|other| (other.user, other.score)),
            },
        ));
    }
    found
}

/// Above zero for whatever reaches the threshold.
#[expect(clippy::cast_possible_truncation, reason = "at most a million")]
fn weight(above: f32) -> i64 {
    (above * STEPS) as i64 + 1
}

/// Faces that people hold whose presence is fixed: the box that was decided about, else the face that resembles them
/// clearly.
fn held_faces(faces: &[Candidate], fixed: &Fixed, thresholds: &Thresholds) -> BTreeSet<usize> {
    let mut held = BTreeSet::new();
    for (user, area) in &fixed.present {
        let best = match area {
            Some(area) => faces
                .iter()
                .enumerate()
                .map(|(index, face)| (index, face.area.overlap(area)))
                .filter(|(_, overlap)| *overlap >= SAME_FACE)
                .max_by(|a, b| a.1.total_cmp(&b.1)),
            None => faces
                .iter()
                .enumerate()
                .filter_map(|(index, face)| {
                    face.near.iter().find(|near| near.user == *user).map(|near| (index, near.score))
                })
                .filter(|(_, score)| *score >= thresholds.confirm)
                .max_by(|a, b| a.1.total_cmp(&b.1)),
        };
        held.extend(best.map(|(index, _)| index));
    }
    held
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::model::ids::SelfieId;

    const A: UserId = UserId(Uuid::from_u128(1));
    const B: UserId = UserId(Uuid::from_u128(2));
    const C: UserId = UserId(Uuid::from_u128(3));

    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    fn face(ordinal: i32, near: &[(UserId, f32)]) -> Candidate {
        let near = near.iter().map(|(user, score)| Near { user: *user, score: *score, selfie: SelfieId(user.0) });
        let area = FaceBox { left: ordinal as f32 * 0.2, top: 0.1, width: 0.1, height: 0.1 };
        Candidate { ordinal, area, near: near.collect() }
    }

    fn told(faces: &[Candidate], fixed: &Fixed) -> Vec<(i32, UserId, Option<UserId>)> {
        let thresholds = Thresholds::new(0.45, 0.36, 0.05).expect("thresholds");
        let mut told: Vec<_> = assign(faces, fixed, &thresholds)
            .into_iter()
            .map(|(user, found)| (found.ordinal, user, found.runner_up.map(|(user, _)| user)))
            .collect();
        told.sort_unstable();
        told
    }

    #[test]
    fn two_who_look_alike_get_a_face_each() {
        let faces = [face(0, &[(A, 0.8), (B, 0.7)]), face(1, &[(A, 0.75), (B, 0.74)])];
        assert_eq!(told(&faces, &Fixed::default()), [(0, A, Some(B)), (1, B, Some(A))]);
    }

    #[test]
    fn a_clear_find_is_not_given_up_for_two_doubtful_ones() {
        let faces = [face(0, &[(A, 0.9), (B, 0.5)]), face(1, &[(A, 0.45)])];
        assert_eq!(told(&faces, &Fixed::default()), [(0, A, Some(B))]);
    }

    #[test]
    fn a_user_gets_one_face_and_a_face_one_user() {
        let faces = [face(0, &[(A, 0.6)]), face(1, &[(A, 0.7)]), face(2, &[(C, 0.3)])];
        assert_eq!(told(&faces, &Fixed::default()), [(1, A, None)]);
        assert!(told(&[], &Fixed::default()).is_empty());
    }

    #[test]
    fn what_people_decided_holds() {
        let faces = [face(0, &[(A, 0.8), (B, 0.7)])];
        let excluded = Fixed { excluded: BTreeSet::from([A]), ..Fixed::default() };
        assert_eq!(told(&faces, &excluded), [(0, B, None)], "neither tagged nor a runner-up");
        let present = Fixed { present: BTreeMap::from([(A, None)]), ..Fixed::default() };
        assert!(told(&faces, &present).is_empty(), "the face is A's already");
        let elsewhere = FaceBox { left: 0.7, top: 0.7, width: 0.1, height: 0.1 };
        let present = Fixed { present: BTreeMap::from([(A, Some(elsewhere))]), ..Fixed::default() };
        assert_eq!(told(&faces, &present), [(0, B, Some(A))]);
    }
}
