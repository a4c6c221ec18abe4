//! Ctrl-C and SIGTERM: the first asks to finish what is in flight, the second aborts. At a question one is enough.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};

use super::{Ui, terminal};
use crate::batch::Cancel;
use crate::error::Exit;

/// How long an aborted run may take to end by itself: code that does not await can not be dropped.
const LAST_CHANCE: Duration = Duration::from_secs(2);

/// Listens for both signals until the process ends.
pub fn watch(cancel: Cancel, ui: Ui) {
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let Ok(mut stream) = signal(kind) else { continue };
        let (cancel, ui) = (cancel.clone(), ui.clone());
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if ui.state.asking.load(Ordering::SeqCst) {
                    // The question blocks the thread that would listen, and nothing is in flight while it stands.
                    leave(&ui, "interrupted: nothing was changed");
                }
                match cancel.request() {
                    1 => ui.note("Interrupted: finishing what is in flight; once more aborts."),
                    _ => {
                        let ui = ui.clone();
                        std::thread::spawn(move || {
                            std::thread::sleep(LAST_CHANCE);
                            leave(&ui, "aborted; the next run completes what was begun");
                        });
                    }
                }
            }
        });
    }
}

/// Resolves when the window is closed. From the first time it is asked on, that does not kill the process any more.
pub async fn hung_up() {
    match signal(SignalKind::hangup()) {
        Ok(mut stream) => drop(stream.recv().await),
        Err(_) => std::future::pending().await,
    }
}

#[expect(clippy::exit, reason = "the main thread is blocked; there is nobody to return to")]
fn leave(ui: &Ui, why: &str) -> ! {
    terminal::restore();
    ui.screen.show(Vec::new());
    ui.say("");
    ui.error(&crate::error::Error::new(crate::error::Kind::Interrupted, why));
    std::process::exit(Exit::Interrupted as i32)
}
