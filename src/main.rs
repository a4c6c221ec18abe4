//! The binary: parse, run, report the error, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(photoctl::cli::main() as u8)
}
