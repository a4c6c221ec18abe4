//! `photos url`

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::delete::bulk;
use super::select::PhotoSelectArgs;
use crate::app::App;
use crate::db::audit;
use crate::db::photos::select::{self, PhotoRecord, Want};
use crate::error::{Error, Exit, Kind, Result};
use crate::model::audit::{Action, Fields};
use crate::model::ids::PhotoId;
use crate::model::status::PhotoObject;
use crate::model::text::printable;
use crate::objects::{StorageKey, Store};
use crate::ui::{Done, Finished, Format, Row};
use crate::workflows::photos::names;

/// Rows that are fetched at a time.
const CHUNK: usize = 1_000;

#[derive(Debug, clap::Args)]
pub struct UrlArgs {
    #[command(flatten)]
    pub photos: PhotoSelectArgs,
    /// What the link opens
    #[arg(long, value_enum, value_name = "KIND", default_value = "watermarked")]
    pub kind: PhotoObject,
    /// How long the link works: up to 7 days
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = humantime::parse_duration)]
    pub expires: Duration,
}

#[derive(Debug, Serialize)]
struct PhotoUrl {
    id: PhotoId,
    kind: PhotoObject,
    original_name: Option<String>,
    url: String,
    expires_at: DateTime<Utc>,
}

impl Row for PhotoUrl {
    const HEADERS: &'static [&'static str] = &["url"];

    fn cells(&self) -> Vec<String> {
        vec![self.url.clone()]
    }
}

pub async fn run(app: &App, args: UrlArgs) -> Finished {
    if args.photos.is_empty() {
        return Err(Error::usage("it is not said which photos to link to").hint("give ids or filters"));
    }
    if args.expires < Duration::from_secs(1) || args.expires > Store::MAX_PRESIGN {
        return Err(Error::usage("a link lives for 1 second to 7 days").hint("give a time such as --expires 1h"));
    }
    let store = app.store().await?;
    if store.url().is_local() {
        return Err(Error::new(Kind::Config, "a store in a folder has no links that others could open").hint(
            "photoctl photos download writes the files themselves; links need a bucket in PHOTOCTL_STORAGE_URL",
        ));
    }
    let mut selection = args.photos.resolve(app).await?;
    let ids = selection.live_ids(app, Want::All).await?;
    let mut urls = Vec::with_capacity(ids.len());
    let mut failed: Vec<Error> = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let records = select::records(&mut *app.db().await?.conn().await?, chunk).await?;
        for photo in &records {
            match link(store, photo, &args).await {
                Ok(url) => urls.push(url),
                Err(error) => failed.push(error),
            }
        }
    }
    if args.kind == PhotoObject::Original && !urls.is_empty() {
        note(app, &args, &selection, &urls).await?;
    }
    if app.ui.format() == Format::Human {
        // For pipes: a link a line and nothing else.
        app.ui.data(&urls.iter().map(|url| format!("{}\n", url.url)).collect::<String>());
    } else {
        app.ui.list(&urls, None);
    }
    failed.extend(selection.missing.into_iter().map(|(_, error)| error));
    end(app, failed, urls.len())
}

/// One failure is the command's own; of several each is said.
fn end(app: &App, mut failed: Vec<Error>, made: usize) -> Finished {
    match failed.len() {
        0 => Ok(Done::OK),
        1 if made == 0 => Err(failed.remove(0)),
        _ => {
            for error in &failed {
                app.ui.warn(error.message());
            }
            Ok(Done(Exit::SomeFailed))
        }
    }
}

async fn link(store: &Store, photo: &PhotoRecord, args: &UrlArgs) -> Result<PhotoUrl> {
    let key = photo.key(args.kind).ok_or_else(|| {
        Error::new(Kind::NotFound, format!("photo {} has no {} yet", photo.id, args.kind))
            .hint("photoctl photos reprocess makes it")
    })?;
    if args.kind == PhotoObject::Original && photo.file.as_ref().is_some_and(|file| file.original_lost_at.is_some()) {
        return Err(Error::new(Kind::NotFound, format!("the original of photo {} is lost", photo.id)));
    }
    let key = StorageKey::foreign(key)?;
    let name = names::plain(photo, args.kind);
    let url = store.presign_get(&key, args.expires, Some(&name)).await?;
    let now = SystemTime::now();
    Ok(PhotoUrl {
        id: photo.id,
        kind: args.kind,
        original_name: photo.file.as_ref().map(|file| printable(&file.original_name)),
        url,
        expires_at: DateTime::<Utc>::from(now.checked_add(args.expires).unwrap_or(now)),
    })
}

/// Originals leave the house: who made the links, and how long they work.
async fn note(app: &App, args: &UrlArgs, selection: &super::select::Selection, urls: &[PhotoUrl]) -> Result<()> {
    let ids: Vec<PhotoId> = urls.iter().map(|url| url.id).collect();
    let seconds = i64::try_from(args.expires.as_secs()).ok();
    let fields = Fields::new().plain("kind", None, Some(args.kind.as_str())).number("expires_seconds", None, seconds);
    let mut tx = app.db().await?.begin().await?;
    audit::append(&mut tx, &app.author(), &bulk(Action::Link, selection, &ids).fields(fields)).await?;
    tx.commit().await
}
