//! Photos: one file a verb.

pub mod adopt;
pub mod delete;
pub mod download;
pub mod list;
pub mod report;
pub mod reprocess;
pub mod restore;
pub mod select;
pub mod show;
pub mod upload;
pub mod url;
pub mod verify;
pub(super) mod work;

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
    /// Compares rows with what is in the store, both ways
    Verify(verify::VerifyArgs),
    /// Learns facts, hash and missing derivatives of photos that other programs stored
    Adopt(adopt::AdoptArgs),
    /// Makes previews and thumbnails anew, such as after a change of the watermark
    Reprocess(reprocess::ReprocessArgs),
    /// Writes photos as files into a folder
    Download(download::DownloadArgs),
    /// Makes links that open a photo for a while
    Url(url::UrlArgs),
    /// Deletes photos softly: they vanish from listings, their objects stay
    Delete(delete::DeleteArgs),
    /// Brings deleted photos back
    Restore(restore::RestoreArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Upload(args) => upload::run(app, args).await,
        Command::List(args) => list::run(app, args).await,
        Command::Show(args) => show::run(app, args).await,
        Command::Verify(args) => verify::run(app, args).await,
        Command::Adopt(args) => adopt::run(app, args).await,
        Command::Reprocess(args) => reprocess::run(app, args).await,
        Command::Download(args) => download::run(app, args).await,
        Command::Url(args) => url::run(app, args).await,
        Command::Delete(args) => delete::run(app, args).await,
        Command::Restore(args) => restore::run(app, args).await,
    }
}
