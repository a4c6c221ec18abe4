//! `photos download`

use std::path::PathBuf;
use std::time::Instant;

use serde::Serialize;

use super::report::{self, Counts};
use super::select::PhotoSelectArgs;
use super::work;
use crate::app::App;
use crate::db::photos::select::Want;
use crate::error::Error;
use crate::model::audit::{Action, Fields};
use crate::model::status::PhotoObject;
use crate::model::text::{self, count, size};
use crate::ui::{Finished, Page};
use crate::workflows::photos::download::Downloader;

#[derive(Debug, clap::Args)]
pub struct DownloadArgs {
    #[command(flatten)]
    pub photos: PhotoSelectArgs,
    /// What to write; raw is the RAW that was stored beside a JPEG
    #[arg(long, value_enum, value_name = "KIND", default_value = "watermarked")]
    pub kind: PhotoObject,
    /// Folder to write into; it is made if it is not there
    #[arg(long, value_name = "DIR")]
    pub dir: PathBuf,
    /// Show exactly what would be done, and do nothing
    #[arg(long)]
    pub dry_run: bool,
}

#[derive(Debug, Serialize)]
struct DownloadCounts {
    found: u64,
    /// With a dry run: would be.
    downloaded: u64,
    /// The same file was there.
    already_present: u64,
    /// Photos without a RAW beside them, where RAWs are asked for.
    skipped: u64,
    bytes_downloaded: u64,
    dir: String,
    kind: PhotoObject,
}

pub async fn run(app: &App, args: DownloadArgs) -> Finished {
    let begun = Instant::now();
    work::require_selection(app, &args.photos, "download")?;
    let store = app.store().await?;
    let mut selection = args.photos.resolve(app).await?;
    let ids = selection.live_ids(app, Want::All).await?;
    let found = ids.len() as u64;
    let (ids, skipped) = work::having(app, args.kind, &selection, ids).await?;
    app.ui.target(&app.target(true));
    if !args.dry_run {
        std::fs::create_dir_all(&args.dir).map_err(|error| Error::io("make the folder", &args.dir, error))?;
        if args.kind.is_camera_file() {
            // Noted before: whatever ends the run, what left the house is in the log.
            let fields = Fields::new().plain("kind", None, Some(args.kind.as_str()));
            work::note(app, Action::Download, &selection, &ids, fields).await?;
        }
    }
    let job = work::job(app, "downloading").await?;
    let downloader = &Downloader::new(job.db.clone(), store.clone(), args.dir.clone(), args.kind);
    let mut counts = DownloadCounts {
        found,
        downloaded: 0,
        already_present: 0,
        skipped,
        bytes_downloaded: 0,
        dir: text::path(&args.dir),
        kind: args.kind,
    };
    let work = |photo| async move { downloader.fetch(&photo, args.dry_run).await };
    let mut ended = job
        .run(&ids, work, |_, fetched| {
            counts.downloaded += fetched.written;
            counts.already_present += fetched.present;
            counts.bytes_downloaded += fetched.written_bytes;
        })
        .await?;
    job.progress.finish();
    for (word, error) in &selection.missing {
        ended.fail(word, error);
    }
    report::finish(app, args.dry_run, true, begun, counts, ended)
}

impl Counts for DownloadCounts {
    fn render(&self, dry_run: bool, page: &mut Page) {
        let verb = if dry_run { "would be written" } else { "written" };
        page.heading(format!(
            "{} ({}) {verb} to {}",
            count(self.downloaded, "file"),
            size(self.bytes_downloaded),
            self.dir
        ));
        if self.already_present > 0 {
            page.line(format!("{} were there already", count(self.already_present, "file")));
        }
        if self.skipped > 0 {
            page.line(format!("{} skipped: no RAW beside them", count(self.skipped, "photo")));
        }
    }
}
