//! How good the scores of a project are, judged by what people decided.

use serde::Serialize;

use crate::db::PgConnection;
use crate::db::tags::stats::{self as rows, BandCount};
use crate::error::Result;
use crate::model::ids::ProjectId;
use crate::model::matching::LOCAL;

/// Width of a band of scores.
const WIDTH: f64 = 0.05;

/// Fewest decisions that a threshold is suggested on.
const DECISIONS_LEAST: u64 = 20;

/// Share of confirmations that a threshold is suggested on, in hundredths.
const CONFIRMED_LEAST: u64 = 99;

/// The tags whose score lies from `from` (included) to `to`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Band {
    pub from: f32,
    pub to: f32,
    pub confirmed: u64,
    pub pending: u64,
    pub rejected: u64,
    /// Removed by a person or a run.
    pub removed: u64,
    /// Decided by people, and how many of those it was the person.
    pub decided: u64,
    pub decided_confirmed: u64,
    /// `None`: nobody has decided one.
    pub share_confirmed: Option<f32>,
}

/// Scores and decisions of a project.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stats {
    /// Whose scores these are.
    pub engine: &'static str,
    pub bands: Vec<Band>,
    pub decided: u64,
    /// Confirm threshold by which nearly everything that is above it was confirmed by people: the lower end of the
    /// lowest band from which on, everything above taken together, at least 20 tags were decided and at least 99% of
    /// them confirmed, and so within the band itself. A band without decisions is never the lowest. `None`: people
    /// have not decided enough, or have not agreed with the engine.
    pub suggested_confirm: Option<f32>,
}

/// The score bands of a project's tags, from the highest down.
///
/// # Errors
/// What the database says.
pub async fn stats(conn: &mut PgConnection, project: ProjectId) -> Result<Stats> {
    let counts = rows::bands(conn, project, LOCAL, WIDTH).await?;
    let bands: Vec<Band> = counts.iter().rev().map(band).collect();
    let decided = bands.iter().map(|band| band.decided).sum();
    let suggested_confirm = suggested(&bands);
    Ok(Stats { engine: LOCAL, bands, decided, suggested_confirm })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "shares for people")]
fn band(count: &BandCount) -> Band {
    let edge = |number: i32| ((f64::from(number) * WIDTH * 100.0).round() / 100.0) as f32;
    let decided = count.decided_yes + count.decided_no;
    Band {
        from: edge(count.number),
        to: edge(count.number + 1),
        confirmed: count.confirmed,
        pending: count.pending,
        rejected: count.rejected,
        removed: count.gone,
        decided,
        decided_confirmed: count.decided_yes,
        share_confirmed: (decided > 0).then(|| count.decided_yes as f32 / decided as f32),
    }
}

/// The rule of [`Stats::suggested_confirm`]; the bands come from the highest down.
fn suggested(bands: &[Band]) -> Option<f32> {
    let enough = |confirmed: u64, decided: u64| confirmed * 100 >= decided * CONFIRMED_LEAST;
    let (mut confirmed, mut decided, mut found) = (0, 0, None);
    for band in bands {
        confirmed += band.decided_confirmed;
        decided += band.decided;
        let of_its_own = band.decided > 0 && enough(band.decided_confirmed, band.decided);
        if found.is_some() && band.decided > 0 && !of_its_own {
            // What lies below a doubtful band can not be had without it.
            break;
        }
        if of_its_own && decided >= DECISIONS_LEAST && enough(confirmed, decided) {
            found = Some(band.from);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands(counts: &[(i32, u64, u64)]) -> Vec<Band> {
        let count = |(number, yes, no): &(i32, u64, u64)| BandCount {
            number: *number,
            decided_yes: *yes,
            decided_no: *no,
            ..BandCount::default()
        };
        counts.iter().map(count).map(|count| band(&count)).collect()
    }

    #[test]
    fn a_threshold_is_suggested_where_people_agree() {
        assert_eq!(suggested(&bands(&[(12, 19, 0)])), None, "too few");
        assert_eq!(suggested(&bands(&[(12, 15, 0), (11, 5, 0), (10, 0, 0)])), Some(0.55), "one without decisions");
        // Many clear ones do not carry a doubtful band.
        assert_eq!(suggested(&bands(&[(12, 5000, 0), (9, 10, 10)])), Some(0.6));
        assert_eq!(suggested(&bands(&[(12, 90, 10), (11, 20, 0)])), None, "what lies above counts");
        assert_eq!(suggested(&[]), None);
    }
}
