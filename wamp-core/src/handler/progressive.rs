//! The stream of a call's results that a procedure's handler returns.

use std::future::poll_fn;
use std::pin::pin;

use futures_util::future::Either;
use futures_util::stream::{Stream, StreamExt as _};
use serde::Serialize;

use crate::codec::serializer::{EncodeError, Serializer};
use crate::error::{Error, WampError};
use crate::handler::context::{Context, FromContext as _};
use crate::handler::inject::progress::Progress;
use crate::handler::reply::{IntoReply, Nothing, Responding, Single};
use crate::message::ArgumentsWriter;

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
        let call = context.call()?;
        let progress: Progress<T> = Progress::from_context(context).await?;
        let mut listed = Listed::new(context.link().limits.max_result_bytes);
        while let Some(next) = stream.next().await {
            let value = item(next).map_err(|error| error.to_error())?;
            if call.receive_progress {
                progress.send(value).await?;
            } else {
                listed.add(value)?;
                poll_fn(|context| call.poll_turn(context)).await;
            }
        }
        if call.receive_progress {
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
