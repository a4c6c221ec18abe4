//! Whether a value fits a setting that is an event's policy, and its one way of being written.

use super::settings::{self, Setting};
use crate::error::{Error, Result};
use crate::model::consent::Versions;
use crate::model::qr;
use crate::model::text::quoted;

/// Where a watermark may stand.
const POSITIONS: &[&str] = &["tiled", "center", "top-left", "top-right", "bottom-left", "bottom-right"];

/// Longest text of a watermark, in characters: more can not be read on a picture.
const WATERMARK_MOST: usize = 200;

/// `text` as a project's setting is stored.
///
/// # Errors
/// A sentence when it does not fit.
pub fn canonical(setting: &Setting, text: &str) -> Result<String> {
    let text = text.trim();
    let wrong = |expected: &str| {
        Error::invalid(format!("{} is no value for {}: expected {expected}", quoted(text), setting.key))
            .hint(format!("{}: {}", setting.key, setting.about))
    };
    if text.chars().any(char::is_control) {
        return Err(wrong("a text without control characters"));
    }
    let number = |least: u32, most: u32| {
        text.parse::<u32>()
            .ok()
            .filter(|number| (least..=most).contains(number))
            .map(|number| number.to_string())
            .ok_or_else(|| wrong(&format!("a whole number from {least} to {most}")))
    };
    match setting.key {
        key if [settings::KEEP_GPS, settings::INDEX_ON_UPLOAD, settings::KEEP_SELFIE_ORIGINALS]
            .iter()
            .any(|flag| flag.key == key) =>
        {
            yes_or_no(text).map(|yes| yes.to_string()).ok_or_else(|| wrong("true or false"))
        }
        key if [settings::MATCH_CONFIRM, settings::MATCH_REVIEW, settings::MATCH_MARGIN]
            .iter()
            .any(|share| share.key == key) =>
        {
            let inside = text.parse::<f32>().is_ok_and(|share| (0.0..=1.0).contains(&share));
            if inside { Ok(text.to_owned()) } else { Err(wrong("a number from 0 to 1")) }
        }
        key if key == settings::MATCH_CONTEXT.key => match context_seconds(text) {
            Some(None) => Ok("off".to_owned()),
            Some(Some(seconds)) => Ok(format!("{seconds}s")),
            None => Err(wrong("off, or whole seconds from 1s to 60s")),
        },
        key if key == settings::RETAIN_PHOTO_FACES.key => match text.to_ascii_lowercase().as_str() {
            "never" => Ok("never".to_owned()),
            _ => humantime::parse_duration(text)
                .map(|_| text.to_owned())
                .map_err(|_| wrong("a length of time such as 30d, or never")),
        },
        key if key == settings::PREVIEW_SIZE.key => number(64, 16_384),
        key if key == settings::THUMBNAIL_SIZE.key => number(16, 4_096),
        key if key == settings::PREVIEW_QUALITY.key => number(1, 100),
        key if key == settings::WATERMARK_POSITION.key => {
            let lower = text.to_ascii_lowercase();
            if POSITIONS.contains(&lower.as_str()) { Ok(lower) } else { Err(wrong(&POSITIONS.join(", "))) }
        }
        key if key == settings::WATERMARK_OPACITY.key => {
            let inside = text.parse::<f32>().is_ok_and(|opacity| (0.0..=1.0).contains(&opacity));
            if inside { Ok(text.to_owned()) } else { Err(wrong("a number from 0 to 1")) }
        }
        key if key == settings::WATERMARK.key => {
            let fits = !text.is_empty() && text.chars().count() <= WATERMARK_MOST;
            if fits { Ok(text.to_owned()) } else { Err(wrong("a text of 1 to 200 characters, or none")) }
        }
        key if key == settings::QR_URL_TEMPLATE.key => {
            qr::check_template(text).map(|()| text.to_owned()).map_err(&wrong)
        }
        key if key == settings::CONSENT_VERSIONS.key => Versions::canonical(text)
            .map_err(|error| wrong(&format!("any, or versions with commas: {}", error.message()))),
        _ if text.is_empty() => Err(wrong("a value")),
        _ => Ok(text.to_owned()),
    }
}

/// The value of `match_context`: `Some(None)` is off, `None` no value at all.
#[must_use]
pub fn context_seconds(text: &str) -> Option<Option<u32>> {
    if yes_or_no(text) == Some(false) {
        return Some(None);
    }
    let time = humantime::parse_duration(text.trim()).ok()?;
    let seconds = u32::try_from(time.as_secs()).ok().filter(|seconds| (1..=60).contains(seconds))?;
    (time.subsec_nanos() == 0).then_some(Some(seconds))
}

