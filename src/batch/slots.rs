//! Numbers for workers, so that what each does stays on its own line.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::Progress;

/// Hands out the lowest free number and says what its holder does.
#[derive(Clone)]
pub struct Slots {
    progress: Arc<dyn Progress>,
    free: Arc<Mutex<Free>>,
}

#[derive(Debug, Default)]
struct Free {
    returned: BTreeSet<usize>,
    next: usize,
}

/// A number; dropping it says that its holder is idle.
pub struct Slot {
    number: usize,
    slots: Slots,
}

impl Slots {
    #[must_use]
    pub fn new(progress: Arc<dyn Progress>) -> Self {
        Self { progress, free: Arc::default() }
    }

    /// The lowest free number, with what its holder does now.
    #[must_use]
    pub fn take(&self, doing: &str) -> Slot {
        let number = {
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            free.returned.pop_first().unwrap_or_else(|| {
                free.next += 1;
                free.next - 1
            })
        };
        self.progress.worker(number, Some(doing));
        Slot { number, slots: self.clone() }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.slots.progress.worker(self.number, None);
        self.slots.free.lock().unwrap_or_else(PoisonError::into_inner).returned.insert(self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Silent;

    #[test]
    fn the_lowest_free_number_is_taken() {
        let slots = Slots::new(Arc::new(Silent));
        let (a, b, c) = (slots.take("a"), slots.take("b"), slots.take("c"));
        assert_eq!((a.number, b.number, c.number), (0, 1, 2));
        drop(b);
        assert_eq!(slots.take("d").number, 1);
    }
}
