//! An event from one file: what a file wants, compared with what there is, and carried out whole or not at all.
//!
//! ```text
//! source     TOML or JSON -> values that know their line and column
//! wanted     values -> operators, photographers, packages, projects; every mistake at once
//! state      what the database holds of the operators in question
//! compare    wanted and state -> steps, with a fingerprint
//! apply      the steps, in one transaction
//! export     state -> a file that compares without a difference
//! stored     values of rows that the web application wrote, which compare or are left out
//! ```
//!
//! A thing is the same as before by its `key` in the file, which the database remembers; one that was made by hand is
//! taken over by naming its `id`. What a file does not mention is left alone; an empty text empties a field.

pub mod apply;
pub mod compare;
pub mod export;
mod problems;
pub mod source;
pub mod state;
mod stored;
pub mod variables;
pub mod wanted;

pub use problems::Problems;

use crate::error::{Error, Kind, Result};
use crate::workflows::setup::settings;

/// The JSON schema of the file, for editors; the settings of projects are those that this photoctl knows.
///
/// # Errors
/// None: the schema is ours.
pub fn schema() -> Result<String> {
    let broken = |error| Error::new(Kind::Internal, "the schema is broken").with_source(error);
    let mut schema: serde_json::Value = serde_json::from_str(include_str!("event.schema.json")).map_err(broken)?;
    let place = "/properties/projects/items/properties/settings/properties";
    if let Some(properties) = schema.pointer_mut(place).and_then(serde_json::Value::as_object_mut) {
        for setting in settings::of_projects() {
            let value = serde_json::json!({"type": ["string", "number", "boolean"], "description": setting.about});
            properties.insert(setting.key.to_owned(), value);
        }
    }
    Ok(format!("{schema:#}\n"))
}
