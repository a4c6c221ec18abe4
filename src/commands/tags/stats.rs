//! `tags stats`

use clap::Args;
use serde::Serialize;

use crate::app::App;
use crate::commands::reference;
use crate::model::ids::ProjectId;
use crate::model::matching::Thresholds;
use crate::model::text::count;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::tags::retune::{self, Given};
use crate::workflows::tags::stats::{self, Band, Stats};

/// Columns of the longest bar.
const BAR: u64 = 20;

#[derive(Debug, Args)]
pub struct StatsArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
}

pub async fn run(app: &App, args: StatsArgs) -> Finished {
    let db = app.db().await?;
    let (project, stats) = {
        let conn = &mut db.conn().await?;
        let project = reference::project(app, conn, args.project.as_deref()).await?;
        let stats = stats::stats(conn, project.id).await?;
        (project, stats)
    };
    let thresholds = retune::thresholds(db, &app.config, project.id, Given::default()).await?;
    let unicode = app.ui.has_unicode();
    app.ui.show(&StatsReport { project_id: project.id, project: project.name, thresholds, stats, unicode });
    Ok(Done::OK)
}

#[derive(Debug, Serialize)]
struct StatsReport {
    project_id: ProjectId,
    project: String,
    thresholds: Thresholds,
    #[serde(flatten)]
    stats: Stats,
    #[serde(skip)]
    unicode: bool,
}

impl Render for StatsReport {
    fn render(&self, page: &mut Page) {
        let Thresholds { confirm, review, margin } = self.thresholds;
        page.heading(&self.project);
        page.field("Engine", self.stats.engine);
        page.field("Thresholds", format!("confirm {confirm}, review {review}, margin {margin}"));
        page.gap();
        if self.stats.bands.is_empty() {
            page.line("No face of this project was compared yet.");
            return;
        }
        let all = |band: &Band| band.confirmed + band.pending + band.rejected + band.removed;
        let most = self.stats.bands.iter().map(all).max().unwrap_or(0).max(1);
        page.table(
            &["score", "confirmed", "pending", "rejected", "removed", "decided", "of these yes", "tags"],
            self.stats.bands.iter().map(|band| {
                let share = band.share_confirmed.map(|share| format!("{:.0}%", share * 100.0));
                vec![
                    format!("{:.2} to {:.2}", band.from, band.to),
                    band.confirmed.to_string(),
                    band.pending.to_string(),
                    band.rejected.to_string(),
                    band.removed.to_string(),
                    band.decided.to_string(),
                    share.unwrap_or_default(),
                    bar(all(band), most, self.unicode),
                ]
            }),
        );
        page.gap();
        let people = format!("People have decided {}.", count(self.stats.decided, "tag"));
        page.line(match self.stats.suggested_confirm {
            Some(from) => {
                format!("{people} From {from:.2} on they confirmed at least 99%: match_confirm could be {from:.2}.")
            }
            None => format!("{people} That is not enough, or not clear enough, to suggest a threshold."),
        });
    }
}

fn bar(tags: u64, most: u64, unicode: bool) -> String {
    let columns = (tags * BAR).div_ceil(most);
    let mark = if unicode { "█" } else { "#" };
    mark.repeat(usize::try_from(columns).unwrap_or(0))
}
