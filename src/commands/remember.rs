//! What each command that went well leaves in the data folder: see [`kept`].

use std::time::Duration;

use crate::app::App;
use crate::workflows::kept;

/// Nobody waits longer than this for it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Keeps what was seen. Where that fails, the next command does it: the work itself is done.
pub async fn remember(app: &App) {
    if app.command == "db shell" {
        kept::names::doubt(app.config.home());
    }
    let Some(db) = app.opened() else { return };
    match tokio::time::timeout(PATIENCE, kept::remember(&db, app.config.home())).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!("not remembered: {error}"),
        Err(_) => tracing::debug!("not remembered: the database did not answer in time"),
    }
}
