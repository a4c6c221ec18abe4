//! Why somebody is tagged in a photo, or is not.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::config::{Config, settings};
use crate::db::consented::{Asked, Consented};
use crate::db::faces::PhotoFace;
use crate::db::tags::explain::{Names, ScanNote};
use crate::db::{self, Db};
use crate::error::{Error, Kind, Result};
use crate::model::consent::{Standing, Versions};
use crate::model::face::FaceBox;
use crate::model::ids::{PhotoId, ProjectId, SelfieId, TagId, UserId};
use crate::model::matching::Thresholds;
use crate::model::status::{ReviewStatus, SelfieStatus, TagSource, Verdict};
use crate::model::tag::{Decision, Mark, Pair, PairState};
use crate::workflows::matching::run;
use crate::workflows::setup::settings as project_settings;

/// What decides how things stand: the first that holds, from the top.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// There is a tag, and it is visible.
    Tagged,
    /// There is a tag that waits for a person.
    Waiting,
    Rejected,
    Removed,
    PhotoDeleted,
    PhotoNotReady,
    UserDeleted,
    NotMember,
    NoConsent,
    /// No selfie was approved.
    NoSelfie,
    /// The approved selfies have no vector of the model that looked at the photo.
    NoVector,
    NotScanned,
    NoFace,
    /// Only faces that are too small or blurred.
    PoorFaces,
    /// The faces of the photo are not kept any more.
    Purged,
    /// The faces that are there are of people who revoked their consent.
    Withdrawn,
    BelowThreshold,
    /// The face that resembles them most is somebody else's.
    HeldByAnother,
    /// To be compared by the next run.
    NotMatched,
    /// It would be found now.
    Findable,
}

/// The row as it is.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct TagNow {
    pub id: TagId,
    pub review_status: ReviewStatus,
    pub source: TagSource,
    /// As `photo_tags` holds it: 0 to 100.
    pub confidence: f32,
}

/// A user beside the one who is asked about.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Other {
    pub user_id: UserId,
    pub name: Option<String>,
    pub score: Option<f32>,
}

/// A photo from the same moments.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Beside {
    pub photo_id: PhotoId,
    /// `None`: it is gone.
    pub photo: Option<String>,
    /// How alike the two faces are, as a cosine.
    pub score: f32,
}

/// What photoctl wrote last, and by what.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Judged {
    /// `None`: there was to be no tag.
    pub status: Option<ReviewStatus>,
    pub engine: String,
    pub model: Option<String>,
    /// 0 to 1.
    pub score: f32,
    pub selfie_id: Option<SelfieId>,
    pub runner_up: Option<Other>,
    pub thresholds: Option<Thresholds>,
    /// The photo of the same camera from the same moments that turned the decision.
    pub context: Option<Beside>,
    pub at: chrono::DateTime<chrono::Utc>,
}

/// How much a selfie resembles the face, as a cosine.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SelfieScore {
    pub selfie_id: SelfieId,
    pub score: f32,
}

/// The face that the selfies were compared with now: the tagged one, else the one that resembles them most.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    pub model: String,
    /// 0 is the largest face of the photo.
    pub ordinal: i32,
    pub area: FaceBox,
    /// Each selfie, the best first.
    pub scores: Vec<SelfieScore>,
}

/// All that there is to say.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    pub photo_id: PhotoId,
    pub photo: String,
    pub user_id: UserId,
    pub user: String,
    pub email: String,
    pub project_id: ProjectId,
    pub project: String,
    pub reason: Reason,
    pub tag: Option<TagNow>,
    pub judged: Option<Judged>,
    /// The decision of a person that stands.
    pub decision: Option<Verdict>,
    pub consent: Standing,
    /// Selfies by their status.
    pub selfies: BTreeMap<String, u64>,
    pub scan: Option<ScanNote>,
    pub compared: Option<Compared>,
    /// Where nothing could be compared: why.
    pub not_compared: Option<Reason>,
    pub held_by: Option<Other>,
    /// Those that hold in the project now.
    pub thresholds: Thresholds,
    /// The latest first.
    pub history: Vec<Decision>,
    #[serde(skip)]
    pub timezone: String,
}

