//! `tags review`: through a real pseudo terminal, in plain lines, and as a file in a browser.

mod end;
mod latency;
mod others;
mod plain;
mod screen;
mod sheet;
pub mod world;
