//! Tags as people see them: decisions, and what leads to them.

pub mod add;
pub mod decide;
pub mod explain;
pub mod retune;
pub mod review;
pub mod sheet;
pub mod stats;

use crate::config::{Config, settings};
use crate::error::Result;
use crate::model::matching::Thresholds;

/// The thresholds that a project's configuration says.
///
/// # Errors
/// When one is no number from 0 to 1, or they contradict each other.
pub fn thresholds_of(config: &Config) -> Result<Thresholds> {
    // Each has a default.
    let value = |setting| Ok::<f32, crate::error::Error>(config.parse(setting)?.unwrap_or(1.0));
    Thresholds::new(value(settings::MATCH_CONFIRM)?, value(settings::MATCH_REVIEW)?, value(settings::MATCH_MARGIN)?)
}
