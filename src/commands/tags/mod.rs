//! Tags: one file a verb.

pub mod add;
pub mod decide;
pub mod explain;
pub mod list;
pub mod matching;
mod report;
pub mod retune;
pub mod rule;
pub mod stats;
mod which;

use clap::Subcommand;

use crate::app::App;
use crate::model::status::Verdict;
use crate::ui::Finished;

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Compares new faces with all members, and new selfies with all earlier faces
    Match(matching::MatchArgs),
    /// Lists tags, the newest first
    List(list::ListArgs),
    /// Says why somebody is tagged in a photo, or is not
    Explain(explain::ExplainArgs),
    /// Says that it is the person: the tag becomes visible, and no run changes it
    Confirm(rule::RuleArgs),
    /// Says that it is not the person: no run tags them there again
    Reject(rule::RuleArgs),
    /// Takes a decision back: the tag waits for a person again
    Reopen(rule::RuleArgs),
    /// Removes a tag altogether; no run makes it again
    Remove(rule::RemoveArgs),
    /// Tags somebody in a photo by hand
    Add(add::AddTagArgs),
    /// Carries out the decisions of a file
    Decide(decide::DecideArgs),
    /// Shows how scores lie and what people made of them
    Stats(stats::StatsArgs),
    /// Applies other thresholds to tags that nobody has decided
    Retune(retune::RetuneArgs),
}

pub async fn run(app: &App, command: Command) -> Finished {
    match command {
        Command::Match(args) => matching::run(app, args).await,
        Command::List(args) => list::run(app, args).await,
        Command::Explain(args) => explain::run(app, args).await,
        Command::Confirm(args) => rule::run(app, args, Verdict::Confirmed).await,
        Command::Reject(args) => rule::run(app, args, Verdict::Rejected).await,
        Command::Reopen(args) => rule::run(app, args, Verdict::Reopened).await,
        Command::Remove(args) => rule::remove(app, args).await,
        Command::Add(args) => add::run(app, args).await,
        Command::Decide(args) => decide::run(app, args).await,
        Command::Stats(args) => stats::run(app, args).await,
        Command::Retune(args) => retune::run(app, args).await,
    }
}
