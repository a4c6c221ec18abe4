//! `photos show`

use super::select;
use crate::app::App;
use crate::db::photos::show::{self, PhotoDetails};
use crate::error::{Error, Kind, Result};
use crate::model::text::size;
use crate::model::time;
use crate::objects::StorageKey;
use crate::ui::{Done, Finished, Format, Page, Render};

/// A thumbnail of ours has about 30 kB; larger objects are none.
const LARGEST_PICTURE_BYTES: u64 = 4_000_000;

#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The photo: its id, or the first 8 characters of it or more
    #[arg(value_name = "ID")]
    pub id: String,
    /// Do not show the picture itself
    #[arg(long)]
    pub no_picture: bool,
}

pub async fn run(app: &App, args: ShowArgs) -> Finished {
    let photo = {
        let conn = &mut app.db().await?.conn().await?;
        let id = select::one(conn, &args.id).await?;
        show::details(conn, id).await?.ok_or_else(|| Error::new(Kind::NotFound, format!("there is no photo {id}")))?
    };
    if !args.no_picture && app.ui.format() == Format::Human && app.ui.can_show_pictures() {
        // The facts are what was asked for; the picture is an extra.
        if let Err(error) = picture(app, &photo).await {
            app.ui.note(&format!("No picture: {}", error.message()));
        }
    }
    app.ui.show(&photo);
    Ok(Done::OK)
}

async fn picture(app: &App, photo: &PhotoDetails) -> Result<()> {
    let Some(key) = &photo.thumbnail_key else { return Ok(()) };
    let store = app.store().await?;
    let bytes = store.get_bytes(&StorageKey::foreign(key)?, LARGEST_PICTURE_BYTES).await?;
    app.ui.picture(&bytes)
}

impl Render for PhotoDetails {
    fn render(&self, page: &mut Page) {
        let zone = self.timezone.parse().unwrap_or(chrono_tz::Tz::UTC);
        let shown = |time| time::for_people(time, zone);
        let bytes = |bytes: i64| size(u64::try_from(bytes).unwrap_or(0));
        page.heading(self.original_name.as_deref().unwrap_or(&self.storage_key));
        page.field("Id", self.id.to_string());
        page.field("Status", &self.status);
        page.field_if("Deleted", self.deleted_at.map(shown));
        page.field_if("Failed", self.failed_reason.as_ref());
        page.field_if("Original lost", self.original_lost_at.map(shown));
        page.field("Project", format!("{} ({})", self.project_name, self.project_id));
        page.field("Photographer", format!("{} ({})", self.photographer_name, self.photographer_id));
        page.field_if("Captured", self.captured_at.map(shown));
        page.field("Uploaded", shown(self.uploaded_at));
        page.field_if("Pixels", self.width.zip(self.height).map(|(width, height)| format!("{width} x {height}")));
        page.field_if("Camera", camera(self));
        page.field_if("Lens", self.lens.as_ref());
        page.field_if(
            "Place",
            self.latitude.zip(self.longitude).map(|(latitude, longitude)| format!("{latitude:.5}, {longitude:.5}")),
        );
        page.field_if(
            "File",
            self.format.as_ref().zip(self.size_bytes).map(|(kind, n)| format!("{kind}, {}", bytes(n))),
        );
        page.field_if("SHA-256", self.sha256.map(|sha256| sha256.to_string()));
        for name in &self.other_names {
            page.field("Also named", name);
        }
        for companion in &self.companions {
            page.field("RAW beside it", format!("{}, {}", companion.original_name, bytes(companion.size_bytes)));
        }
        page.field("Original", &self.storage_key);
        page.field("Watermarked", object(self.watermarked_key.as_ref(), self.watermarked_size_bytes.map(bytes)));
        page.field("Thumbnail", object(self.thumbnail_key.as_ref(), self.thumbnail_size_bytes.map(bytes)));
        page.field("Tags", tags(self));
        if self.sha256.is_none() {
            page.gap();
            page.line("Its file was not looked at yet: photoctl photos adopt does that.");
        }
    }
}

fn camera(photo: &PhotoDetails) -> Option<String> {
    let name = match (&photo.camera_make, &photo.camera_model) {
        // Many models carry the maker's name already.
        (Some(make), Some(model)) if !model.to_lowercase().starts_with(&make.to_lowercase()) => {
            format!("{make} {model}")
        }
        (_, Some(model)) => model.clone(),
        (Some(make), None) => make.clone(),
        (None, None) => return None,
    };
    Some(match &photo.camera_serial {
        Some(serial) => format!("{name}, serial number {serial}"),
        None => name,
    })
}

fn object(key: Option<&String>, size: Option<String>) -> String {
    match (key, size) {
        (Some(key), Some(size)) => format!("{key} ({size})"),
        (Some(key), None) => key.clone(),
        (None, _) => "not made yet".to_owned(),
    }
}

fn tags(photo: &PhotoDetails) -> String {
    let tags = photo.tags;
    format!("{} confirmed, {} pending, {} rejected", tags.confirmed, tags.pending, tags.rejected)
}
