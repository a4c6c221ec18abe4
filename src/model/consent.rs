//! Consents of users: what they allow, in which version of the words, and what proves it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::digest::Sha256;
use super::ids::{ConsentId, UserId};
use crate::error::{Error, Result};

/// The type that lets faces be computed, stored and compared.
pub const BIOMETRIC: &str = "biometric_processing";

/// In the setting: any version is enough.
const ANY: &str = "any";

/// Characters in `user_consents.consent_type`.
const TYPE_MOST: usize = 50;

/// Characters in `user_consents.consent_version`.
const VERSION_MOST: usize = 20;

/// A consent that a user gave. One that was revoked stays, as what held then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Consent {
    pub id: ConsentId,
    pub user_id: UserId,
    pub user: String,
    pub email: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub version: String,
    pub given_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
    /// What proves it; none of those that the web application took.
    pub evidence: Option<EvidenceNote>,
}

/// Which evidence there is, without the evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EvidenceNote {
    /// `None`: words.
    pub file_name: Option<String>,
    pub sha256: Sha256,
}

/// What proves a consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    Words(String),
    File { name: String, bytes: Vec<u8> },
}

impl Evidence {
    #[must_use]
    pub fn note(&self) -> EvidenceNote {
        match self {
            Evidence::Words(words) => EvidenceNote { file_name: None, sha256: Sha256::of(words.as_bytes()) },
            Evidence::File { name, bytes } => EvidenceNote { file_name: Some(name.clone()), sha256: Sha256::of(bytes) },
        }
    }
}

/// What a member of a project has allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
#[value(rename_all = "snake_case")]
pub enum Standing {
    /// An active consent in a version that is enough.
    Allowed,
    /// An active consent, but only in versions that are not enough.
    OldVersion,
    /// There was one.
    Revoked,
    /// There never was one.
    Missing,
}

impl Standing {
    /// Of a user with these consents of a type.
    #[must_use]
    pub fn of(active: &[String], ever: bool, enough: &Versions) -> Self {
        match (active, ever) {
            ([], true) => Standing::Revoked,
            ([], false) => Standing::Missing,
            (versions, _) if versions.iter().any(|version| enough.include(version)) => Standing::Allowed,
            _ => Standing::OldVersion,
        }
    }

    #[must_use]
    pub fn for_people(self) -> &'static str {
        match self {
            Standing::Allowed => "allowed",
            Standing::OldVersion => "old version",
            Standing::Revoked => "revoked",
            Standing::Missing => "missing",
        }
    }
}

/// The versions of a consent that are enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    Any,
    These(Vec<String>),
}

impl Versions {
    /// Of the setting's text: `any`, or versions with commas between them. A slip lets nobody through: what is no
    /// version is that of no consent.
    #[must_use]
    pub fn of(text: &str) -> Self {
        match text.trim() {
            ANY => Self::Any,
            text => Self::These(text.split(',').map(|one| one.trim().to_owned()).collect()),
        }
    }

    /// The setting's text as it is stored: `1, 2` becomes `1,2`.
    ///
    /// # Errors
    /// When one of them is no version, or `any` stands beside others.
    pub fn canonical(text: &str) -> Result<String> {
        if text.trim() == ANY {
            return Ok(ANY.to_owned());
        }
        let versions = text.split(',').map(version).collect::<Result<Vec<_>>>()?;
        if versions.iter().any(|one| one == ANY) {
            return Err(Error::invalid(format!("{ANY} stands alone: beside it no version means anything")));
        }
        Ok(versions.join(","))
    }

    #[must_use]
    pub fn include(&self, version: &str) -> bool {
        match self {
            Versions::Any => true,
            Versions::These(versions) => versions.iter().any(|one| one == version),
        }
    }
}

/// The type of a consent.
///
/// # Errors
/// When it is empty, longer than its column, or has other than small letters, digits and `_`.
pub fn kind(text: &str) -> Result<String> {
    word(text, "the type of consent", TYPE_MOST, |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
}

/// The version of the words that were agreed to.
///
/// # Errors
/// When it is empty, longer than its column, or has a comma or a space: settings name several with commas.
pub fn version(text: &str) -> Result<String> {
    word(text, "the version of the consent", VERSION_MOST, |c| !c.is_control() && !c.is_whitespace() && c != ',')
}

fn word(text: &str, what: &str, most: usize, fits: impl Fn(char) -> bool) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(format!("{what} is empty")));
    }
    let length = text.chars().count();
    if length > most {
        return Err(Error::invalid(format!("{what} has {length} characters; there is room for {most}")));
    }
    match text.chars().find(|c| !fits(*c)) {
        Some(c) => Err(Error::invalid(format!("{what} cannot hold {}", super::text::quoted(&c.to_string())))),
        None => Ok(text.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_stands_by_what_is_active_and_enough() {
        let two = Versions::of("2, 3");
        let active = |versions: &[&str]| versions.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
        assert_eq!(Standing::of(&active(&["1", "2"]), true, &two), Standing::Allowed);
        assert_eq!(Standing::of(&active(&["1"]), true, &two), Standing::OldVersion);
        assert_eq!(Standing::of(&active(&["1"]), true, &Versions::Any), Standing::Allowed);
        assert_eq!(Standing::of(&[], true, &Versions::Any), Standing::Revoked);
        assert_eq!(Standing::of(&[], false, &Versions::Any), Standing::Missing);
        assert_eq!(Versions::of(" any "), Versions::Any);
        for slip in ["", ",", "1,", "1,any", "any 2"] {
            assert_eq!(Standing::of(&active(&["2"]), true, &Versions::of(slip)), Standing::OldVersion, "{slip:?}");
            assert!(Versions::canonical(slip).is_err(), "{slip:?}");
        }
        assert_eq!(Versions::canonical(" 1, 2 ").expect("versions"), "1,2");
    }

    #[test]
    fn versions_and_types_fit_their_columns() {
        assert_eq!(version(" 2026-05 ").expect("version"), "2026-05");
        for bad in ["", "1,2", "a b", "a\u{1b}", &"1".repeat(21)] {
            assert!(version(bad).is_err(), "{bad:?}");
        }
        assert_eq!(kind(BIOMETRIC).expect("type"), BIOMETRIC);
        assert!(kind("Biometric").is_err() && kind(&"a".repeat(51)).is_err());
    }
}
