//! `selfies`, and what schema `photoctl` knows of them.

mod enrolled;

pub use enrolled::{
    Enrolled, enrolled, forget_matches, mark_matched, matched, members_with_selfies, of_other_models, versions,
};
