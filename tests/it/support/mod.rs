//! How the tests run the binary: [`Photoctl`] is one machine with nothing on it but a data folder, [`Run`] one
//! command line on it, [`Output`] what came of it. The environment is empty but for what a test sets.
//!
//! ```text
//! let machine = Photoctl::new();
//! machine.args(["db", "migrate"]).ok();
//! let photos = machine.args(["photos", "list", "--json"]).ok().json();
//! ```

pub mod bouncer;
pub mod cluster;
pub mod mount;
pub mod pg;
pub mod s3;
pub mod terminal;

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// A command that runs longer than this is killed and fails its test.
const PATIENCE: Duration = Duration::from_secs(180);

/// The width that help and tables are made for, off a terminal.
pub const WIDTH: u16 = 100;

/// A machine of its own: a temporary folder with `HOME` and `PHOTOCTL_HOME`, and an environment.
/// Clones share the folder; it goes with the last one.
#[derive(Debug, Clone)]
pub struct Photoctl {
    dir: Arc<TempDir>,
    env: Vec<(OsString, OsString)>,
}

impl Photoctl {
    pub fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("photoctl-test-").tempdir().unwrap();
        let home = dir.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let mut machine = Self { dir: Arc::new(dir), env: Vec::new() };
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/usr/bin:/bin".into());
        machine.set("PATH", path);
        machine.set("HOME", home);
        machine.set("PHOTOCTL_HOME", machine.data());
        machine.set("TZ", "UTC");
        machine.set("LANG", "C.UTF-8");
        machine.set("USER", "tester");
        machine.set("COLUMNS", WIDTH.to_string());
        machine
    }

    /// The machine's folder: for files of the test.
    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    /// `PHOTOCTL_HOME`, the data folder.
    pub fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Writes a file into the machine's folder, with the folders above it. Returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    /// The same machine with a variable set for all commands.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.set(name, value);
        self
    }

    /// The same machine without a variable.
    pub fn env_remove(mut self, name: &str) -> Self {
        self.env.retain(|(held, _)| held != name);
        self
    }

    /// A command line on this machine.
    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(&self, args: I) -> Run {
        Run { machine: self.clone(), args: Vec::new(), stdin: None, dir: None, through: Vec::new() }.args(args)
    }

    /// As [`Photoctl::args`], from one line split at spaces: `machine.line("photos list --json")`.
    pub fn line(&self, line: &str) -> Run {
        self.args(line.split_whitespace())
    }

    fn set(&mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) {
        self.env.retain(|(held, _)| held != name.as_ref());
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
    }
}

/// One command line, not yet run.
#[derive(Debug, Clone)]
pub struct Run {
    machine: Photoctl,
    args: Vec<OsString>,
    stdin: Option<Vec<u8>>,
    dir: Option<PathBuf>,
    /// A program that starts it, with its arguments.
    through: Vec<&'static str>,
}

impl Run {
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.machine.set(name, value);
        self
    }

    /// What the command reads on stdin; without it stdin is empty.
    pub fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = Some(bytes.as_ref().to_owned());
        self
    }

    /// The folder to run in; without it the machine's own.
    pub fn current_dir(mut self, dir: impl AsRef<Path>) -> Self {
        self.dir = Some(dir.as_ref().to_owned());
        self
    }

    /// Bound by the permissions of files, which root is not: the capabilities that pass them over are taken away.
    pub fn bound_by_permissions(mut self) -> Self {
        if rustix::process::getuid().is_root() {
            self.through = vec!["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
        }
        self
    }

    /// Starts it and does not wait: for signals and for several at once.
    pub fn spawn(&self) -> Running {
        let mut command = self.command();
        command.stdin(if self.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        if let (Some(mut pipe), Some(bytes)) = (child.stdin.take(), self.stdin.clone()) {
            std::thread::spawn(move || {
                // A command that does not read its stdin closes it early.
                let _ = pipe.write_all(&bytes);
            });
        }
        let stdout = drain(child.stdout.take().unwrap());
        let stderr = drain(child.stderr.take().unwrap());
        Running { child, stdout: Some(stdout), stderr: Some(stderr), line: self.shown(), home: self.machine.clone() }
    }

    /// Runs it to its end.
    pub fn run(&self) -> Output {
        self.spawn().wait()
    }

    /// Runs it and asserts exit code 0.
    pub fn ok(&self) -> Output {
        self.run().code(0)
    }

    /// Starts it on a pseudo terminal of that size.
    pub fn on_terminal(&self, columns: u16, rows: u16) -> terminal::Terminal {
        terminal::Terminal::start(self, columns, rows)
    }

    /// The command with its environment; stdin, stdout and stderr are the caller's to set.
    pub fn command(&self) -> Command {
        let mut command = match self.through.split_first() {
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(binary());
                command
            }
            None => Command::new(binary()),
        };
        command.args(&self.args).env_clear().envs(self.machine.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(self.dir.as_deref().unwrap_or(self.machine.path()));
        command
    }

    fn shown(&self) -> String {
        let words: Vec<_> = self.args.iter().map(|arg| arg.to_string_lossy()).collect();
        format!("photoctl {}", words.join(" "))
    }
}

/// The binary under test.
pub fn binary() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_photoctl"))
}

