//! Whether what a person typed can be stored: by libraries that know the standards, and by the widths of columns.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use chrono_tz::Tz;
use email_address::{EmailAddress, Options};
use icu_locale_core::subtags::{Language, Region, Script, Variant};

use crate::error::{Error, Result};
use crate::model::text::quoted;
use crate::model::time;

/// Characters in a column `varchar(255)`: names, emails, locations.
const NAME_MOST: usize = 255;

/// Characters in `operators.locale`.
const LOCALE_MOST: usize = 10;

/// Characters in a free text: no column limits it, a terminal and a web page do.
const TEXT_MOST: usize = 200_000;

/// Bytes of a file of terms.
const TERMS_FILE_MOST: u64 = 1_000_000;

/// Characters of a link: what browsers and servers take.
const LINK_MOST: usize = 2_000;

/// A name of a person or thing, without white space around it. `what` is said in errors: "the operator's name".
///
/// # Errors
/// When it is empty, too long, or holds control characters.
pub fn name(text: &str, what: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(format!("{what} is empty")));
    }
    at_most(text, NAME_MOST, what)?;
    no_controls(text, what)?;
    Ok(text.to_owned())
}

/// An email address (RFC 5321 and 6531), kept as it was typed.
///
/// # Errors
/// When it is none, or too long.
pub fn email(text: &str) -> Result<String> {
    let text = text.trim();
    at_most(text, NAME_MOST, "the email")?;
    let options = Options::default().with_required_tld().without_display_text().without_domain_literal();
    if let Err(error) = EmailAddress::parse_with_options(text, options) {
        return Err(Error::invalid(format!("{} is not an email address: {error}", quoted(text))));
    }
    no_controls(text, "the email")?;
    Ok(text.to_owned())
}

/// An IANA time zone, in any case: `Europe/Berlin`.
///
/// # Errors
/// When there is no such zone.
pub fn zone(text: &str) -> Result<Tz> {
    let text = text.trim();
    let insensitive = || chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(text)).copied();
    time::zone(text).or_else(|error| insensitive().ok_or(error))
}

/// The name of an IANA time zone, as IANA writes it.
///
/// # Errors
/// As [`zone`].
pub fn zone_name(text: &str) -> Result<String> {
    zone(text).map(|zone| zone.name().to_owned())
}

/// A language tag of BCP 47 in its canonical form: `de-DE`.
///
/// # Errors
/// When it is none, or longer than the column.
pub fn locale(text: &str) -> Result<String> {
    let text = text.trim();
    let wrong = || {
        Error::invalid(format!("{} is not a language tag of BCP 47", quoted(text)))
            .hint("write one such as en, de-CH or pt-BR")
    };
    // Extensions (`-u-…`) would not fit into the column: language, script, region and variants are all that can come.
    let mut parts = text.split('-').peekable();
    let language = Language::try_from_str(parts.next().unwrap_or_default()).map_err(|_| wrong())?;
    let script = parts.next_if(|part| Script::try_from_str(part).is_ok());
    let region = parts.next_if(|part| Region::try_from_str(part).is_ok());
    if language.is_unknown() {
        return Err(wrong());
    }
    let mut tag = language.to_string();
    let script = script.and_then(|part| Script::try_from_str(part).ok()).map(|script| script.to_string());
    let region = region.and_then(|part| Region::try_from_str(part).ok()).map(|region| region.to_string());
    for part in script.into_iter().chain(region) {
        tag.push('-');
        tag.push_str(&part);
    }
    for part in parts {
        let variant = Variant::try_from_str(part).map_err(|_| wrong())?;
        tag.push('-');
        tag.push_str(variant.as_str());
    }
    at_most(&tag, LOCALE_MOST, "the locale")?;
    Ok(tag)
}

/// A web address.
///
/// # Errors
/// When it is not http or https, has no host, or is too long.
pub fn link(text: &str) -> Result<String> {
    let text = text.trim();
    let good = url::Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if !good || text.chars().any(char::is_whitespace) {
        return Err(Error::invalid(format!("{} is not a web address", quoted(text)))
            .hint("write it whole, such as https://example.org/event"));
    }
    no_controls(text, "the link")?;
    at_most(text, LINK_MOST, "the link")?;
    Ok(text.to_owned())
}

