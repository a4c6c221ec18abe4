//! `selfies`, and what schema `photoctl` knows of them.

mod change;
mod enrolled;
mod list;
mod near;
mod record;

pub use change::{
    approve, delete, embed, forget_deleted, forget_original, key_is_shared, left_originals, measured, moved, reject,
    status_for_update,
};
pub use enrolled::{
    Enrolled, Version, enrolled, forget_matches, mark_matched, matched, members_with_selfies, of_other_models, versions,
};
pub use list::{SelfieFilter, get, list};
pub use near::{Resemblance, fellows, own_nearest, projects_of, resembled};
pub use record::{Judged, Known, by_content, record};