fn drain(mut from: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        bytes
    })
}

/// A command that runs. Dropped, it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    line: String,
    home: Photoctl,
}

impl Running {
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal: `Signal::INT`, `Signal::TERM`, `Signal::KILL`.
    pub fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> Output {
        let status = self.wait_status();
        let stdout = self.stdout.take().unwrap().join().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        Output {
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            stdout_bytes: stdout,
            code: status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            line: self.line.clone(),
            home: self.home.clone(),
        }
    }

    fn wait_status(&mut self) -> ExitStatus {
        let start = Instant::now();
        let mut pause = Duration::from_millis(1);
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            if start.elapsed() > PATIENCE {
                let _ = self.child.kill();
                let said = [self.stdout.take(), self.stderr.take()].map(|pipe| {
                    let bytes = pipe.and_then(|pipe| pipe.join().ok()).unwrap_or_default();
                    String::from_utf8_lossy(&bytes).into_owned()
                });
                panic!("still running after {PATIENCE:?}: {}\n{}\n{}", self.line, said[0], said[1]);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// What a command said and how it ended.
#[derive(Debug, Clone)]
pub struct Output {
    pub stdout: String,
    pub stderr: String,
    pub stdout_bytes: Vec<u8>,
    /// The exit code; 128 + signal where a signal ended it.
    pub code: i32,
    line: String,
    home: Photoctl,
}

impl Output {
    /// Asserts the exit code; a failure shows all that was said.
    #[track_caller]
    pub fn code(self, expected: i32) -> Self {
        assert_eq!(self.code, expected, "exit code of\n{}", self.transcript());
        self
    }

    /// stdout as one JSON document.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in\n{}", self.transcript()))
    }

    /// stdout as JSON lines.
    #[track_caller]
    pub fn json_lines(&self) -> Vec<serde_json::Value> {
        let parse = |line: &str| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?} of\n{}", self.transcript()))
        };
        self.stdout.lines().map(parse).collect()
    }

    /// The `error` object that stderr ends in with `--json`.
    #[track_caller]
    pub fn error(&self) -> serde_json::Value {
        let last = self.stderr.lines().last().unwrap_or_default();
        let value: serde_json::Value =
            serde_json::from_str(last).unwrap_or_else(|error| panic!("{error} in\n{}", self.transcript()));
        value["error"].clone()
    }

    /// Asserts that stderr holds `text`.
    #[track_caller]
    pub fn stderr_has(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} on stderr of\n{}", self.transcript());
        self
    }

    /// Asserts that stdout holds `text`.
    #[track_caller]
    pub fn stdout_has(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} on stdout of\n{}", self.transcript());
        self
    }

    /// Command line, exit code, stdout and stderr as one text: what snapshots hold.
    pub fn transcript(&self) -> String {
        let mut text = format!("$ {}\n", self.line);
        for (name, stream) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !stream.is_empty() {
                text.push_str(&format!("----- {name}\n{stream}"));
                if !stream.ends_with('\n') {
                    text.push_str("(no newline)\n");
                }
            }
        }
        text.push_str(&format!("----- exit {}\n", self.code));
        text
    }

    /// Replaces what differs from run to run: ids, times, the machine's folder, the version.
    pub fn filters(&self) -> Vec<(String, &'static str)> {
        filters(self.home.path())
    }
}

/// Regular expressions for what differs from run to run, and what stands for it in a snapshot.
pub fn filters(folder: &Path) -> Vec<(String, &'static str)> {
    vec![
        (regex::escape(&folder.display().to_string()), "[machine]"),
        (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}".to_owned(), "[id]"),
        (r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?".to_owned(), "[time]"),
        (r#""elapsed_ms": ?\d+"#.to_owned(), r#""elapsed_ms": [ms]"#),
        (format!(r"photoctl {}", regex::escape(env!("CARGO_PKG_VERSION"))), "photoctl [version]"),
        (r"\b[0-9a-f]{64}\b".to_owned(), "[sha256]"),
    ]
}

/// Compares an [`Output`]'s transcript with the snapshot named after the test, less what differs from run to run.
#[macro_export]
macro_rules! assert_transcript {
    ($output:expr) => {{
        let output = &$output;
        let mut settings = insta::Settings::clone_current();
        for (pattern, replacement) in output.filters() {
            settings.add_filter(&pattern, replacement);
        }
        settings.set_prepend_module_to_snapshot(true);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(output.transcript()));
    }};
    ($name:expr, $output:expr) => {{
        let output = &$output;
        let mut settings = insta::Settings::clone_current();
        for (pattern, replacement) in output.filters() {
            settings.add_filter(&pattern, replacement);
        }
        settings.set_prepend_module_to_snapshot(true);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!($name, output.transcript()));
    }};
}
