//! `photos upload`: scan -> fingerprint -> derive -> transfer -> record.

pub mod facts;
