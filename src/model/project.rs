//! Projects, what is sold at them, and who takes part.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;

use super::ids::{OperatorId, PackageId, PhotographerId, ProjectId, UserId};
use super::money::Money;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Project {
    pub id: ProjectId,
    pub name: String,
    pub operator_id: OperatorId,
    pub operator: String,
    pub location: Option<String>,
    pub start_at: Option<DateTime<Utc>>,
    pub end_at: Option<DateTime<Utc>>,
    pub link: Option<String>,
    pub terms: Option<String>,
    /// The project's own IANA time zone, as the row has it.
    pub timezone: Option<String>,
    /// The operator's, which holds where the project has none.
    #[serde(skip)]
    pub operator_timezone: String,
    pub created_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

impl Project {
    /// The zone that its times are read and shown in: its own, else the operator's, else UTC (where a row of the
    /// web application holds something that is no zone).
    #[must_use]
    pub fn zone(&self) -> Tz {
        let own = self.timezone.as_deref().and_then(|name| name.parse().ok());
        own.or_else(|| self.operator_timezone.parse().ok()).unwrap_or(Tz::UTC)
    }
}

/// What is sold: so many photos at a price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(into = "PackageFields")]
pub struct Package {
    pub id: PackageId,
    pub name: String,
    pub operator_id: OperatorId,
    pub operator: String,
    /// Minor units of `currency`, as Stripe counts them.
    pub price: i32,
    /// The operator's, as the row has it.
    pub currency: String,
    pub photo_count: i32,
    pub created_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A package as programs and spreadsheets are given it: the price also as people write it, since 1990 is 19.90 EUR,
/// but 1990 JPY.
#[derive(Serialize)]
struct PackageFields {
    id: PackageId,
    name: String,
    operator_id: OperatorId,
    operator: String,
    price: i32,
    currency: String,
    price_text: String,
    photo_count: i32,
    created_at: DateTime<Utc>,
    deleted_at: Option<DateTime<Utc>>,
}

impl From<Package> for PackageFields {
    fn from(package: Package) -> Self {
        Self {
            price_text: package.price_for_people(),
            id: package.id,
            name: package.name,
            operator_id: package.operator_id,
            operator: package.operator,
            price: package.price,
            currency: package.currency,
            photo_count: package.photo_count,
            created_at: package.created_at,
            deleted_at: package.deleted_at,
        }
    }
}

impl Package {
    /// `19.90 EUR`; bare minor units where the operator's row has no currency of ISO 4217.
    #[must_use]
    pub fn price_for_people(&self) -> String {
        match self.currency.parse() {
            Ok(currency) => Money { amount: self.price.into(), currency }.to_string(),
            Err(_) => format!("{} minor units of {}", self.price, self.currency),
        }
    }
}

/// A photographer assigned to a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Assigned {
    /// The photographer's.
    pub id: PhotographerId,
    pub name: String,
    pub email: String,
    pub project_id: ProjectId,
    /// Unknown on rows that are older than the column.
    pub assigned_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A user who has joined a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Member {
    /// The user's.
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub project_id: ProjectId,
    pub joined_at: DateTime<Utc>,
    pub terms_accepted_at: Option<DateTime<Utc>>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Somebody who coaches at a project: a name, no account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Coach {
    pub id: uuid::Uuid,
    pub name: String,
    pub project_id: ProjectId,
}

/// How much there is in a project. Deleted things are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ProjectCounts {
    pub photographers: i64,
    pub members: i64,
    /// Members who have accepted the terms.
    pub members_with_terms: i64,
    pub packages: i64,
    pub coaches: i64,
    pub photos: i64,
    pub photos_ready: i64,
    pub photos_processing: i64,
    pub photos_failed: i64,
    pub tags_confirmed: i64,
    pub tags_pending: i64,
    pub tags_rejected: i64,
    pub sales_paid: i64,
    pub sales_pending: i64,
    pub sales_failed: i64,
    /// Those that let somebody join.
    pub open_tokens: i64,
}
