//! `config`: each value and where it came from, where the file is, a file to begin with.

mod init;
mod show;

use crate::app::App;
use crate::ui::{Done, Finished};

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Shows each setting and where its value came from
    Show(show::ShowArgs),
    /// Shows where the configuration file and the data folder are
    Path,
    /// Writes a commented configuration file to begin with
    Init(init::InitArgs),
}

/// Runs a command on the configuration.
///
/// # Errors
/// As the commands say.
pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Show(args) => show::run(app, &args).await,
        Command::Path => {
            app.ui.show(&show::Paths::of(app));
            Ok(Done::OK)
        }
        Command::Init(args) => init::run(app, &args),
    }
}
