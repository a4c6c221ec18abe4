use std::process::Command;

use super::House;

/// What the C library's bcrypt makes of a password with the salt of a hash: not the implementation under test.
fn crypt(password: &str, hash: &str) -> String {
    let output =
        Command::new("perl").args(["-e", "print crypt($ARGV[0], $ARGV[1])", password, hash]).output().expect("perl");
    String::from_utf8(output.stdout).expect("text")
}

fn create(house: &House, name: &str, stdin: &str) -> String {
    let email = format!("{name}@example.org");
    let words = ["user", "create", "--name", name, "--email", &email, "--password-stdin"];
    house.machine.args(words).stdin(stdin).ok();
    house.psql(&format!("SELECT password_hash FROM users WHERE name = '{name}'"))
}

#[test]
fn another_bcrypt_reads_the_hashes() {
    let house = House::new();
    for (name, stdin, password) in [
        ("newline", "correct horse\n", "correct horse"),
        ("windows", "correct horse\r\n", "correct horse"),
        ("bare", " päss wörd ", " päss wörd "),
        ("longest", &"x".repeat(72), &"x".repeat(72)),
    ] {
        let hash = create(&house, name, stdin);
        assert!(hash.starts_with("$2b$10$") && hash.len() == 60, "{hash}");
        assert_eq!(crypt(password, &hash), hash, "{name}");
        assert_ne!(crypt("wrong", &hash), hash, "{name}");
    }
    // Twelve is the default.
    let words = ["user", "create", "--name", "twelve", "--email", "twelve@example.org", "--password-stdin"];
    house.machine.clone().env_remove("PHOTOCTL_BCRYPT_COST").args(words).stdin("x").ok();
    assert!(house.psql("SELECT password_hash FROM users WHERE name = 'twelve'").starts_with("$2b$12$"));
}

#[test]
fn no_password_is_a_hash_that_nothing_matches() {
    let house = House::new();
    house.user("Gus", "gus@example.org");
    let hash = house.psql("SELECT password_hash FROM users");
    assert!(hash.starts_with("$2b$10$") && hash.len() == 60, "{hash}");
    // Read by the other implementation as a hash of that cost and salt, and matched by none of these.
    for password in ["", "*", "!", "Gus", "gus@example.org", "password"] {
        let made = crypt(password, &hash);
        assert_eq!(made.len(), 60, "not a hash that bcrypt can read: {hash}");
        assert_eq!(made[..29], hash[..29]);
        assert_ne!(made, hash);
    }
}

#[test]
fn passwords_that_bcrypt_would_cut_are_refused() {
    let house = House::new();
    let words = ["user", "create", "--name", "A", "--email", "a@example.org"];
    let piped = |stdin: &str| house.machine.args(words).arg("--password-stdin").stdin(stdin).run().code(2);
    piped(&"x".repeat(73)).stderr_has("72");
    piped(&"ü".repeat(37)).stderr_has("74 bytes");
    piped("").stderr_has("empty");
    piped("\n").stderr_has("empty");
    piped("a\0b\n").stderr_has("NUL");
    house.machine.args(words).run().code(2).stderr_has("--password-stdin").stderr_has("--no-password");
    house.machine.args(words).args(["--no-password", "--password-stdin"]).run().code(2);
    house
        .machine
        .args(words)
        .arg("--no-password")
        .env("PHOTOCTL_BCRYPT_COST", "4")
        .run()
        .code(2)
        .stderr_has("10 to 15");
    assert_eq!(house.psql("SELECT count(*) FROM users"), "0");
}

#[test]
fn a_password_given_again_is_compared() {
    let house = House::new();
    create(&house, "gus", "secret one");
    let words =
        ["user", "create", "--name", "gus", "--email", "gus@example.org", "--password-stdin", "--if-not-exists"];
    house.machine.args(words).stdin("secret one\n").ok();
    let refused = house.machine.args(words).stdin("secret two\n").run().code(1).stderr_has("the password is another");
    assert!(!refused.stderr.contains("secret"), "{}", refused.stderr);
}

#[test]
fn a_person_at_a_terminal_is_asked() {
    let house = House::new();
    let mut terminal = house.machine.args(["user", "create", "--email", "gus@example.org"]).on_terminal(80, 24);
    terminal.wait_for("Name");
    terminal.send("Gus\r");
    terminal.wait_for("Password");
    terminal.send("typed secret\r");
    terminal.wait_for("Again");
    terminal.send("typed secret\r");
    let (code, screen) = terminal.wait();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("typed secret"), "{screen}");
    let hash = house.psql("SELECT password_hash FROM users WHERE name = 'Gus'");
    assert_eq!(crypt("typed secret", &hash), hash);
}
