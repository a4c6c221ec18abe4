//! What the camera wrote about a shot (CIPA DC-008, Exif 3.0). Broken parts are missing, never an error.

use chrono::{NaiveDate, NaiveDateTime};

use super::error::ImagingError;
use super::orientation::Orientation;
use super::tiff::{Table, Tiff};

/// Longest text that is kept, in characters.
const MAX_CHARS: usize = 128;

const MAKE: u16 = 0x010f;
const MODEL: u16 = 0x0110;
const ORIENTATION: u16 = 0x0112;
pub(super) const EXIF_TABLE: u16 = 0x8769;
pub(super) const GPS_TABLE: u16 = 0x8825;
const DATE_TIME_ORIGINAL: u16 = 0x9003;
const DATE_TIME_DIGITIZED: u16 = 0x9004;
const OFFSET_TIME: u16 = 0x9010;
const OFFSET_TIME_ORIGINAL: u16 = 0x9011;
const OFFSET_TIME_DIGITIZED: u16 = 0x9012;
const SUB_SEC_TIME_ORIGINAL: u16 = 0x9291;
const SUB_SEC_TIME_DIGITIZED: u16 = 0x9292;
const PIXEL_WIDTH: u16 = 0xa002;
const PIXEL_HEIGHT: u16 = 0xa003;
const INTEROPERABILITY_TABLE: u16 = 0xa005;
const BODY_SERIAL: u16 = 0xa431;
const LENS_MODEL: u16 = 0xa434;
/// DNG 1.7: the camera's serial number in the first table.
const DNG_SERIAL: u16 = 0xc62f;

/// When the shutter opened, as the camera's clock had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Captured {
    /// The camera's wall clock, with fractions of a second where it wrote them.
    pub at: NaiveDateTime,
    /// Minutes east of UTC, where the camera wrote them.
    pub offset_minutes: Option<i16>,
}

/// A place on earth in degrees (WGS 84), north and east positive.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gps {
    pub latitude: f64,
    pub longitude: f64,
}

/// Facts from the camera. Texts are trimmed, free of control characters and at most 128 characters long.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    pub captured: Option<Captured>,
    pub camera_make: Option<String>,
    pub camera_model: Option<String>,
    pub camera_serial: Option<String>,
    pub lens: Option<String>,
    pub orientation: Option<Orientation>,
    pub gps: Option<Gps>,
    /// The size that the camera says the picture has, in stored pixels.
    pub pixels: Option<(u32, u32)>,
    /// The colours are Adobe RGB's, said by name only (the "R03" of DCF 2.0).
    pub(super) adobe_rgb: bool,
}

impl Metadata {
    /// Reads everything that hangs on the first table of a structure.
    pub(super) fn read(tiff: &mut Tiff) -> Result<Self, ImagingError> {
        let mut found = Self::default();
        if let Some(first) = tiff.first()? {
            found.read_first(tiff, &first)?;
            for (tag, reader) in
                [(EXIF_TABLE, Self::read_exif as fn(&mut Self, &mut Tiff, &Table) -> _), (GPS_TABLE, Self::read_gps)]
            {
                let Some(offset) = tiff.value(&first, tag)? else { continue };
                if let Some(table) = tiff.table(offset)? {
                    reader(&mut found, tiff, &table)?;
                }
            }
        }
        Ok(found)
    }

    pub(super) fn read_first(&mut self, tiff: &mut Tiff, table: &Table) -> Result<(), ImagingError> {
        self.camera_make = text(tiff, table, MAKE)?;
        self.camera_model = text(tiff, table, MODEL)?;
        self.camera_serial = text(tiff, table, DNG_SERIAL)?;
        self.orientation = tiff.value(table, ORIENTATION)?.and_then(Orientation::from_exif);
        Ok(())
    }

    pub(super) fn read_exif(&mut self, tiff: &mut Tiff, table: &Table) -> Result<(), ImagingError> {
        self.captured = captured(tiff, table)?;
        self.lens = text(tiff, table, LENS_MODEL)?;
        if let Some(serial) = text(tiff, table, BODY_SERIAL)? {
            self.camera_serial = Some(serial);
        }
        let (width, height) = (tiff.value(table, PIXEL_WIDTH)?, tiff.value(table, PIXEL_HEIGHT)?);
        self.pixels = width.zip(height).filter(|&(width, height)| width > 0 && height > 0);
        if let Some(offset) = tiff.value(table, INTEROPERABILITY_TABLE)?
            && let Some(table) = tiff.table(offset)?
        {
            self.adobe_rgb = text(tiff, &table, 1)?.as_deref() == Some("R03");
        }
        Ok(())
    }

    pub(super) fn read_gps(&mut self, tiff: &mut Tiff, table: &Table) -> Result<(), ImagingError> {
        let latitude = degrees(tiff, table, 1, 2, b'S', 90.0)?;
        let longitude = degrees(tiff, table, 3, 4, b'W', 180.0)?;
        self.gps = latitude.zip(longitude).map(|(latitude, longitude)| Gps { latitude, longitude });
        // Receivers without a fix write zeros.
        self.gps = self.gps.filter(|gps| gps.latitude != 0.0 || gps.longitude != 0.0);
        Ok(())
    }

