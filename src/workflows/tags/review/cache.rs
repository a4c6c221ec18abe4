//! What was used last, up to so many bytes.

use std::collections::BTreeMap;

pub(super) struct Cache<K, V> {
    held: BTreeMap<K, (u64, usize, V)>,
    /// When each was used last.
    order: BTreeMap<u64, K>,
    clock: u64,
    bytes: usize,
    most: usize,
}

impl<K: Ord + Clone, V: Clone> Cache<K, V> {
    pub(super) fn new(most_bytes: usize) -> Self {
        Self { held: BTreeMap::new(), order: BTreeMap::new(), clock: 0, bytes: 0, most: most_bytes }
    }

    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        self.clock += 1;
        let (used, _, value) = self.held.get_mut(key)?;
        self.order.remove(used);
        *used = self.clock;
        self.order.insert(self.clock, key.clone());
        Some(value.clone())
    }

    /// Keeps it, and forgets what was not used for longest. What is larger than all room is not kept.
    pub(super) fn put(&mut self, key: K, value: V, bytes: usize) {
        if bytes > self.most {
            return;
        }
        self.clock += 1;
        if let Some((used, before, _)) = self.held.insert(key.clone(), (self.clock, bytes, value)) {
            self.order.remove(&used);
            self.bytes -= before;
        }
        self.order.insert(self.clock, key);
        self.bytes += bytes;
        while self.bytes > self.most {
            let Some((_, oldest)) = self.order.pop_first() else { break };
            if let Some((_, bytes, _)) = self.held.remove(&oldest) {
                self.bytes -= bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_not_used_goes_first() {
        let mut cache = Cache::new(10);
        cache.put(1, 'a', 4);
        cache.put(2, 'b', 4);
        assert_eq!(cache.get(&1), Some('a'));
        cache.put(3, 'c', 4);
        assert_eq!((cache.get(&1), cache.get(&2), cache.get(&3)), (Some('a'), None, Some('c')));
        cache.put(4, 'd', 11);
        assert_eq!(cache.get(&4), None, "larger than all room");
        cache.put(1, 'e', 9);
        assert_eq!((cache.get(&1), cache.get(&3), cache.bytes), (Some('e'), None, 9));
    }
}
