//! Operators.

use chrono_tz::Tz;
use uuid::Uuid;

use super::password::{self, Login, Password};
use super::{Created, Differences, Mode, check, email_taken};
use crate::db::operators::NewOperatorRow;
use crate::db::{self, Db, PgConnection};
use crate::error::Result;
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::OperatorId;
use crate::model::money::Currency;
use crate::model::people::Operator;

/// What holds where an operator's own is not given.
pub const DEFAULT_CURRENCY: &str = "EUR";
pub const DEFAULT_LOCALE: &str = "en";
pub const DEFAULT_TIMEZONE: Tz = Tz::UTC;

/// An operator to be created, checked. What is `None` was not given.
#[derive(Debug, Clone)]
pub struct NewOperator {
    name: String,
    email: String,
    currency: Option<Currency>,
    locale: Option<String>,
    timezone: Option<Tz>,
}

impl NewOperator {
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn new(
        name: &str,
        email: &str,
        currency: Option<&str>,
        locale: Option<&str>,
        timezone: Option<&str>,
    ) -> Result<Self> {
        Ok(Self {
            name: check::name(name, "the operator's name")?,
            email: check::email(email)?,
            currency: currency.map(str::parse).transpose()?,
            locale: locale.map(check::locale).transpose()?,
            timezone: timezone.map(check::zone).transpose()?,
        })
    }

    /// The operator as it would be; its id is nil.
    #[must_use]
    pub fn planned(&self) -> Operator {
        let row = self.row("");
        Operator {
            id: OperatorId(Uuid::nil()),
            name: row.name.to_owned(),
            email: row.email.to_owned(),
            currency: row.currency.to_owned(),
            locale: row.locale.to_owned(),
            timezone: row.timezone.to_owned(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            deleted_at: None,
        }
    }

    fn row<'a>(&'a self, password_hash: &'a str) -> NewOperatorRow<'a> {
        NewOperatorRow {
            name: &self.name,
            email: &self.email,
            password_hash,
            currency: self.currency.map_or(DEFAULT_CURRENCY, Currency::code),
            locale: self.locale.as_deref().unwrap_or(DEFAULT_LOCALE),
            timezone: self.timezone.unwrap_or(DEFAULT_TIMEZONE).name(),
        }
    }
}

/// The operator that is there already, where `mode` is content with it.
///
/// # Errors
/// `AlreadyExists` where the email is taken, or the one that is there differs from what is given.
pub async fn existing(
    conn: &mut PgConnection,
    new: &NewOperator,
    password: Option<&Password>,
    mode: Mode,
) -> Result<Option<Operator>> {
    let Some(there) = db::operators::by_email(conn, &new.email).await? else { return Ok(None) };
    if !mode.if_not_exists || there.deleted_at.is_some() {
        return Err(email_taken("operator", &new.email, there.id.0, there.deleted_at.is_some()));
    }
    let mut differences = Differences::default();
    differences.field("name", Some(&there.name), Some(&new.name));
    differences.field("currency", Some(&there.currency), new.currency.map(Currency::code));
    differences.field("locale", Some(&there.locale), new.locale.as_deref());
    differences.field("timezone", Some(&there.timezone), new.timezone.map(Tz::name));
    if let Some(password) = password {
        let hash = db::operators::password_hash(conn, there.id).await?;
        if !hash.is_some_and(|hash| password.fits(&hash)) {
            differences.said("the password is another");
        }
    }
    differences.none_or_refuse(&format!("operator {}", there.email), there.id.0)?;
    Ok(Some(there))
}

/// Creates an operator. `cost` is bcrypt's.
///
/// # Errors
/// As [`existing`], or what the database says.
pub async fn create(
    db: &Db,
    author: &Author,
    new: &NewOperator,
    login: Login,
    cost: u32,
    mode: Mode,
) -> Result<Created<Operator>> {
    let hash = password::hash(login, cost).await?;
    let mut tx = db.begin().await?;
    db::guard::lock(&mut tx, &format!("operator {}", new.email.to_lowercase())).await?;
    if let Some(there) = existing(&mut tx, new, None, mode).await? {
        tx.rollback().await?;
        return Ok(Created::Existing(there));
    }
    let operator = match db::operators::insert(&mut tx, &new.row(&hash)).await {
        Ok(operator) => operator,
        // The web application does not take our lock.
        Err(error) if db::error::violated_unique(&error).is_some() => {
            tx.rollback().await?;
            let there = existing(&mut *db.conn().await?, new, None, mode).await?;
            return there.map(Created::Existing).ok_or(error);
        }
        Err(error) => return Err(error),
    };
    let fields = Fields::new()
        .private("name", None, Some(&operator.name))
        .private("email", None, Some(&operator.email))
        .plain("currency", None, Some(&operator.currency))
        .plain("locale", None, Some(&operator.locale))
        .plain("timezone", None, Some(&operator.timezone));
    let entry = Entry::new(Entity::Operator, Action::Create).of(operator.id.0).fields(fields);
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(Created::New(operator))
}
