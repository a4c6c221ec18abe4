//! `photos`, and what `photoctl` knows of the files behind them.

pub mod known;
pub mod record;
