//! Selfies: one file a verb.

mod approve;
mod check;
mod delete;
mod enroll;
mod list;
mod reembed;
mod reject;
mod report;
mod review;
mod select;
mod show;

use clap::Subcommand;

use crate::app::App;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Judges selfies of guests who consent, keeps them, and makes what photos are compared with
    Enroll(enroll::EnrollArgs),
    /// Lists selfies, the newest first
    List(list::SelfieListArgs),
    /// Shows all that is known of a selfie, and the picture itself
    Show(show::ShowArgs),
    /// Decides at the terminal about selfies that wait
    Review(review::ReviewArgs),
    /// Lets selfies pass that wait, or that a person refused
    Approve(approve::ApproveArgs),
    /// Refuses selfies: photos are not compared with them any more
    Reject(reject::RejectArgs),
    /// Deletes selfies, with their pictures
    Delete(delete::DeleteArgs),
    /// Says what would be said of a picture; needs no database and keeps nothing
    Check(check::CheckArgs),
    /// Makes vectors anew: after another model came, or a consent was given again
    ReEmbed(reembed::ReEmbedArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Enroll(args) => enroll::run(app, args).await,
        Command::List(args) => list::run(app, args).await,
        Command::Show(args) => show::run(app, args).await,
        Command::Review(args) => review::run(app, args).await,
        Command::Approve(args) => approve::run(app, args).await,
        Command::Reject(args) => reject::run(app, args).await,
        Command::Delete(args) => delete::run(app, args).await,
        Command::Check(args) => check::run(app, &args),
        Command::ReEmbed(args) => reembed::run(app, args).await,
    }
}
