//! A small event with tags that wait: on a real server, objects in a folder.

use std::path::PathBuf;

use crate::photos_world::wait;
use crate::support::pg::TestDb;
use crate::support::terminal::Terminal;
use crate::support::{Photoctl, Run};

pub const PROJECT: &str = "00000000-0000-4000-8000-0000000000b1";
pub const ANA: &str = "00000000-0000-4000-8000-0000000000d1";
pub const BO: &str = "00000000-0000-4000-8000-0000000000d2";
pub const CY: &str = "00000000-0000-4000-8000-0000000000d3";

pub struct World {
    pub machine: Photoctl,
    pub db: TestDb,
}

/// The id of a thing of some kind by its number.
fn id(kind: &str, number: usize) -> String {
    format!("00000000-0000-4000-8000-00000000{kind}{number:02x}")
}

pub fn tag(number: usize) -> String {
    id("7a", number)
}

pub fn faces() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/faces")
}

impl World {
    /// Ana waits in photos 1 to `ana`, Bo in the `bo` after them; Cy is a member without any. The scores grow with the
    /// number: 0.37, 0.38, ...
    pub fn new(ana: usize, bo: usize) -> Self {
        let db = wait(TestDb::migrated());
        let machine = Photoctl::new()
            .env("DATABASE_URL", db.url())
            .env("PHOTOCTL_PICTURES", "blocks")
            .env("LANG", "C.UTF-8")
            .env("PHOTOCTL_ACTOR", "test");
        let store = machine.path().join("store");
        std::fs::create_dir(&store).unwrap();
        let machine = machine.env("PHOTOCTL_STORAGE_URL", format!("file://{}", store.display()));
        let world = Self { machine, db };
        world.people();
        for number in 1..=ana + bo {
            world.waiting(number, if number <= ana { ANA } else { BO });
        }
        world
    }

    fn people(&self) {
        let picture = |name: &str| std::fs::read(faces().join(name)).unwrap();
        let mut sql = format!(
            "INSERT INTO operators (id, name, email, password_hash, currency, locale, timezone)
             VALUES ('{0}', 'Olga', 'olga@example.org', 'x', 'EUR', 'de-DE', 'Europe/Berlin');
             INSERT INTO projects (id, operator_id, name) VALUES ('{PROJECT}', '{0}', 'Summer Run');
             INSERT INTO photographers (id, operator_id, name, email, password_hash)
             VALUES ('{1}', '{0}', 'Fi', 'fi@example.org', 'x');",
            id("a1", 1),
            id("c1", 1)
        );
        let people = [
            (ANA, "Ana \u{1b}[31mRed", "ana", "person_a_1.jpg"),
            (BO, "Bo Berg", "bo", "person_b_1.jpg"),
            (CY, "Cy Dale", "cy", "impostor_1.jpg"),
        ];
        for (place, (user, name, mail, file)) in people.into_iter().enumerate() {
            let selfie = id("5e", place + 1);
            self.put(&format!("selfies/{selfie}.jpg"), &picture(file));
            sql.push_str(&format!(
                "INSERT INTO users (id, name, email, password_hash) VALUES ('{user}', '{name}', '{mail}@example.org', 'x');
                 INSERT INTO project_members (project_id, user_id) VALUES ('{PROJECT}', '{user}');
                 INSERT INTO user_consents (user_id, consent_type, consent_version, given_at)
                 VALUES ('{user}', 'biometric_processing', '1', now());
                 INSERT INTO selfies (id, user_id, storage_key, status) VALUES ('{selfie}', '{user}', 'selfies/{selfie}.jpg', 'approved');"
            ));
        }
        self.db.psql(&sql);
    }

    fn waiting(&self, number: usize, user: &str) {
        let photo = id("f0", number);
        let base = format!("photos/{photo}");
        let file = if user == ANA { "person_a_2.jpg" } else { "person_b_2.jpg" };
        self.put(&format!("{base}/watermarked.jpg"), &std::fs::read(faces().join(file)).unwrap());
        let score = 0.36 + 0.01 * f64::from(u32::try_from(number).unwrap());
        let other = if user == ANA { BO } else { ANA };
        self.db.psql(&format!(
            "INSERT INTO photos (id, project_id, photographer_id, storage_key, watermarked_key, status)
             VALUES ('{photo}', '{PROJECT}', '{1}', '{base}/original.jpg', '{base}/watermarked.jpg', 'ready');
             INSERT INTO photoctl.photo_files (photo_id, sha256, size_bytes, original_name, format, width, height)
             VALUES ('{photo}', sha256('{photo}'), 1000, 'DSC_{number:04}.JPG', 'jpeg', 600, 400);
             INSERT INTO photo_tags (id, photo_id, user_id, confidence, source, review_status)
             VALUES ('{0}', '{photo}', '{user}', {score} * 100, 'auto', 'pending');
             INSERT INTO photoctl.tag_marks (photo_id, user_id, status, engine, model, score, ordinal, face_left, face_top,
                                             face_width, face_height, runner_up, runner_up_score)
             VALUES ('{photo}', '{user}', 'pending', 'local', 'sface', {score}, 0, 0.3, 0.2, 0.4, 0.5, '{other}', 0.2)",
            tag(number),
            id("c1", 1)
        ));
    }

    pub fn put(&self, key: &str, bytes: &[u8]) {
        let path = self.machine.path().join("store").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub fn review(&self) -> Run {
        self.machine.line("tags review")
    }

    /// The review on a terminal, with the first face before the reviewer.
    pub fn screen(&self, columns: u16, rows: u16) -> Terminal {
        let terminal = self.review().on_terminal(columns, rows);
        terminal.wait_for("DSC_0001.JPG");
        terminal
    }

    /// The statuses of all tags by number, `c`, `r`, `p`, or `-` for none: `ccrp`.
    pub fn statuses(&self, count: usize) -> String {
        let rows = self.db.psql("SELECT id, left(review_status, 1) FROM photo_tags");
        let status = |number: usize| {
            let line = rows.lines().find(|line| line.starts_with(&tag(number)));
            line.and_then(|line| line.chars().last()).unwrap_or('-')
        };
        (1..=count).map(status).collect()
    }

    /// Waits until they are so.
    #[track_caller]
    pub fn until(&self, statuses: &str) {
        let begun = std::time::Instant::now();
        loop {
            let now = self.statuses(statuses.len());
            if now == statuses {
                return;
            }
            assert!(begun.elapsed().as_secs() < 30, "never became {statuses}: {now}");
            std::thread::sleep(std::time::Duration::from_millis(30));
        }
    }
}
