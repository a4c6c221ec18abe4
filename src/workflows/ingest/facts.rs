//! What the database keeps about a file, from what imaging read in it.

use std::ffi::OsStr;

use chrono::{DateTime, Duration, TimeZone, Utc};
use chrono_tz::Tz;

use crate::db::photos::record::FileFacts;
use crate::imaging::{Captured, Probe};
use crate::model::digest::Sha256;
use crate::model::text;

/// Facts of a file. The place where a photo was taken is kept only where the project allows it.
#[must_use]
pub fn of(name: &OsStr, sha256: Sha256, size_bytes: u64, probe: &Probe, zone: Tz, keep_gps: bool) -> FileFacts {
    let raw = name.as_encoded_bytes();
    let metadata = &probe.metadata;
    let size = probe.upright_size();
    FileFacts {
        sha256,
        size_bytes,
        original_name: text::bytes(raw),
        original_name_raw: std::str::from_utf8(raw).is_err().then(|| raw.to_vec()),
        format: probe.format.as_str(),
        width: size.map(|(width, _)| width),
        height: size.map(|(_, height)| height),
        orientation: probe.picture.as_ref().map(|picture| picture.orientation.exif()),
        captured_at: metadata.captured.and_then(|captured| captured_utc(captured, zone)),
        captured_offset_minutes: metadata.captured.and_then(|captured| captured.offset_minutes),
        camera_make: metadata.camera_make.clone(),
        camera_model: metadata.camera_model.clone(),
        camera_serial: metadata.camera_serial.clone(),
        lens: metadata.lens.clone(),
        place: metadata.gps.filter(|_| keep_gps).map(|gps| (gps.latitude, gps.longitude)),
    }
}

/// The moment of the shot. Without an offset the camera's clock is taken to show `zone`'s time; of a time that a
/// clock change doubles the first is taken, of one that it skips the moment that many minutes later.
#[must_use]
pub fn captured_utc(captured: Captured, zone: Tz) -> Option<DateTime<Utc>> {
    if let Some(offset) = captured.offset_minutes {
        return captured.at.checked_sub_signed(Duration::minutes(i64::from(offset))).map(|time| time.and_utc());
    }
    let local = zone.from_local_datetime(&captured.at).earliest();
    let local = local.or_else(|| zone.from_local_datetime(&(captured.at + Duration::hours(1))).earliest());
    local.map(|time| time.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;

    use super::*;

    #[test]
    fn the_cameras_offset_wins_over_the_projects_zone() {
        let at = NaiveDate::from_ymd_opt(2026, 6, 1).and_then(|day| day.and_hms_opt(14, 0, 0)).expect("a time");
        let utc = |offset_minutes| {
            captured_utc(Captured { at, offset_minutes }, Tz::Europe__Berlin).map(|time| time.to_rfc3339())
        };
        assert_eq!(utc(None).as_deref(), Some("2026-06-01T12:00:00+00:00"));
        assert_eq!(utc(Some(-180)).as_deref(), Some("2026-06-01T17:00:00+00:00"));
        let skipped = NaiveDate::from_ymd_opt(2026, 3, 29).and_then(|day| day.and_hms_opt(2, 30, 0)).expect("a time");
        assert!(captured_utc(Captured { at: skipped, offset_minutes: None }, Tz::Europe__Berlin).is_some());
    }
}
