//! Plain types of the domain: ids, statuses, money, time, hashes. No I/O.

pub mod address;
pub mod audit;
pub mod consent;
pub mod country;
pub mod digest;
pub mod face;
pub mod fields;
pub mod ids;
pub mod matching;
pub mod money;
pub mod people;
pub mod pixels;
pub mod project;
pub mod qr;
pub mod selfie;
pub mod spreadsheet;
pub mod status;
pub mod tag;
pub mod target;
pub mod text;
pub mod time;
