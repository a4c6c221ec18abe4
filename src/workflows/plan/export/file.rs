//! The file, in the order that people read it.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use crate::error::{Error, Kind, Result};

/// Operators with what projects of theirs need.
#[derive(Debug, Default, Serialize)]
pub struct Exported {
    pub operators: Vec<ExportedOperator>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub photographers: Vec<ExportedPhotographer>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub packages: Vec<ExportedPackage>,
    pub projects: Vec<ExportedProject>,
}

#[derive(Debug, Serialize)]
pub struct ExportedOperator {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub picture: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ExportedPhotographer {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    pub operator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct ExportedPackage {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    pub operator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub photos: Option<i32>,
}

#[derive(Debug, Serialize)]
pub struct ExportedProject {
    pub key: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<Uuid>,
    pub operator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terms: Option<String>,
    pub photographers: Vec<String>,
    pub packages: Vec<String>,
    pub coaches: Vec<String>,
    pub settings: BTreeMap<String, String>,
}

impl Exported {
    /// As TOML.
    ///
    /// # Errors
    /// When a value cannot be written, which does not happen.
    pub fn toml(&self) -> Result<String> {
        toml::to_string_pretty(self)
            .map_err(|error| Error::new(Kind::Internal, "the file cannot be written").with_source(error))
    }

    /// As JSON.
    ///
    /// # Errors
    /// When a value cannot be written, which does not happen.
    pub fn json(&self) -> Result<String> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| Error::new(Kind::Internal, "the file cannot be written").with_source(error))?;
        Ok(format!("{text}\n"))
    }
}
