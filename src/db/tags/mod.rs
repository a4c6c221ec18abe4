//! `photo_tags`, what photoctl last wrote there, and the decisions of people.
//!
//! Whoever writes tags holds, in this order: the consents of the users (`db::consented`), the rows of the photos
//! ([`lock_photos`]), the rows of the tags. Nobody who keeps to it waits for somebody who waits for them.

pub mod claims;
pub mod context;
mod decide;
pub mod explain;
pub mod list;
mod people;
pub mod retune;
pub mod review;
mod state;
pub mod stats;
mod write;

pub use decide::{NewDecision, decide, history};
pub use people::{NamedPhoto, live_users, photos_named, projects_of};
pub use state::{lock_photos, note_decided_elsewhere, of_pairs, of_photos};
pub use write::{Written, remove, write};

use crate::error::{Error, Kind, Result};

/// A word of a column as a value.
fn word<T: std::str::FromStr<Err = String>>(text: &str) -> Result<T> {
    text.parse().map_err(|said: String| Error::new(Kind::Internal, said))
}
