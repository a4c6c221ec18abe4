//! Which part of a long list is wanted.

use uuid::Uuid;

use super::listing::Sort;
use crate::error::{Error, Kind};

/// A part of a list, cut by key: rows that come or go meanwhile move nothing.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Deleted ones too.
    pub deleted: bool,
    pub sort: Sort,
    /// Begin behind this one.
    pub after: Option<Uuid>,
    /// At most so many rows.
    pub limit: i64,
}

impl Page {
    /// The first `limit` live ones in the usual order.
    #[must_use]
    pub fn first(limit: i64) -> Self {
        Self { deleted: false, sort: Sort::default(), after: None, limit }
    }
}

/// A list cannot begin behind what is not there: it would be empty, and look as if it had ended.
#[must_use]
pub fn no_beginning(what: &str, id: Uuid) -> Error {
    Error::new(Kind::NotFound, format!("there is no {what} {id} to begin behind"))
        .hint("give --after the id that the list before ended with")
}
