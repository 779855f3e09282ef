//! Progressive results and cancellation: messages between a handler and its caller before the final
//! result.

use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, ready};

use futures_util::future::Either;
use futures_util::stream::{Stream, StreamExt as _};
use serde::Serialize;

use crate::codec::serializer::{EncodeError, Serializer};
use crate::error::{Error, WampError};
use crate::handler::call_state::CallState;
use crate::handler::context::{Attribute, Context, FromContext, Link};
use crate::handler::reply::{IntoReply, Nothing, Responding, Single};
use crate::message::{ArgumentsWriter, Details};

/// Sends progressive results (`RESULT.Details.progress`) one by one, before the function returns
/// the final one.
///
/// A caller that did not ask for them (`receive_progress`) gets the final result only (PR-05).
///
/// ```
/// use wamp_core::{Error, Progress};
///
/// async fn countdown(n: u32, progress: Progress<u32>) -> Result<&'static str, Error> {
///     for left in (1..=n).rev() {
///         progress.send(left).await?;
///     }
///     Ok("liftoff")
/// }
/// ```
pub struct Progress<T> {
    link: Rc<Link>,
    call: Rc<CallState>,
    results: PhantomData<fn(T)>,
}

impl<T> fmt::Debug for Progress<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Progress").field("call", &self.call).finish_non_exhaustive()
    }
}

impl<T> Progress<T> {
    /// Returns whether the caller accepts progressive results, and still waits.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        self.call.receive_progress && !self.call.is_answered()
    }
}

impl<T: Serialize> Progress<T> {
    /// Sends one result, once the caller has read enough of the earlier ones (back-pressure). In
    /// any case the worker's other tasks get a turn after every 128 results of a call.
    ///
    /// # Errors
    /// The value cannot be serialised, or is too large: as for a final result.
    pub async fn send(&self, value: T) -> Result<(), Error> {
        poll_fn(|context| self.poll_send(context)).await;
        // Checked again, because the call may have been cancelled while there was no room.
        if self.is_wanted() {
            let limit = self.link.limits.max_result_bytes;
            let mut send_buffer = self.link.send_buffer.borrow_mut();
            let start = send_buffer.len();
            send_buffer.result(self.call.request, &Details::new(true, None), limit, |writer| {
                writer.one(&value)
            })?;
            send_buffer.paced_from(start);
            self.call.progress();
        }
        Ok(())
    }

    /// Waits until the next result may be sent, or dropped.
    fn poll_send(&self, context: &TaskContext<'_>) -> Poll<()> {
        if self.is_wanted() {
            ready!(self.link.send_buffer.borrow_mut().poll_room(context, &self.link.limits));
        }
        self.call.poll_turn(context)
    }
}

impl<T> FromContext for Progress<T> {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Rpc);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(Self {
            link: Rc::clone(&context.link),
            call: Rc::clone(context.call()?),
            results: PhantomData,
        })
    }
}

/// A stream whose items are progressive results; an empty final one follows the last (PR-03).
///
/// The stream is polled when the caller has read enough of the earlier results (back-pressure). It
/// is dropped when the call is cancelled or times out. A caller that did not ask for progressive
/// results gets all items as one list, the only positional result. An item that is an `Err` ends
/// the call with that error.
///
/// ```
/// use futures_util::{Stream, stream};
/// use wamp_core::Progressive;
///
/// async fn countdown(n: u32) -> Progressive<impl Stream<Item = u32>> {
///     Progressive(stream::iter((1..=n).rev()))
/// }
/// ```
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "made by handlers")]
pub struct Progressive<S>(pub S);

/// A stream, with the function that converts its items.
#[doc(hidden)]
#[derive(Debug)]
pub struct Streamed<S: Stream, T, E>(pub Progressive<S>, pub fn(S::Item) -> Result<T, E>);

impl<S: Stream, T: Serialize, E: WampError> IntoReply for Streamed<S, T, E> {
    /// Writes nothing, because the caller has all items.
    fn write(self, _: &mut ArgumentsWriter<'_>) -> Result<(), EncodeError> {
        Ok(())
    }

    fn respond<'a>(self, context: &'a Context) -> Responding<'a>
    where
        Self: 'a,
    {
        Either::Right(Box::pin(self.send(context)))
    }
}

impl<S: Stream, T: Serialize, E: WampError> Streamed<S, T, E> {
    async fn send(self, context: &Context) -> Result<(), Error> {
        let Self(Progressive(stream), item) = self;
        let mut stream = pin!(stream);
        let progress: Progress<T> = Progress::from_context(context).await?;
        let mut listed = Listed::new(context.link.limits.max_result_bytes);
        while let Some(next) = stream.next().await {
            let value = item(next).map_err(|error| error.to_error())?;
            if progress.call.receive_progress {
                progress.send(value).await?;
            } else {
                listed.add(value)?;
                poll_fn(|context| progress.call.poll_turn(context)).await;
            }
        }
        if progress.call.receive_progress {
            context.reply(Nothing)
        } else {
            context.reply(Single(listed.items))
        }
    }
}

/// The items of a stream, collected for a caller without progressive results, within the size limit
/// of a result.
struct Listed<T> {
    items: Vec<T>,
    bytes: usize,
    limit: usize,
    scratch: Vec<u8>,
}

impl<T: Serialize> Listed<T> {
    fn new(limit: usize) -> Self {
        Self { items: Vec::new(), bytes: 0, limit, scratch: Vec::new() }
    }

    fn add(&mut self, item: T) -> Result<(), Error> {
        self.scratch.clear();
        Serializer::Json
            .write(&mut self.scratch, &item)
            .map_err(|error| Error::encoding(&error))?;
        self.bytes += self.scratch.len();
        if self.bytes > self.limit {
            return Err(Error::too_long(self.bytes, self.limit));
        }
        self.items.push(item);
        Ok(())
    }
}

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
