use std::collections::BTreeSet;

use chrono::DateTime;
use uuid::Uuid;

use super::*;
use crate::db::tags::claims::PendingTag;
use crate::error::{Error, Kind};
use crate::model::ids::PhotoId;
use crate::model::status::{ReviewStatus, TagSource};
use crate::model::tag::{PairState, TagRow};
use crate::workflows::tags::decide::Ruled;
use crate::workflows::tags::review::{Batch, Undone};

fn item(number: u128, user: u128) -> Item {
    let id = Uuid::from_u128;
    let tag = PendingTag {
        id: TagId(id(number)),
        pair: Pair { photo: PhotoId(id(number)), user: UserId(id(user)) },
        project: ProjectId(id(1)),
        confidence: 40.0,
        score: Some(0.4),
        selfie: None,
        area: None,
        runner_up: None,
        user_name: format!("U{user}"),
        email: String::new(),
        photo_name: None,
        storage_key: format!("photos/{number}.jpg"),
        watermarked_key: None,
        thumbnail_key: None,
        created_at: DateTime::UNIX_EPOCH,
    };
    let project_name = "Run".to_owned();
    Item { tag, project_name, selfie: None, confirm_at: None, review_at: None, margin: None }
}

/// With 1 to 3 of one person and 4 of another.
fn session() -> Session {
    let mut session = Session::new();
    let items = vec![item(1, 8), item(2, 8), item(3, 8), item(4, 9)];
    session.loaded(Ok(Batch { items, without_consent: 0 }), 0);
    session.effects.clear();
    session
}

fn decide(session: &mut Session, verdict: Verdict) -> (u64, Vec<Given>) {
    let tag = session.current().expect("one").tag.id;
    session.decide(&BTreeSet::from([tag]), verdict);
    match session.effects.iter().rev().find(|effect| matches!(effect, Effect::Write { .. })) {
        Some(Effect::Write { step, given }) => (*step, given.clone()),
        other => panic!("{other:?}"),
    }
}

fn queue(session: &Session) -> Vec<u128> {
    session.upcoming().map(|item| item.tag.id.0.as_u128()).collect()
}

fn row(status: ReviewStatus) -> PairState {
    let row = TagRow { id: TagId(Uuid::nil()), confidence: 40.0, source: TagSource::Auto, status };
    PairState { row: Some(row), ..PairState::default() }
}

fn refused<T>() -> Result<T, Error> {
    Err(Error::new(Kind::ServiceUnavailable, "the server is away"))
}

#[test]
fn what_is_not_written_is_before_the_reviewer_again_once() {
    let mut session = session();
    let (step, _) = decide(&mut session, Verdict::Confirmed);
    assert_eq!((queue(&session), session.all_decided()), (vec![2, 3, 4], 1));
    session.written(step, refused());
    assert_eq!((queue(&session), session.all_decided(), session.is_written()), (vec![1, 2, 3, 4], 0, true));
    // Taken back before the answer comes: not twice.
    let (step, _) = decide(&mut session, Verdict::Confirmed);
    session.undo();
    session.written(step, refused());
    session.undone(step, Ok(Vec::new()));
    assert_eq!((queue(&session), session.is_written()), (vec![1, 2, 3, 4], true));
}

#[test]
fn what_is_not_taken_back_stands() {
    let mut session = session();
    let (step, given) = decide(&mut session, Verdict::Rejected);
    session.written(step, Ok(given.iter().map(|one| (*one, Ruled::Done { tag: None })).collect()));
    session.undo();
    assert_eq!(queue(&session), [1, 2, 3, 4]);
    session.undone(step, refused());
    assert_eq!((queue(&session), session.decided(Verdict::Rejected)), (vec![2, 3, 4], 1));
    session.undo();
    let pair = given[0].pair;
    session.undone(step, Ok(vec![(pair, Undone::Elsewhere(Box::new(row(ReviewStatus::Confirmed))))]));
    assert_eq!((queue(&session), session.all_decided()), (vec![2, 3, 4], 0), "somebody else's word stays");
}

#[test]
fn others_are_told_and_not_counted() {
    let mut session = session();
    let tags = session.person().map(|item| item.tag.id).collect();
    session.decide(&tags, Verdict::Confirmed);
    assert_eq!(queue(&session), [4]);
    let Some(Effect::Write { step, given }) = session.effects.first() else { panic!("{:?}", session.effects) };
    let (step, given) = (*step, given.clone());
    let answers = [Ruled::Done { tag: None }, Ruled::ChangedMeanwhile(row(ReviewStatus::Rejected)), Ruled::NoConsent];
    session.written(step, Ok(given.into_iter().zip(answers).collect()));
    assert_eq!((session.all_decided(), session.tally.elsewhere, session.tally.without_consent), (1, 1, 1));
    session.undo();
    assert_eq!(queue(&session), [1, 4], "only what was decided here");
}

#[test]
fn what_came_after_the_question_is_not_taken_for_gone() {
    let mut session = session();
    let asked: BTreeSet<TagId> = session.upcoming().map(|item| item.tag.id).collect();
    session.loaded(Ok(Batch { items: vec![item(5, 9)], without_consent: 0 }), 0);
    let held = asked.iter().copied().filter(|tag| tag.0.as_u128() != 2).collect();
    session.renewed(&asked, Ok(held));
    assert_eq!(queue(&session), [1, 3, 4, 5]);
    session.renewed(&asked, refused());
    assert_eq!(queue(&session), [1, 3, 4, 5], "a server that is away takes nothing");
}

#[test]
fn skipped_ones_come_back_by_undo() {
    let mut session = session();
    session.skip();
    session.skip();
    assert_eq!((queue(&session), session.skipped()), (vec![3, 4], 2));
    session.undo();
    session.undo();
    session.undo();
    assert_eq!((queue(&session), session.skipped()), (vec![1, 2, 3, 4], 0));
    assert!(session.effects.is_empty(), "nothing was written");
}
