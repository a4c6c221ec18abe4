//! Photographers.

use uuid::Uuid;

use super::change::{Edit, Thing, edited};
use super::create::New;
use super::{Mode, check, email_held, email_taken, name_held, name_taken};
use crate::db::photographers::PhotographerValues;
use crate::db::refs::Noun;
use crate::db::{self, PgConnection};
use crate::error::Result;
use crate::model::audit::Entity;
use crate::model::fields::Field;
use crate::model::ids::{OperatorId, PhotographerId};
use crate::model::people::{Operator, Photographer};
use crate::model::text::{printable, quoted};

/// A photographer to be created, checked.
#[derive(Debug, Clone)]
pub struct NewPhotographer {
    planned: Photographer,
    given: Vec<&'static str>,
}

impl NewPhotographer {
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn new(operator: &Operator, name: &str, email: &str, address: Option<&str>) -> Result<Self> {
        let mut given = vec!["name", "email", "operator_id"];
        given.extend(address.map(|_| "address"));
        let planned = Photographer {
            id: PhotographerId(Uuid::nil()),
            name: check::name(name, "the photographer's name")?,
            email: check::email(email)?,
            address: address.map(|text| check::text(text, "the address")).transpose()?,
            operator_id: operator.id,
            operator: operator.name.clone(),
            created_at: chrono::DateTime::UNIX_EPOCH,
            deleted_at: None,
        };
        Ok(Self { planned, given })
    }
}

impl New for NewPhotographer {
    type Thing = Photographer;

    fn planned(&self) -> Photographer {
        self.planned.clone()
    }

    fn given(&self) -> &[&'static str] {
        &self.given
    }

    async fn same(&self, conn: &mut PgConnection, mode: Mode) -> Result<Option<Photographer>> {
        let Photographer { email, operator_id, name, .. } = &self.planned;
        match db::photographers::by_email(conn, email).await? {
            Some(there) if !mode.if_not_exists || there.deleted_at.is_some() => {
                return Err(email_taken(Noun::Photographer, email, there.id.0, there.deleted_at.is_some()));
            }
            Some(there) => return Ok(Some(there)),
            None if mode.allow_duplicate => return Ok(None),
            None => {}
        }
        match db::photographers::by_name(conn, *operator_id, name).await?.into_iter().next() {
            Some(there) if !mode.if_not_exists => Err(name_taken(&there.named(), there.id.0)),
            there => Ok(there),
        }
    }

    async fn insert(&self, conn: &mut PgConnection, password_hash: &str) -> Result<Uuid> {
        let operator = self.planned.operator_id;
        Ok(db::photographers::insert(conn, operator, &values(&self.planned), password_hash).await?.0)
    }
}

/// What is to become of a photographer. `None` leaves a field as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PhotographerEdit<'a> {
    pub name: Option<&'a str>,
    pub email: Option<&'a str>,
    pub address: Edit<'a>,
}

impl PhotographerEdit<'_> {
    /// The photographer as they are to be.
    ///
    /// # Errors
    /// A sentence for the first value that cannot be stored.
    pub fn apply(&self, before: &Photographer) -> Result<Photographer> {
        let mut after = before.clone();
        if let Some(name) = self.name {
            after.name = check::name(name, "the photographer's name")?;
        }
        if let Some(email) = self.email {
            after.email = check::email(email)?;
        }
        after.address = edited(self.address, before.address.as_ref(), |text| check::text(text, "the address"))?;
        Ok(after)
    }
}

impl Photographer {
    fn named(&self) -> String {
        format!("photographer {} of {}", quoted(&self.name), printable(&self.operator))
    }
}

impl Thing for Photographer {
    const NOUN: Noun = Noun::Photographer;
    const ENTITY: Entity = Entity::Photographer;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn label(&self) -> String {
        format!("photographer {}", printable(&self.email))
    }

    fn fields(&self) -> Vec<Field> {
        vec![
            Field::text("operator_id", Some(&self.operator_id.to_string())),
            Field::private("name", Some(&self.name)),
            Field::private("email", Some(&self.email)),
            Field::private("address", self.address.as_deref()),
        ]
    }

    fn owner(&self) -> Option<OperatorId> {
        Some(self.operator_id)
    }

    fn locks(&self) -> Vec<String> {
        vec![
            format!("photographer of {}: {}", self.operator_id, self.name),
            format!("photographer {}", self.email.to_lowercase()),
        ]
    }

    async fn read(conn: &mut PgConnection, id: Uuid) -> Result<Option<Self>> {
        db::photographers::get(conn, PhotographerId(id)).await
    }

    async fn judge(&self, conn: &mut PgConnection, before: &Self, allow_duplicate: bool) -> Result<Vec<String>> {
        if self.email.to_lowercase() != before.email.to_lowercase()
            && let Some(there) = db::photographers::by_email(conn, &self.email).await?
        {
            return Err(email_held(Noun::Photographer, &self.email, there.id.0, there.deleted_at.is_some()));
        }
        if self.name != before.name && !allow_duplicate {
            let there = db::photographers::by_name(conn, self.operator_id, &self.name).await?;
            if let Some(there) = there.iter().find(|there| there.id != self.id) {
                return Err(name_held(&there.named(), there.id.0));
            }
        }
        Ok(Vec::new())
    }

    async fn write(&self, conn: &mut PgConnection) -> Result<()> {
        db::photographers::update(conn, self.id, &values(self)).await
    }
}

pub(crate) fn values(photographer: &Photographer) -> PhotographerValues<'_> {
    PhotographerValues {
        name: &photographer.name,
        email: &photographer.email,
        address: photographer.address.as_deref(),
    }
}
