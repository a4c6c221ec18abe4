//! The stand-in for Amazon Rekognition, tried with AWS's client for Python and held to the service's own model.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// The stand-in on a port of its own; ended with the test.
struct StandIn {
    process: Child,
    port: String,
    packages: String,
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

impl StandIn {
    /// Knows one key: `AKEXAMPLE` with the secret `secret`.
    fn start() -> Self {
        let output =
            Command::new(root().join("tests/rekognition.sh")).stderr(Stdio::inherit()).output().expect("starts");
        assert!(output.status.success(), "tests/rekognition.sh failed");
        let told = String::from_utf8(output.stdout).expect("text");
        let [packages, model] = told.lines().collect::<Vec<_>>()[..] else { panic!("two lines: {told}") };
        let mut process = python("server.py", packages)
            .args(["--model", model, "--key", "AKEXAMPLE:secret", "--faces"])
            .arg(root().join("src/faces/models"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        let port = line.trim().strip_prefix("listening on ").expect("a port").to_owned();
        Self { process, port, packages: packages.to_owned() }
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ended = self.process.kill().and_then(|()| self.process.wait());
    }
}

fn python(script: impl AsRef<Path>, packages: &str) -> Command {
    let mut command = Command::new("python3");
    command.arg(root().join("tests/rekognition").join(script)).env("PYTHONPATH", packages);
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

#[test]
fn the_stand_in_is_as_the_service_to_its_own_client() {
    let service = StandIn::start();
    let output = python("check.py", &service.packages)
        .args([&service.port, "AKEXAMPLE", "secret"])
        .arg(root().join("tests/data/faces"))
        .output()
        .expect("python3 starts");
    let told = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && told.contains("as the service"), "{told}");
}
