//! What a face must score to be somebody's, and by which engine it was judged.

use serde::Serialize;

use crate::error::{Error, Result};

/// The engine that runs inside the program.
pub const LOCAL: &str = "local";

/// Engine of a tag that was made by hand: nothing was compared.
pub const NO_ENGINE: &str = "none";

/// From which similarity a face is somebody's. Cosines, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Thresholds {
    /// Tagged without a person's look, where nobody else is as near.
    pub confirm: f32,
    /// Left to a person.
    pub review: f32,
    /// By how much the next best member must resemble the face less.
    pub margin: f32,
}

/// What the rules make of a face and the member that it resembles most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Confirmed,
    Pending,
    Nothing,
}

impl Thresholds {
    /// # Errors
    /// When they contradict each other.
    pub fn new(confirm: f32, review: f32, margin: f32) -> Result<Self> {
        let all = [confirm, review, margin];
        if all.iter().any(|share| !(0.0..=1.0).contains(share)) {
            return Err(Error::invalid("thresholds are numbers from 0 to 1"));
        }
        if review > confirm {
            return Err(Error::invalid(format!(
                "faces would be confirmed from {confirm}, but looked at from {review}"
            ))
            .hint("match_review is the smaller of the two"));
        }
        Ok(Self { confirm, review, margin })
    }

    /// What a score is worth beside that of the next best member.
    #[must_use]
    pub fn outcome(&self, score: f32, runner_up: Option<f32>) -> Outcome {
        let clear = runner_up.is_none_or(|other| score - other >= self.margin);
        if score >= self.confirm && clear {
            Outcome::Confirmed
        } else if score >= self.review {
            Outcome::Pending
        } else {
            Outcome::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_is_confirmed_where_it_is_near_and_nobody_else_is() {
        let thresholds = Thresholds::new(0.45, 0.36, 0.05).expect("thresholds");
        assert_eq!(thresholds.outcome(0.6, None), Outcome::Confirmed);
        assert_eq!(thresholds.outcome(0.6, Some(0.5)), Outcome::Confirmed);
        assert_eq!(thresholds.outcome(0.6, Some(0.58)), Outcome::Pending);
        assert_eq!(thresholds.outcome(0.4, None), Outcome::Pending);
        assert_eq!(thresholds.outcome(0.3, None), Outcome::Nothing);
        assert!(Thresholds::new(0.3, 0.4, 0.0).is_err() && Thresholds::new(45.0, 0.4, 0.0).is_err());
    }
}
