//! A selfie that is to be no more: the row is marked, the vector and the pictures go.

use crate::db::{Db, audit, guard, selfies};
use crate::error::{Error, Result};
use crate::model::audit::{Action, Author, Entity, Entry, Fields};
use crate::model::selfie::Selfie;
use crate::objects::{StorageKey, Store};

/// Deletes a selfie, then its objects. One that was deleted before loses the objects that a run left which was cut
/// short. Returns whether it was live.
///
/// # Errors
/// Those of the database, and of the store: the row is deleted then, and deleting it again goes on.
pub async fn delete(db: &Db, store: &Store, author: &Author, selfie: &Selfie) -> Result<bool> {
    let mut tx = db.begin().await?;
    guard::lock(&mut tx, &format!("selfies of {}", selfie.user_id)).await?;
    let was_live = selfies::delete(&mut tx, selfie.id).await?;
    let original = selfie.facts.as_ref().and_then(|facts| facts.original_key.as_deref());
    let mut keys = Vec::new();
    for key in [Some(selfie.storage_key.as_str()), original].into_iter().flatten() {
        if !selfies::key_is_shared(&mut tx, selfie.id, key).await? {
            keys.push(StorageKey::foreign(key)?);
        }
    }
    if was_live {
        let fields = Fields::new().plain("user_id", Some(&selfie.user_id.to_string()), None).plain(
            "status",
            Some(&selfie.status),
            None,
        );
        let entry = Entry::new(Entity::Selfie, Action::Delete).of(selfie.id.0).fields(fields);
        audit::append(&mut tx, author, &entry).await?;
        tx.commit().await?;
    } else {
        tx.rollback().await?;
    }
    for key in &keys {
        store.delete(key).await.map_err(|error| {
            let error = Error::from(error).context(format!("the row of selfie {} is deleted, its picture", selfie.id));
            error.hint("delete it again once the store answers: then the picture goes")
        })?;
    }
    if original.is_some() {
        let mut tx = db.begin().await?;
        selfies::forget_original(&mut tx, selfie.id).await?;
        tx.commit().await?;
    }
    Ok(was_live)
}
