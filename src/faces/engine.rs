//! The engine that runs in this process, without any network.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::path::Path;
use std::sync::Arc;

use rten::ThreadPool;
use rten_tensor::NdTensor;

use crate::error::{Error, Kind, Result};
use crate::model::face::{Embedding, Face, FaceBox, FoundFace, Landmarks};
use crate::model::pixels::Pixels;

use super::align::{self, Crop, SIDE};
use super::detect;
use super::lanes::Lanes;
use super::models::{DETECTOR, Network, RECOGNISER};
use super::quality;
use super::shrink;
use super::yunet::{self, Candidate};

/// Which models, and which way of aligning; stored beside each vector. Vectors of different names are never compared.
///
/// In what sizes a picture is looked at, and from which score on, is no part of it: that decides which faces are found,
/// and where their points lie, mostly within a pixel or two of the model's input: enough for the same person's vector
/// either way. Whoever changes the template, the filter or the input changes this name.
pub const MODEL: &str = "yunet-2023mar+sface-2021dec";

/// Bytes that the detector takes for each pixel of its input, reckoned from its widest layers: 12 for the input, 27 for
/// the columns of the first convolution, 16 for each of three tensors of 16 channels at half the size that may live at
/// once, and a quarter more for the buffers that the runtime keeps.
const DETECTOR_BYTES_A_PIXEL: u64 = 112;
/// Bytes that the recogniser takes for one face, reckoned in the same way: layers of at most 112 x 112 x 64.
const RECOGNISER_BYTES: u64 = 16 << 20;

/// Finds faces and makes their vectors. Shared by all threads; each call works on one thread of its own, whoever has
/// several pictures calls from several threads.
pub struct LocalEngine {
    detector: Network,
    recogniser: Network,
    lanes: Lanes,
}

/// A face with the crop that quality and vector are taken from; no crop where its points are not those of a face.
struct Sighting {
    found: FoundFace,
    crop: Option<Crop>,
}

impl LocalEngine {
    /// Reads the two models: the built-in ones, or those of a folder under the same names. Takes about 0.2 seconds
    /// where it is optimised.
    ///
    /// # Errors
    /// `Config` where a file is missing in the folder, `Integrity` where it is not the one that is expected, `Io` where
    /// it cannot be read.
    pub fn load(folder: Option<&Path>) -> Result<Self> {
        let (detector, recogniser) = (DETECTOR.load(folder)?, RECOGNISER.load(folder)?);
        Ok(Self { detector, recogniser, lanes: Lanes::default() })
    }

