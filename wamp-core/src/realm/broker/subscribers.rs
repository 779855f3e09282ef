//! One subscription, and the sessions that hold it.

use std::sync::Arc;

use parking_lot::Mutex;

use super::Delivered;
use super::event::{EncodedEvent, Event};
use super::longest::Longest;
use crate::id::{SessionId, SubscriptionId};
use crate::message::EventDetails;
use crate::realm::pattern::Pattern;
use crate::session::backlog::Backlog;
use crate::session::handle::SessionHandle;
use crate::timestamp::Timestamp;

/// The payload length from which on nothing is encoded for a session that has been cut off.
const LONG: usize = 16 << 10;

/// One subscription, and the sessions that hold it.
#[derive(Debug)]
pub(crate) struct Subscribers {
    pub(crate) id: SubscriptionId,
    pub(crate) topic: Pattern,
    pub(crate) created: Timestamp,
    sessions: Mutex<Vec<Subscriber>>,
}

#[derive(Debug)]
struct Subscriber {
    handle: Arc<SessionHandle>,
    /// False until a handler has decided. Until then events are sent to the session, which holds
    /// them back, and the subscription is not listed.
    is_accepted: bool,
}

/// The state of a subscription after a session left it.
#[derive(Debug)]
pub(crate) struct Unsubscribed {
    pub(crate) subscription: Arc<Subscribers>,
    /// True if SUBSCRIBED was sent to the session.
    pub(crate) was_accepted: bool,
    /// True if no other session holds it.
    pub(crate) is_last: bool,
    /// True if no other session waits for a handler's decision about it either.
    pub(super) is_empty: bool,
}

impl Subscribers {
    pub(super) fn new(id: SubscriptionId, topic: Pattern, session: &Arc<SessionHandle>) -> Self {
        let sessions =
            Mutex::new(vec![Subscriber { handle: Arc::clone(session), is_accepted: false }]);
        Self { id, topic, created: Timestamp::now(), sessions }
    }

    pub(super) fn add(&self, session: &Arc<SessionHandle>) -> SubscriptionId {
        self.sessions.lock().push(Subscriber { handle: Arc::clone(session), is_accepted: false });
        self.id
    }

    /// Marks the session's subscription as accepted. Returns whether it is the first, or `None` if
    /// the session has left.
    pub(super) fn accept(&self, session: SessionId) -> Option<bool> {
        let mut sessions = self.sessions.lock();
        let is_first = !sessions.iter().any(|subscriber| subscriber.is_accepted);
        // Searched from the end, where the session usually is.
        let subscriber = sessions.iter_mut().rfind(|subscriber| subscriber.handle.id == session)?;
        subscriber.is_accepted = true;
        Some(is_first)
    }

    pub(super) fn remove(self: &Arc<Self>, session: SessionId) -> Option<Unsubscribed> {
        let mut sessions = self.sessions.lock();
        let at = sessions.iter().position(|subscriber| subscriber.handle.id == session)?;
        let was_accepted = sessions.remove(at).is_accepted;
        Some(Unsubscribed {
            subscription: Arc::clone(self),
            was_accepted,
            is_last: was_accepted && !sessions.iter().any(|subscriber| subscriber.is_accepted),
            is_empty: sessions.is_empty(),
        })
    }

    pub(super) fn is_held(&self) -> bool {
        self.sessions.lock().iter().any(|subscriber| subscriber.is_accepted)
    }

    /// Returns the handle of this session, if it holds the subscription.
    pub(crate) fn holder(&self, session: SessionId) -> Option<Arc<SessionHandle>> {
        let sessions = self.sessions.lock();
        let mut holders = sessions.iter().filter(|subscriber| subscriber.is_accepted);
        holders.find(|holder| holder.handle.id == session).map(|holder| Arc::clone(&holder.handle))
    }

    /// Returns the sessions that hold it, in the order in which they subscribed.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        let sessions = self.sessions.lock();
        sessions
            .iter()
            .filter(|subscriber| subscriber.is_accepted)
            .map(|subscriber| subscriber.handle.id)
            .collect()
    }

    /// Delivers an event to all its subscribers. The subscription's lock is held meanwhile, so that
    /// all of them see the events of all publishers in one order (B-12). A session whose serializer
    /// cannot express the event does not affect the others.
    pub(super) fn deliver(
        &self,
        event: &Event<'_>,
        details: EventDetails<'_>,
        (longest, backlog): (&Longest, &Arc<Backlog>),
    ) -> Delivered {
        let mut encoded = EncodedEvent {
            subscription: self.id,
            details,
            event,
            longest,
            backlog,
            messages: Vec::new(),
        };
        let mut delivered = Delivered::default();
        // An event is encoded for each subscription. Without this check, a session with a thousand
        // overlapping patterns would turn one message of 1 MiB into a gigabyte, long after it was
        // cut off.
        let is_long = event.payload.kept_bytes() >= LONG;
        let sessions = self.sessions.lock();
        for session in sessions.iter().map(|subscriber| &subscriber.handle) {
            if !event.reaches(session) || is_long && session.mailbox.is_closed() {
                continue;
            }
            match encoded.message(session.serializer) {
                Some(message) => {
                    delivered.is_behind |= session.mailbox.event(self.id, message);
                    delivered.count += 1;
                }
                None => delivered.left_out += 1,
            }
        }
        delivered.longest = encoded.bytes();
        delivered
    }
}
