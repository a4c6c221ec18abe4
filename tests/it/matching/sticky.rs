//! What people decide holds through whatever happens: random sequences through the binary, judged by a model that knows
//! nothing of faces.

use std::collections::{BTreeMap, BTreeSet};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{Seed, photo, user};
use crate::photos_world::{PROJECT, World};

const GUESTS: usize = 3;
const STEPS: usize = 14;
const SEQUENCES: u64 = 6;

/// What a person last decided about a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decided {
    /// Confirmed or added: it is in the table, confirmed.
    Yes,
    /// It is in the table as rejected, or not at all.
    No,
    /// It waits for a person.
    Open,
}

#[derive(Default)]
struct Judge {
    decided: BTreeMap<(usize, usize), Decided>,
    revoked: BTreeSet<usize>,
    /// What a revoked user had then: nothing may be added.
    had: BTreeMap<usize, BTreeSet<String>>,
    photos: usize,
    story: Vec<String>,
}

struct Play {
    world: World,
    judge: Judge,
    chance: StdRng,
    seed: Seed,
}

impl Play {
    fn begin(seed: u64) -> Self {
        let mut play = Self {
            world: World::real(),
            judge: Judge::default(),
            chance: StdRng::seed_from_u64(seed),
            seed: Seed::default(),
        };
        for n in 1..=GUESTS {
            play.seed.guest(n);
        }
        for _ in 0..2 {
            play.photo();
        }
        play
    }

    fn run(&mut self, line: &str) -> i32 {
        let out = self.world.machine().args(shlex::split(line).unwrap()).run();
        self.judge.story.push(format!("{line} -> {}", out.code));
        assert!([0, 1, 3, 7].contains(&out.code), "{}\n{}", self.judge.story.join("\n"), out.transcript());
        out.code
    }

    fn sql(&mut self, sql: &str) {
        self.judge.story.push(sql.to_owned());
        self.world.sql(sql);
    }

    /// A photo with a face for some guests, near or doubtful, and one of a stranger.
    fn photo(&mut self) {
        self.judge.photos += 1;
        let mut faces: Vec<Vec<(usize, f32)>> = vec![vec![(30, 0.8)]];
        for n in 1..=GUESTS {
            if self.chance.random_bool(0.6) {
                let score = self.chance.random_range(0.37..0.9);
                let other = (n % GUESTS + 1, self.chance.random_range(0.0..0.4));
                faces.push(vec![(n, score), other]);
            }
        }
        let faces: Vec<&[(usize, f32)]> = faces.iter().map(Vec::as_slice).collect();
        self.seed.photo(&photo(self.judge.photos), &faces).plant(&self.world);
        self.judge.story.push(format!("photo {} {faces:?}", self.judge.photos));
    }

    fn pair(&mut self) -> (usize, usize) {
        (self.chance.random_range(1..=self.judge.photos), self.chance.random_range(1..=GUESTS))
    }

    fn step(&mut self) {
        let (p, n) = self.pair();
        let (of, who) = (photo(p), user(n));
        match self.chance.random_range(0..14) {
            0 => self.photo(),
            1 => {
                if !self.judge.revoked.contains(&n) {
                    let score = self.chance.random_range(0.7..0.99);
                    self.seed.selfie(n, &[(n, score)]).plant(&self.world);
                }
            }
            2 | 3 => drop(self.run(&format!("tags match --project {PROJECT}"))),
            4 => drop(self.run(&format!("tags match --project {PROJECT} --all"))),
            5 => self.decide("confirm", (p, n), Decided::Yes),
            6 => self.decide("reject", (p, n), Decided::No),
            7 => self.decide("remove", (p, n), Decided::No),
            8 => self.decide("add", (p, n), Decided::Yes),
            9 => self.decide("reopen", (p, n), Decided::Open),
            10 => {
                self.run(&format!("consent revoke --user {who} --yes"));
                self.judge.revoked.insert(n);
                self.judge.had.entry(n).or_insert_with(|| tagged(&self.world, n));
                // What waited is gone.
                self.judge.decided.retain(|(_, whose), decided| *whose != n || *decided != Decided::Open);
            }
            11 => {
                let verb = if self.chance.random_bool(0.5) { "delete" } else { "restore" };
                let yes = if verb == "delete" { "--yes" } else { "" };
                self.run(&format!("photos {verb} {of} {yes}"));
            }
            12 => {
                let confirm = self.chance.random_range(0.4..0.8);
                self.run(&format!(
                    "tags retune --project {PROJECT} --confirm {confirm} --review 0.38 --margin 0.02 --yes"
                ));
            }
            _ => self.web((p, n)),
        }
        self.judge();
    }

