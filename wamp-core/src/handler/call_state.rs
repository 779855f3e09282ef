//! The state of a call that its handler and its session share: the request, what was sent, and
//! whether the result is still wanted.

mod chunk_queue;

use std::cell::{Cell, RefCell};
use std::task::{Context, Poll, Waker};

use crate::handler::context::Asked;
use crate::id::RequestId;
use crate::message::{CallOptions, Extras};

pub(crate) use chunk_queue::ChunkQueue;

/// Items that a handler sends or receives in a row before it yields. tokio's budget for a task is
/// the same.
const ITEMS_IN_A_TURN: u8 = 128;

/// The state of a call that its handler and its session share.
#[derive(Debug)]
pub(crate) struct CallState {
    /// The message; without URI and arguments where a client answers.
    pub(super) asked: Asked,
    pub(crate) request: RequestId,
    /// True if the caller accepts progressive results.
    pub(crate) receive_progress: bool,
    /// True if the caller asked to be disclosed (DI-01).
    pub(crate) disclose_me: bool,
    pub(crate) extras: Option<Box<Extras>>,
    /// The queue of the caller's chunks, if the handler takes `Chunks`.
    pub(crate) chunks: Option<Box<ChunkQueue>>,
    answered: Cell<bool>,
    progressed: Cell<bool>,
    /// Items that the handler may still send or receive before it yields.
    items_left: Cell<u8>,
    cancellation: RefCell<Cancellation>,
}

/// The cancellation of a handler that is told of it instead of being dropped.
#[derive(Debug, Default)]
struct Cancellation {
    awaited: bool,
    raised: bool,
    waiting: Vec<Waker>,
}

impl CallState {
    #[inline]
    pub(crate) fn new(
        asked: Asked,
        request: RequestId,
        options: &CallOptions,
        chunks: Option<Box<ChunkQueue>>,
    ) -> Self {
        Self {
            asked,
            request,
            receive_progress: options.receive_progress == Some(true),
            disclose_me: options.disclose_me == Some(true),
            extras: options.extras.clone(),
            chunks,
            answered: Cell::new(false),
            progressed: Cell::new(false),
            items_left: Cell::new(ITEMS_IN_A_TURN),
            cancellation: RefCell::default(),
        }
    }

    /// Returns the procedure, unless a client answers.
    pub(crate) fn procedure(&self) -> Option<&str> {
        Some(&*self.asked.uri).filter(|uri| !uri.is_empty())
    }

    /// Returns whether the caller has its RESULT or ERROR, after which nothing is sent (C-09).
    pub(crate) fn is_answered(&self) -> bool {
        self.answered.get()
    }

    /// Notes that the caller has its answer. Returns false if it had one already.
    pub(crate) fn answer(&self) -> bool {
        !self.answered.replace(true)
    }

    /// Notes that a progressive result was sent.
    pub(crate) fn progress(&self) {
        self.progressed.set(true);
    }

    /// Returns whether a progressive result was sent since the last call.
    pub(crate) fn take_progressed(&self) -> bool {
        self.progressed.take()
    }

    /// Counts an item that the handler sends or receives. Every so often it returns `Pending`
    /// first, and wakes the handler at once: otherwise a handler whose next item is always ready
    /// would starve the worker's other tasks, its own caller's CANCEL included.
    pub(crate) fn poll_turn(&self, context: &Context<'_>) -> Poll<()> {
        match self.items_left.get() {
            0 => {
                self.items_left.set(ITEMS_IN_A_TURN);
                context.waker().wake_by_ref();
                Poll::Pending
            }
            left => {
                self.items_left.set(left - 1);
                Poll::Ready(())
            }
        }
    }

    /// Notes that the handler is to be told of a cancellation.
    pub(crate) fn await_cancellation(&self) {
        self.cancellation.borrow_mut().awaited = true;
    }

    pub(crate) fn awaits_cancellation(&self) -> bool {
        self.cancellation.borrow().awaited
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancellation.borrow().raised
    }

    /// Tells the handler that its result is not wanted any more.
    pub(crate) fn cancel(&self) {
        let mut cancellation = self.cancellation.borrow_mut();
        cancellation.raised = true;
        cancellation.waiting.drain(..).for_each(Waker::wake);
    }

    pub(crate) fn poll_cancelled(&self, context: &Context<'_>) -> Poll<()> {
        let mut cancellation = self.cancellation.borrow_mut();
        if cancellation.raised {
            return Poll::Ready(());
        }
        if !cancellation.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            cancellation.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }
}
