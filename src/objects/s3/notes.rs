//! What is added to each request, and what is noted from each answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use aws_runtime::auth::PayloadSigningOverride;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextMut,
};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;
use chrono::{DateTime, Utc};

use crate::model::digest::Sha256;

/// Signs a payload by the hash that is known already: it becomes `x-amz-content-sha256`, which the server checks
/// against what arrives. The SDK alone would leave a streamed body unsigned, or read it twice.
#[derive(Debug)]
pub(super) struct KnownHash(pub Sha256);

impl Intercept for KnownHash {
    fn name(&self) -> &'static str {
        "KnownHash"
    }

    fn modify_before_signing(
        &self,
        _context: &mut BeforeTransmitInterceptorContextMut<'_>,
        _components: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bag.interceptor_state().store_put(PayloadSigningOverride::Precomputed(self.0.to_string()));
        Ok(())
    }
}

/// How far the server's clock is from ours, from the `Date` of its last answer.
#[derive(Debug, Clone)]
pub(super) struct ClockNote(Arc<AtomicI64>);

impl ClockNote {
    const UNKNOWN: i64 = i64::MIN;

    pub fn new() -> Self {
        Self(Arc::new(AtomicI64::new(Self::UNKNOWN)))
    }

    /// The server's time minus ours in seconds, positive when our clock is slow.
    pub fn offset_seconds(&self) -> Option<i64> {
        Some(self.0.load(Ordering::Relaxed)).filter(|&seconds| seconds != Self::UNKNOWN)
    }
}

impl Intercept for ClockNote {
    fn name(&self) -> &'static str {
        "ClockNote"
    }

    fn read_after_transmit(
        &self,
        context: &BeforeDeserializationInterceptorContextRef<'_>,
        _components: &RuntimeComponents,
        _bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let date = context.response().headers().get("date").and_then(|date| DateTime::parse_from_rfc2822(date).ok());
        if let Some(date) = date {
            let offset =
                date.with_timezone(&Utc).signed_duration_since(DateTime::<Utc>::from(std::time::SystemTime::now()));
            self.0.store(offset.num_seconds(), Ordering::Relaxed);
        }
        Ok(())
    }
}