/// A text of several lines.
///
/// # Errors
/// When it is empty, too long, or holds a NUL, which PostgreSQL does not store.
pub fn text(text: &str, what: &str) -> Result<String> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid(format!("{what} is empty")));
    }
    if text.contains('\0') {
        return Err(Error::invalid(format!("{what} holds a NUL character")));
    }
    at_most(text, TEXT_MOST, what)?;
    Ok(text.to_owned())
}

/// Reads a file of terms and conditions.
///
/// # Errors
/// When it cannot be read, is longer than a megabyte, or is not UTF-8.
pub fn terms_file(path: &Path) -> Result<String> {
    let file = File::open(path).map_err(|error| Error::io("read the terms from", path, error))?;
    terms_from(file, path)
}

/// As [`terms_file`], from anything; `path` is its name in errors.
///
/// # Errors
/// As [`terms_file`].
pub fn terms_from(source: impl Read, path: &Path) -> Result<String> {
    utf8(source, path, TERMS_FILE_MOST).map_err(|error| error.context("the terms"))
}

/// Text of at most `most` bytes; `path` is its name in errors.
///
/// # Errors
/// When it cannot be read, is longer, or is not UTF-8.
pub fn utf8(source: impl Read, path: &Path, most: u64) -> Result<String> {
    let mut bytes = Vec::new();
    source.take(most + 1).read_to_end(&mut bytes).map_err(|error| Error::io("read", path, error))?;
    let name = crate::model::text::path(path);
    if bytes.len() as u64 > most {
        return Err(Error::invalid(format!("{name} is longer than {}", crate::model::text::size(most))));
    }
    String::from_utf8(bytes)
        .map_err(|_| Error::invalid(format!("{name} is not UTF-8 text")).hint("save it as plain text in UTF-8"))
}

fn no_controls(text: &str, what: &str) -> Result<()> {
    match text.chars().find(|c| c.is_control()) {
        Some(_) => Err(Error::invalid(format!("{what} holds a control character: {}", quoted(text)))),
        None => Ok(()),
    }
}

fn at_most(text: &str, most: usize, what: &str) -> Result<()> {
    let count = text.chars().count();
    if count > most {
        return Err(Error::invalid(format!("{what} has {count} characters; there is room for {most}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_measured_in_characters() {
        assert_eq!(name("  Zoë ", "it").expect("name"), "Zoë");
        assert!(name(&"ß".repeat(255), "it").is_ok());
        assert!(name(&"ß".repeat(256), "it").expect_err("long").message().contains("256 characters"));
        assert!(name(" \t", "it").is_err());
        assert!(name("a\u{1b}[31m", "it").is_err());
    }

    #[test]
    fn emails_zones_locales_and_links_are_checked_by_what_knows_them() {
        for good in ["ana@example.org", "a.b+c@ex-ample.co.uk", "ana@bücher.example"] {
            assert!(email(good).is_ok(), "{good}");
        }
        for bad in
            ["ana", "ana@", "@x.org", "a b@x.org", "Ana <ana@x.org>", "ana@localhost", "ana@[127.0.0.1]", "a@x.org\n.b"]
        {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert_eq!(zone("Europe/Berlin").expect("zone"), Tz::Europe__Berlin);
        assert_eq!(zone("europe/berlin").expect("zone"), Tz::Europe__Berlin);
        assert!(zone("Mars/Olympus").is_err());
        assert_eq!(locale("DE-ch").expect("locale"), "de-CH");
        assert_eq!(locale("zh-hant-tw").expect("locale"), "zh-Hant-TW");
        for bad in ["", "german", "d", "de-DE-u-co-phonebk", "und", "1"] {
            assert!(locale(bad).is_err(), "{bad}");
        }
        assert!(link("https://example.org/a?b=c").is_ok());
        for bad in ["example.org", "javascript:alert(1)", "https://", "ftp://x.org", "https://x.org/a b"] {
            assert!(link(bad).is_err(), "{bad}");
        }
    }
}
