//! QR tokens: one file a verb.

pub mod issue;
pub mod list;
mod output;
pub mod prune;
pub mod redeem;
pub mod render;
pub mod revoke;
pub mod sheet;
pub mod slate;

use clap::Subcommand;

use crate::app::App;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Makes tokens: for whoever comes, for a guest, for each member, or for all
    Issue(issue::IssueArgs),
    /// Lists tokens, the newest first; what lets somebody in is not shown
    List(list::QrListArgs),
    /// Ends the time of tokens now; the web application refuses them too
    Revoke(revoke::RevokeArgs),
    /// Deletes expired tokens that nobody used
    Prune(prune::PruneArgs),
    /// Lets a guest join by a token, as if they had scanned it
    Redeem(redeem::RedeemArgs),
    /// Draws the code of one token: SVG, PNG, or in the terminal
    Render(render::RenderArgs),
    /// Writes a PDF of cards to print and cut
    Sheet(sheet::SheetArgs),
    /// Shows a code with the exact time, to be photographed by each camera
    Slate(slate::SlateArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Issue(args) => issue::run(app, args).await,
        Command::List(args) => list::run(app, args).await,
        Command::Revoke(args) => revoke::run(app, args).await,
        Command::Prune(args) => prune::run(app, args).await,
        Command::Redeem(args) => redeem::run(app, args).await,
        Command::Render(args) => render::run(app, args).await,
        Command::Sheet(args) => sheet::run(app, args).await,
        Command::Slate(args) => slate::run(app, &args),
    }
}
