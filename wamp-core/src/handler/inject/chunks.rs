//! Injects the receiver of a progressive call invocation.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::rc::Rc;

use serde::de::DeserializeOwned;

use crate::error::Error;
use crate::handler::call_state::CallState;
use crate::handler::context::{Context, FromContext};
use crate::handler::entry::{Attribute, Feature};

/// Receives a progressive call invocation (`CALL.Options.progress`): a call whose arguments come in
/// several messages.
///
/// Each chunk is one positional argument. The other parameters of the handler are read from the
/// first CALL, whose remaining argument is the first chunk. A plain call with one argument is a
/// call with one chunk, and the end of a call may come without one. A handler may answer before the
/// caller has sent everything: the remaining chunks are dropped then.
///
/// A caller that sends faster than the handler receives fills a bounded queue (`bytes_in_flight`
/// and `queued_messages` of [`Limits`](crate::Limits)); when it is full, the call fails with
/// `wamp.error.unavailable`.
///
/// ```
/// use wamp_core::{Chunks, Error};
///
/// async fn sum(mut numbers: Chunks<i64>) -> Result<i64, Error> {
///     let mut sum = 0;
///     while let Some(number) = numbers.next().await? {
///         sum += number;
///     }
///     Ok(sum)
/// }
/// ```
pub struct Chunks<T> {
    call: Rc<CallState>,
    items: PhantomData<fn() -> T>,
}

impl<T> fmt::Debug for Chunks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chunks").field("call", &self.call).finish()
    }
}

impl<T: DeserializeOwned> Chunks<T> {
    /// Waits for the next chunk; `None` after the last.
    ///
    /// # Errors
    /// `wamp.error.invalid_argument`: the chunk is not one positional argument that is a `T`.
    pub async fn next(&mut self) -> Result<Option<T>, Error> {
        let Some(queue) = self.call.chunks.as_deref() else {
            return Ok(None);
        };
        while let Some(chunk) = poll_fn(|context| queue.poll_next(context)).await {
            poll_fn(|context| self.call.poll_turn(context)).await;
            if let Some(item) = chunk.read()? {
                return Ok(Some(item));
            }
        }
        Ok(None)
    }
}

/// Closes the queue: chunks that still come are dropped.
impl<T> Drop for Chunks<T> {
    fn drop(&mut self) {
        if let Some(queue) = &self.call.chunks {
            queue.close();
        }
    }
}

impl<T> FromContext for Chunks<T> {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Rpc);
    const FEATURE: Option<Feature> = Some(Feature::ProgressiveCallInvocations);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(Self { call: Rc::clone(context.call()?), items: PhantomData })
    }
}
