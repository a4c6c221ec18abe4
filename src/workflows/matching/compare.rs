//! Exact search: every face against every selfie of the crowd, as products of matrix blocks on all cores.
//!
//! Vectors have length 1, so a product of two is the cosine of the angle between them. Memory is bounded by the blocks,
//! whatever the number of faces.

use std::borrow::Cow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, s};

use super::crowd::Crowd;
use crate::model::face::DIMENSIONS;
use crate::model::ids::{SelfieId, UserId};

/// Faces of one block.
const FACES: usize = 64;

/// Selfies of one block: with [`FACES`] rows the scores take 1 MiB, which stays in a core's cache.
const SELFIES: usize = 4_096;

/// Scores that are looked at together.
const LANES: usize = 16;

/// How many of the nearest selfies are kept of each face even where they are below the floor: who the runner-up is
/// should be known also where nobody is near.
const NEAREST: usize = 8;

/// A member who resembles a face.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    pub user: UserId,
    /// Of the best of their selfies.
    pub score: f32,
    pub selfie: SelfieId,
}

/// For each face (128 values, one after the other) the members who resemble it, the nearest first: everybody from
/// `floor` on, and at least the two nearest.
#[must_use]
pub fn nearest(faces: &[f32], crowd: &Crowd, floor: f32) -> Vec<Vec<Near>> {
    let count = faces.len() / DIMENSIONS;
    let blocks = count.div_ceil(FACES);
    let workers = thread::available_parallelism().map_or(1, usize::from).min(blocks.max(1));
    let Ok(faces) = ArrayView2::from_shape((count, DIMENSIONS), &faces[..count * DIMENSIONS]) else {
        return Vec::new();
    };
    if crowd.is_empty() {
        return vec![Vec::new(); count];
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let block = next.fetch_add(1, Ordering::Relaxed);
            if block >= blocks {
                return done;
            }
            let (begin, end) = (block * FACES, ((block + 1) * FACES).min(count));
            done.push((block, of_block(faces.slice(s![begin..end, ..]), crowd, floor)));
        }
    };
    let mut done = if workers == 1 {
        work()
    } else {
        thread::scope(|scope| {
            let all: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
            // A worker that panicked takes the whole run with it: half an answer would be taken for a whole one.
            all.into_iter()
                .flat_map(|one| one.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        })
    };
    done.sort_by_key(|(block, _)| *block);
    done.into_iter().flat_map(|(_, near)| near).collect()
}

fn of_block(faces: ArrayView2<'_, f32>, crowd: &Crowd, floor: f32) -> Vec<Vec<Near>> {
    let mut held: Vec<Best> = (0..faces.nrows()).map(|_| Best::default()).collect();
    let mut scores = Array2::<f32>::zeros((faces.nrows(), SELFIES));
    for begin in (0..crowd.len()).step_by(SELFIES) {
        let end = (begin + SELFIES).min(crowd.len());
        let mut scores = scores.slice_mut(s![.., ..end - begin]);
        general_mat_mul(1.0, &faces, &crowd.rows(begin, end).t(), 0.0, &mut scores);
        for (best, row) in held.iter_mut().zip(scores.rows()) {
            best.take(&row.as_slice().map_or_else(|| Cow::Owned(row.to_vec()), Cow::Borrowed), begin, floor);
        }
    }
    held.into_iter().map(|best| best.by_user(crowd)).collect()
}

/// Selfies that a face resembles: row of the crowd and score.
#[derive(Default)]
struct Best {
    above: Vec<(usize, f32)>,
    below: Vec<(usize, f32)>,
}

impl Best {
    fn take(&mut self, scores: &[f32], first: usize, floor: f32) {
        let mut bar = self.bar();
        for (index, some) in scores.chunks(LANES).enumerate() {
            // The highest of several is found at once, and is nearly always too low.
            let highest = some.iter().copied().fold(f32::MIN, f32::max);
            if highest <= bar && highest < floor {
                continue;
            }
            for (column, score) in some.iter().enumerate() {
                let row = first + index * LANES + column;
                if *score >= floor {
                    self.above.push((row, *score));
                } else if *score > bar {
                    self.below.push((row, *score));
                    if self.below.len() > NEAREST {
                        self.below.sort_by(|a, b| b.1.total_cmp(&a.1));
                        self.below.truncate(NEAREST);
                    }
                    bar = self.bar();
                }
            }
        }
    }

    /// What a score below the floor must beat.
    fn bar(&self) -> f32 {
        if self.below.len() < NEAREST {
            return f32::MIN;
        }
        self.below.iter().map(|(_, score)| *score).fold(f32::MAX, f32::min)
    }

    fn by_user(mut self, crowd: &Crowd) -> Vec<Near> {
        let above = self.above.len();
        self.above.append(&mut self.below);
        self.above[..above].sort_by(|a, b| b.1.total_cmp(&a.1));
        self.above[above..].sort_by(|a, b| b.1.total_cmp(&a.1));
        let mut near: Vec<Near> = Vec::new();
        for (index, (row, score)) in self.above.iter().enumerate() {
            let (user, selfie) = crowd.owner(*row);
            let known = near.iter().any(|one| one.user == user);
            if !known && (index < above || near.len() < 2) {
                near.push(Near { user, score: *score, selfie });
            }
        }
        near
    }
}
