//! One file a noun: clap `Args`, then plan -> confirm -> do -> report. Commands join services and workflows to the voice.

pub mod args;
pub mod audit;
pub mod change;
pub mod completions;
pub mod config;
pub mod consent;
pub mod created;
pub mod db;
pub mod doctor;
pub mod faces;
pub mod help;
pub mod login;
pub mod man;
pub mod operator;
pub mod package;
pub mod photographer;
pub mod photos;
pub mod project;
pub mod qr;
pub mod reference;
pub mod remember;
pub mod removal;
pub mod roster;
pub mod tags;
pub mod user;
