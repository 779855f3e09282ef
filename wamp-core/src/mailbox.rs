//! What comes to a session from outside its own connection: events, and the order to close.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::id::SubscriptionId;
use crate::limits::Limits;

/// One thing that somebody else wants of a session.
#[derive(Debug)]
pub(crate) enum Delivery {
    Event(Envelope),
    End(End),
}

/// An EVENT, encoded in the session's serializer.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) subscription: SubscriptionId,
    pub(crate) message: Bytes,
}

/// Why a session shall end.
#[derive(Debug)]
pub(crate) enum End {
    /// GOODBYE with this reason.
    Close { reason: String },
    /// It did not take its events in time.
    Overflow,
}

/// A bounded queue with one reader. Who writes never waits: a reader that is too slow is cut off.
#[derive(Debug)]
pub(crate) struct Mailbox {
    max_messages: usize,
    max_bytes: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    events: VecDeque<Envelope>,
    bytes: usize,
    end: Option<End>,
    /// Nothing is taken any more.
    closed: bool,
    reader: Option<Waker>,
}

impl Mailbox {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { max_messages: limits.queued_messages, max_bytes: limits.queued_bytes, queue: Mutex::default() }
    }

    /// Adds an EVENT; one too many ends the session.
    pub(crate) fn event(&self, subscription: SubscriptionId, message: Bytes) {
        let mut queue = self.queue.lock();
        if queue.closed {
            return;
        }
        let bytes = queue.bytes + message.len();
        // A first message always fits, however large it is.
        let is_full = queue.events.len() >= self.max_messages || bytes > self.max_bytes;
        if is_full && !queue.events.is_empty() {
            queue.events.clear();
            queue.finish(End::Overflow);
        } else {
            queue.bytes = bytes;
            queue.events.push_back(Envelope { subscription, message });
            queue.wake();
        }
    }

    /// Asks for GOODBYE; no event is taken after that.
    pub(crate) fn close(&self, reason: String) {
        self.queue.lock().finish(End::Close { reason });
    }

    /// Takes nothing from now on, and forgets what it has.
    pub(crate) fn shut(&self) {
        *self.queue.lock() = Queue { closed: true, ..Queue::default() };
    }

    /// The next delivery, or `Pending` until there is one. Without room for events they stay where they are, and the
    /// end does not wait for them.
    pub(crate) fn poll(&self, context: &Context<'_>, room: bool) -> Poll<Delivery> {
        let mut queue = self.queue.lock();
        if room && let Some(envelope) = queue.pop() {
            return Poll::Ready(Delivery::Event(envelope));
        }
        if let Some(end) = queue.end.take() {
            return Poll::Ready(Delivery::End(end));
        }
        match &mut queue.reader {
            Some(reader) => reader.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// The next event if there is one.
    pub(crate) fn take_event(&self) -> Option<Envelope> {
        self.queue.lock().pop()
    }
}

impl Queue {
    fn pop(&mut self) -> Option<Envelope> {
        let envelope = self.events.pop_front()?;
        self.bytes -= envelope.message.len();
        Some(envelope)
    }

    fn finish(&mut self, end: End) {
        if !self.closed {
            self.closed = true;
            self.end = Some(end);
            self.wake();
        }
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
