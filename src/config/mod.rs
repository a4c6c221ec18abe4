//! Settings in layers: default < file < environment < project < flag. Each value remembers where it came from.
//!
//! [`settings`] is the one list of what can be set. Secrets come from the environment, a file or a command,
//! never from a flag, and [`Config`] never prints them.

mod file;
pub mod layers;
pub mod policy;
pub mod settings;

pub use file::secret_of_command;
pub use layers::{Config, Origin, Sources, Value, parse_bytes};
pub use settings::Setting;
