//! Photos of the same camera from the same moments help to decide, where a project wants it.

use super::{Seed, photo, tags, told, user};
use crate::photos_world::{PROJECT, World};

/// Who looks alike in photos that follow each other: a dress, a light. Numbers that no guest has.
const EVENING: usize = 20;
const OTHER: usize = 21;
const STAGE: usize = 22;

fn event(world: &World) {
    let mut seed = Seed::default();
    seed.guest(1).guest(2);
    seed.photo(&photo(1), &[&[(1, 0.8), (EVENING, 0.5)]]);
    // Alike the face of photo 1: 0.72. Photo 3: 0.32.
    for (n, look) in [(2, EVENING), (3, OTHER), (4, EVENING), (5, EVENING), (6, EVENING)] {
        seed.photo(&photo(n), &[&[(1, 0.4), (look, 0.8)]]);
    }
    // Guest 2, and somebody who resembles guest 1 a little, but the face of photo 7 more: 0.59.
    seed.photo(&photo(7), &[&[(2, 0.9), (STAGE, 0.4)]]);
    seed.photo(&photo(8), &[&[(1, 0.47), (2, 0.3), (STAGE, 0.8)]]);
    seed.plant(world);
    let taken = [(1, "12:00:00", "X1"), (2, "12:00:03", "X1"), (3, "12:00:04", "X1"), (4, "12:00:03", "X2")];
    let later = [(5, "12:10:00", "X1"), (7, "13:00:00", "X1"), (8, "13:00:05", "X1")];
    let sql = taken.iter().chain(&later).map(|(n, time, camera)| {
        format!(
            "UPDATE photoctl.photo_files SET captured_at = '2026-06-01 {time}', camera_make = 'Maker',
                    camera_model = '{camera}' WHERE photo_id = '{}';",
            photo(*n)
        )
    });
    world.sql(&sql.collect::<String>());
}

fn set(world: &World, value: &str) {
    let line = format!("project settings set --project {PROJECT} match_context {value}");
    world.machine().line(&line).run().code(0);
}

fn turns(world: &World, more: &str) -> [u64; 2] {
    let report = tags(world, &format!("match --project {PROJECT} --json {more}")).code(0).json();
    ["raised", "lowered"].map(|name| report[name].as_u64().unwrap())
}

const ALONE: &str = "001:001:confirmed 002:001:pending 003:001:pending 004:001:pending 005:001:pending 006:001:pending \
                     007:002:confirmed 008:001:confirmed";

#[test]
fn only_what_is_sure_and_near_in_time_and_look_turns_a_decision() {
    for world in World::both() {
        event(&world);
        assert_eq!(turns(&world, ""), [0, 0]);
        assert_eq!(told(&world), ALONE, "off unless somebody wants it");
        set(&world, "5s");
        assert_eq!(turns(&world, "--dry-run"), [0, 0]);
        assert_eq!(turns(&world, ""), [1, 1]);
        let turned =
            ALONE.replace("002:001:pending", "002:001:confirmed").replace("008:001:confirmed", "008:001:pending");
        assert_eq!(told(&world), turned);
        for again in ["", "--all"] {
            assert_eq!(turns(&world, again), [0, 0], "once");
            assert_eq!(told(&world), turned);
        }
        let why = tags(&world, &format!("explain --photo {} --user {} --json", photo(2), user(1))).code(0).json();
        let context = &why["judged"]["context"];
        assert_eq!(context["photo_id"], photo(1), "{why}");
        assert!((context["score"].as_f64().unwrap() - 0.72).abs() < 0.01, "{why}");
        tags(&world, &format!("explain --photo {} --user {}", photo(2), user(1)))
            .code(0)
            .stdout_has("Turned by")
            .stdout_has("taken by the same camera within seconds");

        set(&world, "off");
        turns(&world, "");
        assert_eq!(told(&world), ALONE, "without it the scores alone decide again");
    }
}

#[test]
fn what_people_say_is_heard_and_stands() {
    let world = World::real();
    event(&world);
    set(&world, "5s");
    assert_eq!(turns(&world, ""), [1, 1]);
    // What a person confirmed stays whatever the photos beside it are.
    tags(&world, &format!("confirm --photo {} --user {}", photo(8), user(1))).code(0);
    // What the find in photo 2 stood on is wrong.
    tags(&world, &format!("reject --photo {} --user {}", photo(1), user(1))).code(0);
    turns(&world, "");
    assert_eq!(
        told(&world),
        ALONE.replace("001:001:confirmed", "001:001:rejected"),
        "photo 2 waits again, photo 8 is as a person said"
    );
    // Nobody's face is compared who does not allow it any more.
    let world = World::real();
    event(&world);
    world.machine().args(["consent", "revoke", "--user", "g2@example.org", "--yes"]).run().code(0);
    set(&world, "5s");
    assert_eq!(turns(&world, ""), [1, 0], "the face of guest 2 says nothing");
}
