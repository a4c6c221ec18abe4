//! Times: UTC inside, the project's zone for people, RFC 3339 in json.

use chrono::{DateTime, Datelike, Duration, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

use crate::error::{Error, Result};

/// Which end of a range a bare date stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Edge {
    /// `2026-06-01` is its first moment.
    Start,
    /// `2026-06-01` includes the whole day: the first moment of the next one.
    End,
}

/// Reads a time as people type it: `2026-06-01`, `2026-06-01 14:00[:05]`, `2026-06-01T14:00`, RFC 3339 with an
/// offset, or a span back from `now` (`3d`, `90min`). Without an offset it is a time in `zone`.
///
/// # Errors
/// A sentence when it is none of these, or when a clock change in `zone` skips or doubles it.
pub fn parse(text: &str, zone: Tz, edge: Edge, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.with_timezone(&Utc));
    }
    for format in ["%Y-%m-%d %H:%M:%S%.f%:z", "%Y-%m-%d %H:%M%:z", "%Y-%m-%dT%H:%M%:z"] {
        if let Ok(time) = DateTime::parse_from_str(text, format) {
            return Ok(time.with_timezone(&Utc));
        }
    }
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let day = match edge {
            Edge::Start => Some(date),
            Edge::End => date.succ_opt(),
        };
        let day = day.ok_or_else(|| not_a_time(text))?;
        // A day that begins inside a clock change begins at its first real moment.
        return first_moment(day, zone).ok_or_else(|| not_a_time(text));
    }
    for format in ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"] {
        if let Ok(time) = NaiveDateTime::parse_from_str(text, format) {
            return local(time, zone);
        }
    }
    if text.starts_with(|c: char| c.is_ascii_digit())
        && let Ok(span) = humantime::parse_duration(text)
        && let Ok(span) = Duration::from_std(span)
        && let Some(time) = now.checked_sub_signed(span)
    {
        return Ok(time);
    }
    Err(not_a_time(text))
}

/// As [`parse`], for a moment that lies ahead: a bare date includes its day, and a span counts from `now` on.
///
/// # Errors
/// As [`parse`].
pub fn parse_ahead(text: &str, zone: Tz, now: DateTime<Utc>) -> Result<DateTime<Utc>> {
    if text.trim().starts_with(|c: char| c.is_ascii_digit())
        && let Ok(span) = humantime::parse_duration(text.trim())
    {
        let ahead = Duration::from_std(span).ok().and_then(|span| now.checked_add_signed(span));
        return ahead
            // The year has four digits in every form that people and programs read.
            .filter(|time| time.year() <= 9_999)
            .ok_or_else(|| Error::invalid(format!("{:?} from now is too far ahead", super::text::printable(text))));
    }
    parse(text, zone, Edge::End, now)
}

/// A wall-clock time in `zone` as UTC.
///
/// # Errors
/// When a clock change skips or doubles that time: the sentence says which, and the offsets to choose from.
pub fn local(time: NaiveDateTime, zone: Tz) -> Result<DateTime<Utc>> {
    match zone.from_local_datetime(&time) {
        LocalResult::Single(time) => Ok(time.with_timezone(&Utc)),
        LocalResult::Ambiguous(first, second) => Err(Error::invalid(format!(
            "{} happens twice in {zone}: the clocks are set back then",
            time.format("%Y-%m-%d %H:%M")
        ))
        .hint(format!(
            "say which: {} or {}",
            first.format("%Y-%m-%dT%H:%M%:z"),
            second.format("%Y-%m-%dT%H:%M%:z")
        ))),
        LocalResult::None => Err(Error::invalid(format!(
            "{} does not exist in {zone}: the clocks are set forward over it",
            time.format("%Y-%m-%d %H:%M")
        ))
        .hint("give a time before or after the change, or one with an offset (2026-03-29T03:00+02:00)")),
    }
}

fn first_moment(date: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let midnight = date.and_time(NaiveTime::MIN);
    (0..=8).find_map(|quarters| {
        zone.from_local_datetime(&(midnight + Duration::minutes(15 * quarters)))
            .earliest()
            .map(|time| time.with_timezone(&Utc))
    })
}

fn not_a_time(text: &str) -> Error {
    Error::invalid(format!("{} is not a time", super::text::quoted(text))).hint(
        "write 2026-06-01, \"2026-06-01 14:00\", 2026-06-01T14:00+02:00, or a span back from now such as 3d or 90min",
    )
}

/// An IANA time zone by its name.
///
/// # Errors
/// A sentence when there is no such zone.
pub fn zone(name: &str) -> Result<Tz> {
    name.parse::<Tz>().map_err(|_| {
        Error::invalid(format!("{} is not an IANA time zone", super::text::quoted(name)))
            .hint("write a name such as Europe/Berlin or America/New_York")
    })
}

/// `2026-06-01T12:00:00Z`: the form of every time in json.
#[must_use]
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// `2026-06-01 14:00 CEST`: for people, in `zone`.
#[must_use]
pub fn for_people(time: DateTime<Utc>, zone: Tz) -> String {
    time.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string()
}

