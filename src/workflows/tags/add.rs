//! Tags that people make by hand.

use super::decide::{Ruled, Ruling, rule};
use crate::config::Config;
use crate::db::tags::list::{self, ListedTag, TagFilter};
use crate::db::{self, Db};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Author;
use crate::model::ids::TagId;
use crate::model::matching::NO_ENGINE;
use crate::model::people::User;
use crate::model::status::{ReviewStatus, TagSource, Verdict};
use crate::model::tag::Pair;
use crate::model::text::{printable, quoted};
use crate::workflows::setup::part::{AddMode, Added};

/// Says that a user is in a photo. No face is looked at, so no consent is asked for; but they must be a member of the
/// photo's project.
///
/// # Errors
/// [`Kind::AlreadyExists`] where a person has said so before, a sentence for somebody who is no member, or what the
/// database says.
pub async fn add(
    db: &Db,
    author: &Author,
    config: &Config,
    pair: Pair,
    user: &User,
    mode: AddMode,
) -> Result<(ListedTag, Added)> {
    let names = db::tags::explain::names(&mut *db.conn().await?, pair).await?;
    let Some(names) = names.filter(|names| !names.photo_deleted) else { return Err(gone()) };
    if !names.member {
        let (user, project) = (printable(&user.email), quoted(&names.project));
        return Err(Error::new(Kind::Conflict, format!("{user} is not a member of {project}")).hint(format!(
            "photoctl project members add --project {} --user {} lets them in",
            names.project_id, pair.user
        )));
    }
    let ruling = Ruling { pair, verdict: Verdict::Added, seen: None, at: None, follows: false };
    let ruled = rule(db, author, config, &[ruling], mode.dry_run).await?;
    let added = match ruled.first() {
        Some(Ruled::Done { .. }) if mode.dry_run => Added::Planned,
        Some(Ruled::Done { .. }) => Added::New,
        Some(Ruled::Unchanged) if mode.if_not_exists => Added::Existing,
        Some(Ruled::Unchanged) => {
            let said = format!("{} is tagged in {} already", printable(&user.email), quoted(&names.photo));
            return Err(Error::new(Kind::AlreadyExists, said).hint("--if-not-exists is content with that"));
        }
        _ => return Err(gone()),
    };
    let filter = TagFilter { photo: Some(pair.photo), user: Some(pair.user), ..TagFilter::default() };
    let there = list::list(&mut *db.conn().await?, &filter, 1).await?.pop();
    let planned = || ListedTag {
        id: TagId::of_pair(pair.photo, pair.user),
        photo_id: pair.photo,
        user_id: pair.user,
        confidence: 0.0,
        source: TagSource::Manual.as_str().to_owned(),
        review_status: ReviewStatus::Confirmed.as_str().to_owned(),
        engine: Some(NO_ENGINE.to_owned()),
        decision: Some(Verdict::Added.as_str().to_owned()),
        photo: Some(names.photo.clone()),
        user: user.name.clone(),
        email: user.email.clone(),
        project_id: names.project_id,
        project: names.project.clone(),
        created_at: chrono::DateTime::UNIX_EPOCH,
    };
    let tag = match (there, added) {
        (Some(tag), Added::Planned) => ListedTag {
            source: TagSource::Manual.as_str().to_owned(),
            review_status: ReviewStatus::Confirmed.as_str().to_owned(),
            decision: Some(Verdict::Added.as_str().to_owned()),
            ..tag
        },
        (Some(tag), _) => tag,
        (None, Added::Planned) => planned(),
        (None, _) => return Err(gone()),
    };
    Ok((tag, added))
}

fn gone() -> Error {
    Error::new(Kind::Conflict, "the photo or the user was removed by somebody else meanwhile")
}
