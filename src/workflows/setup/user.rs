//! Users: the guests.

use uuid::Uuid;

use super::change::{Edit, Thing, edited};
use super::create::New;
use super::{Mode, check, email_held, email_taken};
use crate::db::refs::Noun;
use crate::db::users::UserValues;
use crate::db::{self, PgConnection};
use crate::error::Result;
use crate::model::audit::Entity;
use crate::model::fields::Field;
use crate::model::ids::UserId;
use crate::model::people::User;
use crate::model::text::printable;

/// A user to be created, checked.
#[derive(Debug, Clone)]
pub struct NewUser {
    planned: User,
    given: Vec<&'static str>,
}

impl NewUser {
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn new(name: &str, email: &str, address: Option<&str>, billing_address: Option<&str>) -> Result<Self> {
        let mut given = vec!["name", "email"];
        given.extend(address.map(|_| "address"));
        given.extend(billing_address.map(|_| "billing_address"));
        let planned = User {
            id: UserId(Uuid::nil()),
            name: check::name(name, "the user's name")?,
            email: check::email(email)?,
            address: address.map(|text| check::text(text, "the address")).transpose()?,
            billing_address: billing_address.map(|text| check::text(text, "the billing address")).transpose()?,
            created_at: chrono::DateTime::UNIX_EPOCH,
            deleted_at: None,
        };
        Ok(Self { planned, given })
    }
}

impl New for NewUser {
    type Thing = User;

    fn planned(&self) -> User {
        self.planned.clone()
    }

    fn given(&self) -> &[&'static str] {
        &self.given
    }

    async fn same(&self, conn: &mut PgConnection, mode: Mode) -> Result<Option<User>> {
        match db::users::by_email(conn, &self.planned.email).await? {
            Some(there) if !mode.if_not_exists || there.deleted_at.is_some() => {
                Err(email_taken(Noun::User, &self.planned.email, there.id.0, there.deleted_at.is_some()))
            }
            there => Ok(there),
        }
    }

    async fn insert(&self, conn: &mut PgConnection, password_hash: &str) -> Result<Uuid> {
        Ok(db::users::insert(conn, &values(&self.planned), password_hash).await?.0)
    }
}

/// What is to become of a user. `None` leaves a field as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UserEdit<'a> {
    pub name: Option<&'a str>,
    pub email: Option<&'a str>,
    pub address: Edit<'a>,
    pub billing_address: Edit<'a>,
}

impl UserEdit<'_> {
    /// The user as they are to be.
    ///
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn apply(&self, before: &User) -> Result<User> {
        let mut after = before.clone();
        if let Some(name) = self.name {
            after.name = check::name(name, "the user's name")?;
        }
        if let Some(email) = self.email {
            after.email = check::email(email)?;
        }
        after.address = edited(self.address, before.address.as_ref(), |text| check::text(text, "the address"))?;
        after.billing_address = edited(self.billing_address, before.billing_address.as_ref(), |text| {
            check::text(text, "the billing address")
        })?;
        Ok(after)
    }
}

impl Thing for User {
    const NOUN: Noun = Noun::User;
    const ENTITY: Entity = Entity::User;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn label(&self) -> String {
        format!("user {}", printable(&self.email))
    }

    fn fields(&self) -> Vec<Field> {
        vec![
            Field::private("name", Some(&self.name)),
            Field::private("email", Some(&self.email)),
            Field::private("address", self.address.as_deref()),
            Field::private("billing_address", self.billing_address.as_deref()),
        ]
    }

    fn locks(&self) -> Vec<String> {
        vec![format!("user {}", self.email.to_lowercase())]
    }

    async fn read(conn: &mut PgConnection, id: Uuid) -> Result<Option<Self>> {
        db::users::get(conn, UserId(id)).await
    }

    async fn judge(&self, conn: &mut PgConnection, before: &Self, _allow_duplicate: bool) -> Result<Vec<String>> {
        if self.email.to_lowercase() != before.email.to_lowercase()
            && let Some(there) = db::users::by_email(conn, &self.email).await?
        {
            return Err(email_held(Noun::User, &self.email, there.id.0, there.deleted_at.is_some()));
        }
        Ok(Vec::new())
    }

    async fn write(&self, conn: &mut PgConnection) -> Result<()> {
        db::users::update(conn, self.id, &values(self)).await
    }
}

fn values(user: &User) -> UserValues<'_> {
    UserValues {
        name: &user.name,
        email: &user.email,
        address: user.address.as_deref(),
        billing_address: user.billing_address.as_deref(),
    }
}
