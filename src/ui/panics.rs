//! A panic is a defect of photoctl: said in a sentence, with the terminal as it was, exit code 1.

use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind};
use std::sync::{Mutex, PoisonError};

use super::{Ui, terminal};
use crate::error::{Error, Kind, Result};

static LAST: Mutex<Option<String>> = Mutex::new(None);

/// From now on a panic in any thread is told through `ui`. With `RUST_BACKTRACE` set, where it came from too.
pub fn watch(ui: &Ui) {
    terminal::remember();
    let ui = ui.clone();
    std::panic::set_hook(Box::new(move |info| {
        terminal::restore();
        let text = describe(info);
        ui.warn(&format!("a part of photoctl failed: {text}"));
        let trace = std::backtrace::Backtrace::capture();
        if trace.status() == std::backtrace::BacktraceStatus::Captured {
            for line in trace.to_string().lines() {
                ui.warn(line);
            }
        }
        *LAST.lock().unwrap_or_else(PoisonError::into_inner) = Some(text);
    }));
}

/// Runs `work`; a panic in it becomes an error.
///
/// # Errors
/// What `work` returns, or [`Kind::Internal`] when it panics.
pub fn guard<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let what = LAST.lock().unwrap_or_else(PoisonError::into_inner).take();
        Err(defect(&what.unwrap_or_else(|| "a panic".to_owned())))
    })
}

/// The error for what must not happen. `what` says what did.
#[must_use]
pub fn defect(what: &str) -> Error {
    Error::new(Kind::Internal, format!("photoctl has a defect: {what}")).hint(format!(
        "please report it, with the command line and this text (photoctl {}); the next run completes what was begun",
        env!("CARGO_PKG_VERSION")
    ))
}

fn describe(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned());
    match info.location() {
        Some(place) => format!("{text} ({}:{})", place.file(), place.line()),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;

    #[test]
    fn a_panic_becomes_an_internal_error() {
        let error = guard::<()>(|| panic!("nobody expects it")).expect_err("a panic");
        assert_eq!((error.kind(), error.kind().exit()), (Kind::Internal, Exit::Failed));
        assert!(error.hints()[0].contains("please report it"), "{error:?}");
    }
}
