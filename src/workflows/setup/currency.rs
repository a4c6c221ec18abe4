//! The currency of an operator who has not said which: by the country of an address, else of the time zone, else of
//! the language.

use std::net::IpAddr;
use std::path::PathBuf;

use chrono_tz::Tz;

use crate::error::{Error, Result};
use crate::geo;
use crate::model::country::Country;
use crate::model::money::Currency;
use crate::model::text::printable;

/// What holds where nothing tells the country.
pub const DEFAULT: &str = "EUR";

/// What may tell where an operator is.
#[derive(Debug, Clone, Default)]
pub struct Whereabouts {
    /// An address that was given on purpose.
    pub ip: Option<IpAddr>,
    /// The value of `SSH_CONNECTION`: the client's address comes first.
    pub ssh_connection: Option<String>,
    /// A country database in the MMDB format.
    pub geoip_database: Option<PathBuf>,
}

/// A currency, and what it was decided from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided {
    pub currency: Currency,
    /// `the country AT of the time zone Europe/Vienna`
    pub from: String,
}

/// Decides.
///
/// # Errors
/// Where an address was given but no database is set, or the database cannot be read.
pub fn decide(whereabouts: &Whereabouts, timezone: Option<Tz>, locale: Option<&str>) -> Result<Decided> {
    let found = |country: Country, of: String| {
        country.currency().map(|currency| Decided { currency, from: format!("the country {country} of {of}") })
    };
    if let Some(country) = by_address(whereabouts)? {
        let (country, of) = country;
        if let Some(decided) = found(country, of) {
            return Ok(decided);
        }
    }
    let by_zone = timezone.and_then(|zone| found(Country::of_zone(zone)?, format!("the time zone {zone}")));
    let by_locale = || locale.and_then(|tag| found(Country::of_locale(tag)?, format!("the locale {}", printable(tag))));
    if let Some(decided) = by_zone.or_else(by_locale) {
        return Ok(decided);
    }
    Ok(Decided { currency: DEFAULT.parse()?, from: "no country that is known: the default".to_owned() })
}

fn by_address(whereabouts: &Whereabouts) -> Result<Option<(Country, String)>> {
    let session = || {
        let client = whereabouts.ssh_connection.as_deref()?.split_whitespace().next()?;
        Some((client.parse().ok()?, "this session's address"))
    };
    let given = whereabouts.ip.map(|ip| (ip, "the address"));
    let Some((ip, which)) = given.or_else(session) else { return Ok(None) };
    let Some(database) = &whereabouts.geoip_database else {
        return match whereabouts.ip {
            Some(_) => Err(Error::usage("--ip needs a database of countries, and none is set")
                .hint("set geoip_database to a country file in the MMDB format")
                .hint("or give --currency")),
            None => Ok(None),
        };
    };
    Ok(geo::country_of(ip, database)?.map(|country| (country, format!("{which} {ip}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(timezone: Option<Tz>, locale: Option<&str>) -> String {
        let decided = decide(&Whereabouts::default(), timezone, locale).expect("a currency");
        format!("{}: {}", decided.currency, decided.from)
    }

    #[test]
    fn the_zone_comes_before_the_language() {
        assert_eq!(by(Some(Tz::Asia__Tokyo), Some("de-CH")), "JPY: the country JP of the time zone Asia/Tokyo");
        assert_eq!(by(Some(Tz::UTC), Some("de-CH")), "CHF: the country CH of the locale de-CH");
        assert!(by(None, Some("de")).starts_with("EUR: no country"));
    }

    #[test]
    fn an_address_needs_a_database_only_where_it_was_given() {
        let ip = Some("192.0.2.1".parse().expect("an address"));
        assert!(decide(&Whereabouts { ip, ..Default::default() }, None, None).is_err());
        let ssh_connection = Some("192.0.2.1 50000 192.0.2.2 22".to_owned());
        assert!(decide(&Whereabouts { ssh_connection, ..Default::default() }, None, None).is_ok());
    }
}