    fn decide(&mut self, verb: &str, (p, n): (usize, usize), decided: Decided) {
        let yes = if verb == "remove" { "--yes" } else { "" };
        let code = self.run(&format!("tags {verb} --photo {} --user {} {yes}", photo(p), user(n)));
        if code == 0 {
            self.judge.decided.insert((p, n), decided);
            // A tag by hand needs no consent: no face is processed for it.
            if let Some(had) = self.judge.had.get_mut(&n) {
                had.insert(photo(p));
            }
        }
    }

    /// A reviewer in the web application, who writes the table.
    fn web(&mut self, (p, n): (usize, usize)) {
        let of = format!("photo_id = '{}' AND user_id = '{}'", photo(p), user(n));
        if self.world.sql(&format!("SELECT count(*) FROM photo_tags WHERE {of}")) == "0" {
            return;
        }
        match self.chance.random_range(0..3) {
            0 => {
                self.sql(&format!("UPDATE photo_tags SET review_status = 'rejected' WHERE {of}"));
                self.judge.decided.insert((p, n), Decided::No);
            }
            1 => {
                self.sql(&format!("DELETE FROM photo_tags WHERE {of}"));
                self.judge.decided.insert((p, n), Decided::No);
            }
            _ => {
                self.sql(&format!("UPDATE photo_tags SET review_status = 'confirmed', source = 'manual' WHERE {of}"));
                self.judge.decided.insert((p, n), Decided::Yes);
            }
        }
    }

    fn judge(&self) {
        let story = || self.judge.story.join("\n");
        let rows = self.world.sql("SELECT photo_id || '|' || user_id || '|' || review_status FROM photo_tags");
        let rows: Vec<&str> = rows.lines().collect();
        for ((p, n), decided) in &self.judge.decided {
            let begin = format!("{}|{}|", photo(*p), user(*n));
            let status: Vec<&str> = rows.iter().filter_map(|row| row.strip_prefix(begin.as_str())).collect();
            let holds = match decided {
                Decided::Yes => status == ["confirmed"],
                Decided::No => status.is_empty() || status == ["rejected"],
                Decided::Open => status == ["pending"],
            };
            assert!(holds, "photo {p}, guest {n}: {decided:?} and {status:?}\n{}", story());
        }
        for n in &self.judge.revoked {
            let vectors = format!("SELECT count(embedding) FROM selfies WHERE user_id = '{}'", user(*n));
            assert_eq!(self.world.sql(&vectors), "0", "{}", story());
            assert!(!rows.iter().any(|row| row.contains(&user(*n)) && row.ends_with("pending")), "{}", story());
            assert!(tagged(&self.world, *n).is_subset(&self.judge.had[n]), "{}", story());
        }
    }
}

fn tagged(world: &World, n: usize) -> BTreeSet<String> {
    let sql = format!("SELECT photo_id FROM photo_tags WHERE user_id = '{}'", user(n));
    world.sql(&sql).lines().map(str::to_owned).collect()
}

#[test]
fn what_people_decide_holds_through_whatever_happens() {
    let decided: usize = std::thread::scope(|scope| {
        let play = |seed| {
            scope.spawn(move || {
                let mut play = Play::begin(seed);
                for _ in 0..STEPS {
                    play.step();
                }
                play.judge.decided.len()
            })
        };
        let plays: Vec<_> = (0..SEQUENCES).map(play).collect();
        plays.into_iter().map(|play| play.join().unwrap()).sum()
    });
    assert!(decided >= 6, "{decided} decisions show little");
}
