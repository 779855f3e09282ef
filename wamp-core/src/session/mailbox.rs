//! What comes to a session from outside its own connection: events, and the order to close.

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
    RoutedMessage(Box<RoutedMessage>),
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

/// The shortest message that a queue may be full of: there is room for as many messages as of these there are in
/// `queued_bytes_peak`.
const SHORTEST: usize = 128;

/// A bounded queue with one reader. Who writes never waits: a reader that does not take what it could have taken is cut off.
///
/// The bounds of `queued_messages` and `queued_bytes` hold for what the reader missed: what was there when it had its turn, and
/// its peer took nothing. What came since then, or while its peer takes what it is sent, is bounded by `queued_bytes_peak`.
///
/// What others ask of the session has bounds of its own: it is refused, and leaves the session's events their room.
#[derive(Debug)]
pub(crate) struct Mailbox {
    max_messages: usize,
    max_bytes: usize,
    /// Of what the reader had no turn for.
    peak: Load,
    /// Where calls and answers count, as events do.
    backlog: Arc<Backlog>,
    queue: Mutex<Queue>,
    /// Bytes of events that its reader took and holds back, until a handler has decided about their subscriptions.
    held: AtomicUsize,
}

#[derive(Debug, Default)]
struct Queue {
    deliveries: VecDeque<Delivery>,
    /// What the session wanted itself: events, and answers to its calls.
    wanted: Load,
    /// Of that, what the session could have taken before. It was added before the rest.
    missed: Load,
    /// What others want of it: calls, with their chunks and interrupts.
    asked: Load,
    end: Option<Box<End>>,
    /// The session ends: no event and no request is taken any more.
    closed: bool,
    /// The session has ended: nothing is.
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
        let peak =
            Load { messages: limits.queued_bytes_peak.div_ceil(SHORTEST), bytes: limits.queued_bytes_peak };
        Self {
            max_messages: limits.queued_messages,
            max_bytes: limits.queued_bytes,
            peak: Load { messages: peak.messages.max(limits.queued_messages), ..peak },
            backlog: Arc::clone(backlog),
            queue: Mutex::default(),
            held: AtomicUsize::new(0),
        }
    }

    /// Adds an EVENT; one too many ends the session. Tells whether the session is behind: the queue is more than half full.
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

    /// Gives the session a turn; false if it is about to end.
    pub(crate) fn wake(&self) -> bool {
        let mut queue = self.queue.lock();
        queue.wake();
        !queue.closed
    }

    /// Whether no event is taken any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.queue.lock().closed
    }

    /// Whether an event of so many bytes may be sent to the session alone.
    pub(crate) fn check_length(&self, bytes: usize) -> Result<(), EncodeError> {
        if bytes > self.max_bytes {
            return Err(EncodeError::new(format!(
                "{bytes} bytes, and an event has {} at most",
                self.max_bytes
            )));
        }
        Ok(())
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
    /// A request or an answer is refused if there is no room for it. What is as small as it can be, and comes no more often than
    /// the calls, is taken.
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

    /// Where too much waits for all sessions together, those who are furthest behind are cut off.
    pub(crate) fn relieve(&self) {
        self.backlog.relieve();
    }

    /// The reader holds an event of so many bytes back. False if it holds too much then.
    pub(crate) fn hold(&self, bytes: usize) -> bool {
        self.held.fetch_add(bytes, Ordering::Relaxed) + bytes <= self.max_bytes
    }

    /// The reader holds so much less.
    pub(crate) fn let_go(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether so many events that the reader holds back are no more than could wait here.
    pub(crate) fn could_keep(&self, messages: usize) -> bool {
        messages <= self.peak.messages && self.held.load(Ordering::Relaxed) <= self.peak.bytes
    }

    /// How much waits for the session.
    pub(crate) fn waiting_bytes(&self) -> usize {
        let Queue { wanted, asked, .. } = &*self.queue.lock();
        wanted.bytes + asked.bytes + self.held.load(Ordering::Relaxed)
    }

    /// Ends the session, which is further behind than it may be; tells how much it has yet to let go of.
    pub(crate) fn cut_off(&self) -> usize {
        let mut queue = self.queue.lock();
        self.overflow(&mut queue);
        queue.asked.bytes + self.held.load(Ordering::Relaxed)
    }

    /// Asks for GOODBYE; no event is taken after that.
    pub(crate) fn close(&self, reason: String, message: Option<String>) {
        self.queue.lock().finish(End::Close { reason, message });
    }

    /// Takes nothing from now on; tells what it had of routed calls.
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

    /// The next delivery, or `Pending` until there is one. Without room they stay where they are, and the end does not
    /// wait for them; a peer that [stalls](Turn::Stalled) has missed them.
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

    /// The next delivery if there is one, the end apart.
    pub(crate) fn take(&self) -> Option<Delivery> {
        let delivery = self.queue.lock().pop()?;
        self.goes(&delivery);
        Some(delivery)
    }

    /// Gives up what the session wanted. Calls that wait for the session are answered when it ends.
    fn overflow(&self, queue: &mut Queue) {
        for delivery in std::mem::take(&mut queue.deliveries) {
            if delivery.is_asked() {
                queue.deliveries.push_back(delivery);
            } else {
                queue.leaves(&delivery);
                self.goes(&delivery);
            }
        }
        // Also of a session that is closing already: what it waits for has a gap now.
        queue.closed = true;
        queue.end = Some(Box::new(End::Overflow));
        queue.wake();
    }

    /// A call or an answer does not wait any more. (Events count until their last copy is gone.)
    fn goes(&self, delivery: &Delivery) {
        if let Delivery::RoutedMessage(routing) = delivery {
            self.backlog.remove(routing.kept_bytes());
        }
    }

    /// Whether so many bytes fit that the session wanted. A first message always does, however large it is.
    fn has_room(&self, queue: &Queue, bytes: usize) -> bool {
        let Queue { wanted, missed, .. } = queue;
        wanted.messages == 0
            || wanted.messages < self.peak.messages
                && wanted.bytes + bytes <= self.peak.bytes
                && (missed.messages == 0
                    || missed.messages < self.max_messages && missed.bytes + bytes <= self.max_bytes)
    }

    fn has_room_for_requests(&self, Queue { asked, .. }: &Queue, bytes: usize) -> bool {
        asked.messages == 0 || asked.messages < self.max_messages && asked.bytes + bytes <= self.max_bytes
    }
}

/// What a session can do with its deliveries in its turn.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It takes them.
    Takes,
    /// Enough waits to be sent, and its peer takes some of that.
    IsFull,
    /// Enough waits to be sent, and its peer has taken none of it since the last turn.
    Stalled,
}

impl Delivery {
    /// Whether somebody else's call brought it.
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

    /// Adds a delivery that is counted already.
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
