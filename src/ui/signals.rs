//! Ctrl-C and SIGTERM: the first asks to finish what is in flight, the second aborts.

use tokio::signal::unix::{SignalKind, signal};

use super::Ui;
use crate::batch::Cancel;

/// Listens for both signals until the process ends.
pub fn watch(cancel: Cancel, ui: Ui) {
    for kind in [SignalKind::interrupt(), SignalKind::terminate()] {
        let Ok(mut stream) = signal(kind) else { continue };
        let (cancel, ui) = (cancel.clone(), ui.clone());
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if cancel.request() == 1 {
                    ui.note("Interrupted: finishing what is in flight; once more aborts.");
                }
            }
        });
    }
}
