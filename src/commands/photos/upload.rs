//! `photos upload`

use crate::app::App;
use crate::error::{Error, Kind};
use crate::ui::Finished;

#[derive(Debug, clap::Args)]
pub struct UploadArgs {}

pub async fn run(_app: &App, _args: UploadArgs) -> Finished {
    Err(Error::new(Kind::Internal, "not there yet"))
}
