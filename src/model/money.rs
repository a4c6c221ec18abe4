//! Money: whole minor units with their currency, never a fraction.
//!
//! Minor units are counted as Stripe counts them, since that is what `packages.price` holds and what a payment
//! carries: as ISO 4217 says, with the exceptions of [`Currency::decimals`].

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::text::quoted;
use crate::error::{Error, Result};

/// A currency of ISO 4217 that prices can be in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Three capital letters.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the point. Stripe's differ from ISO 4217's: ISK and UGX are sent with two, MGA with none
    /// (Stripe's documentation, "Supported currencies", special cases).
    #[must_use]
    pub fn decimals(self) -> u32 {
        match self.code() {
            "ISK" | "UGX" => 2,
            "MGA" => 0,
            _ => u32::from(self.0.exponent().unwrap_or(2)),
        }
    }
}

impl FromStr for Currency {
    type Err = Error;

    /// A code in any case: `EUR`, `eur`.
    fn from_str(text: &str) -> Result<Self> {
        let code = text.trim().to_ascii_uppercase();
        iso_currency::Currency::from_code(&code)
            // Gold, baskets and test codes are in the standard too, but nothing can be paid in them.
            .filter(|currency| !currency.is_special() && !currency.is_fund())
            .map(Self)
            .ok_or_else(|| {
                Error::invalid(format!("{} is not a currency of ISO 4217", quoted(text)))
                    .hint("write three letters, such as EUR, CHF or USD")
            })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

/// An amount in a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Money {
    /// Minor units: 1990 is 19.90 EUR, 1990 is 1990 JPY.
    pub amount: i64,
    pub currency: Currency,
}

impl Money {
    /// Reads `19.90`, `19`, or with the currency's code behind or before it: `19.90 EUR`.
    ///
    /// # Errors
    /// When it is no amount, has more digits after the point than the currency, or names another currency.
    pub fn parse(text: &str, currency: Currency) -> Result<Self> {
        let wrong = || {
            let example = Money { amount: 1990, currency };
            Error::invalid(format!("{} is not an amount of money in {currency}", quoted(text)))
                .hint(format!("write it like {example}, with a point and without separators"))
        };
        let mut number = None;
        for word in text.split_whitespace() {
            if word.starts_with(|c: char| c.is_ascii_alphabetic()) {
                let named: Currency = word.parse()?;
                if named != currency {
                    return Err(Error::invalid(format!(
                        "the price is in {named}, the operator's currency is {currency}"
                    ))
                    .hint("a package is sold in its operator's currency"));
                }
            } else if number.replace(word).is_some() {
                return Err(wrong());
            }
        }
        let number = number.ok_or_else(wrong)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let digits_only = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let decimals = currency.decimals() as usize;
        let bare_point = number.contains('.') && fraction.is_empty();
        if whole.is_empty() || bare_point || !digits_only(whole) || !digits_only(fraction) {
            return Err(wrong());
        }
        if fraction.len() > decimals {
            let said = match decimals {
                0 => format!("{currency} has no digits after the point"),
                1 => format!("{currency} has 1 digit after the point"),
                n => format!("{currency} has {n} digits after the point"),
            };
            return Err(wrong().context(said));
        }
        let amount = format!("{whole}{fraction:0<decimals$}").parse().map_err(|_| wrong())?;
        Ok(Self { amount, currency })
    }
}

impl fmt::Display for Money {
    /// `19.90 EUR`, `1990 JPY`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = self.currency.decimals() as usize;
        let digits = format!("{:0>width$}", self.amount.unsigned_abs(), width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        let sign = if self.amount < 0 { "-" } else { "" };
        let point = if decimals == 0 { "" } else { "." };
        write!(f, "{sign}{whole}{point}{fraction} {}", self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(code: &str) -> Currency {
        code.parse().expect("a currency")
    }

    fn money(text: &str, code: &str) -> Result<String> {
        Money::parse(text, currency(code)).map(|money| format!("{} {}", money.amount, money))
    }

    #[test]
    fn amounts_are_whole_minor_units() {
        assert_eq!(money("19.90", "EUR").expect("amount"), "1990 19.90 EUR");
        assert_eq!(money("19.9 EUR", "EUR").expect("amount"), "1990 19.90 EUR");
        assert_eq!(money("0.05", "USD").expect("amount"), "5 0.05 USD");
        assert_eq!(money("1990", "JPY").expect("amount"), "1990 1990 JPY");
        assert_eq!(money("5.120", "KWD").expect("amount"), "5120 5.120 KWD");
        assert_eq!(format!("{}", Money { amount: -5, currency: currency("EUR") }), "-0.05 EUR");
        for bad in ["", "19,90", "1.999", "-1", "1e3", "1 2", "19.", ".5", "99999999999999999999", "19.90 USD", "NaN"] {
            assert!(money(bad, "EUR").is_err(), "{bad}");
        }
        assert!(money("1.5", "JPY").is_err());
    }

    #[test]
    fn minor_units_are_counted_as_stripe_counts_them() {
        // Stripe's documentation: zero-decimal, three-decimal and special currencies.
        for code in "BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF".split(' ') {
            assert_eq!(currency(code).decimals(), 0, "{code}");
        }
        for code in "BHD JOD KWD OMR TND".split(' ') {
            assert_eq!(currency(code).decimals(), 3, "{code}");
        }
        for code in "ISK UGX HUF TWD EUR CHF USD MRU".split(' ') {
            assert_eq!(currency(code).decimals(), 2, "{code}");
        }
        assert!("XXX".parse::<Currency>().is_err());
        assert!("EURO".parse::<Currency>().is_err());
    }

    #[test]
    fn what_is_written_reads_back_in_every_currency() {
        use iso_currency::IntoEnumIterator;
        let all: Vec<Currency> =
            iso_currency::Currency::iter().filter_map(|currency| currency.code().parse().ok()).collect();
        assert!(all.len() > 150, "only {} currencies", all.len());
        let mut amounts: Vec<i64> = vec![0, 1, 9, 10, 99, 100, 101, 999, 1_000, 1_001, 123_456, i64::from(i32::MAX)];
        let mut state: u64 = 7;
        amounts.extend(
            std::iter::repeat_with(|| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                i64::from((state >> 33) as u32)
            })
            .take(200),
        );
        for currency in all {
            for amount in &amounts {
                let money = Money { amount: *amount, currency };
                let text = money.to_string();
                assert_eq!(Money::parse(&text, currency).expect("reads back"), money, "{text}");
                let bare = text.split(' ').next().unwrap_or_default();
                assert_eq!(Money::parse(bare, currency).expect("reads back"), money, "{bare}");
                let digits = bare.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                assert_eq!(digits as u32, currency.decimals(), "{text}");
                assert!(Money::parse(&format!("{bare}{}1", if digits == 0 { "." } else { "" }), currency).is_err());
            }
        }
    }
}
