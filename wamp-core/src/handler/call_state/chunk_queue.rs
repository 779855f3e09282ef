//! The messages that a caller sends after its first CALL, as they wait for the handler.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use serde::de::DeserializeOwned;

use crate::codec::payload::Payload;
use crate::error::Error;
use crate::limits::Limits;

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
pub(crate) struct Chunk {
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

    pub(crate) fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Chunk>> {
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

    pub(crate) fn close(&self) {
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
    pub(crate) fn read<T: DeserializeOwned>(&self) -> Result<Option<T>, Error> {
        self.payload
            .only_arg(self.skipped)
            .map_err(|error| Error::invalid_argument(format_args!("chunk: {error}")))
    }
}
