//! `selfie reject`

use clap::Args;

use super::approve::Decided;
use super::select;
use crate::app::App;
use crate::ui::Finished;
use crate::workflows::selfies::decide;

#[derive(Debug, Args)]
pub struct RejectArgs {
    /// The selfies: ids, or the first 8 characters of them or more
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    /// What is wrong with it; the guest reads it
    #[arg(long, value_name = "WORDS")]
    pub reason: Option<String>,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

pub async fn run(app: &App, args: RejectArgs) -> Finished {
    let words = app.ui.text_or_ask(args.reason, "What is wrong with it (the guest reads it)", "--reason")?;
    let words = decide::reason_words(&words)?;
    let selfies = select::named(&mut *app.db().await?.conn().await?, &args.ids).await?;
    app.ui.target(&app.target(false));
    let (db, author) = (app.db().await?, app.author());
    let mut decided = Decided::default();
    for selfie in &selfies {
        app.cancel.check()?;
        decided.add(selfie.id, decide::reject(db, &author, selfie, &words, args.dry_run).await, selfies.len() == 1)?;
    }
    Ok(decided.finish(app, args.dry_run, "rejected"))
}
