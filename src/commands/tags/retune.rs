//! `tags retune`

use clap::Args;
use serde::Serialize;

use super::list::share;
use crate::app::App;
use crate::commands::args::ChangeArgs;
use crate::commands::reference;
use crate::config::settings;
use crate::error::Error;
use crate::model::ids::ProjectId;
use crate::model::matching::Thresholds;
use crate::model::project::Project;
use crate::model::target::Target;
use crate::model::text::{count, quoted};
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::setup::settings as project_settings;
use crate::workflows::tags::retune::{self, Given, Retuned};

#[derive(Debug, Args)]
pub struct RetuneArgs {
    /// Project: id, name or operator-email/name
    #[arg(long)]
    pub project: Option<String>,
    /// Score, 0 to 1, from which a tag is confirmed without a look [default: the project's match_confirm]
    #[arg(long, value_name = "SCORE", value_parser = share)]
    pub confirm: Option<f32>,
    /// Score from which a tag waits for a person [default: the project's match_review]
    #[arg(long, value_name = "SCORE", value_parser = share)]
    pub review: Option<f32>,
    /// How much less the next best member must resemble the face [default: the project's match_margin]
    #[arg(long, value_name = "SCORE", value_parser = share)]
    pub margin: Option<f32>,
    /// Keep what is given as the project's settings: later runs go by it
    #[arg(long)]
    pub save: bool,
    #[command(flatten)]
    pub change: ChangeArgs,
}

pub async fn run(app: &App, args: RetuneArgs) -> Finished {
    let given = Given { confirm: args.confirm, review: args.review, margin: args.margin };
    if args.save && given == Given::default() {
        return Err(Error::usage("there is nothing to --save").hint("give --confirm, --review or --margin"));
    }
    let db = app.db().await?;
    let project = reference::project(app, &mut *db.conn().await?, args.project.as_deref()).await?;
    let before = retune::thresholds(db, &app.config, project.id, Given::default()).await?;
    let thresholds = retune::thresholds(db, &app.config, project.id, given).await?;
    let target = app.target(false);
    app.ui.target(&target);
    let author = app.author();
    let dry_run = args.change.dry_run;
    let mut done = retune::retune(db, &author, &app.config, &project, &thresholds, true).await?;
    let saves = args.save && before != thresholds;
    if !dry_run && (done.changes() > 0 || saves) {
        let question = format!("{} of {}. Go on?", plan(&done), quoted(&project.name));
        let _confirmed = app.ui.confirm(&question, args.change.yes)?;
        done = retune::retune(db, &author, &app.config, &project, &thresholds, false).await?;
    }
    if args.save {
        save(app, &project, given, dry_run).await?;
    }
    if thresholds.review < before.review {
        app.ui.note(
            "A lower review threshold finds more only where faces are compared again: photoctl tags match --all.",
        );
    }
    let saved = args.save && !dry_run;
    app.ui.report(&RetuneReport { ok: true, dry_run, target, project_id: project.id, thresholds, saved, done });
    Ok(Done::OK)
}

/// Keeps what is given. The larger of two that must not cross is not looked at here: together they were.
async fn save(app: &App, project: &Project, given: Given, dry_run: bool) -> crate::error::Result<()> {
    let all = [
        (settings::MATCH_CONFIRM, given.confirm),
        (settings::MATCH_REVIEW, given.review),
        (settings::MATCH_MARGIN, given.margin),
    ];
    for (setting, value) in all {
        if let Some(value) = value {
            let value = value.to_string();
            project_settings::change(app.db().await?, &app.author(), project, setting, Some(&value), dry_run).await?;
        }
    }
    Ok(())
}

/// `12 tags would be confirmed, 3 wait for a person, 1 be removed`
fn plan(done: &Retuned) -> String {
    let parts = [(done.confirmed, "be confirmed"), (done.pending, "wait for a person"), (done.removed, "be removed")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{} would {what}", count(*number, "tag")))
        .collect();
    if parts.is_empty() { "No tag would change".to_owned() } else { parts.join(", ") }
}

#[derive(Debug, Serialize)]
struct RetuneReport {
    ok: bool,
    dry_run: bool,
    target: Target,
    project_id: ProjectId,
    thresholds: Thresholds,
    /// Whether what was given is the project's setting now.
    saved: bool,
    #[serde(flatten)]
    done: Retuned,
}

impl Render for RetuneReport {
    fn render(&self, page: &mut Page) {
        let Thresholds { confirm, review, margin } = self.thresholds;
        match (self.done.changes(), self.dry_run) {
            (0, _) => page.line("No tag is judged otherwise by these thresholds."),
            (_, true) => page.line(format!("{}; nothing was changed.", plan(&self.done))),
            (changed, false) => page.good(format!("Changed {}.", count(changed, "tag"))),
        }
        page.field("Thresholds", format!("confirm {confirm}, review {review}, margin {margin}"));
        if self.saved {
            page.field("Kept", "as the project's settings");
        }
        page.field("Now confirmed", self.done.confirmed.to_string());
        page.field("Now waiting", self.done.pending.to_string());
        page.field("Removed", self.done.removed.to_string());
        page.field("As they were", self.done.unchanged.to_string());
        if self.done.without_consent > 0 {
            page.field("No consent", format!("{}: left as they are", count(self.done.without_consent, "tag")));
        }
    }
}
