//! Tags: one file a verb.

pub mod review;

use clap::Subcommand;

use crate::app::App;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lets a person decide about tags that wait: face beside selfie, one key each
    Review(review::ReviewArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Review(args) => review::run(app, args).await,
    }
}
