//! Faces of photos: looking for them, keeping them for later selfies, and letting them go in time.

pub mod index;
pub mod look;
pub mod retention;
