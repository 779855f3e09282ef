//! Deliveries from outside of a session's own connection: events, routed calls, and the order to
//! close.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::codec::serializer::EncodeError;
use crate::id::SubscriptionId;
use crate::limits::Limits;
use crate::session::backlog::Backlog;
use crate::session::routed_call::{Refused, RoutedMessage};

/// A delivery from another session or from the router.
#[derive(Debug)]
pub(crate) enum Delivery {
    Event(Envelope),
    /// The router ended the session's subscription.
    Revoked {
        subscription: SubscriptionId,
        reason: String,
    },
    /// A message about a routed call, from the session at its other end.
    RoutedMessage(Box<RoutedMessage>),
    End(End),
}

/// An EVENT, encoded in the session's serializer.
#[derive(Debug)]
pub(crate) struct Envelope {
    pub(crate) subscription: SubscriptionId,
    pub(crate) message: Bytes,
}

/// The reason why a session is ended.
#[derive(Debug)]
pub(crate) enum End {
    /// GOODBYE with this reason, and a text for humans.
    Close { reason: String, message: Option<String> },
    /// The client did not read its events in time.
    Overflow,
}

/// The message size from which the bound on messages follows: the queue holds as many messages as
/// fit into `queued_bytes_peak` at this size.
const SHORTEST: usize = 128;

/// A bounded queue with one reader. Writers never wait: a reader that does not take what it could
/// have taken is cut off.
///
/// `queued_messages` and `queued_bytes` bound what the reader missed: messages that were there at
/// its last turn, when its peer had read nothing for `write_stall`. What came since, or while its
/// peer reads, is bounded by `queued_bytes_peak`.
///
/// Requests of other sessions have bounds of their own: they are refused to their senders, and take
/// no room from the session's events.
#[derive(Debug)]
pub(crate) struct Mailbox {
    max_messages: usize,
    max_bytes: usize,
    /// The bounds for messages that came since the reader's last turn.
    peak: Load,
    /// The backlog, to which calls and answers are added as events are.
    backlog: Arc<Backlog>,
    queue: Mutex<Queue>,
    /// Bytes of events that the reader took and holds back, until a handler has decided about their
    /// subscriptions.
    held: AtomicUsize,
}

#[derive(Debug, Default)]
struct Queue {
    deliveries: VecDeque<Delivery>,
    /// Deliveries that the session asked for: events, and answers to its calls.
    wanted: Load,
    /// The part of these that the session could have taken before. They are the oldest.
    missed: Load,
    /// Requests of others: calls, with their chunks and interrupts.
    asked: Load,
    end: Option<Box<End>>,
    /// True while the session is ending: no event and no request is accepted any more.
    closed: bool,
    /// True once the session has ended: nothing is accepted.
    shut: bool,
    reader: Option<Waker>,
}

#[derive(Copy, Clone, Debug, Default)]
struct Load {
    messages: usize,
    bytes: usize,
}

impl Load {
    fn add(&mut self, bytes: usize) {
        self.messages += 1;
        self.bytes += bytes;
    }
}

impl Mailbox {
    pub(crate) fn new(limits: &Limits, backlog: &Arc<Backlog>) -> Self {
        let peak = Load {
            messages: limits.queued_bytes_peak.div_ceil(SHORTEST),
            bytes: limits.queued_bytes_peak,
        };
        Self {
            max_messages: limits.queued_messages,
            max_bytes: limits.queued_bytes,
            peak: Load { messages: peak.messages.max(limits.queued_messages), ..peak },
            backlog: Arc::clone(backlog),
            queue: Mutex::default(),
            held: AtomicUsize::new(0),
        }
    }

    /// Adds an EVENT; one too many ends the session. Returns whether the session is behind: its
    /// queue is more than half full.
    pub(crate) fn event(&self, subscription: SubscriptionId, message: Bytes) -> bool {
        let mut queue = self.queue.lock();
        if queue.closed {
            return false;
        }
        if !self.has_room(&queue, message.len()) {
            self.overflow(&mut queue);
            return false;
        }
        queue.wanted.add(message.len());
        queue.enqueue(Delivery::Event(Envelope { subscription, message }));
        queue.wanted.messages > self.max_messages / 2 || queue.wanted.bytes > self.max_bytes / 2
    }

