//! A command on a pseudo terminal, and what its screen shows: for bars, prompts, colour and width.

use std::io::{Read, Write};
use std::num::NonZero;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::{PATIENCE, Run};

/// Lines that scrolled away are kept up to this many.
const SCROLLBACK: usize = 10_000;

/// A running command and its screen.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    state: Arc<Mutex<State>>,
    reader: Option<JoinHandle<()>>,
}

struct State {
    screen: vt100::Parser,
    raw: Vec<u8>,
}

impl Terminal {
    pub(super) fn start(run: &Run, columns: u16, rows: u16) -> Self {
        let mut command = CommandBuilder::new(super::binary());
        command.args(&run.args);
        command.env_clear();
        command.env("TERM", "xterm-256color");
        // On a terminal its own size counts.
        for (name, value) in run.machine.env.iter().filter(|(name, _)| name != "COLUMNS") {
            command.env(name, value);
        }
        command.cwd(run.dir.as_deref().unwrap_or(run.machine.path()));
        Self::spawn(command, columns, rows)
    }

    /// Starts any command on a terminal of that size.
    pub fn spawn(command: CommandBuilder, columns: u16, rows: u16) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let state = Arc::new(Mutex::new(State {
            screen: vt100::Parser::new(cells(rows), cells(columns), SCROLLBACK),
            raw: Vec::new(),
        }));
        let seen = Arc::clone(&state);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // The read fails when the last process has closed the terminal: its end.
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let mut state = seen.lock().unwrap();
                state.screen.process(&buffer[..count]);
                state.raw.extend_from_slice(&buffer[..count]);
            }
        });
        Self { child, master: pair.master, keys, state, reader: Some(reader) }
    }

    /// What the screen shows now, without trailing blanks.
    pub fn screen(&self) -> String {
        let state = self.state.lock().unwrap();
        let screen = state.screen.screen();
        let (_, columns) = screen.size();
        let mut lines: Vec<String> = screen.rows(0, columns.get()).map(|line| line.trim_end().to_owned()).collect();
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines.join("\n")
    }

    /// Something of the screen besides its text: colours.
    pub fn with_screen<R>(&self, look: impl FnOnce(&vt100::Screen) -> R) -> R {
        look(self.state.lock().unwrap().screen.screen())
    }

    /// The process, for signals.
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.process_id().unwrap()).unwrap()
    }

    /// Whether the terminal shows what is typed and reads by lines, as a shell wants it.
    pub fn is_cooked(&self) -> bool {
        // As Linux has them: ICANON and ECHO.
        const BOTH: u32 = 0o2 | 0o10;
        self.master.get_termios().is_some_and(|settings| settings.local_flags.bits() & BOTH == BOTH)
    }

    /// Every byte that was written, escape sequences included.
    pub fn raw(&self) -> String {
        String::from_utf8_lossy(&self.state.lock().unwrap().raw).into_owned()
    }

    /// Types `keys`.
    pub fn send(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// The person pulls at the window's corner.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.master.resize(size(columns, rows)).unwrap();
        self.state.lock().unwrap().screen.screen_mut().set_size(cells(rows), cells(columns));
    }

    /// Waits until the screen shows `text`. Returns the screen.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until the screen is as `wanted` says; `what` names it in a failure.
    #[track_caller]
    pub fn wait_until(&self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "never came: {what:?}; the screen shows\n{screen}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits for the end of the command. Returns its exit code and the last screen.
    #[track_caller]
    pub fn wait(mut self) -> (u32, String) {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            if start.elapsed() > PATIENCE {
                let _ = self.child.kill();
                panic!("still running after {PATIENCE:?}; the screen shows\n{}", self.screen());
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        if let Some(reader) = self.reader.take() {
            reader.join().unwrap();
        }
        (status.exit_code(), self.screen())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn size(columns: u16, rows: u16) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn cells(count: u16) -> NonZero<u16> {
    NonZero::new(count).unwrap()
}
