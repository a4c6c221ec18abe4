//! A picture of a user under the gates, and beside the faces that are known. All of it under consent.

use super::engine::Engine;
use super::gates;
use crate::db::consented::Consented;
use crate::db::guard;
use crate::db::selfies::{self, Resemblance};
use crate::error::{Error, Kind, Result};
use crate::model::face::{Embedding, FoundFace};
use crate::model::ids::{SelfieId, UserId};
use crate::model::matching::Thresholds;
use crate::model::pixels::Pixels;
use crate::model::selfie::{Judgement, Reason};

/// What came of a look.
#[derive(Debug, Default)]
pub(super) struct Judged {
    pub judgement: Judgement,
    /// The largest.
    pub face: Option<FoundFace>,
    /// Where no fault stands in the way.
    pub vector: Option<Embedding>,
    pub company: Company,
}

/// What a face is like beside others that are known.
#[derive(Debug, Default, Clone, PartialEq)]
pub struct Company {
    /// Similarity with the nearest of the user's other approved selfies.
    pub own: Option<f32>,
    /// Other members whom the face resembles, the nearest first.
    pub others: Vec<Resemblance>,
}

/// Whose picture, and as which selfie.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose {
    pub user: UserId,
    pub selfie: SelfieId,
}

/// Judges a picture. `allow` lets faults and doubts pass.
pub(super) async fn judge(
    engine: &Engine,
    consented: &mut Consented,
    whose: Whose,
    picture: &Pixels,
    thresholds: &Thresholds,
    allow: &[Reason],
) -> Result<Judged> {
    let mut judged = Judged::default();
    let allowed = consented.of(whose.user).ok_or_else(not_held)?;
    let faces = engine.find(&allowed, picture)?;
    judged.face = faces.first().copied();
    sort(gates::faults(&faces), allow, &mut judged.judgement);
    let Some(face) = faces.first().filter(|_| judged.judgement.reasons.is_empty()) else { return Ok(judged) };
    let vector = match engine.embed(&allowed, picture, face) {
        Err(error) if error.kind() == Kind::InvalidInput => {
            judged.judgement.reasons.push(Reason::LowConfidence);
            return Ok(judged);
        }
        vector => vector?,
    };
    // Two at once would each not see the other: whoever is compared later sees what was kept before.
    guard::lock(consented.conn(), "selfies are compared").await?;
    judged.company = company(consented, whose, engine.model(), &vector, thresholds).await?;
    let doubts = [
        (judged.company.own.is_some_and(|own| own < thresholds.review), Reason::UnlikeOtherSelfies),
        (!judged.company.others.is_empty(), Reason::LikeAnotherUser),
    ];
    let doubts = doubts.into_iter().filter_map(|(holds, doubt)| holds.then_some(doubt)).collect();
    sort(doubts, allow, &mut judged.judgement);
    judged.vector = Some(vector);
    Ok(judged)
}

/// The faces that are known beside this one.
pub(super) async fn company(
    consented: &mut Consented,
    whose: Whose,
    model: &str,
    vector: &Embedding,
    thresholds: &Thresholds,
) -> Result<Company> {
    let own = selfies::own_nearest(consented, whose.user, whose.selfie, model, vector).await?;
    let others = selfies::resembled(consented, whose.user, model, vector, thresholds.confirm).await?;
    Ok(Company { own, others })
}

fn sort(found: Vec<Reason>, allow: &[Reason], into: &mut Judgement) {
    let (passed, stands): (Vec<_>, Vec<_>) =
        found.into_iter().partition(|reason| reason.can_be_allowed() && allow.contains(reason));
    into.allowed.extend(passed);
    into.reasons.extend(stands);
}

pub(super) fn not_held() -> Error {
    Error::new(Kind::ConsentRequired, "the user's consent to the processing of their face is not held")
}
