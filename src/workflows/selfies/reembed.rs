//! Vectors anew: after another model came, for those that nobody knows the model of, and for users whose consent was
//! given again.

use std::sync::Arc;

use super::decide::no_face;
use super::desk::Desk;
use super::judge::not_held;
use super::run::{self, Ended, Item, ItemStatus, Scope};
use crate::db::selfies::{self, SelfieFilter};
use crate::error::{Error, Kind, Result};
use crate::model::audit::{Action, Fields};
use crate::model::ids::UserId;
use crate::model::selfie::Selfie;
use crate::model::status::SelfieStatus;

/// Which selfies need it: every filter that is set must hold.
#[must_use]
pub fn outdated<'a>(filter: SelfieFilter<'a>, model: &'a str) -> SelfieFilter<'a> {
    SelfieFilter { outdated: Some(model), ..filter }
}

/// Gives selfies their vectors anew. The items are `approved`, `blocked` or `failed`; users without a consent who have
/// no vector either are left out of them.
///
/// # Errors
/// A defect; trouble with a selfie is its item, and leaves it as it is.
pub async fn run(desk: Desk, scope: &Scope, outdated: Vec<Selfie>) -> Result<Ended> {
    let desk = Arc::new(desk);
    let works = outdated.into_iter().map(|selfie| (selfie.user_id, selfie)).collect();
    let mut ended = run::by_user(scope, works, move |user, selfie: Selfie| {
        let desk = Arc::clone(&desk);
        async move {
            let item = match one(&desk, user, &selfie).await {
                Ok(()) => Item::judged(selfie.storage_key.clone(), user, selfie.id, SelfieStatus::Approved),
                Err(error) if error.kind() == Kind::ConsentRequired && !selfie.has_vector => {
                    Item::new(selfie.storage_key.clone(), Some(user), ItemStatus::AlreadyPresent)
                }
                Err(error) => Item::failed(selfie.storage_key.clone(), Some(user), &error),
            };
            Item { id: Some(selfie.id), ..item }
        }
    })
    .await?;
    ended.items.retain(|item| item.status != ItemStatus::AlreadyPresent);
    Ok(ended)
}

async fn one(desk: &Desk, user: UserId, selfie: &Selfie) -> Result<()> {
    let tx = desk.begin(user).await?;
    let mut held = desk.hold_alone(tx, user).await?;
    let status = selfies::status_for_update(held.consented.conn(), selfie.id).await?;
    if status.as_deref() != Some(SelfieStatus::Approved.as_str()) {
        return Err(Error::new(Kind::Conflict, "somebody else has decided about it meanwhile"));
    }
    let seen = desk.see(&mut held, selfie).await?.ok_or_else(no_face)?;
    if selfie.facts.is_some() {
        let mut consent = held.consented.of(user).ok_or_else(not_held)?;
        selfies::embed(&mut consent, selfie.id, &seen.vector).await?;
        selfies::measured(&mut consent, selfie.id, desk.engine.name(), desk.engine.model(), &seen.face).await?;
    } else {
        desk.write(&mut held, selfie, &seen, &[]).await?;
    }
    let before = selfie.facts.as_ref().map(|facts| facts.model.as_str());
    let fields =
        Fields::new().plain("user_id", None, Some(&user.to_string())).plain("model", before, Some(desk.engine.model()));
    desk.commit(held.consented, &desk.entry(Action::Embed, selfie.id, fields)).await
}
