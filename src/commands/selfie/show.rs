//! `selfie show`

use chrono_tz::Tz;
use clap::Args;

use super::select;
use crate::app::App;
use crate::error::Result;
use crate::model::face::FaceQuality;
use crate::model::selfie::{Selfie, SelfieFacts};
use crate::model::time::for_people;
use crate::objects::StorageKey;
use crate::ui::{Done, Finished, Format, Page, Render};

/// A selfie of ours has about 1 MB.
const LARGEST_PICTURE_BYTES: u64 = 16_000_000;

#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The selfie: its id, or the first 8 characters of it or more
    #[arg(value_name = "ID")]
    pub id: String,
    /// Do not show the picture itself
    #[arg(long)]
    pub no_picture: bool,
}

pub async fn run(app: &App, args: ShowArgs) -> Finished {
    let selfie = select::one(&mut *app.db().await?.conn().await?, &args.id).await?;
    let wanted = !args.no_picture && selfie.deleted_at.is_none();
    if wanted && app.ui.format() == Format::Human && app.ui.can_show_pictures() {
        // The facts are what was asked for; the picture is an extra.
        if let Err(error) = picture(app, &selfie).await {
            app.ui.note(&format!("No picture: {}", error.message()));
        }
    }
    app.ui.show(&selfie);
    Ok(Done::OK)
}

async fn picture(app: &App, selfie: &Selfie) -> Result<()> {
    let store = app.store().await?;
    let bytes = store.get_bytes(&StorageKey::foreign(&selfie.storage_key)?, LARGEST_PICTURE_BYTES).await?;
    app.ui.picture(&bytes)
}

impl Render for Selfie {
    fn render(&self, page: &mut Page) {
        page.heading(&self.user);
        page.field("Id", self.id.to_string());
        page.field("Email", &self.email);
        page.field("Status", &self.status);
        page.field_if("Reason", self.reason.as_ref());
        page.field_if("Deleted", self.deleted_at.map(|at| for_people(at, Tz::UTC)));
        page.field("Compared", if self.has_vector { "yes" } else { "no: it has no vector" });
        page.field("Created", for_people(self.created_at, Tz::UTC));
        page.field("Picture", &self.storage_key);
        page.field_if("Quality", self.quality_score.map(|score| format!("{score:.1}")));
        match &self.facts {
            Some(facts) => facts_of(page, facts),
            None => page.line("Nobody has judged it here yet: photoctl selfie enroll --pending does that."),
        }
    }
}

fn facts_of(page: &mut Page, facts: &SelfieFacts) {
    page.field_if("File", facts.file_name.as_ref());
    page.field_if("Kept as given", facts.original_key.as_ref());
    page.field_if("Pixels", facts.width.zip(facts.height).map(|(width, height)| format!("{width} x {height}")));
    page.field("Judged", for_people(facts.judged_at, Tz::UTC));
    page.field("By", format!("{} ({})", facts.engine, facts.model));
    if !facts.allowed.is_empty() {
        page.field("Let pass", facts.allowed.join(", "));
    }
    if let Some(face) = &facts.face {
        quality(page, &face.quality);
    }
}

/// The figures that the gates look at.
pub(super) fn quality(page: &mut Page, quality: &FaceQuality) {
    page.field("Face", format!("{:.0} px wide, confidence {:.2}", quality.width_px, quality.score));
    page.field("Sharpness", format!("{:.0}", quality.sharpness));
    page.field("Brightness", format!("{:.0} of 255", quality.luma));
    page.field("Pose", format!("yaw {:.2}, pitch {:.2}, roll {:.0} degrees", quality.yaw, quality.pitch, quality.roll));
}
