//! Faces of photos: one file a verb.

pub mod index;
pub mod purge;
pub mod status;

use clap::Subcommand;

use crate::app::App;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Looks for faces in photos, and keeps them for later selfies
    Index(index::IndexArgs),
    /// Removes faces of photos whose time to be kept is over
    Purge(purge::PurgeArgs),
    /// Says how many photos were looked at, and until when their faces are kept
    Status(status::StatusArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Index(args) => index::run(app, args).await,
        Command::Purge(args) => purge::run(app, args).await,
        Command::Status(args) => status::run(app, args).await,
    }
}
