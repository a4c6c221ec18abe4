//! Tags: who is in a photo. One file a verb.

pub mod matching;

use clap::Subcommand;

use crate::app::App;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compares new faces with all members, and new selfies with all earlier faces
    Match(matching::MatchArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Match(args) => matching::run(app, args).await,
    }
}
