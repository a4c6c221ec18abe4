//! What a change changes: said on stderr before it, and part of every report.

use serde::Serialize;

/// Database, store and profile that a command works on. Holds no secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Target {
    /// `host:port/name` of a server, or `embedded in <folder>`.
    pub database: String,
    /// The store's URL, where the command uses one.
    pub store: Option<String>,
    pub profile: Option<String>,
}
