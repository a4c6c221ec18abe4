//! Matching: faces of photos against members, acted through the binary, read by psql.

mod consent;
mod context;
mod event;
mod kills;
mod pictures;
mod rules;
mod sticky;

use std::fmt::Write as _;

use photoctl::faces::MODEL;
use photoctl::model::face::DIMENSIONS;

use crate::photos_world::{PROJECT, Photo, World};
use crate::support::Output;

/// What a face shares with people: a person's number and the cosine with their selfie. The rest points where nobody
/// else does.
pub type Looks<'a> = &'a [(usize, f32)];

/// A vector of length 1 with these cosines; `own` tells it from every other.
fn vector(looks: Looks<'_>, own: usize) -> String {
    let mut values = [0.0f32; DIMENSIONS];
    for (person, score) in looks {
        values[*person] = *score;
    }
    let rest = 1.0 - values.iter().map(|value| value * value).sum::<f32>();
    values[40 + own % (DIMENSIONS - 40)] = rest.max(0.0).sqrt();
    let words: Vec<String> = values.iter().map(f32::to_string).collect();
    format!("[{}]", words.join(","))
}

/// SQL that seeds an event of made-up faces; a start of the embedded database costs, so it is run at once.
#[derive(Default)]
pub struct Seed {
    sql: String,
    selfies: usize,
    faces: usize,
}

impl Seed {
    /// A member with consent and one selfie: person `n`, whose user id ends in it.
    pub fn guest(&mut self, n: usize) -> &mut Self {
        let id = user(n);
        write!(
            self.sql,
            "INSERT INTO users (id, name, email, password_hash) VALUES ('{id}', 'Guest {n}', 'g{n}@example.org', 'x');
             INSERT INTO project_members (project_id, user_id) VALUES ('{PROJECT}', '{id}');
             INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
             VALUES ('{id}', 'biometric_processing', '1', '2026-01-01');"
        )
        .unwrap();
        self.selfie(n, &[(n, 1.0)])
    }

    pub fn selfie(&mut self, n: usize, looks: Looks<'_>) -> &mut Self {
        self.selfies += 1;
        let (id, user, vector) =
            (format!("00000000-0000-4000-8000-{:012x}", 0xe000 + self.selfies), user(n), vector(looks, 80));
        write!(
            self.sql,
            "INSERT INTO selfies (id, user_id, storage_key, embedding, status)
             VALUES ('{id}', '{user}', 'selfies/{id}.jpg', '{vector}', 'approved');
             INSERT INTO photoctl.selfie_facts (selfie_id, user_id, sha256, engine, model)
             VALUES ('{id}', '{user}', sha256('{id}'), 'local', '{MODEL}');"
        )
        .unwrap();
        self
    }

    /// A photo that was looked at, with these faces.
    pub fn photo(&mut self, id: &str, faces: &[Looks<'_>]) -> &mut Self {
        let photo = Photo { id: Some(id), uploaded: "now", ..Photo::default() };
        self.sql.push_str(&photo.sql(id));
        self.scan(id, faces)
    }

    pub fn scan(&mut self, id: &str, faces: &[Looks<'_>]) -> &mut Self {
        let count = faces.len();
        write!(
            self.sql,
            "INSERT INTO photoctl.face_scans (photo_id, model, faces, poor, kept)
             VALUES ('{id}', '{MODEL}', {count}, 0, true);"
        )
        .unwrap();
        for (ordinal, looks) in faces.iter().enumerate() {
            self.faces += 1;
            let (left, vector) = (0.3 * ordinal as f32, vector(looks, self.faces));
            write!(
                self.sql,
                "INSERT INTO photoctl.faces (photo_id, model, ordinal, face_left, face_top, face_width, face_height,
                     landmarks, score, width_px, sharpness, luma, yaw, pitch, roll, vector)
                 VALUES ('{id}', '{MODEL}', {ordinal}, {left}, 0.1, 0.2, 0.2, array_fill(0.5::real, ARRAY[10]), 0.9, 100,
                         100, 120, 0, 0.5, 0, '{vector}');"
            )
            .unwrap();
        }
        self
    }

    pub fn plant(&mut self, world: &World) {
        world.sql(&std::mem::take(&mut self.sql));
    }
}

pub fn user(n: usize) -> String {
    format!("00000000-0000-4000-8000-{:012x}", 0xd000 + n)
}

pub fn photo(n: usize) -> String {
    format!("00000000-0000-4000-8000-{:012x}", 0xf000 + n)
}

#[track_caller]
pub fn tags(world: &World, line: &str) -> Output {
    world.machine().args(shlex::split(&format!("tags {line}")).unwrap()).run()
}

/// Every tag as `photo:user:status`, by the numbers that they were seeded with.
pub fn told(world: &World) -> String {
    let rows = world.sql(
        "SELECT right(photo_id::text, 3) || ':' || right(user_id::text, 3) || ':' || review_status FROM photo_tags
          ORDER BY photo_id, user_id",
    );
    rows.lines().collect::<Vec<_>>().join(" ")
}
