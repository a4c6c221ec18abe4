//! What is printed: codes as SVG, PNG and blocks for a terminal, and sheets of cards as PDF.
//!
//! Everything here is a function of what is passed in: no clock, no random numbers, no database. The same cards make
//! the same bytes, so that a reprint is a reprint.
//!
//! Lengths are millimetres from the page's upper left corner, unless a name says otherwise.

mod blocks;
mod card;
pub mod code;
mod document;
mod fit;
mod fonts;
mod pdf;
mod picture;
pub mod sheet;

pub use blocks::{INK, blocks, columns_of, rows_of};
pub use card::Card;
pub use code::Code;
pub use fonts::Fonts;
pub use picture::{png, svg};
