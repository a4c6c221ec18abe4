//! `selfie review`

use clap::Args;

use super::approve::Decided;
use super::select;
use super::select::WhoseArgs;
use crate::app::App;
use crate::db::{selfies, users};
use crate::error::{Error, Kind, Result};
use crate::model::selfie::Selfie;
use crate::model::status::SelfieStatus;
use crate::model::text::{count, printable};
use crate::ui::{Done, Finished};
use crate::workflows::selfies::decide::{self, Appraisal};
use crate::workflows::selfies::desk::Desk;

const CHOICES: [&str; 4] = ["approve", "reject", "skip", "quit"];

#[derive(Debug, Args)]
pub struct ReviewArgs {
    #[command(flatten)]
    whose: WhoseArgs,
    /// Show and ask, and change nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(app: &App, args: ReviewArgs) -> Finished {
    if !app.ui.can_ask() {
        return Err(Error::usage("selfies are reviewed at a terminal")
            .hint("photoctl selfie list --status pending shows what waits")
            .hint("photoctl selfie approve ID and photoctl selfie reject ID decide without one"));
    }
    let db = app.db().await?;
    let waiting = {
        let conn = &mut *db.conn().await?;
        let whose = args.whose.resolve(app, conn).await?;
        let filter = selfies::SelfieFilter { status: Some(SelfieStatus::Pending), ..whose.filter() };
        let mut waiting = selfies::list(conn, filter, select::ALL).await?;
        // Those of the web application that nobody has judged are the gates' to judge first.
        waiting.retain(|selfie| selfie.facts.is_some());
        waiting.reverse();
        waiting
    };
    app.ui.target(&app.target(true));
    if waiting.is_empty() {
        app.ui.note("No selfies wait.");
        return Ok(Done::OK);
    }
    let desk = select::desk(app, None, args.dry_run).await?;
    let (mut approved, mut rejected) = (Decided::default(), 0_u64);
    let all = waiting.len();
    for (place, selfie) in waiting.iter().enumerate() {
        app.ui.note(&format!("{} of {all}", place.saturating_add(1)));
        match decide_one(app, &desk, selfie).await? {
            Choice::Approve => approved.add(selfie.id, desk.approve(selfie).await, false)?,
            Choice::Reject(words) => {
                let done = decide::reject(db, &desk.author, selfie, &words, args.dry_run).await?;
                rejected += u64::from(done);
            }
            Choice::Skip => {}
            Choice::Quit => break,
        }
    }
    if rejected > 0 {
        app.ui.note(&format!("{} rejected.", count(rejected, "selfie")));
    }
    Ok(approved.finish(app, args.dry_run, "approved"))
}

enum Choice {
    Approve,
    Reject(String),
    Skip,
    Quit,
}

/// Shows a selfie and asks. One that cannot be looked at now is skipped with a word.
async fn decide_one(app: &App, desk: &Desk, selfie: &Selfie) -> Result<Choice> {
    let appraisal = match desk.appraise(selfie).await {
        Ok(appraisal) => appraisal,
        Err(error) if matches!(error.kind(), Kind::ConsentRequired | Kind::NotFound | Kind::BadFile) => {
            app.ui.warn(&format!("the selfie of {} is skipped: {}", printable(&selfie.email), error.message()));
            return Ok(Choice::Skip);
        }
        Err(error) => return Err(error),
    };
    if let Err(error) = app.ui.picture(&appraisal.picture) {
        app.ui.note(&format!("No picture: {}", error.message()));
    }
    for line in lines(app, selfie, &appraisal).await? {
        app.ui.note(&line);
    }
    let choices = CHOICES.map(str::to_owned);
    Ok(match app.ui.choose("This selfie", &choices, "selfie approve or selfie reject")? {
        0 => Choice::Approve,
        1 => {
            let words = app.ui.ask("What is wrong with it (the guest reads it)", "--reason")?;
            Choice::Reject(decide::reason_words(&words)?)
        }
        2 => Choice::Skip,
        _ => Choice::Quit,
    })
}

async fn lines(app: &App, selfie: &Selfie, appraisal: &Appraisal) -> Result<Vec<String>> {
    let mut lines = vec![format!("{} <{}>, selfie {}", selfie.user, selfie.email, selfie.id)];
    lines.extend(selfie.reason.clone());
    let Some(company) = &appraisal.company else { return Ok(lines) };
    if let Some(own) = company.own {
        lines.push(format!("Similarity with their other selfies: {own:.2}"));
    }
    let conn = &mut *app.db().await?.conn().await?;
    for other in &company.others {
        let known = users::get(conn, other.user_id).await?;
        let who = known.map_or_else(|| other.user_id.to_string(), |user| format!("{} <{}>", user.name, user.email));
        lines.push(format!("Similarity with {who}: {:.2}", other.similarity));
    }
    Ok(lines)
}
