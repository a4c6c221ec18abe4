//! Reviewers who work at once never have the same tag before them.

use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use photoctl::db::tags::claims::{ReviewOrder, Wanted, claim, release, renew};
use photoctl::model::ids::{ProjectId, TagId};
use uuid::Uuid;

use super::{Seed, id, member, open, photo, seed};
use crate::photos_world::{OTHER_PROJECT, PROJECT, Photo, World, wait};

/// The first so many, of a project or of all.
fn first(project: Option<ProjectId>, limit: u32) -> Wanted {
    Wanted { project, user: None, limit }
}

const MINUTE: Duration = Duration::from_secs(60);

fn event(world: &World, number: usize) -> String {
    let gus = member(world, "gus@x.org");
    let names: Vec<String> = (0..number).map(|number| format!("{number}.JPG")).collect();
    let photos: Vec<Photo<'_>> = names.iter().map(|name| Photo { name, ..Photo::default() }).collect();
    // A command line has only so much room.
    let photos: Vec<String> = photos.chunks(50).flat_map(|some| world.photos_of(some)).collect();
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let score = |index: usize| 0.37 + index as f32 / 10_000.0;
    let seeds: Vec<Seed<'_>> =
        photos.iter().enumerate().map(|(index, photo)| Seed::pending(photo, &gus, score(index))).collect();
    seed(world, &seeds);
    gus
}

#[test]
fn reviewers_at_once_share_the_queue_without_a_tag_twice() {
    const TAGS: usize = 240;
    const REVIEWERS: usize = 4;
    let world = World::real();
    event(&world, TAGS);
    let url = world.database().unwrap().url().to_owned();
    let begin = Arc::new(Barrier::new(REVIEWERS));
    let hands: Vec<_> = (0..REVIEWERS)
        .map(|_| {
            let (url, begin) = (url.clone(), Arc::clone(&begin));
            std::thread::spawn(move || {
                wait(async {
                    let db = crate::support::pg::connect(&url).await;
                    let by = Uuid::new_v4();
                    let mut all: Vec<TagId> = Vec::new();
                    begin.wait();
                    loop {
                        let mut conn = db.conn().await.unwrap();
                        let got = claim(&mut conn, first(None, 3), by, MINUTE, ReviewOrder::Likely).await.unwrap();
                        if got.is_empty() {
                            break;
                        }
                        all.extend(got.iter().map(|tag| tag.id));
                    }
                    db.close().await;
                    all
                })
            })
        })
        .collect();
    let claimed: Vec<Vec<TagId>> = hands.into_iter().map(|hand| hand.join().unwrap()).collect();
    let all: BTreeSet<TagId> = claimed.iter().flatten().copied().collect();
    assert_eq!(claimed.iter().map(Vec::len).sum::<usize>(), all.len(), "a tag was claimed twice");
    assert_eq!(all.len(), TAGS);
    let held = world.sql("SELECT count(*), count(DISTINCT claimed_by) FROM photoctl.review_claims");
    assert!(held.starts_with(&format!("{TAGS}|")), "{held}");
}

#[test]
fn a_claim_ends_with_its_lease_and_is_given_back() {
    for world in World::both() {
        event(&world, 5);
        let (eva, ola) = (Uuid::from_u128(1), Uuid::from_u128(2));
        wait(async {
            let db = open(&world).await;
            let mut conn = db.conn().await.unwrap();
            let order = ReviewOrder::Likely;
            let mine = claim(&mut conn, first(None, 3), eva, MINUTE, order).await.unwrap();
            let names: Vec<_> = mine.iter().map(|tag| tag.photo_name.clone().unwrap()).collect();
            assert_eq!(names, ["4.JPG", "3.JPG", "2.JPG"], "the best first");
            assert!(mine.iter().all(|tag| tag.score.is_some() && tag.area.is_some() && tag.email == "gus@x.org"));
            let short = Duration::from_millis(300);
            let others = claim(&mut conn, first(None, 10), ola, short, order).await.unwrap();
            assert_eq!(others.len(), 2, "what is left");
            assert!(claim(&mut conn, first(None, 10), eva, MINUTE, order).await.unwrap().is_empty());
            tokio::time::sleep(short * 2).await;
            assert_eq!(claim(&mut conn, first(None, 10), eva, MINUTE, ReviewOrder::Doubtful).await.unwrap().len(), 2);
            assert!(renew(&mut conn, ola, MINUTE).await.unwrap().is_empty(), "somebody else has them");
            assert_eq!(renew(&mut conn, eva, MINUTE).await.unwrap().len(), 5);
            assert_eq!(release(&mut conn, eva, Some(&[mine[0].id])).await.unwrap(), 1);
            assert_eq!(claim(&mut conn, first(None, 10), ola, MINUTE, order).await.unwrap().len(), 1);
            assert_eq!(release(&mut conn, eva, None).await.unwrap(), 4);
            drop(conn);
            db.close().await;
        });
        assert_eq!(world.sql("SELECT count(*) FROM photoctl.review_claims"), "1");
    }
}

#[test]
fn only_what_can_be_decided_is_claimed() {
    let world = World::real();
    let gus = event(&world, 2);
    let eva = member(&world, "eva@x.org");
    let other = world.photo(&Photo { project: OTHER_PROJECT, ..Photo::default() });
    let decided = photo(&world, "D.JPG");
    let by = Seed { runner_up: Some((&gus, 0.3)), ..Seed::pending(&other, &eva, 0.4) };
    seed(&world, &[by, Seed::confirmed(&decided, &eva, 0.6)]);
    let count = |project: Option<&str>| {
        wait(async {
            let db = open(&world).await;
            let mut conn = db.conn().await.unwrap();
            let project = project.map(|project| ProjectId(id(project)));
            let by = Uuid::new_v4();
            let got = claim(&mut conn, first(project, 10), by, MINUTE, ReviewOrder::User).await.unwrap();
            release(&mut conn, by, None).await.unwrap();
            got
        })
    };
    let there = count(Some(OTHER_PROJECT));
    assert_eq!(there.len(), 1);
    assert_eq!(there[0].runner_up.as_ref().unwrap().name.as_deref(), Some("gus@x.org"));
    assert_eq!((count(Some(PROJECT)).len(), count(None).len()), (2, 3));
    world
        .sql("UPDATE user_consents SET revoked_at = now() FROM users u WHERE u.id = user_id AND u.email = 'gus@x.org'");
    assert_eq!(count(None).len(), 1, "without consent nothing could be confirmed");
    world.sql(&format!("UPDATE photos SET deleted_at = now() WHERE id = '{other}'"));
    assert_eq!(count(None).len(), 0);
}
