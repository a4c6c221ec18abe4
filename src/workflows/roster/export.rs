//! Users, or the members of a project, as a roster that can be imported.

use std::path::Path;

use chrono_tz::Tz;

use super::columns::Field;
use super::lines::csv_line;
use crate::db::{self, Db, roster};
use crate::error::Result;
use crate::model::audit::{Action, Author, Entity, Entry};
use crate::model::ids::{ProjectId, UserId};
use crate::model::people::Guest;
use crate::model::project::Project;
use crate::workflows::whole::WholeFile;

/// Users that are read at a time.
const PAGE: usize = 2_000;

/// What leaves the house. Noted before anything does.
pub struct Export {
    db: Db,
    project: Option<ProjectId>,
    zone: Tz,
    users: Vec<UserId>,
}

impl Export {
    /// Chooses the users, and notes in the audit log that they leave.
    ///
    /// # Errors
    /// What the database says.
    pub async fn begin(db: &Db, author: &Author, project: Option<&Project>) -> Result<Self> {
        let id = project.map(|project| project.id);
        let mut tx = db.begin().await?;
        let users = roster::all(&mut tx, id).await?;
        if users.is_empty() {
            tx.rollback().await?;
        } else {
            let mut entry = Entry::new(Entity::User, Action::Export).items(users.iter().map(|user| user.0));
            entry.project_id = id;
            db::audit::append(&mut tx, author, &entry).await?;
            tx.commit().await?;
        }
        Ok(Self { db: db.clone(), project: id, zone: project.map_or(Tz::UTC, Project::zone), users })
    }

    #[must_use]
    pub fn count(&self) -> u64 {
        self.users.len() as u64
    }

    /// The header of the CSV.
    #[must_use]
    pub fn header(&self) -> Vec<u8> {
        let fields = [Field::Email, Field::Name, Field::Address, Field::BillingAddress].map(Field::as_str);
        let terms = self.project.map(|_| Field::TermsAcceptedAt.as_str());
        csv_line(fields.into_iter().chain(terms))
    }

    /// The users, some at a time.
    ///
    /// # Errors
    /// What the database says.
    pub async fn pages(&self, mut on_page: impl FnMut(Vec<Guest>) -> Result<()>) -> Result<()> {
        for users in self.users.chunks(PAGE) {
            let guests = roster::guests(&mut *self.db.conn().await?, self.project, users).await?;
            on_page(guests)?;
        }
        Ok(())
    }

    /// Lines of CSV. Times are in the project's zone, with their offset.
    #[must_use]
    pub fn lines(&self, guests: &[Guest]) -> Vec<u8> {
        let mut lines = Vec::new();
        for guest in guests {
            let accepted = guest
                .terms_accepted_at
                .map(|time| time.with_timezone(&self.zone).to_rfc3339_opts(chrono::SecondsFormat::AutoSi, false));
            let [address, billing_address, accepted] =
                [&guest.address, &guest.billing_address, &accepted].map(|text| text.as_deref().unwrap_or_default());
            let accepted = self.project.map(|_| accepted);
            let cells = [guest.email.as_str(), &guest.name, address, billing_address];
            lines.extend(csv_line(cells.into_iter().chain(accepted)));
        }
        lines
    }

    /// Writes all into a file, which is there when it is whole; with `overwrite`, in place of one that is there.
    ///
    /// # Errors
    /// When it can not be written, or what the database says.
    pub async fn write(&self, path: &Path, overwrite: bool) -> Result<()> {
        let mut file = WholeFile::new(path)?;
        file.write(&self.header())?;
        self.pages(|guests| file.write(&self.lines(&guests))).await?;
        file.finish(overwrite)
    }
}
