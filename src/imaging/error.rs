//! What can be wrong with a picture file, as a closed list.

use std::fmt;

use crate::error::{Error, Kind};
use crate::model::text;

/// Why a file cannot become a photo. The names are used in reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reason {
    /// The file has no bytes.
    Empty,
    /// The content is no picture that is known here.
    NotAPicture,
    /// The file ends before its picture does.
    Truncated,
    /// The picture has more pixels, or needs more memory, than is allowed.
    TooLarge,
    /// A real picture of a kind that is not handled (12-bit or lossless JPEG, …).
    Unsupported,
    /// The bytes contradict each other.
    Corrupt,
    /// A RAW file without a preview that can be used.
    NoPreview,
    /// Reading failed.
    Unreadable,
    /// The watermark of the recipe cannot be used.
    BadWatermark,
    /// A defect of photoctl or of a library.
    Internal,
}

impl Reason {
    /// The stable name used in reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Empty => "empty",
            Reason::NotAPicture => "not_a_picture",
            Reason::Truncated => "truncated",
            Reason::TooLarge => "too_large",
            Reason::Unsupported => "unsupported",
            Reason::Corrupt => "corrupt",
            Reason::NoPreview => "no_preview",
            Reason::Unreadable => "unreadable",
            Reason::BadWatermark => "bad_watermark",
            Reason::Internal => "internal",
        }
    }

    /// What a photographer can do about it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Reason::Empty => "the camera or a copy left an empty file: look for the photo on the card itself",
            Reason::NotAPicture => "nothing to do if it is not meant to be a photo; else the file is damaged",
            Reason::Truncated => "copy the file from the card again: the end of it is missing",
            Reason::TooLarge => "export it with fewer pixels and upload that",
            Reason::Unsupported => "export it as an ordinary JPEG and upload that",
            Reason::Corrupt => "copy the file from the card again; if it stays so, export it anew from a photo program",
            Reason::NoPreview => "export a JPEG from the RAW file and upload that",
            Reason::Unreadable => "check the card and its reader, then run the upload again",
            Reason::BadWatermark => "choose another watermark picture or text",
            Reason::Internal => "report it, with the file if you can",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A picture that cannot be used, and why.
#[derive(Debug)]
pub struct ImagingError {
    reason: Reason,
    message: String,
    source: Option<std::io::Error>,
}

impl ImagingError {
    /// An error with a sentence: what is wrong, without a trailing full stop.
    pub fn new(reason: Reason, message: impl Into<String>) -> Self {
        Self { reason, message: message.into(), source: None }
    }

    pub(super) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(Reason::Corrupt, message)
    }

    pub(super) fn truncated(message: impl Into<String>) -> Self {
        Self::new(Reason::Truncated, message)
    }

    #[must_use]
    pub fn reason(&self) -> Reason {
        self.reason
    }

    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The failed read, where that is what happened.
    #[must_use]
    pub fn io(&self) -> Option<&std::io::Error> {
        self.source.as_ref()
    }
}

impl fmt::Display for ImagingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ImagingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as &(dyn std::error::Error + 'static))
    }
}

impl From<std::io::Error> for ImagingError {
    fn from(source: std::io::Error) -> Self {
        Self {
            reason: Reason::Unreadable,
            message: format!("reading failed: {}", text::printable(&source.to_string())),
            source: Some(source),
        }
    }
}

impl From<ImagingError> for Error {
    fn from(error: ImagingError) -> Self {
        let kind = match error.reason {
            Reason::Unreadable => Kind::Io,
            Reason::BadWatermark => Kind::InvalidInput,
            Reason::Internal => Kind::Internal,
            _ => Kind::BadFile,
        };
        let advice = error.reason.advice();
        let converted = Error::new(kind, error.message).hint(advice);
        match error.source {
            Some(source) => converted.with_source(source),
            None => converted,
        }
    }
}
