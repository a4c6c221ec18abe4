//! `selfie list`

use chrono_tz::Tz;
use clap::Args;

use super::select::WhoseArgs;
use crate::app::App;
use crate::commands::args::CutArgs;
use crate::db::page::no_beginning;
use crate::db::selfies::{self, SelfieFilter};
use crate::model::ids::SelfieId;
use crate::model::selfie::Selfie;
use crate::model::status::SelfieStatus;
use crate::model::time::for_people;
use crate::ui::{Done, Finished, Row};

#[derive(Debug, Args)]
pub struct SelfieListArgs {
    #[command(flatten)]
    whose: WhoseArgs,
    /// Only those of this status
    #[arg(long, value_enum, value_name = "STATUS")]
    pub status: Option<SelfieStatus>,
    /// Show deleted ones too
    #[arg(long)]
    pub deleted: bool,
    #[command(flatten)]
    pub cut: CutArgs,
}

pub async fn run(app: &App, args: SelfieListArgs) -> Finished {
    let conn = &mut *app.db().await?.conn().await?;
    let whose = args.whose.resolve(app, conn).await?;
    let after = args.cut.after.map(SelfieId);
    if let Some(id) = after
        && selfies::get(conn, id).await?.is_none()
    {
        return Err(no_beginning("selfie", id.0));
    }
    let filter = SelfieFilter { status: args.status, deleted: args.deleted, after, ..whose.filter() };
    let mut rows = selfies::list(conn, filter, args.cut.one_more()).await?;
    let cut = args.cut.cut(&mut rows, |row| row.id.0);
    app.ui.list(&rows, cut.as_deref());
    if rows.is_empty() {
        app.ui.note("No selfies.");
    }
    Ok(Done::OK)
}

impl Row for Selfie {
    const HEADERS: &'static [&'static str] = &["id", "user", "status", "reason", "created"];
    const LEFT_OUT: &'static [&'static str] = &["facts"];

    fn cells(&self) -> Vec<String> {
        let status = match (self.deleted_at, self.status.as_str(), self.has_vector) {
            (Some(_), status, _) => format!("{status} (deleted)"),
            (None, "approved", false) => "approved (not compared)".to_owned(),
            (None, status, _) => status.to_owned(),
        };
        // The codes; the words are in `show` and in the machine formats.
        let reason = self.reason.as_deref().unwrap_or_default();
        let reason = reason.split_once(": ").map_or(reason, |(codes, _)| codes);
        vec![
            // Long enough to be unique among millions, and accepted wherever an id is.
            self.id.to_string().chars().take(13).collect(),
            self.email.clone(),
            status,
            reason.to_owned(),
            for_people(self.created_at, Tz::UTC),
        ]
    }
}
