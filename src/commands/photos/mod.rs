//! Photos: one file a verb.

pub mod list;
mod select;
pub mod show;
pub mod upload;

use crate::app::App;
use crate::ui::Finished;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Uploads whole cards: originals, previews and thumbnails
    Upload(upload::UploadArgs),
    /// Lists photos
    List(list::ListArgs),
    /// Shows all that is known of one photo, and the picture itself
    Show(show::ShowArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Upload(args) => upload::run(app, args).await,
        Command::List(args) => list::run(app, args).await,
        Command::Show(args) => show::run(app, args).await,
    }
}
