//! The two models: built into the binary, or read from a folder; either way the very files that all figures here were
//! measured with.

use std::path::Path;
use std::sync::Arc;

use rten::{Model, RunOptions, ThreadPool, ValueOrView};
use rten_tensor::{AsView, NdTensor, Tensor};

use crate::error::{Error, Kind, Result};
use crate::model::digest::Sha256;
use crate::model::text;

use super::unpack::{Input, unpack};

/// A model's file.
#[derive(Debug)]
pub(super) struct ModelFile {
    /// What it is called in OpenCV's model zoo, where it comes from.
    pub name: &'static str,
    /// SHA-256 as hexadecimal digits.
    pub sha256: &'static str,
    built_in: &'static [u8],
    input: Input,
}

/// YuNet, finds faces and five points in each. Source, licence and hash: `models/README.md`.
pub(super) const DETECTOR: ModelFile = ModelFile {
    name: "face_detection_yunet_2023mar_int8bq.onnx",
    sha256: "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    built_in: include_bytes!("models/face_detection_yunet_2023mar_int8bq.onnx"),
    input: Input::AnySize,
};

/// SFace, makes 128 numbers of an aligned face. Source, licence and hash: `models/README.md`.
pub(super) const RECOGNISER: ModelFile = ModelFile {
    name: "face_recognition_sface_2021dec_int8bq.onnx",
    sha256: "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    built_in: include_bytes!("models/face_recognition_sface_2021dec_int8bq.onnx"),
    input: Input::Fixed,
};

impl ModelFile {
    #[cfg(test)]
    pub fn built_in(&self) -> &'static [u8] {
        self.built_in
    }

    /// Reads, checks and prepares it.
    ///
    /// # Errors
    /// `Config` where the folder's file is missing, `Integrity` where it is another one, `Io` where it cannot be read.
    pub fn load(&self, folder: Option<&Path>) -> Result<Network> {
        match folder {
            None => self.prepare(self.built_in, None),
            Some(folder) => {
                let path = folder.join(self.name);
                let bytes = std::fs::read(&path).map_err(|error| self.unread(&path, error))?;
                self.prepare(&bytes, Some(&path))
            }
        }
    }

    fn unread(&self, path: &Path, error: std::io::Error) -> Error {
        if error.kind() != std::io::ErrorKind::NotFound {
            return Error::io("read the face model", path, error);
        }
        let message = format!("the face model {} is missing: its SHA-256 would be {}", text::path(path), self.sha256);
        Error::new(Kind::Config, message).hint(self.advice())
    }

    fn prepare(&self, bytes: &[u8], path: Option<&Path>) -> Result<Network> {
        let found = Sha256::of(bytes).to_string();
        if found != self.sha256 {
            let name = path.map_or_else(|| self.name.to_owned(), |path| text::path(path).to_string());
            let message = format!(
                "the face model {name} is not the one that is expected: its SHA-256 is {found}, not {}",
                self.sha256
            );
            return Err(Error::new(Kind::Integrity, message).hint(self.advice()));
        }
        let unusable = |flaw: String| {
            Error::new(Kind::Internal, format!("the face model {} cannot be used", self.name)).with_source(flaw)
        };
        let unpacked = unpack(bytes, self.input).map_err(unusable)?;
        let model = Model::load(unpacked).map_err(|error| unusable(error.to_string()))?;
        Ok(Network { model, name: self.name })
    }

    fn advice(&self) -> String {
        format!("put {} of OpenCV's model zoo there, or name no folder: the model is built in", self.name)
    }
}

/// A model that is ready to run.
pub(super) struct Network {
    model: Model,
    name: &'static str,
}

impl Network {
    /// Runs it on one picture (1 x 3 x height x width). The outputs are in the order of the file.
    ///
    /// # Errors
    /// `Internal`: the runtime refused, or an output is not of numbers.
    pub fn run(&self, input: NdTensor<f32, 4>, threads: &Arc<ThreadPool>) -> Result<Vec<Vec<f32>>> {
        let failed = |error: &dyn std::fmt::Display| {
            Error::new(Kind::Internal, format!("the face model {} failed", self.name)).with_source(error.to_string())
        };
        let Some(&into) = self.model.input_ids().first() else { return Err(failed(&"it takes nothing")) };
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(threads)));
        let input: ValueOrView = input.into();
        let outputs = self
            .model
            .run(vec![(into, input)], self.model.output_ids(), Some(options))
            .map_err(|error| failed(&error))?;
        outputs
            .into_iter()
            .map(|output| Tensor::<f32>::try_from(output).map(|tensor| tensor.to_vec()).map_err(|error| failed(&error)))
            .collect()
    }
}
