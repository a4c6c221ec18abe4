//! `help`

use crate::app::App;
use crate::error::{Error, Kind};
use crate::ui::Finished;

#[derive(Debug, clap::Args)]
pub struct HelpArgs {}

pub fn run(_app: &App, _args: &HelpArgs) -> Finished {
    Err(Error::new(Kind::Internal, "not there yet"))
}
