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

/// Bytes of a payload from which on nothing is encoded for a session that is cut off already.
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
    /// Until a handler has decided, events are sent to the session, which holds them back, and nobody else sees it here.
    is_accepted: bool,
}

/// What is left of a subscription that a session left.
#[derive(Debug)]
pub(crate) struct Left {
    pub(crate) subscription: Arc<Subscribers>,
    /// It was the session's: SUBSCRIBED was sent.
    pub(crate) was_accepted: bool,
    /// And no other session's.
    pub(crate) is_last: bool,
    /// Nobody waits for it either.
    pub(super) is_empty: bool,
}

impl Subscribers {
    pub(super) fn new(id: SubscriptionId, topic: Pattern, session: &Arc<SessionHandle>) -> Self {
        let sessions = Mutex::new(vec![Subscriber { handle: Arc::clone(session), is_accepted: false }]);
        Self { id, topic, created: Timestamp::now(), sessions }
    }

    pub(super) fn add(&self, session: &Arc<SessionHandle>) -> SubscriptionId {
        self.sessions.lock().push(Subscriber { handle: Arc::clone(session), is_accepted: false });
        self.id
    }

    /// Whether it is the first to be accepted. `None` if it has left.
    pub(super) fn accept(&self, session: SessionId) -> Option<bool> {
        let mut sessions = self.sessions.lock();
        let is_first = !sessions.iter().any(|subscriber| subscriber.is_accepted);
        // The one that came last, mostly.
        let subscriber = sessions.iter_mut().rfind(|subscriber| subscriber.handle.id == session)?;
        subscriber.is_accepted = true;
        Some(is_first)
    }

    pub(super) fn remove(self: &Arc<Self>, session: SessionId) -> Option<Left> {
        let mut sessions = self.sessions.lock();
        let at = sessions.iter().position(|subscriber| subscriber.handle.id == session)?;
        let was_accepted = sessions.remove(at).is_accepted;
        Some(Left {
            subscription: Arc::clone(self),
            was_accepted,
            is_last: was_accepted && !sessions.iter().any(|subscriber| subscriber.is_accepted),
            is_empty: sessions.is_empty(),
        })
    }

    pub(super) fn is_held(&self) -> bool {
        self.sessions.lock().iter().any(|subscriber| subscriber.is_accepted)
    }

    /// The session of this id, if it holds it.
    pub(crate) fn holder(&self, session: SessionId) -> Option<Arc<SessionHandle>> {
        let sessions = self.sessions.lock();
        let mut holders = sessions.iter().filter(|subscriber| subscriber.is_accepted);
        holders.find(|holder| holder.handle.id == session).map(|holder| Arc::clone(&holder.handle))
    }

    /// The sessions that hold it, in the order in which they came.
    pub(crate) fn sessions(&self) -> Vec<SessionId> {
        let sessions = self.sessions.lock();
        sessions
            .iter()
            .filter(|subscriber| subscriber.is_accepted)
            .map(|subscriber| subscriber.handle.id)
            .collect()
    }

    /// The lock of the subscription is held meanwhile, so that all its subscribers see the events of all publishers in
    /// one order (B-12). Who cannot get it because of its serializer is not in the way of the others.
    pub(super) fn deliver(
        &self,
        event: &Event<'_>,
        details: EventDetails<'_>,
        (longest, backlog): (&Longest, &Arc<Backlog>),
    ) -> Delivered {
        let mut encoded =
            EncodedEvent { subscription: self.id, details, event, longest, backlog, messages: Vec::new() };
        let mut delivered = Delivered::default();
        // An event is encoded for each subscription. So a session with a thousand overlapping patterns would make a gigabyte of one
        // message of 1 MiB, long after it was cut off.
        let is_long = event.payload.kept_bytes() >= LONG;
        let sessions = self.sessions.lock();
        for session in sessions.iter().map(|subscriber| &subscriber.handle) {
            if event.reaches(session)
                && !(is_long && session.mailbox.is_closed())
                && let Some(message) = encoded.message(session.serializer)
            {
                delivered.is_behind |= session.mailbox.event(self.id, message);
                delivered.count += 1;
            }
        }
        delivered.longest = encoded.bytes();
        delivered
    }
}
