//! Operators.

use chrono_tz::Tz;
use uuid::Uuid;

use super::change::{Edit, Thing, edited};
use super::create::New;
use super::{Mode, check, email_held, email_taken};
use crate::db::operators::{OperatorValues, Priced};
use crate::db::refs::Noun;
use crate::db::{self, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Entity;
use crate::model::fields::Field;
use crate::model::ids::OperatorId;
use crate::model::money::Currency;
use crate::model::people::Operator;
use crate::model::text::{count, printable};

/// What holds where an operator's own is not given.
pub const DEFAULT_LOCALE: &str = "en";
pub const DEFAULT_TIMEZONE: Tz = Tz::UTC;

/// An operator as it was typed.
#[derive(Debug, Clone, Copy, Default)]
pub struct OperatorWords<'a> {
    pub name: &'a str,
    pub email: &'a str,
    pub currency: Option<&'a str>,
    pub locale: Option<&'a str>,
    pub timezone: Option<&'a str>,
    pub picture: Option<&'a str>,
}

/// An operator to be created, checked.
#[derive(Debug, Clone)]
pub struct NewOperator {
    planned: Operator,
    given: Vec<&'static str>,
}

impl NewOperator {
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn new(words: OperatorWords<'_>) -> Result<Self> {
        let currency: Option<Currency> = words.currency.map(str::parse).transpose()?;
        let locale = words.locale.map(check::locale).transpose()?;
        let timezone = words.timezone.map(check::zone).transpose()?;
        let mut given = vec!["name", "email"];
        given.extend(currency.map(|_| "currency"));
        given.extend(locale.as_ref().map(|_| "locale"));
        given.extend(timezone.map(|_| "timezone"));
        given.extend(words.picture.map(|_| "profile_picture_url"));
        let planned = Operator {
            id: OperatorId(Uuid::nil()),
            name: check::name(words.name, "the operator's name")?,
            email: check::email(words.email)?,
            currency: currency.map_or(super::currency::DEFAULT, Currency::code).to_owned(),
            locale: locale.unwrap_or_else(|| DEFAULT_LOCALE.to_owned()),
            timezone: timezone.unwrap_or(DEFAULT_TIMEZONE).name().to_owned(),
            profile_picture_url: words.picture.map(check::link).transpose()?,
            created_at: chrono::DateTime::UNIX_EPOCH,
            deleted_at: None,
        };
        Ok(Self { planned, given })
    }

    /// The time zone and the locale that were given.
    #[must_use]
    pub fn place(&self) -> (Option<Tz>, Option<&str>) {
        let given = |name| self.given.contains(&name);
        let zone = given("timezone").then(|| self.planned.timezone.parse().ok()).flatten();
        (zone, given("locale").then_some(self.planned.locale.as_str()))
    }

    /// Whether a currency was given.
    #[must_use]
    pub fn has_currency(&self) -> bool {
        self.given.contains(&"currency")
    }

    /// Takes a currency that was decided, not given.
    pub fn set_currency(&mut self, currency: Currency) {
        currency.code().clone_into(&mut self.planned.currency);
    }
}

impl New for NewOperator {
    type Thing = Operator;

    fn planned(&self) -> Operator {
        self.planned.clone()
    }

    fn given(&self) -> &[&'static str] {
        &self.given
    }

    async fn same(&self, conn: &mut PgConnection, mode: Mode) -> Result<Option<Operator>> {
        match db::operators::by_email(conn, &self.planned.email).await? {
            Some(there) if !mode.if_not_exists || there.deleted_at.is_some() => {
                Err(email_taken(Noun::Operator, &self.planned.email, there.id.0, there.deleted_at.is_some()))
            }
            there => Ok(there),
        }
    }

    async fn insert(&self, conn: &mut PgConnection, password_hash: &str) -> Result<Uuid> {
        Ok(db::operators::insert(conn, &values(&self.planned), password_hash).await?.0)
    }
}

/// What is to become of an operator. `None` leaves a field as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperatorEdit<'a> {
    pub name: Option<&'a str>,
    pub email: Option<&'a str>,
    pub currency: Option<&'a str>,
    pub locale: Option<&'a str>,
    pub timezone: Option<&'a str>,
    pub picture: Edit<'a>,
}

impl OperatorEdit<'_> {
    /// The operator as it is to be.
    ///
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn apply(&self, before: &Operator) -> Result<Operator> {
        let mut after = before.clone();
        if let Some(name) = self.name {
            after.name = check::name(name, "the operator's name")?;
        }
        if let Some(email) = self.email {
            after.email = check::email(email)?;
        }
        if let Some(currency) = self.currency {
            currency.parse::<Currency>()?.code().clone_into(&mut after.currency);
        }
        if let Some(locale) = self.locale {
            after.locale = check::locale(locale)?;
        }
        if let Some(zone) = self.timezone {
            check::zone(zone)?.name().clone_into(&mut after.timezone);
        }
        after.profile_picture_url = edited(self.picture, before.profile_picture_url.as_ref(), check::link)?;
        Ok(after)
    }
}

impl Thing for Operator {
    const NOUN: Noun = Noun::Operator;
    const ENTITY: Entity = Entity::Operator;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn label(&self) -> String {
        format!("operator {}", printable(&self.email))
    }

    fn fields(&self) -> Vec<Field> {
        vec![
            Field::private("name", Some(&self.name)),
            Field::private("email", Some(&self.email)),
            Field::text("currency", Some(&self.currency)),
            Field::text("locale", Some(&self.locale)),
            Field::text("timezone", Some(&self.timezone)),
            Field::private("profile_picture_url", self.profile_picture_url.as_deref()),
        ]
    }

    fn locks(&self) -> Vec<String> {
        vec![format!("operator {}", self.email.to_lowercase())]
    }

    async fn read(conn: &mut PgConnection, id: Uuid) -> Result<Option<Self>> {
        db::operators::get(conn, OperatorId(id)).await
    }

    async fn judge(&self, conn: &mut PgConnection, before: &Self, _allow_duplicate: bool) -> Result<Vec<String>> {
        if self.email.to_lowercase() != before.email.to_lowercase()
            && let Some(there) = db::operators::by_email(conn, &self.email).await?
        {
            return Err(email_held(Noun::Operator, &self.email, there.id.0, there.deleted_at.is_some()));
        }
        if self.currency != before.currency {
            currency_may_change(before, db::operators::priced(conn, self.id).await?)?;
        }
        Ok(Vec::new())
    }

    async fn write(&self, conn: &mut PgConnection) -> Result<()> {
        db::operators::update(conn, self.id, &values(self)).await
    }
}

/// Packages and sales hold amounts without a currency: another one would make 19.90 EUR into 19.90 USD, or 1990 JPY.
fn currency_may_change(operator: &Operator, priced: Priced) -> Result<()> {
    if priced == (Priced { packages: 0, purchases: 0 }) {
        return Ok(());
    }
    let there = |n: i64, what| count(n.unsigned_abs(), what);
    Err(Error::new(
        Kind::Policy,
        format!(
            "the currency of {} cannot change: {} and {} are counted in {}",
            operator.label(),
            there(priced.packages, "package"),
            there(priced.purchases, "sale"),
            printable(&operator.currency)
        ),
    )
    .hint("create another operator for another currency; deleted packages count too, since their sales stay"))
}

pub(crate) fn values(operator: &Operator) -> OperatorValues<'_> {
    OperatorValues {
        name: &operator.name,
        email: &operator.email,
        currency: &operator.currency,
        locale: &operator.locale,
        timezone: &operator.timezone,
        profile_picture_url: operator.profile_picture_url.as_deref(),
    }
}
