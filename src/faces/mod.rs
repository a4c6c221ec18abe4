//! Faces: where they are in a picture, how well they can be seen, and the vectors that people are told apart by. All in
//! this process: no picture and no vector leaves the machine.
//!
//! [`LocalEngine`] is synchronous and made for blocking threads. Its way with a picture:
//!
//! 1. `detect` shrinks it to two or three sizes, runs YuNet on each (`yunet`), and joins what was seen.
//! 2. `align` turns and scales each face to the 112 px that the recogniser has learnt from; `quality` judges it there.
//! 3. SFace makes 128 numbers of it, which [`crate::model::face::Embedding`] brings to length 1.
//!
//! The models are published with their weights packed to a quarter, in a way that the runtime (rten) does not read;
//! `unpack` brings them back when they are loaded. Both are checked by their hash before anything looks into them.
//!
//! Vectors are personal data of the most sensitive kind: no log line, error or `Debug` has one.
//!
//! Memory: [`LocalEngine::work_bytes`] tells about the most that one picture takes beside its pixels; the models
//! take some 45 MB once, and three times that while they are loaded.

mod align;
mod detect;
mod engine;
mod lanes;
mod models;
mod onnx;
mod quality;
mod shrink;
mod tensor;
mod unpack;
mod yunet;

pub use detect::LEAST_SCORE;
pub use engine::{LocalEngine, MODEL};
pub use quality::{EVENT_LEAST_SHARPNESS, EVENT_LEAST_WIDTH_PX, good_for_event};
