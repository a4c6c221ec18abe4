//! An operator's currency where none is given: by address, time zone, language.

use serde_json::Value;

use super::{House, id};

/// A country database in the MMDB format (MaxMind DB file format specification 2.0): one network of IPv4.
fn mmdb(network: [u8; 3], country: &str) -> Vec<u8> {
    fn text(text: &str) -> Vec<u8> {
        assert!(text.len() < 29);
        [&[0x40 | text.len() as u8][..], text.as_bytes()].concat()
    }
    fn uint(kind: u8, value: u32) -> Vec<u8> {
        let bytes: Vec<u8> = value.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        [&[kind << 5 | bytes.len() as u8][..], &bytes].concat()
    }
    let map = |entries: &[(&str, Vec<u8>)]| {
        let mut out = vec![0xe0 | entries.len() as u8];
        for (key, value) in entries {
            out.extend(text(key));
            out.extend(value);
        }
        out
    };
    const BITS: u32 = 24;
    let mut tree = Vec::new();
    let record = |value: u32| value.to_be_bytes()[1..].to_vec();
    for bit in 0..BITS {
        let set = network[(bit / 8) as usize] >> (7 - bit % 8) & 1 == 1;
        // To the next node, or at the end to the data; everything else is not found.
        let on = if bit + 1 < BITS { bit + 1 } else { BITS + 16 };
        let (left, right) = if set { (BITS, on) } else { (on, BITS) };
        tree.extend(record(left));
        tree.extend(record(right));
    }
    let data = map(&[("country", map(&[("iso_code", text(country))]))]);
    let metadata = map(&[
        ("node_count", uint(6, BITS)),
        ("record_size", uint(5, 24)),
        ("ip_version", uint(5, 4)),
        ("database_type", text("Test-Country")),
        ("languages", vec![0, 4]),
        ("binary_format_major_version", uint(5, 2)),
        ("binary_format_minor_version", uint(5, 0)),
        ("build_epoch", vec![1, 2, 1]),
        ("description", vec![0xe0]),
    ]);
    [&tree[..], &[0; 16], &data, b"\xab\xcd\xefMaxMind.com", &metadata].concat()
}

#[test]
fn an_address_comes_before_the_zone_and_the_zone_before_the_language() {
    let house = House::new();
    let file = house.machine.file("country.mmdb", mmdb([192, 0, 2], "CH"));
    let mut number = 0;
    let mut create = |more: &[&str], environment: &[(&str, &str)], said: &str| {
        number += 1;
        let email = format!("o{number}@example.org");
        let words = ["operator", "create", "--name", "O", "--email", &email, "--no-password", "--json"];
        let run = house.machine.args(words).args(more).env("PHOTOCTL_GEOIP_DATABASE", &file);
        let run = environment.iter().fold(run, |run, (name, value)| run.env(name, value));
        let made: Value = run.ok().stderr_has(said).json();
        house.psql(&format!("SELECT currency FROM operators WHERE id = '{}'", id(&made)))
    };
    let vienna = ["--timezone", "Asia/Tokyo", "--locale", "de-GB"];
    let session = [("SSH_CONNECTION", "192.0.2.7 50000 198.51.100.1 22")];
    let with_ip = [&vienna[..], &["--ip", "192.0.2.200"]].concat();
    assert_eq!(create(&with_ip, &[], "from the country CH of the address 192.0.2.200"), "CHF");
    assert_eq!(create(&vienna, &session, "this session's address 192.0.2.7"), "CHF");
    let elsewhere = [("SSH_CONNECTION", "203.0.113.7 50000 198.51.100.1 22")];
    assert_eq!(create(&vienna, &elsewhere, "from the country JP of the time zone Asia/Tokyo"), "JPY");
    let newer = [("SSH_CONNECTION", "2001:db8::7 50000 2001:db8::1 22")];
    assert_eq!(create(&vienna, &newer, "from the country JP of the time zone Asia/Tokyo"), "JPY");
    assert_eq!(create(&vienna[2..], &[], "from the country GB of the locale de-GB"), "GBP");
    assert_eq!(create(&["--locale", "de"], &[], "the default"), "EUR");
    assert_eq!(create(&["--currency", "USD"], &session, "Target"), "USD");
    // Nothing is decided about one who is there already.
    let words = ["operator", "create", "--name", "O", "--email", "o1@example.org", "--no-password", "--if-not-exists"];
    let output = house.machine.args(words).ok();
    assert!(!output.stderr.contains("Currency"), "{}", output.stderr);
}

#[test]
fn a_database_that_is_none_is_said() {
    let house = House::new();
    let words = ["operator", "create", "--name", "O", "--email", "o@example.org", "--no-password", "--ip", "192.0.2.1"];
    house.fails(2, &words).stderr_has("geoip_database");
    let file = house.machine.file("country.mmdb", "nonsense");
    house
        .machine
        .args(words)
        .env("PHOTOCTL_GEOIP_DATABASE", &file)
        .run()
        .code(2)
        .stderr_has("is no database of countries");
    let gone = house.machine.path().join("gone.mmdb");
    house.machine.args(words).env("PHOTOCTL_GEOIP_DATABASE", &gone).run().code(1);
    house.fails(2, &[&words[..8], &["nowhere"]].concat());
    assert_eq!(house.psql("SELECT count(*) FROM operators"), "0");
}
