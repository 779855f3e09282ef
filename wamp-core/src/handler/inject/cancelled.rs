//! Injects the sign that the result of a call is not wanted any more.

use std::future::poll_fn;
use std::rc::Rc;

use crate::error::Error;
use crate::handler::call_state::CallState;
use crate::handler::context::{Context, FromContext};
use crate::handler::entry::Attribute;

/// Tells a handler that its result is not wanted any more, because of CANCEL or the timeout of the
/// call.
///
/// A handler that takes it is told instead of being dropped, and can finish in order. Under mode
/// `kill` the caller gets its result; under `killnowait`, and after a timeout, the result is
/// discarded. When the session ends, the handler is dropped nevertheless.
///
/// ```
/// use wamp_core::{Cancelled, Error};
///
/// # async fn step() -> bool { true }
/// async fn import(cancelled: Cancelled) -> Result<u32, Error> {
///     let mut rows = 0;
///     while !cancelled.is_requested() && !step().await {
///         rows += 1;
///     }
///     Ok(rows)
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Cancelled(Rc<CallState>);

impl Cancelled {
    /// Returns whether the cancellation was requested.
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until the cancellation is requested.
    pub async fn requested(&self) {
        poll_fn(|context| self.0.poll_cancelled(context)).await;
    }
}

impl FromContext for Cancelled {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Rpc);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        let call = context.call()?;
        call.await_cancellation();
        Ok(Self(Rc::clone(call)))
    }
}
