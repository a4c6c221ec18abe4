//! `photos list`

use super::select::PhotoSelectArgs;
use crate::app::App;
use crate::db::photos::filter::Presence;
use crate::db::photos::list::{self, Cursor, ListPage, ListedPhoto, Sort, SortKey};
use crate::error::Result;
use crate::model::text::{count, size};
use crate::model::time;
use crate::ui::{Done, Finished, Row};

/// What a list holds at most where nothing is said: the photos of a large event.
const LIMIT: u32 = 10_000;

#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    pub photos: PhotoSelectArgs,
    /// Only photos that were deleted
    #[arg(long, help_heading = "Which photos")]
    pub deleted: bool,
    /// Order: uploaded, captured, name or size; with - in front the last comes first [default: -uploaded]
    #[arg(long, value_name = "KEY", allow_hyphen_values = true, value_parser = parse_sort)]
    pub sort: Option<Sort>,
    /// The last comes first
    #[arg(long)]
    pub desc: bool,
    /// Show so many at most
    #[arg(long, value_name = "N", default_value_t = LIMIT, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub limit: u32,
    /// Go on where a list was cut: the word that stood at its end
    #[arg(long, value_name = "CURSOR")]
    pub after: Option<Cursor>,
}

pub async fn run(app: &App, args: ListArgs) -> Finished {
    let selection = args.photos.resolve(app).await?;
    for (_, error) in &selection.missing {
        app.ui.warn(error.message());
    }
    let mut filter = selection.filter.clone();
    if args.deleted {
        filter.presence = Presence::Deleted;
    }
    let page = if selection.is_nothing() {
        ListPage { photos: Vec::new(), next: None }
    } else {
        let conn = &mut app.db().await?.conn().await?;
        list::page(conn, &filter, args.order(), args.after.as_ref(), args.limit as usize).await?
    };
    let cut = page.next.as_ref().map(|next| {
        let shown = count(page.photos.len() as u64, "photo");
        format!("Only the first {shown} of this list: go on with the same options and --after {next}")
    });
    app.ui.list(&page.photos, cut.as_deref());
    if page.photos.is_empty() && selection.missing.is_empty() {
        app.ui.note("No photos.");
    }
    match selection.missing.into_iter().next() {
        Some((_, error)) => Err(error),
        None => Ok(Done::OK),
    }
}

impl ListArgs {
    fn order(&self) -> Sort {
        let usual = Sort { key: SortKey::Uploaded, descending: true };
        let mut sort = self.sort.or_else(|| self.after.as_ref().map(Cursor::sort)).unwrap_or(usual);
        sort.descending |= self.desc;
        sort
    }
}

fn parse_sort(text: &str) -> Result<Sort, String> {
    let (descending, word) = match text.strip_prefix('-') {
        Some(word) => (true, word),
        None => (false, text),
    };
    let key = match word {
        "uploaded" => SortKey::Uploaded,
        "captured" => SortKey::Captured,
        "name" => SortKey::Name,
        "size" => SortKey::Size,
        _ => return Err("one of uploaded, captured, name, size, or one of these with - in front".to_owned()),
    };
    Ok(Sort { key, descending })
}

impl Row for ListedPhoto {
    const HEADERS: &'static [&'static str] = &["id", "name", "status", "captured", "pixels", "size", "uploaded"];

    fn cells(&self) -> Vec<String> {
        let zone = self.timezone.parse().unwrap_or(chrono_tz::Tz::UTC);
        let shown = |time| time::for_people(time, zone);
        let state = match (self.deleted_at, self.original_lost_at) {
            (Some(_), _) => format!("{} (deleted)", self.status),
            (None, Some(_)) => format!("{} (original lost)", self.status),
            (None, None) => self.status.clone(),
        };
        vec![
            // Long enough to be unique among millions, and accepted wherever an id is.
            self.id.to_string().chars().take(13).collect(),
            self.original_name.clone().unwrap_or_else(|| self.storage_key.clone()),
            state,
            self.captured_at.map(shown).unwrap_or_default(),
            self.width.zip(self.height).map(|(width, height)| format!("{width}x{height}")).unwrap_or_default(),
            self.size_bytes.and_then(|bytes| u64::try_from(bytes).ok()).map(size).unwrap_or_default(),
            shown(self.uploaded_at),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read() {
        let sort = parse_sort("-captured").expect("an order");
        assert_eq!(sort, Sort { key: SortKey::Captured, descending: true });
        assert!(!parse_sort("name").expect("an order").descending);
        assert!(parse_sort("--name").is_err() && parse_sort("id").is_err());
    }
}
