//! The engine, for users: it looks only under their consent.

use std::path::Path;
use std::sync::Arc;

use crate::config::{Config, settings};
use crate::db::consented::Allowed;
use crate::error::Result;
use crate::faces::LocalEngine;
use crate::model::face::{Embedding, FoundFace};
use crate::model::matching::LOCAL;
use crate::model::pixels::Pixels;

/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Engine(Arc<LocalEngine>);

impl Engine {
    /// The models of the setting `face_models`, else those inside the program.
    ///
    /// # Errors
    /// When a model is missing, or not the one that is expected.
    pub fn load(config: &Config) -> Result<Self> {
        let folder = config.get(settings::FACE_MODELS).map(Path::new);
        Ok(Self(Arc::new(LocalEngine::load(folder)?)))
    }

    /// What stands beside vectors: `local`, and the models' name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        LOCAL
    }

    #[must_use]
    pub fn model(&self) -> &'static str {
        self.0.model()
    }

    /// The faces in a picture of this user, the largest first. Takes the thread while it looks: other tasks of the
    /// runtime go to others, so that the consent can be held by reference.
    ///
    /// # Errors
    /// A defect.
    pub fn find(&self, _held: &Allowed<'_>, picture: &Pixels) -> Result<Vec<FoundFace>> {
        tokio::task::block_in_place(|| self.0.find(picture))
    }

    /// The vector of a face in a picture of this user. As [`Engine::find`].
    ///
    /// # Errors
    /// When the face's points are not those of one, or a defect.
    pub fn embed(&self, _held: &Allowed<'_>, picture: &Pixels, face: &FoundFace) -> Result<Embedding> {
        tokio::task::block_in_place(|| self.0.embed(picture, face))
    }

    /// The faces in a file of whoever runs the program, who looks at it for themselves: it is nobody's selfie, no vector
    /// is made, and nothing is kept. For [`super::check`] only.
    pub(super) fn look(&self, picture: &Pixels) -> Result<Vec<FoundFace>> {
        tokio::task::block_in_place(|| self.0.find(picture))
    }
}