    /// Wakes the session for a turn. Returns false if it is about to end.
    pub(crate) fn wake(&self) -> bool {
        let mut queue = self.queue.lock();
        queue.wake();
        !queue.closed
    }

    /// Returns whether the mailbox accepts no more events.
    pub(crate) fn is_closed(&self) -> bool {
        self.queue.lock().closed
    }

    /// Checks that an event of this length may be sent to this one session.
    pub(crate) fn check_length(&self, bytes: usize) -> Result<(), EncodeError> {
        if bytes > self.max_bytes {
            return Err(EncodeError::new(format!(
                "{bytes} bytes, and an event has {} at most",
                self.max_bytes
            )));
        }
        Ok(())
    }

    /// Tells the session that a subscription was ended by the router, after the events that came
    /// before.
    pub(crate) fn revoked(&self, subscription: SubscriptionId, reason: String) {
        let mut queue = self.queue.lock();
        if !queue.closed {
            queue.push(Delivery::Revoked { subscription, reason });
        }
    }

    /// Adds a message about a routed call.
    ///
    /// A request or an answer is refused if there is no room for it. A message that has no payload,
    /// and comes no more often than calls do, is always accepted.
    pub(crate) fn routing(&self, routing: RoutedMessage) -> Result<(), Refused> {
        let mut queue = self.queue.lock();
        // While a session shuts down, calls that have begun go on.
        if queue.shut || queue.closed && routing.begins() {
            return Err(Refused::Closed);
        }
        let has_room = routing.is_bounded()
            || if routing.is_asked() {
                self.has_room_for_requests(&queue, routing.kept_bytes())
            } else {
                self.has_room(&queue, routing.kept_bytes())
            };
        if !has_room {
            return Err(Refused::Full);
        }
        self.backlog.add(routing.kept_bytes());
        queue.push(Delivery::RoutedMessage(Box::new(routing)));
        Ok(())
    }

    /// Cuts off the sessions that are furthest behind, if too much waits for all sessions together.
    pub(crate) fn relieve(&self) {
        self.backlog.relieve();
    }

    /// Counts an event that the reader holds back. Returns false if too much is held back then.
    pub(crate) fn hold(&self, bytes: usize) -> bool {
        self.held.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.max_bytes
    }

