//! Which part of a long list is wanted.

use uuid::Uuid;

/// A part of a list, cut by key: rows that come or go meanwhile move nothing.
#[derive(Debug, Clone, Copy)]
pub struct Page {
    /// Deleted ones too.
    pub deleted: bool,
    /// Begin behind this one.
    pub after: Option<Uuid>,
    /// At most so many rows.
    pub limit: i64,
}
