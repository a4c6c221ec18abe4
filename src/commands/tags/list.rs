//! `tags list`

use clap::Args;

use super::which;
use crate::app::App;
use crate::commands::args::CutArgs;
use crate::commands::reference;
use crate::db::page::no_beginning;
use crate::db::refs;
use crate::db::tags::list::{self, ListedTag, TagFilter};
use crate::model::ids::TagId;
use crate::model::status::{ReviewStatus, TagSource};
use crate::ui::{Done, Finished, Row};

#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only those of photos of this project
    #[arg(long)]
    pub project: Option<String>,
    /// Only those of this photo: id, the beginning of it, or the name of its file
    #[arg(long)]
    pub photo: Option<String>,
    /// Only those of this user
    #[arg(long)]
    pub user: Option<String>,
    /// Only those of these statuses
    #[arg(long, value_enum, value_name = "STATUS", value_delimiter = ',')]
    pub status: Vec<ReviewStatus>,
    /// Only those that a run made, or a person
    #[arg(long, value_enum, value_name = "SOURCE")]
    pub source: Option<TagSource>,
    /// Only those with this score, 0 to 1, or a better one
    #[arg(long, value_name = "SCORE", value_parser = share)]
    pub min_score: Option<f32>,
    /// Only those with a worse score than this
    #[arg(long, value_name = "SCORE", value_parser = share)]
    pub max_score: Option<f32>,
    /// Only those that no person has decided
    #[arg(long)]
    pub undecided: bool,
    #[command(flatten)]
    pub cut: CutArgs,
}

/// A score or a threshold.
///
/// # Errors
/// When it is no number from 0 to 1.
pub fn share(text: &str) -> Result<f32, String> {
    let share = text.parse::<f32>().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a number from 0 to 1, such as 0.45".to_owned())
}

pub async fn run(app: &App, args: ListArgs) -> Finished {
    let mut conn = app.db().await?.conn().await?;
    let project = reference::project_if(app, &mut conn, args.project.as_deref()).await?;
    let photo = match args.photo.as_deref() {
        Some(word) => Some(which::photo(app, &mut conn, word, args.project.as_deref()).await?),
        None => None,
    };
    let user = match args.user.as_deref() {
        Some(user) => Some(refs::user(&mut conn, user).await?),
        None => None,
    };
    let after = args.cut.after.map(TagId);
    if let Some(id) = after
        && !list::is_there(&mut conn, id).await?
    {
        return Err(no_beginning("tag", id.0));
    }
    let filter = TagFilter {
        id: None,
        // A photo that is named by its id is of its own project, whatever is set.
        project: project.filter(|_| photo.is_none() || args.project.is_some()).map(|project| project.id),
        photo,
        user,
        statuses: args.status,
        source: args.source,
        min_score: args.min_score,
        max_score: args.max_score,
        undecided: args.undecided,
        after,
    };
    let mut tags = list::list(&mut conn, &filter, args.cut.one_more()).await?;
    drop(conn);
    let cut = args.cut.cut(&mut tags, |tag| tag.id.0);
    app.ui.list(&tags, cut.as_deref());
    if tags.is_empty() {
        app.ui.note("No tags.");
    }
    Ok(Done::OK)
}

impl Row for ListedTag {
    const HEADERS: &'static [&'static str] = &["id", "photo", "user", "status", "score", "by"];

    fn cells(&self) -> Vec<String> {
        let by = match (self.decision.as_deref(), self.source.as_str()) {
            (Some(_), _) | (None, "manual") => "a person",
            (None, _) => self.engine.as_deref().unwrap_or(&self.source),
        };
        vec![
            self.id.to_string(),
            self.photo.clone().unwrap_or_else(|| self.photo_id.to_string().chars().take(13).collect()),
            format!("{} <{}>", self.user, self.email),
            self.review_status.clone(),
            format!("{:.2}", self.confidence / 100.0),
            by.to_owned(),
        ]
    }
}
