//! A test aid: a store that wraps another and fails on demand.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};

use super::error::{Problem, StoreError};
use super::key::StorageKey;
use super::source::Source;
use super::store::{Backend, ObjectEntry, ObjectFacts, ObjectReader, PutOptions, PutReport, UnfinishedUpload};

/// Which calls a fault is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    Put,
    Head,
    Read,
    Delete,
    List,
    Presign,
    /// Listing unfinished uploads, and aborting one.
    Unfinished,
    Any,
}

/// When a fault strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Nothing happens but the failure.
    Before,
    /// It is done, but the caller is told that it failed.
    After,
}

/// One fault: for the next calls that fit, and so often.
#[derive(Debug, Clone)]
pub struct Fault {
    pub call: Call,
    /// Only keys (or prefixes of listings) that contain this; empty for all.
    pub key_contains: String,
    /// So many calls go through first.
    pub skip: u32,
    pub times: u32,
    pub when: When,
    pub problem: Problem,
}

impl Fault {
    /// Fails the next `times` calls of a kind.
    #[must_use]
    pub fn new(call: Call, times: u32, problem: Problem) -> Self {
        Self { call, key_contains: String::new(), skip: 0, times, when: When::Before, problem }
    }
}

/// The faults to come and the calls so far. Cheap to clone; all clones are one.
#[derive(Clone, Default)]
pub struct Faults(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    faults: Vec<Fault>,
    calls: Vec<(Call, String)>,
    delay: Duration,
}

impl Faults {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a fault behind those that are there; of several that fit, the first strikes.
    pub fn add(&self, fault: Fault) {
        self.state().faults.push(fault);
    }

    /// Takes all faults away: the store is well again.
    pub fn clear(&self) {
        self.state().faults.clear();
    }

    /// Each call takes at least so long.
    pub fn delay(&self, delay: Duration) {
        self.state().delay = delay;
    }

    /// The calls so far, with their keys.
    #[must_use]
    pub fn calls(&self) -> Vec<(Call, String)> {
        self.state().calls.clone()
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn strike(&self, call: Call, key: &str) -> (Duration, Option<(When, StoreError)>) {
        let mut state = self.state();
        state.calls.push((call, key.to_owned()));
        let delay = state.delay;
        let mut fitting = state.faults.iter_mut().filter(|fault| {
            fault.times > 0 && (fault.call == call || fault.call == Call::Any) && key.contains(&fault.key_contains)
        });
        let Some(fault) = fitting.next() else { return (delay, None) };
        if fault.skip > 0 {
            fault.skip -= 1;
            return (delay, None);
        }
        fault.times -= 1;
        let error = StoreError::new(fault.problem.clone(), format!("{call:?} {key:?}").to_lowercase());
        (delay, Some((fault.when, error)))
    }

    async fn around<T>(
        &self,
        call: Call,
        key: &str,
        done: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let (delay, struck) = self.strike(call, key);
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        match struck {
            None => done.await,
            Some((When::Before, error)) => Err(error),
            Some((When::After, error)) => {
                done.await?;
                Err(error)
            }
        }
    }
}

impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(&self.state().faults).finish()
    }
}

pub(super) struct Faulty {
    inner: Arc<dyn Backend>,
    faults: Faults,
}

impl Faulty {
    pub(super) fn new(inner: Arc<dyn Backend>, faults: Faults) -> Self {
        Self { inner, faults }
    }
}

impl Backend for Faulty {
    fn put<'a>(
        &'a self,
        key: &'a StorageKey,
        source: &'a Source,
        options: &'a PutOptions,
    ) -> BoxFuture<'a, Result<PutReport, StoreError>> {
        self.faults.around(Call::Put, key.as_str(), self.inner.put(key, source, options)).boxed()
    }

    fn head<'a>(&'a self, key: &'a StorageKey) -> BoxFuture<'a, Result<Option<ObjectFacts>, StoreError>> {
        self.faults.around(Call::Head, key.as_str(), self.inner.head(key)).boxed()
    }

    fn read<'a>(
        &'a self,
        key: &'a StorageKey,
        from: u64,
        etag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<ObjectReader, StoreError>> {
        self.faults.around(Call::Read, key.as_str(), self.inner.read(key, from, etag)).boxed()
    }

    fn delete<'a>(&'a self, key: &'a StorageKey) -> BoxFuture<'a, Result<(), StoreError>> {
        self.faults.around(Call::Delete, key.as_str(), self.inner.delete(key)).boxed()
    }

    fn list(&self, prefix: &str) -> BoxStream<'static, Result<ObjectEntry, StoreError>> {
        match self.faults.strike(Call::List, prefix).1 {
            Some((When::Before, error)) => stream::once(async { Err(error) }).boxed(),
            Some((When::After, error)) => self.inner.list(prefix).chain(stream::once(async { Err(error) })).boxed(),
            None => self.inner.list(prefix),
        }
    }

    fn unfinished(&self, prefix: &str) -> BoxStream<'static, Result<UnfinishedUpload, StoreError>> {
        match self.faults.strike(Call::Unfinished, prefix).1 {
            Some((_, error)) => stream::once(async { Err(error) }).boxed(),
            None => self.inner.unfinished(prefix),
        }
    }

    fn abort<'a>(&'a self, upload: &'a UnfinishedUpload) -> BoxFuture<'a, Result<(), StoreError>> {
        self.faults.around(Call::Unfinished, &upload.key, self.inner.abort(upload)).boxed()
    }

    fn presign_get<'a>(
        &'a self,
        key: &'a StorageKey,
        expires: Duration,
        file_name: Option<&'a str>,
    ) -> BoxFuture<'a, Result<String, StoreError>> {
        self.faults.around(Call::Presign, key.as_str(), self.inner.presign_get(key, expires, file_name)).boxed()
    }

    fn clock_offset_seconds(&self) -> Option<i64> {
        self.inner.clock_offset_seconds()
    }
}
