//! The command line contract: streams, exit codes, errors, formats.

use crate::support::Photoctl;

#[test]
fn version_goes_to_stdout() {
    let output = Photoctl::new().args(["--version"]).ok();
    assert_eq!(output.stdout, format!("photoctl {}\n", env!("CARGO_PKG_VERSION")));
    assert_eq!(output.stderr, "");
}

#[test]
fn nothing_given_shows_help_and_fails() {
    Photoctl::new().args([""; 0]).run().code(2).stderr_has("Usage: photoctl");
}

#[test]
fn help_on_a_terminal() {
    let (code, screen) = Photoctl::new().args(["--version"]).on_terminal(80, 24).wait();
    assert_eq!((code, screen.as_str()), (0, concat!("photoctl ", env!("CARGO_PKG_VERSION"))));
}
