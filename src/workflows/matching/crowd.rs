//! The members that faces are compared with.

use ndarray::{Array2, ArrayView2, s};

use crate::db::consented::Consented;
use crate::db::selfies::Enrolled;
use crate::model::face::DIMENSIONS;
use crate::model::ids::{SelfieId, UserId};

/// The vectors of members who allow it, all of one model: one row for each selfie, those of a user side by side.
#[derive(Debug)]
pub struct Crowd {
    vectors: Array2<f32>,
    /// Of each row.
    owners: Vec<(UserId, SelfieId)>,
}

impl Crowd {
    /// Of everybody enrolled whose consent is held; the others are left out.
    #[must_use]
    pub fn new(consented: &Consented, enrolled: &[Enrolled]) -> Self {
        let mut allowed: Vec<&Enrolled> = enrolled.iter().filter(|one| consented.allows(one.user)).collect();
        allowed.sort_by_key(|one| (one.user, one.selfie));
        let mut values = Vec::with_capacity(allowed.len() * DIMENSIONS);
        for one in &allowed {
            values.extend_from_slice(one.vector.values());
        }
        let owners: Vec<_> = allowed.iter().map(|one| (one.user, one.selfie)).collect();
        let vectors = Array2::from_shape_vec((owners.len(), DIMENSIONS), values).unwrap_or_default();
        Self { vectors, owners }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.owners.is_empty()
    }

    /// How many selfies.
    #[must_use]
    pub fn len(&self) -> usize {
        self.owners.len()
    }

    /// Whether anything is known of this user's face.
    #[must_use]
    pub fn includes(&self, user: UserId) -> bool {
        self.owners.binary_search_by_key(&user, |(owner, _)| *owner).is_ok()
    }

    /// Whose a row is.
    #[must_use]
    pub fn owner(&self, row: usize) -> (UserId, SelfieId) {
        self.owners[row]
    }

    /// Rows from `begin` to before `end`.
    #[must_use]
    pub fn rows(&self, begin: usize, end: usize) -> ArrayView2<'_, f32> {
        self.vectors.slice(s![begin..end, ..])
    }
}