    /// Counts an event that is not held back any more.
    pub(crate) fn let_go(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Returns whether so many events held back by the reader would fit into the mailbox.
    pub(crate) fn could_keep(&self, messages: usize) -> bool {
        messages <= self.peak.messages && self.held.load(Ordering::Relaxed) <= self.peak.bytes
    }

    /// Returns how many bytes wait for the session.
    pub(crate) fn waiting_bytes(&self) -> usize {
        let Queue { wanted, asked, .. } = &*self.queue.lock();
        wanted.bytes + asked.bytes + self.held.load(Ordering::Relaxed)
    }

    /// Ends the session because it is too far behind. Returns how many bytes it has yet to release.
    pub(crate) fn cut_off(&self) -> usize {
        let mut queue = self.queue.lock();
        self.overflow(&mut queue);
        queue.asked.bytes + self.held.load(Ordering::Relaxed)
    }

    /// Ends the session with GOODBYE; the mailbox accepts no event afterwards.
    pub(crate) fn close(&self, reason: String, message: Option<String>) {
        self.queue.lock().finish(End::Close { reason, message });
    }

    /// Shuts the mailbox, and returns its messages about routed calls.
    pub(crate) fn shut(&self) -> Vec<RoutedMessage> {
        let shut = Queue { closed: true, shut: true, ..Queue::default() };
        let queue = std::mem::replace(&mut *self.queue.lock(), shut);
        queue.deliveries.iter().for_each(|delivery| self.goes(delivery));
        let routing = |delivery| match delivery {
            Delivery::RoutedMessage(routing) => Some(*routing),
            Delivery::Event(_) | Delivery::Revoked { .. } | Delivery::End(_) => None,
        };
        queue.deliveries.into_iter().filter_map(routing).collect()
    }

    /// Returns the next delivery, or `Pending` until there is one. If the send buffer has no room,
    /// deliveries stay here, but the end does not wait for them; a peer that
    /// [stalls](Turn::Stalled) has missed them.
    pub(crate) fn poll(&self, context: &Context<'_>, turn: Turn) -> Poll<Delivery> {
        let mut queue = self.queue.lock();
        match turn {
            Turn::Takes => {
                if let Some(delivery) = queue.pop() {
                    self.goes(&delivery);
                    return Poll::Ready(delivery);
                }
            }
            Turn::IsFull => queue.missed = Load::default(),
            Turn::Stalled => queue.missed = queue.wanted,
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

    /// Returns the next delivery, if there is one, without regard to the end.
    pub(crate) fn take(&self) -> Option<Delivery> {
        let delivery = self.queue.lock().pop()?;
        self.goes(&delivery);
        Some(delivery)
    }

    /// Drops the deliveries that the session asked for. Calls that wait for the session are
    /// answered when it ends.
    fn overflow(&self, queue: &mut Queue) {
        for delivery in std::mem::take(&mut queue.deliveries) {
            if delivery.is_asked() {
                queue.deliveries.push_back(delivery);
            } else {
                queue.leaves(&delivery);
                self.goes(&delivery);
            }
        }
        // A session that is closing already is ended as well, because a gap in its events has come
        // up.
        queue.closed = true;
        queue.end = Some(Box::new(End::Overflow));
        queue.wake();
    }

    /// Removes a call or an answer from the backlog. (Events remove themselves with their last
    /// copy.)
    fn goes(&self, delivery: &Delivery) {
        if let Delivery::RoutedMessage(routing) = delivery {
            self.backlog.remove(routing.kept_bytes());
        }
    }

    /// Returns whether a delivery of `bytes` that the session asked for fits. A first message
    /// always does, however long it is.
    fn has_room(&self, queue: &Queue, bytes: usize) -> bool {
        let Queue { wanted, missed, .. } = queue;
        wanted.messages == 0
            || wanted.messages < self.peak.messages
                && wanted.bytes + bytes <= self.peak.bytes
                && (missed.messages == 0
                    || missed.messages < self.max_messages
                        && missed.bytes + bytes <= self.max_bytes)
    }

    fn has_room_for_requests(&self, Queue { asked, .. }: &Queue, bytes: usize) -> bool {
        asked.messages == 0
            || asked.messages < self.max_messages && asked.bytes + bytes <= self.max_bytes
    }
}

/// The ways in which a session handles its deliveries in a turn.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Takes them: the send buffer has room.
    Takes,
    /// Leaves them: the send buffer is full, and the peer has read some of it within `write_stall`.
    IsFull,
    /// Leaves them: the send buffer is full, and the peer has read nothing for `write_stall`.
    Stalled,
}

impl Delivery {
    /// Returns whether the delivery belongs to a call of another session.
    fn is_asked(&self) -> bool {
        matches!(self, Self::RoutedMessage(routing) if routing.is_asked())
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Event(envelope) => envelope.message.len(),
            Self::RoutedMessage(routing) => routing.kept_bytes(),
            Self::Revoked { .. } | Self::End(_) => 0,
        }
    }
}

impl Queue {
    fn push(&mut self, delivery: Delivery) {
        self.load(&delivery).add(delivery.bytes());
        self.enqueue(delivery);
    }

    /// Appends a delivery that is counted already.
    fn enqueue(&mut self, delivery: Delivery) {
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
        let bytes = delivery.bytes();
        let load = self.load(delivery);
        load.messages -= 1;
        load.bytes -= bytes;
        if self.missed.messages > 0 && !delivery.is_asked() {
            self.missed.messages -= 1;
            self.missed.bytes -= bytes;
        }
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
