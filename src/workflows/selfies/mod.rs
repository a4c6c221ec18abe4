//! Selfies: judged, kept and given a vector, under the consent of whose face it is.
//!
//! - **Consent first.** Whatever looks at a user's picture takes [`Allowed`](crate::db::consented::Allowed), which is a
//!   transaction that holds their consent: [`engine::Engine`] asks for it. Only [`check`] does not: it looks at a file
//!   of whoever runs it, for no user, and keeps nothing.
//! - **Identity is content.** A selfie's id is made of its user and of the SHA-256 of the file as it was given. The
//!   same file again is the same selfie, and changes nothing.
//! - **What is kept is what was judged**: the picture upright, in sRGB, at most 2048 px, without any metadata. A refused
//!   one leaves its row and the reason, but no picture.
//! - The order is: consent, picture, judgement, object, row, audit entry, commit. A crash after the object leaves one
//!   that the next run writes again under the same key.

pub mod check;
pub mod decide;
pub mod desk;
pub mod engine;
pub mod enroll;
pub mod gates;
mod judge;
mod matched;
pub mod picture;
pub mod policy;
pub mod reembed;
pub mod remove;
pub mod run;
pub mod source;
pub mod web;

pub use matched::{Matched, match_now};
