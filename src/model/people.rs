//! Operators, photographers and users, as photoctl knows them: never with a password.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::ids::{OperatorId, PhotographerId, UserId};

/// Who runs events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Operator {
    pub id: OperatorId,
    pub name: String,
    pub email: String,
    /// ISO 4217, as the row has it.
    pub currency: String,
    /// BCP 47, as the row has it.
    pub locale: String,
    /// IANA time zone, as the row has it.
    pub timezone: String,
    pub profile_picture_url: Option<String>,
    pub created_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// Who takes and uploads photos, for one operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Photographer {
    pub id: PhotographerId,
    pub name: String,
    pub email: String,
    pub address: Option<String>,
    pub operator_id: OperatorId,
    pub operator: String,
    pub created_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    pub id: UserId,
    pub name: String,
    pub email: String,
    pub address: Option<String>,
    pub billing_address: Option<String>,
    pub created_at: DateTime<Utc>,
    pub deleted_at: Option<DateTime<Utc>>,
}

/// A line of a roster: what a spreadsheet says of a guest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Guest {
    pub email: String,
    pub name: String,
    pub address: Option<String>,
    pub billing_address: Option<String>,
    /// Where a project is meant.
    pub terms_accepted_at: Option<DateTime<Utc>>,
}
