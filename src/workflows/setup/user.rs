//! Users: the guests.

use uuid::Uuid;

use super::password::{self, Login, Password};
use super::{Created, Differences, Mode, check, email_taken};
use crate::db::users::NewUserRow;
use crate::db::{self, Db, PgConnection};
use crate::error::Result;
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::ids::UserId;
use crate::model::people::User;

/// A user to be created, checked. What is `None` was not given.
#[derive(Debug, Clone)]
pub struct NewUser {
    name: String,
    email: String,
    address: Option<String>,
    billing_address: Option<String>,
}

impl NewUser {
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn new(name: &str, email: &str, address: Option<&str>, billing_address: Option<&str>) -> Result<Self> {
        Ok(Self {
            name: check::name(name, "the user's name")?,
            email: check::email(email)?,
            address: address.map(|text| check::text(text, "the address")).transpose()?,
            billing_address: billing_address.map(|text| check::text(text, "the billing address")).transpose()?,
        })
    }

    /// The user as they would be; their id is nil.
    #[must_use]
    pub fn planned(&self) -> User {
        User {
            id: UserId(Uuid::nil()),
            name: self.name.clone(),
            email: self.email.clone(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            deleted_at: None,
        }
    }
}

/// The user that is there already, where `mode` is content with them.
///
/// # Errors
/// `AlreadyExists` where the email is taken, or the one that is there differs from what is given.
pub async fn existing(
    conn: &mut PgConnection,
    new: &NewUser,
    password: Option<&Password>,
    mode: Mode,
) -> Result<Option<User>> {
    let Some(there) = db::users::by_email(conn, &new.email).await? else { return Ok(None) };
    if !mode.if_not_exists || there.deleted_at.is_some() {
        return Err(email_taken("user", &new.email, there.id.0, there.deleted_at.is_some()));
    }
    let mut differences = Differences::default();
    differences.field("name", Some(&there.name), Some(&new.name));
    if let Some(private) = db::users::private(conn, there.id).await? {
        differences.field("address", private.address.as_deref(), new.address.as_deref());
        differences.field("billing address", private.billing_address.as_deref(), new.billing_address.as_deref());
        if password.is_some_and(|password| !password.fits(&private.password_hash)) {
            differences.said("the password is another");
        }
    }
    differences.none_or_refuse(&format!("user {}", there.email), there.id.0)?;
    Ok(Some(there))
}

/// Creates a user. `cost` is bcrypt's.
///
/// # Errors
/// As [`existing`], or what the database says.
pub async fn create(
    db: &Db,
    author: &Author,
    new: &NewUser,
    login: Login,
    cost: u32,
    mode: Mode,
) -> Result<Created<User>> {
    let hash = password::hash(login, cost).await?;
    let mut tx = db.begin().await?;
    db::guard::lock(&mut tx, &format!("user {}", new.email.to_lowercase())).await?;
    if let Some(there) = existing(&mut tx, new, None, mode).await? {
        tx.rollback().await?;
        return Ok(Created::Existing(there));
    }
    let row = NewUserRow {
        name: &new.name,
        email: &new.email,
        password_hash: &hash,
        address: new.address.as_deref(),
        billing_address: new.billing_address.as_deref(),
    };
    let user = match db::users::insert(&mut tx, &row).await {
        Ok(user) => user,
        Err(error) if db::error::violated_unique(&error).is_some() => {
            tx.rollback().await?;
            let there = existing(&mut *db.conn().await?, new, None, mode).await?;
            return there.map(Created::Existing).ok_or(error);
        }
        Err(error) => return Err(error),
    };
    let fields = Fields::new()
        .private("name", None, Some(&user.name))
        .private("email", None, Some(&user.email))
        .private("address", None, new.address.as_deref())
        .private("billing_address", None, new.billing_address.as_deref());
    let entry = Entry::new(Entity::User, Action::Create).of(user.id.0).fields(fields);
    db::audit::append(&mut tx, author, &entry).await?;
    tx.commit().await?;
    Ok(Created::New(user))
}
