//! `tags add`

use clap::Args;

use super::which;
use crate::app::App;
use crate::commands::args::AddArgs;
use crate::commands::created::{CreatedReport, id_field};
use crate::commands::reference;
use crate::db::tags::list::ListedTag;
use crate::model::tag::Pair;
use crate::ui::{Done, Finished, Page, Render};
use crate::workflows::tags::add;

#[derive(Debug, Args)]
pub struct AddTagArgs {
    /// The photo: its id, the beginning of it, or the name of its file
    #[arg(long, value_name = "PHOTO")]
    pub photo: Option<String>,
    /// Who is in it: id, name or email
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Look for the photo's name in this project [default: the one that is set, else all]
    #[arg(long, value_name = "PROJECT")]
    pub project: Option<String>,
    #[command(flatten)]
    pub add: AddArgs,
}

pub async fn run(app: &App, args: AddTagArgs) -> Finished {
    let word = app.ui.text_or_ask(args.photo, "Photo", "--photo")?;
    let db = app.db().await?;
    let (photo, user) = {
        let conn = &mut db.conn().await?;
        let photo = which::photo(app, conn, &word, args.project.as_deref()).await?;
        (photo, reference::user(app, conn, args.user.as_deref()).await?)
    };
    let target = app.target(false);
    app.ui.target(&target);
    let pair = Pair { photo, user: user.id };
    let (tag, outcome) = add::add(db, &app.author(), &app.config, pair, &user, args.add.mode()).await?;
    app.ui.show(&CreatedReport::added("tag", tag, outcome, args.add.dry_run, target));
    Ok(Done::OK)
}

impl Render for ListedTag {
    fn render(&self, page: &mut Page) {
        page.heading(&self.user);
        id_field(page, self.id.0);
        page.field("Email", &self.email);
        page.field("Photo", self.photo.clone().unwrap_or_else(|| self.photo_id.to_string()));
        page.field("Project", &self.project);
        page.field("Status", &self.review_status);
        page.field("Source", &self.source);
    }
}
