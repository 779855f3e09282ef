//! What comes to a session from outside its own connection: events, and the order to close.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::id::SubscriptionId;
use crate::limits::Limits;

/// One thing that another thread wants of a session.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// An EVENT, encoded in the session's serializer.
    Event { subscription: SubscriptionId, message: Bytes },
    /// GOODBYE with this reason.
    Close { reason: String },
    /// The session did not take its events in time: cut it off.
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
    deliveries: VecDeque<Delivery>,
    bytes: usize,
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
        if queue.deliveries.len() >= self.max_messages || bytes > self.max_bytes {
            queue.deliveries.clear();
            queue.finish(Delivery::Overflow);
        } else {
            queue.bytes = bytes;
            queue.push(Delivery::Event { subscription, message });
        }
    }

    /// Asks for GOODBYE; nothing is delivered after it.
    pub(crate) fn close(&self, reason: String) {
        self.queue.lock().finish(Delivery::Close { reason });
    }

    /// Takes no more from now on, and forgets what it has.
    pub(crate) fn shut(&self) {
        let mut queue = self.queue.lock();
        *queue = Queue { closed: true, ..Queue::default() };
    }

    /// The next delivery, or `Pending` until there is one.
    pub(crate) fn poll(&self, context: &Context<'_>) -> Poll<Delivery> {
        let mut queue = self.queue.lock();
        if let Some(delivery) = queue.pop() {
            return Poll::Ready(delivery);
        }
        match &mut queue.reader {
            Some(reader) => reader.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// The next delivery if it is an event.
    pub(crate) fn take_event(&self) -> Option<(SubscriptionId, Bytes)> {
        let mut queue = self.queue.lock();
        match queue.deliveries.front() {
            Some(Delivery::Event { .. }) => match queue.pop() {
                Some(Delivery::Event { subscription, message }) => Some((subscription, message)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Queue {
    fn push(&mut self, delivery: Delivery) {
        self.deliveries.push_back(delivery);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    fn finish(&mut self, last: Delivery) {
        if !self.closed {
            self.closed = true;
            self.push(last);
        }
    }

    fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.deliveries.pop_front()?;
        if let Delivery::Event { message, .. } = &delivery {
            self.bytes -= message.len();
        }
        Some(delivery)
    }
}
