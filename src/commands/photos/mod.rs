//! Photos: one file a verb.

pub mod upload;

use crate::app::App;
use crate::ui::Finished;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Uploads whole cards: originals, previews and thumbnails
    Upload(upload::UploadArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Upload(args) => upload::run(app, args).await,
    }
}
