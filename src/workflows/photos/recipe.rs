//! How a project's derivatives are to look, from its settings.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use chrono::Datelike;

use crate::config::{Config, Setting, settings};
use crate::error::{Error, Result};
use crate::imaging::watermark::expand;
use crate::imaging::{Mark, Placement, Recipe, Watermark};
use crate::model::project::Project;
use crate::model::text::printable;

/// Largest file that is read as a watermark, in bytes.
const LARGEST_MARK_BYTES: u64 = 8 * 1024 * 1024;

/// The recipe of a project's photos by one photographer. `config` is the project's (see
/// [`crate::workflows::setup::settings::of_project`]). `{year}` is that of the event, so that it stays the same.
///
/// # Errors
/// When a setting of the watermark can not be used.
pub fn of(config: &Config, project: &Project, photographer: &str) -> Result<Recipe> {
    let usual = Recipe::default();
    let quality = number(config, settings::PREVIEW_QUALITY, usual.preview_quality)?;
    Ok(Recipe {
        preview_px: number(config, settings::PREVIEW_SIZE, usual.preview_px)?,
        thumbnail_px: number(config, settings::THUMBNAIL_SIZE, usual.thumbnail_px)?,
        preview_quality: quality,
        watermark: watermark(config, project, photographer)?,
        ..usual
    })
}

fn number<T: FromStr>(config: &Config, setting: &Setting, usual: T) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    Ok(config.parse(setting)?.unwrap_or(usual))
}

fn watermark(config: &Config, project: &Project, photographer: &str) -> Result<Option<Watermark>> {
    let usual = Watermark::default();
    let mark = match config.get(settings::WATERMARK_IMAGE) {
        Some(path) => Mark::Png(read_mark(Path::new(path))?),
        None => {
            let template = config.get(settings::WATERMARK).unwrap_or("none");
            if template.eq_ignore_ascii_case("none") {
                return Ok(None);
            }
            let year = project.start_at.unwrap_or(project.created_at).with_timezone(&project.zone()).year();
            Mark::Text(expand(template, &project.name, photographer, year)?)
        }
    };
    let placement = match config.get(settings::WATERMARK_POSITION) {
        Some(word) => Placement::from_str(word).map_err(Error::invalid)?,
        None => Placement::default(),
    };
    let watermark =
        Watermark { mark, placement, opacity: number(config, settings::WATERMARK_OPACITY, usual.opacity)?, ..usual };
    watermark.check()?;
    Ok(Some(watermark))
}

fn read_mark(path: &Path) -> Result<Arc<[u8]>> {
    let size = std::fs::metadata(path).map_err(|error| Error::io("read the watermark", path, error))?.len();
    if size > LARGEST_MARK_BYTES {
        return Err(Error::invalid(format!(
            "the watermark {} is larger than 8 MiB",
            printable(&path.to_string_lossy())
        )));
    }
    Ok(std::fs::read(path).map_err(|error| Error::io("read the watermark", path, error))?.into())
}
