//! `tags confirm`, `tags reject`, `tags reopen` and `tags remove`

use clap::Args;

use super::report::DecidedReport;
use super::which::WhichArgs;
use crate::app::App;
use crate::commands::args::{ChangeArgs, UpdateArgs};
use crate::error::Error;
use crate::model::status::Verdict;
use crate::model::tag::Pair;
use crate::model::text::count;
use crate::ui::{Done, Finished};
use crate::workflows::tags::decide::{self, Ruled, Ruling};
use crate::workflows::tags::sheet::refusal;

#[derive(Debug, Args)]
pub struct RuleArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub change: UpdateArgs,
}

#[derive(Debug, Args)]
pub struct RemoveArgs {
    #[command(flatten)]
    pub which: WhichArgs,
    #[command(flatten)]
    pub change: ChangeArgs,
}

/// Decides so about each tag that is named.
///
/// # Errors
/// When one is not there; with a single one, also why it was refused.
pub async fn run(app: &App, args: RuleArgs, verdict: Verdict) -> Finished {
    let pairs = args.which.resolve(app).await?;
    app.ui.target(&app.target(false));
    decided(app, &pairs, verdict, args.change.dry_run).await
}

/// As [`run`], after a question: the row goes.
///
/// # Errors
/// As [`run`].
pub async fn remove(app: &App, args: RemoveArgs) -> Finished {
    let pairs = args.which.resolve(app).await?;
    app.ui.target(&app.target(false));
    if !args.change.dry_run {
        let question = format!("Remove {}, so that no run makes it again?", count(pairs.len() as u64, "tag"));
        let _confirmed = app.ui.confirm(&question, args.change.yes)?;
    }
    decided(app, &pairs, Verdict::Removed, args.change.dry_run).await
}

async fn decided(app: &App, pairs: &[Pair], verdict: Verdict, dry_run: bool) -> Finished {
    let rulings: Vec<Ruling> =
        pairs.iter().map(|pair| Ruling { pair: *pair, verdict, seen: None, at: None, follows: false }).collect();
    let ruled = decide::rule(app.db().await?, &app.author(), &app.config, &rulings, dry_run).await?;
    if let [only @ (Ruled::NoConsent | Ruled::Gone | Ruled::ChangedMeanwhile(_))] = ruled.as_slice() {
        return Err::<Done, Error>(refusal(only));
    }
    let report = DecidedReport::new(verdict, &rulings, &ruled, dry_run, app.target(false));
    app.ui.report(&report);
    Ok(Done(report.exit))
}
