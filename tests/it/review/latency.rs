//! From a key to the next picture. `tests/bench/run.sh review` measures it in a release build against its bound; here
//! an unoptimised one beside other tests has more room.

use std::time::{Duration, Instant};

use portable_pty::CommandBuilder;

use super::world::World;
use crate::support::terminal::Terminal;

/// So many keys.
const KEYS: usize = 60;

/// What an unoptimised build may take at the 95th percentile while other tests have all cores: it tells a key that is
/// answered from one that waits for the network, no more.
const ROOM: Duration = Duration::from_secs(2);

/// The review by the binary under test, or by the one that the bench measures.
fn on_terminal(world: &World, columns: u16, rows: u16) -> Terminal {
    let Some(measured) = std::env::var_os("PHOTOCTL_TEST_BIN") else {
        return world.review().on_terminal(columns, rows);
    };
    let usual = world.review().command();
    let mut command = CommandBuilder::new(measured);
    command.args(["tags", "review"]);
    command.env_clear();
    command.env("TERM", "xterm-256color");
    for (name, value) in usual.get_envs().filter(|(name, _)| *name != "COLUMNS") {
        command.env(name, value.unwrap());
    }
    command.cwd(world.machine.path());
    Terminal::spawn(command, columns, rows)
}

#[test]
fn a_key_is_answered_at_once() {
    let mut times: Vec<Duration> = Vec::new();
    for (columns, rows) in [(80, 24), (200, 60)] {
        let world = World::new(KEYS, 0);
        let mut screen = on_terminal(&world, columns, rows);
        screen.wait_for("DSC_0001.JPG");
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
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    let worst = times[times.len() - 1];
    let line = format!("key to picture: median {:.1}ms, p95 {:.1}ms, worst {:.1}ms", ms(at(50)), ms(at(95)), ms(worst));
    // The bench reads it.
    if std::env::var_os("PHOTOCTL_TEST_TELL").is_some() {
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), "{line}");
    }
    assert!(at(95) <= ROOM, "{line}");
}
