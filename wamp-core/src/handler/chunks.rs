//! Progressive call invocations: the messages that a caller sends after its first CALL, as its
//! handler receives them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::fmt;
use std::future::poll_fn;
use std::marker::PhantomData;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, Waker};

use serde::de::DeserializeOwned;

use crate::codec::payload::Payload;
use crate::error::Error;
use crate::handler::call_state::CallState;
use crate::handler::context::{Attribute, Context, Feature, FromContext};
use crate::limits::Limits;

/// Receives a progressive call invocation (`CALL.Options.progress`): a call whose arguments come in
/// several messages.
///
/// Each chunk is one positional argument. The other parameters of the handler are read from the
/// first CALL, whose remaining argument is the first chunk. A plain call with one argument is a
/// call with one chunk, and the end of a call may come without one. A handler may answer before the
/// caller has sent everything: the remaining chunks are dropped then.
///
/// A caller that sends faster than the handler receives fills a bounded queue (`bytes_in_flight`
/// and `queued_messages` of [`Limits`]); when it is full, the call fails with
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

/// Chunks that wait for their handler.
#[derive(Debug)]
pub(crate) struct ChunkQueue(RefCell<State>);

#[derive(Debug)]
struct State {
    waiting: VecDeque<Chunk>,
    /// Bytes of the frames that all calls of the session keep, including these.
    kept: Rc<Cell<usize>>,
    /// True if the last chunk has arrived.
    is_complete: bool,
    /// True if the handler takes no more chunks.
    is_closed: bool,
    task: Option<Waker>,
}

#[derive(Debug)]
struct Chunk {
    payload: Payload,
    /// The positional arguments before the chunk, which other parameters took.
    skipped: usize,
}

impl ChunkQueue {
    /// Creates the queue with the arguments of the first CALL.
    pub(crate) fn new(first: Payload, goes_on: bool, kept: Rc<Cell<usize>>) -> Self {
        let mut state = State {
            waiting: VecDeque::new(),
            kept,
            is_complete: !goes_on,
            is_closed: false,
            task: None,
        };
        state.push(first);
        Self(RefCell::new(state))
    }

    /// Skips the arguments of the first CALL that other parameters took.
    pub(crate) fn skip(&self, taken: usize) {
        if let Some(first) = self.0.borrow_mut().waiting.front_mut() {
            first.skipped = taken;
        }
    }

    /// Adds a chunk. Returns false if too much waits already.
    pub(crate) fn push(&self, payload: Payload, goes_on: bool, limits: &Limits) -> bool {
        let mut state = self.0.borrow_mut();
        state.is_complete = !goes_on;
        if !state.is_closed {
            state.push(payload);
        }
        if let Some(task) = state.task.take() {
            task.wake();
        }
        state.kept.get() <= limits.bytes_in_flight && state.waiting.len() <= limits.queued_messages
    }

    fn poll_next(&self, context: &TaskContext<'_>) -> Poll<Option<Chunk>> {
        let mut state = self.0.borrow_mut();
        if let Some(chunk) = state.pop() {
            return Poll::Ready(Some(chunk));
        }
        if state.is_complete {
            return Poll::Ready(None);
        }
        state.task = Some(context.waker().clone());
        Poll::Pending
    }

    fn close(&self) {
        let mut state = self.0.borrow_mut();
        state.is_closed = true;
        state.clear();
    }
}

impl State {
    fn push(&mut self, payload: Payload) {
        self.kept.set(self.kept.get() + payload.kept_bytes());
        self.waiting.push_back(Chunk { payload, skipped: 0 });
    }

    fn pop(&mut self) -> Option<Chunk> {
        let chunk = self.waiting.pop_front()?;
        self.kept.set(self.kept.get() - chunk.payload.kept_bytes());
        Some(chunk)
    }

    fn clear(&mut self) {
        while self.pop().is_some() {}
    }
}

impl Drop for State {
    fn drop(&mut self) {
        self.clear();
    }
}

impl Chunk {
    /// Reads the argument, if there is one.
    fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        self.payload
            .only_arg(self.skipped)
            .map_err(|error| Error::invalid_argument(format_args!("chunk: {error}")))
    }
}
