//! Packages: so many photos at a price.

use uuid::Uuid;

use super::{Created, Differences, Mode, check, name_taken};
use crate::db::packages::NewPackageRow;
use crate::db::{self, Db, PgConnection};
use crate::error::{Error, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::{OperatorId, PackageId};
use crate::model::money::{Currency, Money};
use crate::model::people::Operator;
use crate::model::project::Package;
use crate::model::text::{printable, quoted};

/// A package to be created, checked.
#[derive(Debug, Clone)]
pub struct NewPackage {
    operator_id: OperatorId,
    operator: String,
    currency: Currency,
    name: String,
    price: i32,
    photo_count: i32,
}

impl NewPackage {
    /// `price` as people write it, in the operator's currency.
    ///
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn new(operator: &Operator, name: &str, price: &str, photo_count: u32) -> Result<Self> {
        let currency: Currency = operator.currency.parse().map_err(|_| {
            let shown = quoted(&operator.currency);
            Error::invalid(format!("the operator's currency {shown} is none of ISO 4217: no price can be in it"))
        })?;
        let money = Money::parse(price, currency)?;
        if currency.decimals() == 3 && money.amount % 10 != 0 {
            return Err(Error::invalid(format!("{money} cannot be charged: Stripe wants the third digit to be 0")));
        }
        let price = i32::try_from(money.amount)
            .map_err(|_| Error::invalid(format!("{money} is more than a package can cost")))?;
        let photo_count = i32::try_from(photo_count).ok().filter(|count| *count > 0).ok_or_else(|| {
            Error::invalid(format!("a package of {photo_count} photos makes no sense"))
                .hint("give how many photos a buyer may choose: 1 or more")
        })?;
        let name = check::name(name, "the package's name")?;
        Ok(Self { operator_id: operator.id, operator: operator.name.clone(), currency, name, price, photo_count })
    }

    /// The package as it would be; its id is nil.
    #[must_use]
    pub fn planned(&self) -> Package {
        Package {
            id: PackageId(Uuid::nil()),
            name: self.name.clone(),
            operator_id: self.operator_id,
            operator: self.operator.clone(),
            price: self.price,
            currency: self.currency.code().to_owned(),
            photo_count: self.photo_count,
            created_at: chrono::DateTime::UNIX_EPOCH,
            deleted_at: None,
        }
    }
}

/// The package that is there already, where `mode` is content with it.
///
/// # Errors
/// `AlreadyExists` where the name is taken, or the one that is there differs from what is given.
pub async fn existing(conn: &mut PgConnection, new: &NewPackage, mode: Mode) -> Result<Option<Package>> {
    if mode.allow_duplicate {
        return Ok(None);
    }
    let Some(there) = db::packages::by_name(conn, new.operator_id, &new.name).await?.into_iter().next() else {
        return Ok(None);
    };
    let what = format!("package {} of {}", quoted(&there.name), printable(&there.operator));
    if !mode.if_not_exists {
        return Err(name_taken(&what, there.id.0));
    }
    let mut differences = Differences::default();
    if there.price != new.price {
        let (is, given) = (there.price_for_people(), new.planned().price_for_people());
        differences.said(format!("price is {is}, given was {given}"));
    }
    if there.photo_count != new.photo_count {
        differences.said(format!("photo count is {}, given was {}", there.photo_count, new.photo_count));
    }
    differences.none_or_refuse(&what, there.id.0)?;
    Ok(Some(there))
}

/// Creates a package.
///
/// # Errors
/// As [`existing`], or what the database says.
pub async fn create(db: &Db, author: &Author, new: &NewPackage, mode: Mode) -> Result<Created<Package>> {
    let mut tx = db.begin().await?;
    db::guard::lock(&mut tx, &format!("package of {}: {}", new.operator_id, new.name)).await?;
    if let Some(there) = existing(&mut tx, new, mode).await? {
        tx.rollback().await?;
        return Ok(Created::Existing(there));
    }
    let row =
        NewPackageRow { operator: new.operator_id, name: &new.name, price: new.price, photo_count: new.photo_count };
    let package = db::packages::insert(&mut tx, &row).await?;
    let operator = package.operator_id.to_string();
    let fields = Fields::new()
        .plain("operator_id", None, Some(&operator))
        .plain("name", None, Some(&package.name))
        .number("price", None, Some(package.price.into()))
        .plain("currency", None, Some(&package.currency))
        .number("photo_count", None, Some(package.photo_count.into()));
    let entry = Entry::new(Entity::Package, Action::Create).of(package.id.0).fields(fields);
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(Created::New(package))
}
