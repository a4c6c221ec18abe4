//! Projects: one event each.

pub mod clone;
pub mod coaches;
pub mod create;
pub mod file;
pub mod parts;
mod remove;
pub mod settings;
pub mod show;
pub mod update;

use clap::Subcommand;

use super::removal::{self, DeleteArgs, RestoreArgs};
use crate::app::App;
use crate::db::refs::Noun;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates a project of an operator
    Create(create::ProjectCreateArgs),
    /// Lists projects, the newest first
    List(show::ProjectListArgs),
    /// Shows a project: who takes part, what is sold, how many photos there are
    Show(show::ProjectShowArgs),
    /// Changes a project
    Update(update::ProjectUpdateArgs),
    /// Makes a new edition: same photographers, packages, coaches, terms and settings, no members
    Clone(clone::ProjectCloneArgs),
    /// Deletes projects: they are hidden, and can be restored
    Delete(DeleteArgs),
    /// Brings back deleted projects
    Restore(RestoreArgs),
    /// Shows what an event file would change
    Plan(file::PlanArgs),
    /// Does what an event file wants, all or nothing
    Apply(file::ApplyArgs),
    /// Writes projects as an event file
    Export(file::ExportArgs),
    /// Prints the JSON schema of event files, for editors
    Schema,
    /// Who takes photos at a project
    #[command(subcommand, visible_alias = "photographer")]
    Photographers(parts::PhotographersCommand),
    /// Who has joined a project
    #[command(subcommand, visible_alias = "member")]
    Members(parts::MembersCommand),
    /// What is sold at a project
    #[command(subcommand, visible_alias = "package")]
    Packages(parts::PackagesCommand),
    /// Who coaches at a project
    #[command(subcommand, visible_alias = "coach")]
    Coaches(coaches::CoachesCommand),
    /// The policy of a project: watermark, sizes, privacy
    #[command(subcommand, visible_alias = "setting")]
    Settings(settings::SettingsCommand),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Create(args) => create::run(app, args).await,
        Command::List(args) => show::list(app, args).await,
        Command::Show(args) => show::show(app, args).await,
        Command::Update(args) => update::run(app, args).await,
        Command::Clone(args) => clone::run(app, args).await,
        Command::Delete(args) => removal::delete(app, Noun::Project, args).await,
        Command::Restore(args) => removal::restore(app, Noun::Project, args).await,
        Command::Plan(args) => file::plan(app, args).await,
        Command::Apply(args) => file::apply(app, args).await,
        Command::Export(args) => file::export(app, args).await,
        Command::Schema => file::schema(app),
        Command::Coaches(command) => coaches::run(app, command).await,
        Command::Photographers(command) => parts::photographers(app, command).await,
        Command::Members(command) => parts::members(app, command).await,
        Command::Packages(command) => parts::packages(app, command).await,
        Command::Settings(command) => settings::run(app, command).await,
    }
}
