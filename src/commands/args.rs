//! Options that several commands share.

use clap::Args;

/// Every change has these.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct ChangeArgs {
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Go on without being asked
    #[arg(long, short)]
    pub yes: bool,
}

/// Every `create` has these.
#[derive(Debug, Clone, Copy, Default, Args)]
pub struct CreateArgs {
    /// If there is one already, answer that one (it must not differ in what is given)
    #[arg(long, conflicts_with = "allow_duplicate")]
    pub if_not_exists: bool,
    /// Create a second one of the same name
    #[arg(long)]
    pub allow_duplicate: bool,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}
