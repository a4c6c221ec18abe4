//! The configuration.

use crate::app::App;
use crate::error::{Error, Kind};
use crate::ui::Finished;

#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Shows each setting and where it came from
    Show,
}

pub fn run(_app: &App, _command: &Command) -> Finished {
    Err(Error::new(Kind::Internal, "not there yet"))
}
