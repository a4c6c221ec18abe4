//! Consents: one file a verb.

pub mod attend;
pub mod grant;
pub mod import;
pub mod list;
pub mod revoke;
mod spooled;
pub mod status;

use clap::Subcommand;

use crate::app::App;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Records that a user gave a consent, with what proves it
    Grant(grant::GrantArgs),
    /// Records the consents of a spreadsheet, each with what proves it
    Import(import::ImportArgs),
    /// Ends a user's consents; what was computed from their face goes at once
    Revoke(revoke::RevokeArgs),
    /// Lists consents, those given last first
    List(list::ConsentListArgs),
    /// Says of each member of a project whether their face may be looked for
    Status(status::StatusArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Grant(args) => grant::run(app, args).await,
        Command::Import(args) => import::run(app, args).await,
        Command::Revoke(args) => revoke::run(app, args).await,
        Command::List(args) => list::run(app, args).await,
        Command::Status(args) => status::run(app, args).await,
    }
}
