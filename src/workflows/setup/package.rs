//! Packages: so many photos at a price.

use uuid::Uuid;

use super::change::Thing;
use super::create::New;
use super::{Mode, check, name_held, name_taken};
use crate::db::packages::PackageValues;
use crate::db::refs::Noun;
use crate::db::{self, PgConnection};
use crate::error::{Error, Kind, Result};
use crate::model::audit::Entity;
use crate::model::fields::{Field, Value};
use crate::model::ids::{OperatorId, PackageId};
use crate::model::money::{Currency, Money};
use crate::model::people::Operator;
use crate::model::project::Package;
use crate::model::text::{count, printable, quoted};

/// A package to be created, checked.
#[derive(Debug, Clone)]
pub struct NewPackage {
    planned: Package,
}

impl NewPackage {
    /// `price` as people write it, in the operator's currency.
    ///
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn new(operator: &Operator, name: &str, price: &str, photo_count: u32) -> Result<Self> {
        let planned = Package {
            id: PackageId(Uuid::nil()),
            name: check::name(name, "the package's name")?,
            operator_id: operator.id,
            operator: operator.name.clone(),
            price: self::price(price, &operator.currency)?,
            currency: operator.currency.clone(),
            photo_count: photos(photo_count)?,
            created_at: chrono::DateTime::UNIX_EPOCH,
            deleted_at: None,
        };
        Ok(Self { planned })
    }
}

/// Minor units of a price as people write it.
pub(crate) fn price(text: &str, currency: &str) -> Result<i32> {
    let currency: Currency = currency.parse().map_err(|_| {
        let shown = printable(currency);
        Error::invalid(format!("the operator's currency \"{shown}\" is none of ISO 4217: no price can be in it"))
    })?;
    let money = Money::parse(text, currency)?;
    if currency.decimals() == 3 && money.amount % 10 != 0 {
        return Err(Error::invalid(format!("{money} cannot be charged: Stripe wants the third digit to be 0")));
    }
    i32::try_from(money.amount).map_err(|_| Error::invalid(format!("{money} is more than a package can cost")))
}

fn photos(count: u32) -> Result<i32> {
    i32::try_from(count).ok().filter(|count| *count > 0).ok_or_else(|| {
        Error::invalid(format!("a package of {count} photos makes no sense"))
            .hint("give how many photos a buyer may choose: 1 or more")
    })
}

impl New for NewPackage {
    type Thing = Package;

    fn planned(&self) -> Package {
        self.planned.clone()
    }

    fn given(&self) -> &[&'static str] {
        &["name", "price", "photo_count"]
    }

    async fn same(&self, conn: &mut PgConnection, mode: Mode) -> Result<Option<Package>> {
        if mode.allow_duplicate {
            return Ok(None);
        }
        let there = db::packages::by_name(conn, self.planned.operator_id, &self.planned.name).await?;
        match there.into_iter().next() {
            Some(there) if !mode.if_not_exists => Err(name_taken(&there.label(), there.id.0)),
            there => Ok(there),
        }
    }

    async fn insert(&self, conn: &mut PgConnection, _password_hash: &str) -> Result<Uuid> {
        counted_in(conn, &self.planned).await?;
        Ok(db::packages::insert(conn, self.planned.operator_id, &values(&self.planned)).await?.0)
    }
}

/// What is to become of a package. `None` leaves a field as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PackageEdit<'a> {
    pub name: Option<&'a str>,
    pub price: Option<&'a str>,
    pub photo_count: Option<u32>,
}

impl PackageEdit<'_> {
    /// The package as it is to be.
    ///
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn apply(&self, before: &Package) -> Result<Package> {
        let mut after = before.clone();
        if let Some(name) = self.name {
            after.name = check::name(name, "the package's name")?;
        }
        if let Some(text) = self.price {
            after.price = price(text, &before.currency)?;
        }
        if let Some(count) = self.photo_count {
            after.photo_count = photos(count)?;
        }
        Ok(after)
    }
}

/// What somebody should know who changes a package that was `sold` so many times.
#[must_use]
pub fn sold_before(before: &Package, after: &Package, sold: i64) -> Option<String> {
    let changed = after.price != before.price || after.photo_count != before.photo_count;
    (sold > 0 && changed).then(|| {
        let times = count(sold.unsigned_abs(), "time");
        format!("was sold {times}: sales keep what was paid, the list of sales shows the new price")
    })
}

impl Thing for Package {
    const NOUN: Noun = Noun::Package;
    const ENTITY: Entity = Entity::Package;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn label(&self) -> String {
        format!("package {} of {}", quoted(&self.name), printable(&self.operator))
    }

    fn fields(&self) -> Vec<Field> {
        let price = match self.currency.parse() {
            Ok(currency) => Value::Money(Money { amount: self.price.into(), currency }),
            Err(_) => Value::Number(self.price.into()),
        };
        vec![
            Field::text("operator_id", Some(&self.operator_id.to_string())),
            Field::text("name", Some(&self.name)),
            Field::of("price", Some(price)),
            Field::text("currency", Some(&self.currency)),
            Field::of("photo_count", Some(Value::Number(self.photo_count.into()))),
        ]
    }

    fn owner(&self) -> Option<OperatorId> {
        Some(self.operator_id)
    }

    fn locks(&self) -> Vec<String> {
        vec![format!("package of {}: {}", self.operator_id, self.name)]
    }

    async fn read(conn: &mut PgConnection, id: Uuid) -> Result<Option<Self>> {
        db::packages::get(conn, PackageId(id)).await
    }

    async fn judge(&self, conn: &mut PgConnection, before: &Self, allow_duplicate: bool) -> Result<Vec<String>> {
        if self.name != before.name && !allow_duplicate {
            let there = db::packages::by_name(conn, self.operator_id, &self.name).await?;
            if let Some(there) = there.iter().find(|there| there.id != self.id) {
                return Err(name_held(&there.label(), there.id.0));
            }
        }
        let sold = db::packages::sold(conn, self.id).await?;
        Ok(sold_before(before, self, sold).map(|said| format!("{} {said}", self.label())).into_iter().collect())
    }

    async fn write(&self, conn: &mut PgConnection) -> Result<()> {
        counted_in(conn, self).await?;
        db::packages::update(conn, self.id, &values(self)).await
    }
}

/// A price is minor units of the currency in which it was read: 19.90 EUR is not 1990 JPY.
async fn counted_in(conn: &mut PgConnection, package: &Package) -> Result<()> {
    match db::packages::hold_currency(conn, package.operator_id).await? {
        Some(currency) if currency == package.currency => Ok(()),
        Some(currency) => {
            let (is, was) = (printable(&currency), printable(&package.currency));
            Err(Error::new(
                Kind::Conflict,
                format!("the operator counts in {is} now, no longer in {was}; nothing was written"),
            )
            .hint("do it again with a price in that currency"))
        }
        None => Err(Error::new(Kind::Conflict, "the operator was deleted by somebody else meanwhile")),
    }
}

pub(crate) fn values(package: &Package) -> PackageValues<'_> {
    PackageValues { name: &package.name, price: package.price, photo_count: package.photo_count }
}
