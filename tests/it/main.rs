//! The one integration test binary: `mod <area>;` below for each area.

mod cli;
mod photos;
mod photos_change;
#[allow(dead_code, reason = "areas use what they need")]
mod photos_world;
#[macro_use]
#[allow(dead_code, reason = "areas use what they need")]
mod support;
