//! Photographers.

use uuid::Uuid;

use super::password::{self, Login, Password};
use super::{Created, Differences, Mode, check, email_taken, name_taken};
use crate::db::photographers::NewPhotographerRow;
use crate::db::{self, Db, PgConnection};
use crate::error::Result;
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::{OperatorId, PhotographerId};
use crate::model::people::{Operator, Photographer};
use crate::model::text::{printable, quoted};

/// A photographer to be created, checked. What is `None` was not given.
#[derive(Debug, Clone)]
pub struct NewPhotographer {
    operator_id: OperatorId,
    operator: String,
    name: String,
    email: String,
    address: Option<String>,
}

impl NewPhotographer {
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn new(operator: &Operator, name: &str, email: &str, address: Option<&str>) -> Result<Self> {
        Ok(Self {
            operator_id: operator.id,
            operator: operator.name.clone(),
            name: check::name(name, "the photographer's name")?,
            email: check::email(email)?,
            address: address.map(|text| check::text(text, "the address")).transpose()?,
        })
    }

    /// The photographer as it would be; its id is nil.
    #[must_use]
    pub fn planned(&self) -> Photographer {
        Photographer {
            id: PhotographerId(Uuid::nil()),
            name: self.name.clone(),
            email: self.email.clone(),
            operator_id: self.operator_id,
            operator: self.operator.clone(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            deleted_at: None,
        }
    }
}

/// The photographer that is there already, where `mode` is content with it.
///
/// # Errors
/// `AlreadyExists` where the email or the name is taken, or the one that is there differs from what is given.
pub async fn existing(
    conn: &mut PgConnection,
    new: &NewPhotographer,
    password: Option<&Password>,
    mode: Mode,
) -> Result<Option<Photographer>> {
    let there = match db::photographers::by_email(conn, &new.email).await? {
        Some(there) if !mode.if_not_exists || there.deleted_at.is_some() => {
            return Err(email_taken("photographer", &new.email, there.id.0, there.deleted_at.is_some()));
        }
        Some(there) => there,
        None if mode.allow_duplicate => return Ok(None),
        None => match db::photographers::by_name(conn, new.operator_id, &new.name).await?.into_iter().next() {
            None => return Ok(None),
            Some(there) if !mode.if_not_exists => {
                return Err(name_taken(
                    &format!("photographer {} of {}", quoted(&there.name), printable(&there.operator)),
                    there.id.0,
                ));
            }
            Some(there) => there,
        },
    };
    let mut differences = Differences::default();
    differences.field("name", Some(&there.name), Some(&new.name));
    if there.email.to_lowercase() != new.email.to_lowercase() {
        differences.field("email", Some(&there.email), Some(&new.email));
    }
    if there.operator_id != new.operator_id {
        differences.field("operator", Some(&there.operator), Some(&new.operator));
    }
    if let Some((hash, address)) = db::photographers::private(conn, there.id).await? {
        differences.field("address", address.as_deref(), new.address.as_deref());
        if password.is_some_and(|password| !password.fits(&hash)) {
            differences.said("the password is another");
        }
    }
    differences.none_or_refuse(&format!("photographer {}", there.email), there.id.0)?;
    Ok(Some(there))
}

/// Creates a photographer. `cost` is bcrypt's.
///
/// # Errors
/// As [`existing`], or what the database says.
pub async fn create(
    db: &Db,
    author: &Author,
    new: &NewPhotographer,
    login: Login,
    cost: u32,
    mode: Mode,
) -> Result<Created<Photographer>> {
    let hash = password::hash(login, cost).await?;
    let mut tx = db.begin().await?;
    db::guard::lock(&mut tx, &format!("photographer of {}: {}", new.operator_id, new.name)).await?;
    db::guard::lock(&mut tx, &format!("photographer {}", new.email.to_lowercase())).await?;
    if let Some(there) = existing(&mut tx, new, None, mode).await? {
        tx.rollback().await?;
        return Ok(Created::Existing(there));
    }
    let row = NewPhotographerRow {
        operator: new.operator_id,
        name: &new.name,
        email: &new.email,
        password_hash: &hash,
        address: new.address.as_deref(),
    };
    let photographer = match db::photographers::insert(&mut tx, &row).await {
        Ok(photographer) => photographer,
        Err(error) if db::error::violated_unique(&error).is_some() => {
            tx.rollback().await?;
            let there = existing(&mut *db.conn().await?, new, None, mode).await?;
            return there.map(Created::Existing).ok_or(error);
        }
        Err(error) => return Err(error),
    };
    let operator = photographer.operator_id.to_string();
    let fields = Fields::new()
        .plain("operator_id", None, Some(&operator))
        .private("name", None, Some(&photographer.name))
        .private("email", None, Some(&photographer.email))
        .private("address", None, new.address.as_deref());
    let entry = Entry::new(Entity::Photographer, Action::Create).of(photographer.id.0).fields(fields);
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(Created::New(photographer))
}
