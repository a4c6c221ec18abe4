//! `audit verify`

use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::db::PgConnection;
use crate::error::Result;
use crate::model::audit::Head;
use crate::model::text::count;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::audit::{self, Whole};

#[derive(Debug, Args)]
pub struct AuditVerifyArgs {
    /// An end of the log that was noted elsewhere, as this command prints it: has to lie in the log; may be repeated
    #[arg(long, value_name = "SEQ:HASH")]
    pub head: Vec<Head>,
    /// Take the log as it is now for the right one, whatever this machine has seen before: after a backup was restored
    #[arg(long)]
    pub accept: bool,
}

pub(super) async fn verify(app: &App, args: AuditVerifyArgs) -> Finished {
    let whole = whole(app, &mut *app.db().await?.conn().await?, &args.head, args.accept).await?;
    app.ui.report(&Verified { ok: true, whole });
    Ok(Done::OK)
}

/// The whole log, or an error that names the first broken link.
pub(super) async fn whole(app: &App, conn: &mut PgConnection, noted: &[Head], accept: bool) -> Result<Whole> {
    audit::verify(conn, app.config.home(), noted, accept).await
}

pub(super) fn sentence(whole: &Whole) -> String {
    let entries = u64::try_from(whole.entries).unwrap_or_default();
    format!("The chain is sound: {}, last hash {}.", count(entries, "entry"), whole.head.hash)
}

#[derive(Debug, Serialize)]
struct Verified {
    ok: bool,
    #[serde(flatten)]
    whole: Whole,
}

impl Render for Verified {
    fn render(&self, page: &mut Page) {
        page.good(sentence(&self.whole));
        if let Some(seen) = &self.whole.seen {
            let at = seen.at.format("%Y-%m-%d %H:%M UTC");
            page.line(format!("It goes through entry {}, which this machine saw on {at}.", seen.head.seq));
        }
        for head in &self.whole.noted {
            page.line(format!("It goes through entry {}, which was noted elsewhere.", head.seq));
        }
        page.line(format!("To prove it later: photoctl audit verify --head {}", self.whole.head));
    }
}
