//! Projects: one event each.

pub mod create;
pub mod parts;
pub mod settings;
pub mod show;

use clap::Subcommand;

use crate::app::App;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Creates a project of an operator
    Create(create::ProjectCreateArgs),
    /// Lists projects, the newest first
    List(show::ProjectListArgs),
    /// Shows a project: who takes part, what is sold, how many photos there are
    Show(show::ProjectShowArgs),
    /// Who takes photos at a project
    #[command(subcommand, visible_alias = "photographer")]
    Photographers(parts::PhotographersCommand),
    /// Who has joined a project
    #[command(subcommand, visible_alias = "member")]
    Members(parts::MembersCommand),
    /// What is sold at a project
    #[command(subcommand, visible_alias = "package")]
    Packages(parts::PackagesCommand),
    /// The policy of a project: watermark, sizes, privacy
    #[command(subcommand, visible_alias = "setting")]
    Settings(settings::SettingsCommand),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Create(args) => create::run(app, args).await,
        Command::List(args) => show::list(app, args).await,
        Command::Show(args) => show::show(app, args).await,
        Command::Photographers(command) => parts::photographers(app, command).await,
        Command::Members(command) => parts::members(app, command).await,
        Command::Packages(command) => parts::packages(app, command).await,
        Command::Settings(command) => settings::run(app, command).await,
    }
}
