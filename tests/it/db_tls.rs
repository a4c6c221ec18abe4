//! TLS to the database: what `sslmode` in DATABASE_URL means, against a server that takes nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

use photoctl::error::Kind;

use crate::support::Photoctl;
use crate::support::bouncer::Bouncer;
use crate::support::pg::{TestDb, try_connect};

fn openssl(dir: &Path, words: &str) {
    let output = Command::new("openssl")
        .args(words.split(' '))
        .current_dir(dir)
        .output()
        .expect("openssl is missing: tests/packages.sh test installs it");
    assert!(output.status.success(), "openssl {words}: {}", String::from_utf8_lossy(&output.stderr));
}

/// An authority's certificate and key, as `NAME.crt` and `NAME.key`.
fn authority(dir: &Path, name: &str) -> PathBuf {
    openssl(
        dir,
        &format!(
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN={name} \
             -keyout {name}.key -out {name}.crt"
        ),
    );
    dir.join(format!("{name}.crt"))
}

/// A server's certificate for `localhost`, and for no address.
fn certificate(dir: &Path, authority: &str) -> (PathBuf, PathBuf) {
    std::fs::write(dir.join("names"), "subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n").expect("write");
    openssl(
        dir,
        "req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=localhost -keyout server.key -out server.csr",
    );
    openssl(
        dir,
        &format!(
            "x509 -req -in server.csr -CA {authority}.crt -CAkey {authority}.key -CAcreateserial -days 2 \
             -extfile names -out server.crt"
        ),
    );
    (dir.join("server.crt"), dir.join("server.key"))
}

#[tokio::test]
async fn each_sslmode_does_what_it_says() {
    let test = TestDb::migrated().await;
    let dir = tempfile::tempdir().expect("a folder");
    let ours = authority(dir.path(), "ours");
    let theirs = authority(dir.path(), "theirs");
    let (certificate, key) = certificate(dir.path(), "ours");
    let bouncer = Bouncer::start_tls(&test, &certificate, &key);
    let url = |host: &str, mode: &str, root: Option<&Path>| {
        let url = bouncer.url(&test).replace("127.0.0.1", host);
        let root = root.map(|root| format!("&sslrootcert={}", root.display())).unwrap_or_default();
        format!("{url}?sslmode={mode}{root}")
    };
    // The server takes nothing but TLS: what gets through is encrypted.
    try_connect(&url("127.0.0.1", "disable", None)).await.expect_err("plain text");
    for (name, url) in [
        ("anybody's certificate", url("127.0.0.1", "require", None)),
        ("encrypted where it can be", url("127.0.0.1", "prefer", None)),
        ("of this authority, whatever its name", url("127.0.0.1", "verify-ca", Some(&ours))),
        ("of this authority, for this name", url("localhost", "verify-full", Some(&ours))),
    ] {
        let db = try_connect(&url).await.unwrap_or_else(|error| panic!("{name}: {error} {:?}", error.causes()));
        db.require_current().await.expect(name);
        db.close().await;
    }
    for (name, url) in [
        ("another name", url("127.0.0.1", "verify-full", Some(&ours))),
        ("another authority", url("localhost", "verify-full", Some(&theirs))),
        ("another authority, whatever its name", url("127.0.0.1", "verify-ca", Some(&theirs))),
        ("no authority of the system's", url("localhost", "verify-full", None)),
    ] {
        let error = try_connect(&url).await.expect_err(name);
        assert_eq!(error.kind(), Kind::NetworkDown, "{name}: {error} {:?}", error.causes());
        assert!(error.message().contains("no trusted TLS connection"), "{name}: {error}");
        assert!(error.hints().iter().any(|hint| hint.contains("sslrootcert")), "{name}: {:?}", error.hints());
    }
    let machine = Photoctl::new();
    let good = url("localhost", "verify-full", Some(&ours));
    machine.line("operator list").env("DATABASE_URL", good).ok();
    let wrong = url("127.0.0.1", "verify-full", Some(&ours));
    machine.line("operator list").env("DATABASE_URL", wrong).run().code(5).stderr_has("no trusted TLS connection");
}
