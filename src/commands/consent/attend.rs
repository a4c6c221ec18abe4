//! What every command does for those who revoke while it holds the embedded database.

use std::future::Future;
use std::pin::Pin;

use crate::db::Db;
use crate::error::Result;
use crate::model::text;
use crate::ui::Ui;
pub use crate::workflows::consent::drain::EVERY;
use crate::workflows::consent::drain::{self, Drained};

/// Carries out the revocations that were left, and tells of them.
pub fn attend(db: Db, ui: Ui) -> Pin<Box<dyn Future<Output = Result<()>> + Send>> {
    Box::pin(async move {
        for drained in drain::drain(&db).await? {
            match drained {
                Drained::Done { user, kind, done } => {
                    let consents = text::count(done.revoked, "consent");
                    ui.note(&format!("A revocation was left meanwhile: {consents} of user {user} to {kind} ended."));
                }
                Drained::SetAside { file, why } => ui.warn(&format!(
                    "a revocation that was left could not be carried out: {}; it lies in {}",
                    text::printable(&why),
                    text::path(&file)
                )),
            }
        }
        Ok(())
    })
}