    /// The name of the models, to be stored beside each vector: those of another name are never compared.
    #[must_use]
    pub fn model(&self) -> &'static str {
        MODEL
    }

    /// All faces of a picture, the largest first.
    ///
    /// # Errors
    /// `Internal`: a defect, no property of the picture.
    pub fn find(&self, picture: &Pixels) -> Result<Vec<FoundFace>> {
        guarded(|| {
            let lane = self.lanes.take();
            Ok(self.sightings(picture, &lane.threads)?.into_iter().map(|sighting| sighting.found).collect())
        })
    }

    /// The vector of a face that was found in this picture.
    ///
    /// # Errors
    /// `InvalidInput` where the face's points are not those of one, `Internal` for a defect.
    pub fn embed(&self, picture: &Pixels, face: &FoundFace) -> Result<Embedding> {
        guarded(|| {
            let lane = self.lanes.take();
            let crop = align::align(picture, &face.landmarks)?.ok_or_else(no_face)?;
            self.vector(&crop, &lane.threads)
        })
    }

    /// The faces of a picture for which `keep` says so, with their vectors, the largest first.
    ///
    /// # Errors
    /// `Internal`: a defect, no property of the picture.
    pub fn faces(&self, picture: &Pixels, keep: impl Fn(&FoundFace) -> bool) -> Result<Vec<Face>> {
        guarded(|| {
            let lane = self.lanes.take();
            let mut faces = Vec::new();
            for Sighting { found, crop } in self.sightings(picture, &lane.threads)? {
                if let Some(crop) = crop.filter(|_| keep(&found)) {
                    faces.push(Face { vector: self.vector(&crop, &lane.threads)?, found });
                }
            }
            Ok(faces)
        })
    }

    /// The 112 x 112 px that [`LocalEngine::embed`] makes the vector of, so that other implementations can be given
    /// the same.
    ///
    /// # Errors
    /// As [`LocalEngine::embed`].
    pub fn aligned(&self, picture: &Pixels, face: &FoundFace) -> Result<Pixels> {
        let crop = align::align(picture, &face.landmarks)?.ok_or_else(no_face)?;
        Pixels::new(SIDE as u32, SIDE as u32, crop.rgb).ok_or_else(no_face)
    }

    /// One look at the picture in its own size, however large it is, for comparison with other implementations. The
    /// figures of quality that need a crop are 0.
    ///
    /// # Errors
    /// As [`LocalEngine::find`].
    pub fn find_in_one_size(&self, picture: &Pixels) -> Result<Vec<FoundFace>> {
        guarded(|| {
            let lane = self.lanes.take();
            let mut seen = detect::at_one_size(&self.detector, picture, &lane.threads)?;
            seen.retain(|candidate| candidate.score >= detect::LEAST_SCORE);
            Ok(seen.iter().map(|candidate| found(candidate, picture, None)).collect())
        })
    }

    /// About the most bytes that [`LocalEngine::faces`] takes for a picture of this size besides its pixels.
    #[must_use]
    pub fn work_bytes(width: u32, height: u32) -> u64 {
        let longest_px = if width.max(height) > detect::TINY_FROM_PX { detect::TINY_PX } else { detect::FAR_PX };
        let (width, height) = shrink::size(width, height, longest_px);
        let (padded_width, padded_height) = yunet::padded(width, height);
        let detector = padded_width as u64 * padded_height as u64 * DETECTOR_BYTES_A_PIXEL;
        detector.max(RECOGNISER_BYTES) + u64::from(width) * u64::from(height) * 3
    }

    fn sightings(&self, picture: &Pixels, threads: &Arc<ThreadPool>) -> Result<Vec<Sighting>> {
        let mut seen = detect::faces(&self.detector, picture, threads)?;
        let area = |candidate: &Candidate| candidate.area[2] * candidate.area[3];
        seen.sort_by(|a, b| area(b).total_cmp(&area(a)));
        let mut sightings = Vec::with_capacity(seen.len());
        for candidate in seen {
            let crop = align::align(picture, &landmarks(&candidate, picture))?;
            sightings.push(Sighting { found: found(&candidate, picture, crop.as_ref()), crop });
        }
        Ok(sightings)
    }

    fn vector(&self, crop: &Crop, threads: &Arc<ThreadPool>) -> Result<Embedding> {
        let plane = SIDE * SIDE;
        // Red, green and blue planes of 0 to 255: the model brings them to its own range.
        let mut values = vec![0.0; 3 * plane];
        for (at, pixel) in crop.rgb.as_chunks::<3>().0.iter().enumerate() {
            for (colour, sample) in pixel.iter().enumerate() {
                values[colour * plane + at] = f32::from(*sample);
            }
        }
        let outputs = self.recogniser.run(NdTensor::from_data([1, 3, SIDE, SIDE], values), threads)?;
        let vector = outputs.first().and_then(|output| Embedding::normalised(output));
        vector.ok_or_else(|| Error::new(Kind::Internal, "the face recogniser made no vector"))
    }
}

impl fmt::Debug for LocalEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalEngine({MODEL})")
    }
}

fn found(candidate: &Candidate, picture: &Pixels, crop: Option<&Crop>) -> FoundFace {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let [left, top, wide, high] = candidate.area;
    FoundFace {
        area: FaceBox { left: left / width, top: top / height, width: wide / width, height: high / height },
        landmarks: landmarks(candidate, picture),
        quality: quality::of(candidate, crop),
    }
}

fn landmarks(candidate: &Candidate, picture: &Pixels) -> Landmarks {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    Landmarks(candidate.points.map(|[x, y]| [x / width, y / height]))
}

fn no_face() -> Error {
    Error::invalid("the points of this face are not those of one")
}

/// A defect that one picture brings to light must not end a run over thousands.
fn guarded<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    std::panic::catch_unwind(AssertUnwindSafe(work))
        .unwrap_or_else(|_| Err(Error::new(Kind::Internal, "a defect in looking for faces in this picture")))
}
