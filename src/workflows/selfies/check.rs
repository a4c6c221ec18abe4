//! What would be said of a picture. It is a file of whoever runs the program: it belongs to no user, no vector is made
//! of it, it is compared with nobody, and nothing is kept. So there is no consent to hold, and no database is needed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::Serialize;

use super::engine::Engine;
use super::gates;
use super::picture::{self, LARGEST_BYTES, NoPicture};
use crate::error::{Error, Result};
use crate::model::face::FoundFace;
use crate::model::selfie::{Judgement, Reason, reason_text};
use crate::model::status::SelfieStatus;
use crate::model::text::path as shown_path;

/// What would be said of one file.
#[derive(Debug, Serialize)]
pub struct Checked {
    pub file: String,
    /// Approved unless it resembles the wrong people, or rejected.
    pub status: SelfieStatus,
    pub reasons: Vec<Reason>,
    /// Codes and words.
    pub reason: Option<String>,
    /// Of the picture as it would be kept, in pixels.
    pub width: Option<u32>,
    pub height: Option<u32>,
    /// The largest first.
    pub faces: Vec<FoundFace>,
}

/// Looks at a file. Blocks the thread, not the runtime.
///
/// # Errors
/// When it cannot be read; a defect.
pub fn check(engine: &Engine, path: &Path) -> Result<Checked> {
    let failed = |error| Error::io("read", path, error);
    let mut bytes = Vec::new();
    File::open(path).map_err(failed)?.take(LARGEST_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    let opened = if bytes.len() as u64 > LARGEST_BYTES {
        Err(NoPicture::Refused(Reason::ImageTooLarge, "The file is larger than 64 MB.".to_owned()))
    } else {
        tokio::task::block_in_place(|| picture::open(&bytes, path))
    };
    let (size, faces, reasons, detail) = match opened {
        Err(NoPicture::Broken(error)) => return Err(error),
        Err(NoPicture::Refused(reason, detail)) => (None, Vec::new(), vec![reason], Some(detail)),
        Ok(picture) => {
            let faces = engine.look(&picture.pixels)?;
            let faults = gates::faults(&faces);
            (Some((picture.pixels.width(), picture.pixels.height())), faces, faults, None)
        }
    };
    let judgement = Judgement { reasons, allowed: Vec::new() };
    Ok(Checked {
        file: shown_path(path),
        status: judgement.status(),
        reason: reason_text(&judgement.reasons, detail.as_deref()),
        reasons: judgement.reasons,
        width: size.map(|size| size.0),
        height: size.map(|size| size.1),
        faces,
    })
}
