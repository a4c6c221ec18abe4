//! Countries, as far as they tell which currency somebody will count in.

use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;

use chrono_tz::Tz;
use iso_currency::IntoEnumIterator;

use super::money::Currency;

/// Time zones and their countries: a file of its own, since the zone's name does not say it.
const ZONES: &str = include_str!("data/zone_country.tsv");

/// Where the list of ISO 4217 has another currency than the one that people count in: El Salvador's colón is out of use
/// since 2001, Zimbabwe prices in dollars, and Namibia's own dollar is missing. Bhutan, Haiti, Lesotho and Panama have
/// their own beside a neighbour's, which the rule in [`Country::currency`] finds.
const IN_USE: &[(&str, &str)] = &[("NA", "NAD"), ("SV", "USD"), ("ZW", "USD")];

/// A country's code, ISO 3166-1 alpha-2, in capitals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Country([u8; 2]);

impl Country {
    /// Two letters in any case.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.as_bytes() {
            [a, b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic() => {
                Some(Self([a.to_ascii_uppercase(), b.to_ascii_uppercase()]))
            }
            _ => None,
        }
    }

    /// That of a time zone; none for UTC and its like.
    #[must_use]
    pub fn of_zone(zone: Tz) -> Option<Self> {
        static BY_ZONE: OnceLock<HashMap<&str, Country>> = OnceLock::new();
        let table = BY_ZONE.get_or_init(|| {
            let lines = ZONES.lines().filter(|line| !line.starts_with('#'));
            lines
                .filter_map(|line| line.split_once('\t'))
                .filter_map(|(zone, code)| Some((zone, Self::parse(code)?)))
                .collect()
        });
        table.get(zone.name()).copied()
    }

    /// The region of a language tag of BCP 47: `AT` of `de-AT`.
    #[must_use]
    pub fn of_locale(tag: &str) -> Option<Self> {
        tag.split('-').skip(1).find_map(Self::parse)
    }

    /// The currency that is paid in there: of those that ISO 4217 lists for the country and that are not superseded,
    /// the one that the fewest countries have, since where there are two, the own one is meant.
    #[must_use]
    pub fn currency(self) -> Option<Currency> {
        let code = self.to_string();
        if let Some((_, currency)) = IN_USE.iter().find(|(country, _)| *country == code) {
            return currency.parse().ok();
        }
        let listed = iso_currency::Currency::iter().filter(|currency| currency.is_superseded().is_none());
        let theirs = listed.filter(|currency| currency.used_by().iter().any(|country| country.to_string() == code));
        theirs
            .filter_map(|currency| Some((currency.used_by().len(), currency.code().parse::<Currency>().ok()?)))
            .min_by_key(|(countries, currency)| (*countries, currency.code()))
            .map(|(_, currency)| currency)
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", char::from(self.0[0]), char::from(self.0[1]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> &'static str {
        Country::parse(code).expect("a country").currency().map_or("none", Currency::code)
    }

    #[test]
    fn each_country_has_the_currency_that_is_paid_in_there() {
        let known = "AT EUR, BG EUR, HR EUR, CH CHF, LI CHF, US USD, GB GBP, JP JPY, IS ISK, KW KWD, DK DKK, PA PAB, \
                     LS LSL, NA NAD, BT BTN, HT HTG, SV USD, EC USD, CU CUP, MX MXN, CL CLP, UY UYU, BO BOB, CO COP, \
                     ZW USD, SL SLE, MR MRU, VE VED, AQ none";
        for pair in known.split(", ") {
            let (country, paid) = pair.split_once(' ').expect("a pair");
            assert_eq!(currency(country), paid, "{country}");
        }
    }

    #[test]
    fn zones_and_locales_tell_the_country() {
        let of_zone = |zone: Tz| Country::of_zone(zone).map(|country| country.to_string());
        assert_eq!(of_zone(Tz::Europe__Zurich).as_deref(), Some("CH"));
        assert_eq!(of_zone(Tz::Europe__Kiev).as_deref(), Some("UA"), "an old name");
        assert_eq!(of_zone(Tz::UTC), None);
        let unknown: Vec<_> = chrono_tz::TZ_VARIANTS
            .iter()
            .filter(|zone| zone.name().contains('/') && !zone.name().starts_with("Etc/"))
            .filter(|zone| Country::of_zone(**zone).is_none())
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        assert_eq!(Country::of_locale("de-at").map(|country| country.to_string()).as_deref(), Some("AT"));
        assert_eq!(Country::of_locale("zh-Hant-TW").map(|country| country.to_string()).as_deref(), Some("TW"));
        assert_eq!(Country::of_locale("de"), None);
    }
}
