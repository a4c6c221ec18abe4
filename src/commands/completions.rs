//! `completions`

use crate::app::App;
use crate::error::{Error, Kind};
use crate::ui::Finished;

#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {}

pub fn run(_app: &App, _args: &CompletionsArgs) -> Finished {
    Err(Error::new(Kind::Internal, "not there yet"))
}
