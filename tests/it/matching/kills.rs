//! Killed at any moment: the next run completes what the last one left, and nothing is there twice.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rustix::process::Signal;
use sqlx::Connection;

use super::{Seed, photo, tags, told};
use crate::photos_world::{PROJECT, World};

const PHOTOS: usize = 1_600;
const KILLS: u32 = 8;

fn event(world: &World) {
    let mut seed = Seed::default();
    seed.guest(1).guest(2).guest(3);
    for n in 0..PHOTOS {
        seed.photo(&photo(n), &[&[(1, 0.8)], &[(2, 0.4), (3, 0.38)], &[(3, 0.5)]]);
        // An argument of psql has its length.
        if n % 20 == 19 {
            seed.plant(world);
        }
    }
}

/// Each tag has its mark and the same status, and each was told of once in the log.
fn is_whole(world: &World) {
    world.database().unwrap().until_alone();
    let pairs = world.sql(
        "SELECT count(*), count(m.photo_id), count(*) FILTER (WHERE m.status = t.review_status)
           FROM photo_tags t FULL JOIN photoctl.tag_marks m ON (m.photo_id, m.user_id) = (t.photo_id, t.user_id)",
    );
    let counts: Vec<&str> = pairs.split('|').collect();
    assert!(counts.iter().all(|count| *count == counts[0]), "tags, marks, and the same of both: {pairs}");
    let logged = "SELECT coalesce(sum(item_count), 0) FROM photoctl.audit WHERE action = 'match'";
    assert_eq!(world.sql(logged), counts[0], "the log tells of each tag once");
    let matched = "SELECT count(*) FROM photoctl.face_scans WHERE matched_at IS NOT NULL";
    let tagged = "SELECT count(DISTINCT photo_id) FROM photo_tags";
    assert_eq!(world.sql(matched), world.sql(tagged), "a photo is done when its tags are written");
}

/// Ends a run that stands in the middle of its second transaction.
async fn kill_in_the_middle(world: &World) {
    let db = world.database().unwrap();
    let mut somebody = db.outsider().await;
    let held = format!("BEGIN; SELECT FROM photos WHERE id = '{}' FOR UPDATE", photo(700));
    sqlx::raw_sql(sqlx::AssertSqlSafe(held)).execute(&mut somebody).await.unwrap();
    let run = world.machine().line(&format!("tags match --project {PROJECT}")).spawn();
    db.until_blocked(1);
    run.signal(Signal::KILL);
    run.wait();
    sqlx::raw_sql("COMMIT").execute(&mut somebody).await.unwrap();
    somebody.close().await.unwrap();
    is_whole(world);
    assert_eq!(world.sql("SELECT count(DISTINCT photo_id) FROM photo_tags"), "500", "the first transaction's");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_match_is_completed_by_the_next() {
    let undisturbed = World::real();
    event(&undisturbed);
    let begun = Instant::now();
    tags(&undisturbed, &format!("match --project {PROJECT}")).code(0);
    let whole = begun.elapsed();

    let world = World::real();
    event(&world);
    kill_in_the_middle(&world).await;
    let seed = rand::random();
    let mut chance = StdRng::seed_from_u64(seed);
    let mut killed = 0;
    for blow in 1..=KILLS {
        // The first ones come early: there is less to be done each time.
        let latest = whole.mul_f64(f64::from(blow) / f64::from(KILLS));
        let mut run = world.machine().line(&format!("tags match --project {PROJECT} --json")).spawn();
        std::thread::sleep(chance.random_range(Duration::ZERO..latest));
        if run.is_running() {
            run.signal(Signal::KILL);
            killed += 1;
        }
        run.wait();
        is_whole(&world);
    }
    assert!(killed > 0, "no blow fell, seed {seed}");
    tags(&world, &format!("match --project {PROJECT}")).code(0);
    assert_eq!(told(&world), told(&undisturbed), "seed {seed}");
    is_whole(&world);
}
