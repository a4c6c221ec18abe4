//! Tags: seeded by the library, acted through the binary, read by psql.

mod claims;
mod decide;
mod explain;
mod retune;
mod sheet;

use photoctl::db::consented::{Asked, Consented};
use photoctl::db::tags::{Written, write};
use photoctl::db::{Db, DbConfig, EmbeddedConfig};
use photoctl::model::consent::Versions;
use photoctl::model::face::FaceBox;
use photoctl::model::ids::{PhotoId, SelfieId, UserId};
use photoctl::model::matching::Thresholds;
use photoctl::model::status::ReviewStatus;
use photoctl::model::tag::{Found, Pair};
use uuid::Uuid;

use crate::photos_world::{PROJECT, Photo, World, wait};
use crate::support::Output;

const MODEL: &str = "test-model";

/// What a run found.
#[derive(Clone, Copy)]
struct Seed<'a> {
    photo: &'a str,
    user: &'a str,
    status: ReviewStatus,
    score: f32,
    runner_up: Option<(&'a str, f32)>,
}

impl<'a> Seed<'a> {
    fn pending(photo: &'a str, user: &'a str, score: f32) -> Self {
        Self { photo, user, status: ReviewStatus::Pending, score, runner_up: None }
    }

    fn confirmed(photo: &'a str, user: &'a str, score: f32) -> Self {
        Self { status: ReviewStatus::Confirmed, ..Self::pending(photo, user, score) }
    }

    fn pair(&self) -> Pair {
        Pair { photo: PhotoId(id(self.photo)), user: UserId(id(self.user)) }
    }
}

fn id(text: &str) -> Uuid {
    text.parse().unwrap()
}

#[track_caller]
fn tags(world: &World, line: &str) -> Output {
    world.machine().args(shlex::split(&format!("tags {line}")).unwrap()).run()
}

async fn open(world: &World) -> Db {
    match world.database() {
        Some(db) => db.connect().await,
        None => Db::connect(&DbConfig::Embedded(EmbeddedConfig::new(world.machine().data()))).await.unwrap(),
    }
}

/// A member with an active consent. Returns the id.
fn member(world: &World, email: &str) -> String {
    world.sql(&format!(
        "WITH made AS (INSERT INTO users (name, email, password_hash) VALUES ('{email}', '{email}', 'x') RETURNING id),
              asked AS (INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
                        SELECT id, 'biometric_processing', '1', now() FROM made)
         INSERT INTO project_members (project_id, user_id) SELECT '{PROJECT}', id FROM made RETURNING user_id"
    ))
}

fn photo(world: &World, name: &str) -> String {
    world.photo(&Photo { name, ..Photo::default() })
}

/// Writes tags as a run does, by the usual thresholds.
fn seed(world: &World, seeds: &[Seed<'_>]) {
    wait(async {
        let db = open(world).await;
        let found: Vec<Found> = seeds
            .iter()
            .map(|seed| Found {
                ordinal: 0,
                area: FaceBox { left: 0.1, top: 0.2, width: 0.3, height: 0.4 },
                score: seed.score,
                selfie: SelfieId(Uuid::from_u128(7)),
                runner_up: seed.runner_up.map(|(user, score)| (UserId(id(user)), score)),
            })
            .collect();
        let users: Vec<UserId> = seeds.iter().map(|seed| seed.pair().user).collect();
        let asked = Asked { users: &users, enough: &[Versions::Any] };
        let mut consented = Consented::check(db.begin().await.unwrap(), asked).await.unwrap();
        let written: Vec<Written<'_>> = seeds
            .iter()
            .zip(&found)
            .map(|(seed, found)| Written { pair: seed.pair(), row: None, status: seed.status, found })
            .collect();
        let thresholds = Thresholds::new(0.45, 0.363, 0.05).unwrap();
        write(&mut consented, &written, "local", MODEL, &thresholds).await.unwrap();
        consented.commit().await.unwrap();
        db.close().await;
    });
}

/// Rows of tags as `status source`, by the file's name and the user's email.
fn rows(world: &World) -> String {
    world.sql(
        "SELECT f.original_name || ' ' || u.email || ' ' || t.review_status || ' ' || t.source
           FROM photo_tags t JOIN users u ON u.id = t.user_id JOIN photoctl.photo_files f ON f.photo_id = t.photo_id
          ORDER BY 1",
    )
}

/// Decisions as `decision before actor by_web`, in their order.
fn decisions(world: &World) -> String {
    let rows = world.sql(
        "SELECT concat_ws(' ', decision, coalesce(before, '-'), coalesce(actor, '-'), by_web::text)
           FROM photoctl.tag_decisions ORDER BY id",
    );
    rows.lines().collect::<Vec<_>>().join(", ")
}
