//! `db`: the database itself: its tables, its state, its copies.

mod backup;
mod check;
mod grants;
mod migrate;
mod shell;
mod status;
mod store;

pub(super) use migrate::bring_up;

use std::future::Future;
use std::time::{Duration, Instant};

use crate::app::App;
use crate::config::settings;
use crate::error::{Error, Kind, Result};
use crate::ui::Finished;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Creates the tables, or brings them up to date; takes over those of the web application
    Migrate(migrate::MigrateArgs),
    /// Shows what the database is and where it stands
    Status,
    /// Compares the live tables with what they should be, and names every difference
    Check(check::CheckArgs),
    /// Prints the SQL that gives a role the least rights for a job
    Grants(grants::GrantsArgs),
    /// Writes the embedded database into a file
    Backup(backup::BackupArgs),
    /// Brings the embedded database back from a file
    Restore(backup::RestoreArgs),
    /// Runs SQL: psql on a real server, a plain prompt on the embedded one
    Shell(shell::ShellArgs),
    /// Shows, or with --set changes, the object store that the database remembers
    Store(store::StoreArgs),
}

/// Runs a command on the database.
///
/// # Errors
/// As the commands say.
pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Migrate(args) => migrate::run(app, &args).await,
        Command::Status => status::run(app).await,
        Command::Check(args) => check::run(app, &args).await,
        Command::Grants(args) => grants::run(app, &args).await,
        Command::Backup(args) => backup::backup(app, &args).await,
        Command::Restore(args) => backup::restore(app, &args).await,
        Command::Shell(args) => shell::run(app, &args).await,
        Command::Store(args) => store::run(app, &args).await,
    }
}

/// Refuses a real server. `instead` says what to use there.
fn require_embedded(app: &App, what: &str, instead: &str) -> Result<()> {
    if app.config.get(settings::DATABASE_URL).is_none() {
        return Ok(());
    }
    Err(Error::usage(format!("{what} is for the embedded database, and DATABASE_URL names a server")).hint(instead))
}

/// Refuses the embedded database.
fn require_server(app: &App) -> Result<()> {
    if app.config.get(settings::DATABASE_URL).is_some() {
        return Ok(());
    }
    Err(Error::usage("the embedded database has one user only: there are no rights to grant")
        .hint("name a server with DATABASE_URL"))
}

/// Tries again while another run holds the database, as long as `--wait` says.
async fn waiting<T, F: Future<Output = Result<T>>>(app: &App, mut work: impl FnMut() -> F) -> Result<T> {
    const PAUSE: Duration = Duration::from_millis(500);
    let patience = app.wait.unwrap_or_default();
    let since = Instant::now();
    let mut said = false;
    loop {
        match work().await {
            Err(error) if error.kind() == Kind::Locked && since.elapsed() + PAUSE < patience => {
                app.cancel.check()?;
                if !said {
                    app.ui.note(&format!("{}; waiting for it.", error.message()));
                    said = true;
                }
                tokio::time::sleep(PAUSE).await;
            }
            done => return done,
        }
    }
}