/// Yes or no in any of the ways that people write it.
#[must_use]
pub fn yes_or_no(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Whether two values mean the same: `no` is `false`.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    match (yes_or_no(a), yes_or_no(b)) {
        (Some(a), Some(b)) => a == b,
        _ => a.trim() == b.trim(),
    }
}

/// Whether `value` is the strictest there is of a privacy setting, or guards better than `than`.
#[must_use]
pub fn is_stricter(setting: &Setting, strict: &str, value: &str, than: &str) -> bool {
    if same(value, strict) {
        return true;
    }
    if setting.key != settings::RETAIN_PHOTO_FACES.key || same(than, strict) {
        return false;
    }
    match (humantime::parse_duration(value.trim()), humantime::parse_duration(than.trim())) {
        (Ok(value), Ok(than)) => value < than,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_checked_and_written_in_one_way() {
        assert_eq!(canonical(settings::KEEP_GPS, "Yes").expect("flag"), "true");
        assert_eq!(canonical(settings::PREVIEW_SIZE, "02048").expect("size"), "2048");
        assert_eq!(canonical(settings::WATERMARK_POSITION, "Tiled").expect("position"), "tiled");
        assert_eq!(canonical(settings::WATERMARK_OPACITY, "0.5").expect("opacity"), "0.5");
        assert_eq!(canonical(settings::MATCH_CONTEXT, "No").expect("context"), "off");
        assert_eq!(canonical(settings::MATCH_CONTEXT, "1m").expect("context"), "60s");
        for (setting, bad) in [
            (settings::KEEP_GPS, "maybe"),
            (settings::PREVIEW_SIZE, "0"),
            (settings::PREVIEW_QUALITY, "101"),
            (settings::WATERMARK_OPACITY, "NaN"),
            (settings::WATERMARK_OPACITY, "1.5"),
            (settings::WATERMARK_POSITION, "left"),
            (settings::WATERMARK, ""),
            (settings::WATERMARK, "a\nb"),
            (settings::QR_URL_TEMPLATE, "https://example.org/join"),
            (settings::QR_URL_TEMPLATE, "{token}"),
            (settings::CONSENT_VERSIONS, "1,"),
            (settings::MATCH_CONTEXT, "0s"),
            (settings::MATCH_CONTEXT, "2m"),
            (settings::MATCH_CONTEXT, "on"),
            (settings::MATCH_CONTEXT, "1500ms"),
            (settings::CONSENT_VERSIONS, "1,any"),
            (settings::MATCH_CONFIRM, "45"),
            (settings::INDEX_ON_UPLOAD, "perhaps"),
            (settings::RETAIN_PHOTO_FACES, "forever"),
        ] {
            assert!(canonical(setting, bad).is_err(), "{} = {bad}", setting.key);
        }
    }

    fn gps(local: Option<&str>, project: Option<&str>) -> bool {
        let mut sources = crate::config::Sources::default();
        if let Some(local) = local {
            sources.environment.insert("PHOTOCTL_KEEP_GPS".to_owned(), local.to_owned());
        }
        let config = crate::config::Config::load(&sources).expect("configuration");
        let config = config.for_project(project.map(|value| (settings::KEEP_GPS.key, value)));
        config.flag(settings::KEEP_GPS).expect("flag")
    }

    #[test]
    fn privacy_is_tightened_locally_and_never_loosened() {
        assert!(gps(None, Some("true")));
        assert!(gps(Some("true"), Some("true")));
        assert!(!gps(Some("no"), Some("true")), "tightened, whatever the spelling");
        assert!(!gps(Some("yes"), Some("false")));
        assert!(!gps(Some("yes"), None), "no project's word for it");
    }

    #[test]
    fn the_shorter_time_is_the_stricter() {
        let retain = |local: &str, project: Option<&str>| {
            let mut sources = crate::config::Sources::default();
            sources.environment.insert("PHOTOCTL_RETAIN_PHOTO_FACES".to_owned(), local.to_owned());
            let config = crate::config::Config::load(&sources).expect("configuration");
            let config = config.for_project(project.map(|value| (settings::RETAIN_PHOTO_FACES.key, value)));
            config.get(settings::RETAIN_PHOTO_FACES).expect("a value").to_owned()
        };
        assert_eq!(retain("7d", Some("30d")), "7d");
        assert_eq!(retain("7d", None), "7d");
        assert_eq!(retain("90d", None), "30d");
        assert_eq!(retain("90d", Some("60d")), "60d");
        assert_eq!(retain("7d", Some("never")), "never");
        assert_eq!(retain("never", Some("1y")), "never");
    }
}