/// Explains a pair. Faces are compared only under the user's consent, which is held meanwhile; nothing is written.
///
/// # Errors
/// [`Kind::NotFound`] where there is no such photo or user, or what the database says.
pub async fn explain(db: &Db, config: &Config, pair: Pair) -> Result<Explanation> {
    let mut tx = db.begin().await?;
    let names = db::tags::explain::names(&mut tx, pair).await?;
    let Some(names) = names else { return Err(Error::new(Kind::NotFound, "there is no such photo, or no such user")) };
    let config = project_settings::of_project(&mut tx, config, names.project_id).await?;
    let thresholds = run::thresholds(&config)?;
    let enough = config.get(settings::CONSENT_VERSIONS).map_or(Versions::Any, Versions::of);
    let state = db::tags::of_pairs(&mut tx, &[pair]).await?.remove(&pair).unwrap_or_default();
    // Whoever else the face resembles is told only where they allow to be looked for, too.
    let next_best = state.mark.as_ref().and_then(|mark| mark.runner_up).map(|(user, _)| user);
    let users: Vec<UserId> = [pair.user].into_iter().chain(next_best).collect();
    let asked = Asked { users: &users, enough: std::slice::from_ref(&enough) };
    let mut consented = Consented::check(tx, asked).await?;
    let consent = consented.standing(pair.user).unwrap_or(Standing::Missing);
    let conn = consented.conn();
    let history = db::tags::history(conn, pair).await?;
    let selfies = db::tags::explain::selfies(conn, pair.user).await?;
    let scans = db::tags::explain::scans(conn, pair.photo).await?;
    let model = state.mark.as_ref().and_then(|mark| mark.model.clone());
    let scan = match &model {
        Some(model) => scans.iter().find(|scan| scan.model == *model).cloned(),
        None => scans.into_iter().next(),
    };
    let model = model.or_else(|| scan.as_ref().map(|scan| scan.model.clone()));
    let (compared, not_compared) = match &model {
        Some(model) => compare(&mut consented, pair, &names, model, state.mark.as_ref(), scan.as_ref()).await?,
        None => (None, Some(Reason::NotScanned)),
    };
    let mut explanation = Explanation {
        photo_id: pair.photo,
        photo: names.photo.clone(),
        user_id: pair.user,
        user: names.user.clone(),
        email: names.email.clone(),
        project_id: names.project_id,
        project: names.project.clone(),
        reason: Reason::Findable,
        tag: state.row.map(|row| TagNow {
            id: row.id,
            review_status: row.status,
            source: row.source,
            confidence: row.confidence,
        }),
        judged: None,
        decision: state.decided_elsewhere().or(state.verdict),
        consent,
        selfies,
        scan,
        compared,
        not_compared,
        held_by: None,
        thresholds,
        history,
        timezone: names.timezone.clone(),
    };
    others(&mut consented, pair, &state, &mut explanation).await?;
    consented.rollback().await?;
    explanation.reason = reason(&explanation, &names);
    Ok(explanation)
}

/// Who else comes into it, with their names.
async fn others(consented: &mut Consented, pair: Pair, state: &PairState, explanation: &mut Explanation) -> Result<()> {
    let runner_up = state.mark.as_ref().and_then(|mark| mark.runner_up).filter(|(user, _)| consented.allows(*user));
    let conn = consented.conn();
    let held_by = match &explanation.compared {
        Some(face) if explanation.tag.is_none() => {
            db::tags::explain::holder(conn, pair, &face.model, face.ordinal).await?
        }
        _ => None,
    };
    let users: Vec<UserId> = held_by.into_iter().chain(runner_up.map(|(user, _)| user)).collect();
    let names = db::tags::explain::names_of(conn, &users).await?;
    let context = match state.mark.as_ref().and_then(|mark| mark.context) {
        None => None,
        Some(context) => {
            let photo = db::tags::explain::photo_name(conn, context.photo).await?;
            Some(Beside { photo_id: context.photo, photo, score: context.score })
        }
    };
    let other = |user: UserId, score| Other { user_id: user, name: names.get(&user).cloned(), score };
    explanation.held_by = held_by.map(|user| other(user, None));
    explanation.judged = state.mark.as_ref().map(|mark| Judged {
        status: mark.status,
        engine: mark.engine.clone(),
        model: mark.model.clone(),
        score: mark.score,
        selfie_id: mark.selfie,
        runner_up: runner_up.map(|(user, score)| other(user, Some(score))),
        thresholds: mark.thresholds,
        context: context.clone(),
        at: mark.marked_at,
    });
    Ok(())
}

