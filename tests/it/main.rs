//! The one integration test binary: `mod <area>;` below for each area.

mod cli;
#[macro_use]
#[allow(dead_code, reason = "areas use what they need")]
//! The integration tests: one binary, a module an area.

mod db_adopt;
mod db_check;
mod db_embedded;
mod db_migrate;
mod db_server;
mod support;
