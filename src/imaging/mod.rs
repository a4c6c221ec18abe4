//! Pictures: what a file is, and the derivatives that are made of it.
//!
//! Two steps, both synchronous and made for blocking threads:
//!
//! 1. [`probe`] looks at headers only. It tells the [`Format`] by content, what the camera wrote ([`Metadata`]), where
//!    in the file the picture to decode lies ([`Picture`]; of a RAW the largest preview inside), and refuses what is
//!    cut off, too large or contradicts itself, before memory is taken.
//! 2. [`Deriver::derive`] decodes that picture once, at the smallest scale that covers the preview, turns it upright,
//!    makes its colours sRGB, and writes preview and thumbnail.
//!
//! Faces are looked for in all of the picture: [`pixels`] decodes it in full size, [`fit`] makes smaller copies, and
//! [`jpeg`] writes them for others.
//!
//! The path of a JPEG stays in luma and chroma from the decoder to the encoder: camera files are YCbCr and so are the
//! derivatives, so that no colours are converted unless a profile asks for it, and half of the samples are saved.
//! libjpeg-turbo, the only C code here, sees nothing that the marker walk in `jpeg` has not passed.
//!
//! Memory: [`Picture::decode_bytes`] tells the most that one picture takes; whoever runs several at once adds it up.

mod base_media;
mod colour;
mod decode;
mod derive;
mod error;
mod exif;
mod format;
mod jpeg;
mod limits;
mod orientation;
mod overlay;
mod png_header;
mod probe;
mod raw;
mod recipe;
mod resize;
mod source;
mod stamp;
mod tiff;
mod upright;
pub mod watermark;
mod ycc;

pub use derive::{Derivatives, Deriver};
pub use error::{ImagingError, Reason};
pub use exif::{Captured, Gps, Metadata};
pub use format::{Format, Support};
pub use limits::Limits;
pub use orientation::Orientation;
pub use probe::{Picture, Probe, probe};
pub use recipe::Recipe;
pub use upright::{fit, jpeg, pixels};
pub use watermark::{Mark, Placement, Watermark};
