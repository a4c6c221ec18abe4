//! QR tokens: the key on a guest's card, the link that it stands in, and the time code for cameras.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use super::ids::{ProjectId, QrTokenId, UserId};
use super::text::{printable, quoted};
use crate::error::{Error, Kind, Result};

/// Letters of a token that photoctl makes: five bits each, none that is taken for another, and no `-` in front.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Letters in a token: 26 of five bits are 130 random bits.
pub const LETTERS_IN_TOKEN: usize = 26;

/// Characters in the column `qr_tokens.token`.
const TOKEN_MOST: usize = 255;

/// Characters of a template: a longer link makes a code that no card holds.
const TEMPLATE_MOST: usize = 500;

/// Where the token goes.
pub const PLACE: &str = "{token}";

/// What stays as it is in a link (RFC 3986, unreserved).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A token: who has it may join. It is shown where it is asked for, never in a log.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A new one from random bytes, of which five bits each are used.
    #[must_use]
    pub fn of_random(bytes: [u8; LETTERS_IN_TOKEN]) -> Self {
        Self(bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte & 31)])).collect())
    }

    /// One that was typed or scanned. The web application makes its own, in a form of its own.
    ///
    /// # Errors
    /// [`Kind::TokenUnknown`] when it is none that the column could hold.
    pub fn read(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > TOKEN_MOST || text.contains('\0') {
            return Err(Self(text.chars().take(TOKEN_MOST).collect()).unknown());
        }
        Ok(Self(text.to_owned()))
    }

    /// One that a row holds, whatever it looks like.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Its beginning, by which a person tells tokens apart and nobody joins: four letters at most, and never more than
    /// a quarter.
    #[must_use]
    pub fn masked(&self) -> String {
        let shown = (self.0.chars().count() / 4).min(4);
        format!("{}…", printable(&self.0.chars().take(shown).collect::<String>()))
    }

    /// There is no such token.
    #[must_use]
    pub fn unknown(&self) -> Error {
        Error::new(Kind::TokenUnknown, format!("there is no token {}", self.masked()))
            .hint("scan the code again; it may also have been pruned after it had expired")
    }
}

/// Without what it says: a token in a log is a key in a log.
impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({})", self.masked())
    }
}

/// Where a token stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum TokenStatus {
    /// It lets somebody join.
    Open,
    /// Somebody joined by it.
    Used,
    /// Its time is over.
    Expired,
    /// Its time was ended by `qr revoke`.
    Revoked,
    /// Its time is not over, and it lets nobody join: the project is over or deleted, or its guest was deleted.
    Closed,
}

impl TokenStatus {
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TokenStatus::Open => "open",
            TokenStatus::Used => "used",
            TokenStatus::Expired => "expired",
            TokenStatus::Revoked => "revoked",
            TokenStatus::Closed => "closed",
        }
    }
}

/// The guest that a token is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TokenUser {
    pub id: UserId,
    pub name: String,
    pub email: String,
    #[serde(skip)]
    pub deleted: bool,
}

/// A token as it is stored, with what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QrToken {
    pub id: QrTokenId,
    pub project_id: ProjectId,
    pub project: String,
    pub token: Token,
    pub status: TokenStatus,
    pub user: Option<TokenUser>,
    pub reusable: bool,
    /// How many joined by it.
    pub uses: i64,
    pub expires_at: DateTime<Utc>,
    pub used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub created_at: DateTime<Utc>,
}

/// Whether a template for links can be used.
///
/// # Errors
/// What is wrong with it, as the end of a sentence "expected …".
pub fn check_template(template: &str) -> Result<(), &'static str> {
    let example = template.replace(PLACE, "t");
    let good = url::Url::parse(&example).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    match () {
        () if !template.contains(PLACE) => Err("a web address that holds {token}"),
        () if !good || example.chars().any(|c| c.is_whitespace() || c.is_control()) => {
            Err("a web address such as https://example.org/join/{token}")
        }
        () if template.chars().count() > TEMPLATE_MOST => Err("at most 500 characters: longer codes are hard to scan"),
        () => Ok(()),
    }
}

