//! `selfie delete`

use clap::Args;

use super::approve::Decided;
use super::select;
use crate::app::App;
use crate::commands::args::ChangeArgs;
use crate::model::ids::SelfieId;
use crate::model::selfie::Selfie;
use crate::model::text::{count, printable};
use crate::ui::{Confirmed, Finished};
use crate::workflows::selfies::remove;

#[derive(Debug, Args)]
pub struct DeleteArgs {
    /// The selfies: ids, or the first 8 characters of them or more
    #[arg(value_name = "ID", required = true)]
    pub ids: Vec<String>,
    #[command(flatten)]
    pub change: ChangeArgs,
}

pub async fn run(app: &App, args: DeleteArgs) -> Finished {
    let mut selfies: Vec<Selfie> = Vec::new();
    {
        let conn = &mut *app.db().await?.conn().await?;
        for word in &args.ids {
            // Also one that was deleted before: a run that was cut short has left its picture.
            let selfie = select::one(conn, word).await?;
            if !selfies.iter().any(|known| known.id == selfie.id) {
                selfies.push(selfie);
            }
        }
    }
    app.ui.target(&app.target(true));
    let mut decided = Decided::default();
    if args.change.dry_run {
        for selfie in &selfies {
            decided.add(selfie.id, Ok(selfie.deleted_at.is_none()), false)?;
        }
        return Ok(decided.finish(app, true, "deleted"));
    }
    let confirmed = app.ui.confirm(&question(&selfies), args.change.yes)?;
    for (id, outcome) in carry_out(app, &selfies, confirmed).await? {
        decided.add(id, outcome, selfies.len() == 1)?;
    }
    Ok(decided.finish(app, false, "deleted"))
}

fn question(selfies: &[Selfie]) -> String {
    match selfies {
        [one] => format!("Delete the selfie of {}, with its picture?", printable(&one.email)),
        several => format!("Delete {}, with their pictures?", count(several.len() as u64, "selfie")),
    }
}

async fn carry_out(
    app: &App,
    selfies: &[Selfie],
    _confirmed: Confirmed,
) -> crate::error::Result<Vec<(SelfieId, crate::error::Result<bool>)>> {
    let (db, store, author) = (app.db().await?, app.store_to_fill().await?, app.author());
    let mut outcomes = Vec::with_capacity(selfies.len());
    for selfie in selfies {
        app.cancel.check()?;
        outcomes.push((selfie.id, remove::delete(db, store, &author, selfie).await));
    }
    Ok(outcomes)
}
