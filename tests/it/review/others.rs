//! Two reviewers at once, somebody in the web application, a revocation, a database that refuses.

use std::time::{Duration, Instant};

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::world::{World, tag};

/// Tags of a reviewer: what the screen says is left to them.
fn of(screen: &crate::support::terminal::Terminal) -> String {
    screen.screen()
}

#[test]
fn two_reviewers_never_see_the_same() {
    let world = World::new(2, 2);
    let mut one = world.screen(80, 24);
    let mut two = world.review().env("PHOTOCTL_REVIEW_LEASE", "2s").on_terminal(80, 24);
    // All is claimed by the first.
    let shown = two.wait_for("Nothing is left that nobody else has");
    assert!(shown.contains("0 tags decided"), "{shown}");
    one.send("q");
    assert_eq!(one.wait().0, 0);
    // What was given back comes to the other by itself.
    let begun = Instant::now();
    two.send("h");
    two.wait_for("Keys");
    two.send("h");
    while !of(&two).contains("Score ") {
        assert!(begun.elapsed() < Duration::from_secs(50), "{}", of(&two));
        std::thread::sleep(Duration::from_millis(50));
    }
    two.send("q");
    assert_eq!(two.wait().0, 0);
}

#[test]
fn what_a_killed_reviewer_had_comes_back() {
    let world = World::new(3, 0);
    let lease = |run: crate::support::Run| run.env("PHOTOCTL_REVIEW_LEASE", "2s");
    let one = lease(world.review()).on_terminal(80, 24);
    one.wait_for("In DSC_0001.JPG");
    let mut two = lease(world.review()).on_terminal(80, 24);
    two.wait_for("Nothing is left that nobody else has");
    // Renewed, they stay the first one's for longer than a lease.
    std::thread::sleep(Duration::from_secs(3));
    assert!(of(&two).contains("Nothing is left"), "{}", of(&two));
    rustix::process::kill_process(rustix::process::Pid::from_raw(one.pid()).unwrap(), rustix::process::Signal::KILL)
        .unwrap();
    two.wait_for("In DSC_0001.JPG");
    two.send("c");
    world.until("cpp");
    two.send("q");
    assert_eq!(two.wait().0, 0);
}

#[test]
fn what_was_decided_elsewhere_is_told_and_kept() {
    let world = World::new(3, 0);
    let mut screen = world.screen(80, 24);
    world.db.psql(&format!("UPDATE photo_tags SET review_status = 'rejected' WHERE id = '{}'", tag(1)));
    screen.send("c");
    screen.wait_for("was decided elsewhere meanwhile (rejected)");
    assert_eq!(world.statuses(3), "rpp");
    // One that is taken back after somebody else changed it stays as they wanted it.
    screen.send("c");
    world.until("rcp");
    world.db.psql(&format!("UPDATE photo_tags SET review_status = 'rejected' WHERE id = '{}'", tag(2)));
    screen.send("u");
    screen.wait_for("was changed elsewhere since (rejected)");
    screen.wait_for("In DSC_0003.JPG");
    assert_eq!(world.statuses(3), "rrp");
    screen.send("q");
    let (_, shown) = screen.wait();
    assert!(shown.contains("Decided elsewhere") && shown.contains("0 tags decided"), "{shown}");
}

#[test]
fn who_revokes_is_seen_no_more() {
    let world = World::new(3, 1);
    let mut screen = world.review().env("PHOTOCTL_REVIEW_LEASE", "1s").on_terminal(80, 24);
    screen.wait_for("In DSC_0001.JPG");
    world.machine.line("consent revoke --user ana@example.org --yes").ok();
    screen.wait_for("3 tags are no longer yours");
    screen.wait_for("Selfie of Bo Berg");
    assert!(!of(&screen).contains("Selfie of Ana"), "{}", of(&screen));
    // One whose consent ends without the tags going: not decided, and said.
    world.db.psql("UPDATE user_consents SET revoked_at = now()");
    screen.send("c");
    screen.wait_for("no longer allows that their face is looked for");
    assert_eq!(world.statuses(4), "---p");
    screen.send("q");
    assert_eq!(screen.wait().0, 0);
    // An old version: nobody sees the pictures.
    world.db.psql("UPDATE user_consents SET revoked_at = NULL");
    let mut screen = world.review().env("PHOTOCTL_CONSENT_VERSIONS", "2").on_terminal(80, 24);
    screen.wait_for("Nothing is left that nobody else has");
    screen.send("q");
    let (_, shown) = screen.wait();
    assert!(shown.contains("Without consent"), "{shown}");
}

#[test]
fn what_is_not_written_comes_back() {
    let world = World::new(2, 0);
    let mut screen = world.screen(80, 24);
    world.db.psql("ALTER TABLE photoctl.tag_decisions RENAME TO away");
    screen.send("c");
    screen.wait_for("Not written, and before you again");
    screen.wait_for("In DSC_0001.JPG");
    assert_eq!(world.statuses(2), "pp");
    world.db.psql("ALTER TABLE photoctl.away RENAME TO tag_decisions");
    screen.send("c");
    world.until("cp");
    // Taking back can fail as well: then it stands.
    world.db.psql("ALTER TABLE photoctl.tag_decisions RENAME TO away");
    screen.send("u");
    screen.wait_for("Not taken back, it stands as decided");
    screen.wait_for("In DSC_0002.JPG");
    world.db.psql("ALTER TABLE photoctl.away RENAME TO tag_decisions");
    screen.send("u");
    world.until("pp");
    screen.send("q");
    assert_eq!(screen.wait().0, 0);
}

#[test]
fn killed_at_any_moment_nothing_is_lost_and_nothing_decided_twice() {
    const TAGS: usize = 16;
    let world = World::new(TAGS, 0);
    let seed = rand::random();
    let mut chance = StdRng::seed_from_u64(seed);
    for _ in 0..5 {
        let mut screen = world.review().env("PHOTOCTL_REVIEW_LEASE", "1s").on_terminal(80, 24);
        screen.wait_for("In DSC_");
        for _ in 0..chance.random_range(1..4) {
            screen.send(if chance.random_bool(0.5) { "c" } else { "r" });
            std::thread::sleep(Duration::from_millis(chance.random_range(0..40)));
        }
        let pid = rustix::process::Pid::from_raw(screen.pid()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        drop(screen.wait());
        world.db.until_alone();
        let decided = TAGS - world.statuses(TAGS).matches('p').count();
        let noted = "SELECT count(*), count(DISTINCT photo_id),
                            (SELECT count(*) FROM photoctl.audit WHERE entity = 'photo_tag') FROM photoctl.tag_decisions";
        assert_eq!(world.db.psql(noted), format!("{decided}|{decided}|{decided}"), "seed {seed}");
    }
    let mut last = world.review().env("PHOTOCTL_REVIEW_LEASE", "1s").on_terminal(80, 24);
    last.wait_for("In DSC_");
    let left = world.statuses(TAGS).matches('p').count();
    for _ in 0..left {
        last.send("c");
        std::thread::sleep(Duration::from_millis(50));
    }
    last.wait_for("Nothing is left");
    last.send("q");
    assert_eq!(last.wait().0, 0, "seed {seed}");
    assert!(!world.statuses(TAGS).contains('p'), "seed {seed}");
}
