//! `photos url`

use std::time::{Duration, SystemTime};

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::delete::bulk;
use super::select::PhotoSelectArgs;
use super::work;
use crate::app::App;
use crate::db::photos::select::{self, PhotoRecord, Want};
use crate::db::{Db, audit};
use crate::error::{Error, Exit, Kind, Result};
use crate::model::audit::{Action, Fields};
use crate::model::ids::PhotoId;
use crate::model::status::PhotoObject;
use crate::model::text::{count, printable};
use crate::objects::{StorageKey, Store};
use crate::ui::{Done, Finished, Format, Row};
use crate::workflows::photos::handout::{self, Handout};
use crate::workflows::photos::names;

/// Rows that are fetched at a time.
const CHUNK: usize = 1_000;

#[derive(Debug, clap::Args)]
pub struct UrlArgs {
    #[command(flatten)]
    pub photos: PhotoSelectArgs,
    /// What the link opens; raw is the RAW that was stored beside a JPEG
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
    let (ids, skipped) = work::having(app, args.kind, &selection, ids).await?;
    let mut urls = Vec::with_capacity(ids.len());
    let mut failed: Vec<Error> = Vec::new();
    for chunk in ids.chunks(CHUNK) {
        let records = select::records(&mut *app.db().await?.conn().await?, chunk).await?;
        for photo in &records {
            match links(app.db().await?, store, photo, &args).await {
                Ok(made) => urls.extend(made),
                Err(error) => failed.push(error),
            }
        }
    }
    if skipped > 0 {
        app.ui.note(&format!("{} skipped: no RAW beside them.", count(skipped, "photo")));
    }
    if args.kind.is_camera_file() && !urls.is_empty() {
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

/// One, or one for each RAW that is beside the photo.
async fn links(db: &Db, store: &Store, photo: &PhotoRecord, args: &UrlArgs) -> Result<Vec<PhotoUrl>> {
    let mut urls = Vec::new();
    for object in handout::of(db, photo, args.kind).await? {
        urls.push(link(store, photo, &object, args.expires).await?);
    }
    Ok(urls)
}

async fn link(store: &Store, photo: &PhotoRecord, object: &Handout, expires: Duration) -> Result<PhotoUrl> {
    if object.lost {
        let what = if object.kind == PhotoObject::Raw { "RAW" } else { "original" };
        return Err(Error::new(Kind::NotFound, format!("the {what} of photo {} is lost", photo.id))
            .hint("photoctl photos upload sends it again from the card"));
    }
    let key = StorageKey::foreign(&object.key)?;
    let url = store.presign_get(&key, expires, Some(&names::plain(object))).await?;
    let now = SystemTime::now();
    Ok(PhotoUrl {
        id: photo.id,
        kind: object.kind,
        original_name: photo.file.as_ref().map(|_| printable(&object.name)),
        url,
        expires_at: DateTime::<Utc>::from(now.checked_add(expires).unwrap_or(now)),
    })
}

/// Camera files leave the house: who made the links, and how long they work.
async fn note(app: &App, args: &UrlArgs, selection: &super::select::Selection, urls: &[PhotoUrl]) -> Result<()> {
    let mut ids: Vec<PhotoId> = urls.iter().map(|url| url.id).collect();
    ids.dedup();
    let seconds = i64::try_from(args.expires.as_secs()).ok();
    let fields = Fields::new().plain("kind", None, Some(args.kind.as_str())).number("expires_seconds", None, seconds);
    let mut tx = app.db().await?.begin().await?;
    audit::append(&mut tx, &app.author(), &bulk(Action::Link, selection, &ids).fields(fields)).await?;
    tx.commit().await
}