/// The link for a token: by the template where there is one, else by the project's link. A link that has no place
/// for the token gets it as the parameter `token`.
///
/// # Errors
/// [`Kind::Config`] when there is neither, or the one there is can not be used.
pub fn link(template: Option<&str>, project_link: Option<&str>, token: &Token) -> Result<String> {
    let escaped = utf8_percent_encode(token.as_str(), ESCAPED).to_string();
    if let Some(template) = template {
        check_template(template).map_err(|expected| {
            Error::new(Kind::Config, format!("{} is no qr_url_template: expected {expected}", quoted(template)))
        })?;
        return Ok(template.replace(PLACE, &escaped));
    }
    let Some(link) = project_link.map(str::trim).filter(|link| !link.is_empty()) else {
        return Err(Error::new(Kind::Config, "it is not known which web page the code is to open")
            .hint("photoctl project settings set --project P qr_url_template 'https://example.org/join/{token}'")
            .hint("or give the project a link: the token becomes its parameter token"));
    };
    if link.contains(PLACE) && check_template(link).is_ok() {
        return Ok(link.replace(PLACE, &escaped));
    }
    match url::Url::parse(link) {
        Ok(mut url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
            url.query_pairs_mut().append_pair("token", token.as_str());
            Ok(url.into())
        }
        _ => Err(Error::new(Kind::Config, format!("the project's link {} is not a web address", quoted(link)))
            .hint("correct it, or set qr_url_template for the project")),
    }
}

/// What the slate's code says: `photoctl-slate:1:2026-06-01T12:00:00.123Z`.
///
/// The parts are the name, the version of this form, and the moment at which the picture was drawn: RFC 3339, UTC,
/// always three digits of a second. 41 ASCII characters in all.
#[must_use]
pub fn slate(at: DateTime<Utc>) -> String {
    format!("photoctl-slate:1:{}", at.to_rfc3339_opts(SecondsFormat::Millis, true))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> Token {
        Token::read(text).expect("a token")
    }

    #[test]
    fn a_token_has_130_bits_and_needs_no_escape() {
        let mut bytes = [0; LETTERS_IN_TOKEN];
        bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = u8::try_from(at * 9).expect("a byte"));
        let token = Token::of_random(bytes);
        assert_eq!(token.as_str().len(), 26);
        assert!(token.as_str().chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()));
        let link = link(Some("https://x.org/{token}"), None, &token).expect("a link");
        assert_eq!(link, format!("https://x.org/{}", token.as_str()));
        let unique: std::collections::BTreeSet<_> = LETTERS.iter().collect();
        assert_eq!(unique.len(), 32);
    }

    #[test]
    fn what_is_shown_of_a_token_lets_nobody_in() {
        assert_eq!(format!("{:?}", token("k3f9k3f9k3f9k3f9k3f9")), "Token(k3f9…)");
        assert_eq!(token("t2").masked(), "…");
        assert_eq!(token("\u{1b}bcdefgh").masked(), "\\x1bb…");
        for bad in ["", "  ", "a\0b", &"x".repeat(256)] {
            assert_eq!(Token::read(bad).expect_err("none").kind(), Kind::TokenUnknown);
        }
    }

    #[test]
    fn links_are_made_by_the_template_else_by_the_projects_link() {
        let t = token("a b/ü");
        let of = |template, project| link(template, project, &t);
        assert_eq!(
            of(Some("https://x.org/{token}?q"), Some("https://y.org")).expect("it"),
            "https://x.org/a%20b%2F%C3%BC?q"
        );
        assert_eq!(
            of(None, Some("https://y.org/e?x=1#top")).expect("it"),
            "https://y.org/e?x=1&token=a+b%2F%C3%BC#top"
        );
        assert_eq!(of(None, Some("https://y.org/{token}")).expect("it"), "https://y.org/a%20b%2F%C3%BC");
        for (template, project) in [
            (None, None),
            (None, Some(" ")),
            (None, Some("javascript:alert(1)")),
            (Some("https://x.org"), None),
            (Some("{token}"), None),
            (Some("https://x.org/ {token}"), None),
        ] {
            assert_eq!(of(template, project).expect_err("no link").kind(), Kind::Config, "{template:?} {project:?}");
        }
    }

    #[test]
    fn the_slate_has_one_form() {
        assert_eq!(slate(DateTime::UNIX_EPOCH), "photoctl-slate:1:1970-01-01T00:00:00.000Z");
    }
}