/// Compares the user's selfies with the tagged face, or with all faces of the photo. Without consent nothing is read.
async fn compare(
    consented: &mut Consented,
    pair: Pair,
    names: &Names,
    model: &str,
    mark: Option<&Mark>,
    scan: Option<&ScanNote>,
) -> Result<(Option<Compared>, Option<Reason>)> {
    let not = |reason| Ok((None, Some(reason)));
    if !consented.allows(pair.user) {
        return not(Reason::NoConsent);
    }
    let Some(scan) = scan else { return not(Reason::NotScanned) };
    match (scan.faces, scan.poor, scan.kept) {
        (0, 0, _) => return not(Reason::NoFace),
        (0, _, _) => return not(Reason::PoorFaces),
        (_, _, false) => return not(Reason::Purged),
        _ => {}
    }
    let mut selfies = db::selfies::enrolled(consented, names.project_id, model).await?;
    // The consent of whoever else the face resembles is held too, for their name.
    selfies.retain(|one| one.user == pair.user);
    if selfies.is_empty() {
        return not(Reason::NoVector);
    }
    let mut faces = db::faces::of_photos(consented.conn(), &[pair.photo], model).await?;
    let tagged = mark.and_then(|mark| mark.status.and(mark.ordinal));
    if let Some(ordinal) = tagged {
        faces.retain(|face| face.ordinal == ordinal);
    }
    let best = faces
        .iter()
        .filter_map(|face| scored(face, &selfies))
        .max_by(|a, b| top(a.1.as_slice()).total_cmp(&top(b.1.as_slice())));
    let Some((face, scores)) = best else { return not(Reason::Withdrawn) };
    let compared = Compared { model: model.to_owned(), ordinal: face.ordinal, area: face.found.area, scores };
    Ok((Some(compared), None))
}

fn scored<'a>(face: &'a PhotoFace, selfies: &[db::selfies::Enrolled]) -> Option<(&'a PhotoFace, Vec<SelfieScore>)> {
    let vector = face.vector.as_ref()?;
    let score =
        |one: &db::selfies::Enrolled| SelfieScore { selfie_id: one.selfie, score: vector.similarity(&one.vector) };
    let mut scores: Vec<SelfieScore> = selfies.iter().map(score).collect();
    scores.sort_by(|a, b| b.score.total_cmp(&a.score));
    Some((face, scores))
}

fn top(scores: &[SelfieScore]) -> f32 {
    scores.first().map_or(f32::MIN, |best| best.score)
}

/// The first that holds.
fn reason(told: &Explanation, names: &Names) -> Reason {
    if let Some(tag) = told.tag {
        return match tag.review_status {
            ReviewStatus::Confirmed => Reason::Tagged,
            ReviewStatus::Pending => Reason::Waiting,
            ReviewStatus::Rejected => Reason::Rejected,
        };
    }
    let approved = told.selfies.get(SelfieStatus::Approved.as_str()).copied().unwrap_or(0);
    let before = [
        (told.decision == Some(Verdict::Rejected), Reason::Rejected),
        (told.decision == Some(Verdict::Removed), Reason::Removed),
        (names.photo_deleted, Reason::PhotoDeleted),
        (names.photo_status != "ready", Reason::PhotoNotReady),
        (names.user_deleted, Reason::UserDeleted),
        (!names.member, Reason::NotMember),
        (told.consent != Standing::Allowed, Reason::NoConsent),
        (approved == 0, Reason::NoSelfie),
    ];
    if let Some((_, reason)) = before.iter().find(|(holds, _)| *holds) {
        return *reason;
    }
    let Some(compared) = &told.compared else { return told.not_compared.unwrap_or(Reason::NotScanned) };
    if top(&compared.scores) < told.thresholds.review {
        Reason::BelowThreshold
    } else if told.held_by.is_some() {
        Reason::HeldByAnother
    } else if told.scan.as_ref().is_some_and(|scan| scan.matched_at.is_none()) {
        Reason::NotMatched
    } else {
        Reason::Findable
    }
}
