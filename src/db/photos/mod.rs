//! `photos`, and what `photoctl` knows of the files behind them.

pub mod delete;
pub mod filter;
pub mod known;
pub mod list;
pub mod orphans;
pub mod rebuilt;
pub mod record;
pub mod select;
pub mod show;
