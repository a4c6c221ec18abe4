//! From a key to the next picture. `tests/bench/run.sh review` measures it in a release build against its bound; here
//! an unoptimised one beside other tests has more room.

use std::time::{Duration, Instant};

use super::world::World;

/// So many keys.
const KEYS: usize = 60;

/// What an unoptimised build on a busy machine may take, at the 95th percentile.
const ROOM: Duration = Duration::from_millis(250);

#[test]
fn a_key_is_answered_at_once() {
    let mut times: Vec<Duration> = Vec::new();
    for (columns, rows) in [(80, 24), (200, 60)] {
        let world = World::new(KEYS, 0);
        let mut screen = world.screen(columns, rows);
        screen.wait_until("both pictures", |shown| shown.contains('▀') && !shown.contains("loading"));
        for number in 2..KEYS {
            // A person looks for a moment.
            std::thread::sleep(Duration::from_millis(120));
            let title = format!("In DSC_{number:04}.JPG");
            let pressed = Instant::now();
            screen.send("c");
            while !(screen.with_screen(|screen| screen.contents().contains(&title)))
                || screen.with_screen(|screen| screen.contents().contains("loading"))
            {
                assert!(pressed.elapsed() < Duration::from_secs(20), "{}", screen.screen());
                std::thread::sleep(Duration::from_micros(300));
            }
            times.push(pressed.elapsed());
        }
        screen.send("q");
        assert_eq!(screen.wait().0, 0);
    }
    times.sort_unstable();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    let line = format!("key to picture: median {:?}, p95 {:?}, worst {:?}", at(50), at(95), times[times.len() - 1]);
    // The bench reads it.
    if std::env::var_os("PHOTOCTL_TEST_TELL").is_some() {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    assert!(at(95) <= ROOM, "{line}");
}
