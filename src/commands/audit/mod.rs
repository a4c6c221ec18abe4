//! The audit log: who changed what, and what left the house.

mod export;
mod list;
mod show;
mod verify;

use chrono_tz::Tz;
use clap::Subcommand;

use super::reference;
use crate::app::App;
use crate::db::PgConnection;
use crate::error::Result;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Lists entries, the newest first
    List(list::AuditListArgs),
    /// Shows an entry, or all that was ever done to a thing
    Show(show::AuditShowArgs),
    /// Proves that no entry was changed, inserted or removed
    Verify(verify::AuditVerifyArgs),
    /// Writes the log with its hashes, so that others can prove it too
    Export(export::AuditExportArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::List(args) => list::list(app, args).await,
        Command::Show(args) => show::show(app, args).await,
        Command::Verify(args) => verify::verify(app, args).await,
        Command::Export(args) => export::export(app, args).await,
    }
}

/// The zone that times are shown in: the default operator's, else UTC.
async fn zone(app: &App, conn: &mut PgConnection) -> Result<Tz> {
    let operator = reference::operator_if(app, conn, None).await?;
    Ok(operator.and_then(|operator| operator.timezone.parse().ok()).unwrap_or(Tz::UTC))
}
