//! `doctor`

use crate::app::App;
use crate::error::{Error, Kind};
use crate::ui::Finished;

#[derive(Debug, clap::Args)]
pub struct DoctorArgs {}

pub async fn run(_app: &App, _args: &DoctorArgs) -> Finished {
    Err(Error::new(Kind::Internal, "not there yet"))
}