/// `2 h 05 min`, `3 min 20 s`, `14 s`, `0.3 s`: a length of time for people.
#[must_use]
pub fn span(length: std::time::Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", length.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{} min {:02} s", seconds / 60, seconds % 60),
        _ => format!("{} h {:02} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn berlin(text: &str, edge: Edge) -> Result<String> {
        let now = DateTime::parse_from_rfc3339("2026-07-01T00:00:00Z").expect("valid").with_timezone(&Utc);
        parse(text, chrono_tz::Europe::Berlin, edge, now).map(rfc3339)
    }

    #[test]
    fn reads_what_people_type() {
        assert_eq!(berlin("2026-06-01 14:00", Edge::Start).expect("time"), "2026-06-01T12:00:00Z");
        assert_eq!(berlin("2026-06-01", Edge::Start).expect("time"), "2026-05-31T22:00:00Z");
        assert_eq!(berlin("2026-06-01", Edge::End).expect("time"), "2026-06-01T22:00:00Z");
        assert_eq!(berlin("2026-06-01T14:00-03:00", Edge::Start).expect("time"), "2026-06-01T17:00:00Z");
        assert_eq!(berlin("3d", Edge::Start).expect("time"), "2026-06-28T00:00:00Z");
    }

    #[test]
    fn spans_ahead_count_from_now_on() {
        let now = DateTime::UNIX_EPOCH;
        let ahead = |text| parse_ahead(text, chrono_tz::Europe::Berlin, now).map(rfc3339);
        assert_eq!(ahead("30d").expect("time"), "1970-01-31T00:00:00Z");
        assert_eq!(ahead("2026-06-01").expect("time"), "2026-06-01T22:00:00Z");
        assert!(ahead("9000y").is_err() && ahead("99999999999999d").is_err() && ahead("soon").is_err());
    }

    #[test]
    fn clock_changes_are_said_not_guessed() {
        let skipped = berlin("2026-03-29 02:30", Edge::Start).expect_err("skipped");
        assert!(skipped.message().contains("does not exist"), "{skipped}");
        let doubled = berlin("2026-10-25 02:30", Edge::Start).expect_err("doubled");
        assert!(doubled.message().contains("twice"), "{doubled}");
        assert!(berlin("yesterday", Edge::Start).is_err());
        assert!(berlin("9999999999999d", Edge::Start).is_err());
    }

    /// The moments at which a zone changes its clocks from 2020 to 2030, to the second.
    fn changes(zone: Tz) -> Vec<DateTime<Utc>> {
        use chrono::Offset;
        let offset = |seconds: i64| {
            let moment = DateTime::from_timestamp(seconds, 0).expect("a moment");
            zone.offset_from_utc_datetime(&moment.naive_utc()).fix().local_minus_utc()
        };
        let day = 86_400;
        let (first, last) = (1_577_836_800, 1_924_991_999);
        let mut found = Vec::new();
        let mut from = first;
        while from < last {
            // Clocks that are changed twice within a day come back: nobody has done that in these years.
            if offset(from) != offset(from + day) {
                let (mut before, mut after) = (from, from + day);
                while after - before > 1 {
                    let middle = i64::midpoint(before, after);
                    if offset(middle) == offset(from) { before = middle } else { after = middle }
                }
                found.push(DateTime::from_timestamp(after, 0).expect("a moment"));
            }
            from += day;
        }
        found
    }

    #[test]
    fn times_around_every_change_of_every_zone_read_back_or_are_refused() {
        let now = DateTime::UNIX_EPOCH;
        let mut seen = [0_u32; 3];
        for zone in chrono_tz::TZ_VARIANTS {
            for change in changes(zone) {
                for seconds in [-7_200, -3_600, -1_800, -1, 0, 1, 1_799, 3_599, 3_600, 7_200] {
                    let moment = change + Duration::seconds(seconds);
                    let local = moment.with_timezone(&zone);
                    let with_offset = local.format("%Y-%m-%dT%H:%M:%S%:z").to_string();
                    let whole_minutes = (local.naive_local() - moment.naive_utc()).num_seconds() % 60 == 0;
                    if whole_minutes {
                        assert_eq!(
                            parse(&with_offset, zone, Edge::Start, now).expect("a time"),
                            moment,
                            "{with_offset}"
                        );
                    }
                    let bare = local.format("%Y-%m-%d %H:%M:%S").to_string();
                    match parse(&bare, zone, Edge::Start, now) {
                        Ok(read) => {
                            assert_eq!(read, moment, "{bare} in {zone}");
                            seen[0] += 1;
                        }
                        Err(error) => {
                            assert!(error.message().contains("twice"), "{bare} in {zone}: {error}");
                            let choices = error.hints().join(" ");
                            assert!(choices.contains(&local.format("%Y-%m-%dT%H:%M").to_string()), "{choices}");
                            seen[1] += 1;
                        }
                    }
                }
                // Where the clocks jump, the times between are no times.
                let before = (change - Duration::seconds(1)).with_timezone(&zone).naive_local();
                let after = change.with_timezone(&zone).naive_local();
                if after - before > Duration::seconds(1) {
                    let between = before + (after - before) / 2;
                    let error = local_text(between, zone).expect_err("it does not exist");
                    assert!(error.message().contains("does not exist"), "{between} in {zone}: {error}");
                    seen[2] += 1;
                }
            }
        }
        assert!(seen.iter().all(|count| *count > 1_000), "{seen:?}");
    }

    fn local_text(time: NaiveDateTime, zone: Tz) -> Result<DateTime<Utc>> {
        parse(&time.format("%Y-%m-%d %H:%M:%S").to_string(), zone, Edge::Start, DateTime::UNIX_EPOCH)
    }
}
