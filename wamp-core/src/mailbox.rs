//! What comes to a session from outside its own connection: events, and the order to close.

use std::collections::VecDeque;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::id::SubscriptionId;
use crate::limits::Limits;
use crate::routing::{Refused, Routing};

/// One thing that somebody else wants of a session.
#[derive(Debug)]
pub(crate) enum Delivery {
    Event(Envelope),
    /// The router took the session out of a subscription.
    Revoked {
        subscription: SubscriptionId,
        reason: String,
    },
    /// Another session's part in a routed call.
    Routing(Box<Routing>),
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
    /// GOODBYE with this reason, and a text for people.
    Close { reason: String, message: Option<String> },
    /// It did not take its events in time.
    Overflow,
}

/// A bounded queue with one reader. Who writes never waits: a reader that is too slow is cut off.
///
/// What others ask of the session has bounds of its own: it is refused, and leaves the session's events their room.
#[derive(Debug)]
pub(crate) struct Mailbox {
    max_messages: usize,
    max_bytes: usize,
    queue: Mutex<Queue>,
}

#[derive(Debug, Default)]
struct Queue {
    deliveries: VecDeque<Delivery>,
    /// What the session wanted itself: events, and answers to its calls.
    wanted: Load,
    /// What others want of it: calls, with their chunks and interrupts.
    asked: Load,
    end: Option<Box<End>>,
    /// The session ends: no event and no request is taken any more.
    closed: bool,
    /// The session has ended: nothing is.
    shut: bool,
    reader: Option<Waker>,
}

#[derive(Debug, Default)]
struct Load {
    messages: usize,
    bytes: usize,
}

impl Mailbox {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self { max_messages: limits.queued_messages, max_bytes: limits.queued_bytes, queue: Mutex::default() }
    }

    /// Adds an EVENT; one too many ends the session. Tells whether the session is behind: the queue is more than half full.
    pub(crate) fn event(&self, subscription: SubscriptionId, message: Bytes) -> bool {
        let mut queue = self.queue.lock();
        if queue.closed {
            return false;
        }
        let delivery = Delivery::Event(Envelope { subscription, message });
        if !self.has_room(&queue, &delivery) {
            queue.overflow();
            return false;
        }
        queue.push(delivery);
        queue.wanted.messages > self.max_messages / 2 || queue.wanted.bytes > self.max_bytes / 2
    }

    /// Tells that the session was taken out of a subscription, behind the events that came before.
    pub(crate) fn revoked(&self, subscription: SubscriptionId, reason: String) {
        let mut queue = self.queue.lock();
        if !queue.closed {
            queue.push(Delivery::Revoked { subscription, reason });
        }
    }

    /// Adds what another session says about a routed call.
    ///
    /// A request is refused, and given back, if there is no room for it. What the session asked for itself is taken: its
    /// final answers are as few as its calls, and if it is too slow for progressive ones, it is cut off.
    pub(crate) fn routing(&self, routing: Routing) -> Result<(), Refused> {
        let (is_request, is_bounded) = (routing.is_request(), routing.is_bounded());
        let mut queue = self.queue.lock();
        // While a session shuts down, calls that have begun go on.
        if queue.shut || queue.closed && routing.begins() {
            return Err(Refused::Closed);
        }
        let delivery = Delivery::Routing(Box::new(routing));
        if is_bounded || self.has_room(&queue, &delivery) {
            queue.push(delivery);
        } else if is_request {
            return Err(Refused::Full);
        } else {
            queue.overflow();
        }
        Ok(())
    }

    /// Asks for GOODBYE; no event is taken after that.
    pub(crate) fn close(&self, reason: String, message: Option<String>) {
        self.queue.lock().finish(End::Close { reason, message });
    }

    /// Takes nothing from now on; tells what it had of routed calls.
    pub(crate) fn shut(&self) -> Vec<Routing> {
        let shut = Queue { closed: true, shut: true, ..Queue::default() };
        let queue = std::mem::replace(&mut *self.queue.lock(), shut);
        let routing = |delivery| match delivery {
            Delivery::Routing(routing) => Some(*routing),
            Delivery::Event(_) | Delivery::Revoked { .. } | Delivery::End(_) => None,
        };
        queue.deliveries.into_iter().filter_map(routing).collect()
    }

    /// The next delivery, or `Pending` until there is one. Without room they stay where they are, and the end does not
    /// wait for them.
    pub(crate) fn poll(&self, context: &Context<'_>, room: bool) -> Poll<Delivery> {
        let mut queue = self.queue.lock();
        if room && let Some(delivery) = queue.pop() {
            return Poll::Ready(delivery);
        }
        if let Some(end) = queue.end.take() {
            return Poll::Ready(Delivery::End(*end));
        }
        match &mut queue.reader {
            Some(reader) => reader.clone_from(context.waker()),
            none => *none = Some(context.waker().clone()),
        }
        Poll::Pending
    }

    /// The next delivery if there is one, the end apart.
    pub(crate) fn take(&self) -> Option<Delivery> {
        self.queue.lock().pop()
    }

    /// A first message always fits, however large it is.
    fn has_room(&self, queue: &Queue, delivery: &Delivery) -> bool {
        let load = if delivery.is_asked() { &queue.asked } else { &queue.wanted };
        load.messages == 0
            || load.messages < self.max_messages && load.bytes + delivery.bytes() <= self.max_bytes
    }
}

impl Delivery {
    /// Whether somebody else's call brought it.
    fn is_asked(&self) -> bool {
        matches!(self, Self::Routing(routing) if routing.is_asked())
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Event(envelope) => envelope.message.len(),
            Self::Routing(routing) => routing.kept_bytes(),
            Self::Revoked { .. } | Self::End(_) => 0,
        }
    }
}

impl Queue {
    fn push(&mut self, delivery: Delivery) {
        let load = self.load(&delivery);
        load.messages += 1;
        load.bytes += delivery.bytes();
        self.deliveries.push_back(delivery);
        self.wake();
    }

    fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.deliveries.pop_front()?;
        self.leaves(&delivery);
        Some(delivery)
    }

    fn load(&mut self, delivery: &Delivery) -> &mut Load {
        if delivery.is_asked() { &mut self.asked } else { &mut self.wanted }
    }

    fn leaves(&mut self, delivery: &Delivery) {
        let load = self.load(delivery);
        load.messages -= 1;
        load.bytes -= delivery.bytes();
    }

    /// Gives the events up. Calls that wait for the session are answered when it ends.
    fn overflow(&mut self) {
        for delivery in std::mem::take(&mut self.deliveries) {
            match delivery {
                Delivery::Routing(_) => self.deliveries.push_back(delivery),
                _ => self.leaves(&delivery),
            }
        }
        // Also of a session that is closing already: what it waits for has a gap now.
        self.closed = true;
        self.end = Some(Box::new(End::Overflow));
        self.wake();
    }

    fn finish(&mut self, end: End) {
        if !self.closed {
            self.closed = true;
            self.end = Some(Box::new(end));
            self.wake();
        }
    }

    fn wake(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }
}