    /// Takes from `other` what is missing here.
    pub(super) fn fill_from(&mut self, other: Metadata) {
        fn fill<T>(mine: &mut Option<T>, theirs: Option<T>) {
            if mine.is_none() {
                *mine = theirs;
            }
        }
        fill(&mut self.captured, other.captured);
        fill(&mut self.camera_make, other.camera_make);
        fill(&mut self.camera_model, other.camera_model);
        fill(&mut self.camera_serial, other.camera_serial);
        fill(&mut self.lens, other.lens);
        fill(&mut self.orientation, other.orientation);
        fill(&mut self.gps, other.gps);
        fill(&mut self.pixels, other.pixels);
        self.adobe_rgb |= other.adobe_rgb;
    }
}

fn text(tiff: &mut Tiff, table: &Table, tag: u16) -> Result<Option<String>, ImagingError> {
    let Some(entry) = table.find(tag) else { return Ok(None) };
    let bytes = tiff.text(entry)?;
    // Exif texts are ASCII, newer cameras write UTF-8.
    let text: String = String::from_utf8_lossy(&bytes)
        .chars()
        .filter(|c| !c.is_control() && *c != '\u{fffd}')
        .take(MAX_CHARS)
        .collect();
    let text = text.trim();
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn captured(tiff: &mut Tiff, table: &Table) -> Result<Option<Captured>, ImagingError> {
    for (tag, fraction, offset) in [
        (DATE_TIME_ORIGINAL, SUB_SEC_TIME_ORIGINAL, OFFSET_TIME_ORIGINAL),
        (DATE_TIME_DIGITIZED, SUB_SEC_TIME_DIGITIZED, OFFSET_TIME_DIGITIZED),
    ] {
        let Some(time) = text(tiff, table, tag)? else { continue };
        let fraction = text(tiff, table, fraction)?;
        let Some(at) = parse_time(&time, fraction.as_deref()) else { continue };
        let mut offset_minutes = text(tiff, table, offset)?.as_deref().and_then(parse_offset);
        if offset_minutes.is_none() {
            offset_minutes = text(tiff, table, OFFSET_TIME)?.as_deref().and_then(parse_offset);
        }
        return Ok(Some(Captured { at, offset_minutes }));
    }
    Ok(None)
}

/// `2026:06:01 14:00:05`, with the digits after the decimal point in a tag of their own.
fn parse_time(text: &str, fraction: Option<&str>) -> Option<NaiveDateTime> {
    let mut numbers = text.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().ok());
    let mut next = || numbers.next().flatten();
    let (year, month, day, hour, minute, second) = (next()?, next()?, next()?, next()?, next()?, next()?);
    let digits: String = fraction.unwrap_or("").chars().take_while(char::is_ascii_digit).take(9).collect();
    let nanos = format!("{digits:0<9}").parse().ok()?;
    let date = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
    // Before digital cameras: a clock that was never set.
    (1970..=9999).contains(&year).then_some(date)?.and_hms_nano_opt(hour, minute, second, nanos)
}

/// `+02:00`, `-09:30` or `Z`, as minutes.
fn parse_offset(text: &str) -> Option<i16> {
    if text == "Z" {
        return Some(0);
    }
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (hours.parse::<i16>().ok()?, minutes.parse::<i16>().ok()?);
    ((0..=14).contains(&hours) && (0..60).contains(&minutes)).then(|| sign * (hours * 60 + minutes))
}

fn degrees(
    tiff: &mut Tiff,
    table: &Table,
    reference: u16,
    value: u16,
    negative: u8,
    limit: f64,
) -> Result<Option<f64>, ImagingError> {
    let (Some(reference), Some(value)) = (table.find(reference), table.find(value)) else { return Ok(None) };
    let sign = match tiff.text(reference)?.first() {
        Some(letter) if letter.to_ascii_uppercase() == negative => -1.0,
        Some(_) => 1.0,
        None => return Ok(None),
    };
    let mut sum = 0.0;
    for (index, part) in [(0, 1.0), (1, 60.0), (2, 3600.0)] {
        // Some write degrees with a fraction and leave the rest away.
        match tiff.rational(value, index)? {
            Some(number) => sum += number / part,
            None if index == 0 => return Ok(None),
            None => {}
        }
    }
    Ok((sum <= limit).then_some(sign * sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_offsets() {
        let at = |text, fraction| parse_time(text, fraction).map(|time| time.to_string());
        assert_eq!(at("2026:06:01 14:00:05", Some("07")).as_deref(), Some("2026-06-01 14:00:05.070"));
        assert_eq!(at("2026-06-01T14:00:05", None).as_deref(), Some("2026-06-01 14:00:05"));
        assert_eq!(at("0000:00:00 00:00:00", None), None);
        assert_eq!(at("    :  :     :  :  ", None), None);
        assert_eq!(at("2026:02:30 14:00:05", None), None);
        assert_eq!(parse_offset("+05:30"), Some(330));
        assert_eq!(parse_offset("-03:00"), Some(-180));
        assert_eq!(parse_offset("+99:00"), None);
        assert_eq!(parse_offset(""), None);
        assert_eq!(parse_offset("é0:00"), None);
    }
}
