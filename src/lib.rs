//! photoctl administers an event-photography platform directly against its real parts.

pub mod app;
pub mod batch;
pub mod cli;
pub mod commands;
pub mod config;
pub mod db;
pub mod error;
pub mod imaging;
pub mod model;
pub mod objects;
pub mod ui;
pub mod workflows;
