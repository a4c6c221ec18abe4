//! `db check`

use serde::Serialize;

use crate::app::App;
use crate::db::check::{self, CheckReport};
use crate::error::Exit;
use crate::model::target::Target;
use crate::model::text::count;
use crate::ui::{Done, Finished, Page, Render};

#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// End with exit code 6 where there are differences
    #[arg(long)]
    pub exit_code: bool,
}

#[derive(Debug, Serialize)]
struct Report {
    ok: bool,
    target: Target,
    differences_found: usize,
    #[serde(flatten)]
    check: CheckReport,
}

impl Render for Report {
    fn render(&self, page: &mut Page) {
        for difference in &self.check.differences {
            page.line(difference.sentence());
        }
        let tables = count(self.check.tables as u64, "table");
        match self.check.differences.len() as u64 {
            0 => page.good(format!("{tables}, no differences.")),
            found => page.bad(format!("{tables}, {}.", count(found, "difference"))),
        }
    }
}

/// Compares the tables with the specification. Changes nothing.
///
/// # Errors
/// When the database can not be reached.
pub async fn run(app: &App, args: &CheckArgs) -> Finished {
    let db = app.connect(false).await?;
    let check = check::check(&mut *db.conn().await?).await?;
    db.close().await;
    let differs = !check.differences.is_empty();
    let report = Report { ok: !differs, target: app.target(false), differences_found: check.differences.len(), check };
    app.ui.report_of(&report.check.differences, &report);
    Ok(Done(if differs && args.exit_code { Exit::Differences } else { Exit::Ok }))
}
