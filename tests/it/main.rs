//! The one integration test binary: `mod <area>;` below for each area.

mod cli;
#[macro_use]
#[allow(dead_code, reason = "areas use what they need")]
mod support;
