//! The way on from a selfie to the photos.

use crate::error::Result;
use crate::model::ids::{ProjectId, UserId};

use super::desk::Desk;

/// Matches users whose selfies were just approved against the faces of earlier photos: of the project that was named,
/// else of every project they take part in.
///
/// CONNECT HERE: call `workflows::matching::run` for these users, and take the hiding off `selfie enroll --match`.
///
/// # Errors
/// Those of matching.
#[expect(clippy::unused_async, reason = "matching will wait for the database")]
pub async fn match_now(_desk: &Desk, _users: &[UserId], _project: Option<ProjectId>) -> Result<()> {
    Ok(())
}
