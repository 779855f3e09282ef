//! Subscriptions of one realm, and how an event reaches them.

mod event;
mod patterns;
mod retention;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use crate::id::{SessionId, SubscriptionId};
use crate::limits::Limits;
use crate::message::{EventDetails, MatchPolicy};
use crate::pattern::{Pattern, Patterns};
use crate::peer::Peer;
use crate::serializer::EncodeError;
use event::Encoded;
pub(crate) use event::{Event, encode};
use patterns::PatternSubscriptions;
use retention::{Held, Retention};

/// A publisher and a subscriber meet only if their topics fall into one shard.
const SHARDS: usize = 16;

/// Subscriptions of one realm, one for each topic or pattern that at least one session is subscribed to.
///
/// Locks are taken in this order: the retained events, a shard or the patterns, a subscription, a mailbox.
#[derive(Debug)]
pub(crate) struct Broker {
    hasher: RandomState,
    shards: [RwLock<HashMap<Arc<str>, Arc<Subscribers>>>; SHARDS],
    patterns: PatternSubscriptions,
    retention: Retention,
    max_retained: usize,
    max_retained_bytes: usize,
    last_id: AtomicU64,
}

/// One subscription and who holds it.
#[derive(Debug)]
struct Subscribers {
    id: SubscriptionId,
    sessions: Mutex<Vec<Arc<Peer>>>,
}

impl Broker {
    /// For a realm where these topics are declared for subscribers, each with a number of its own.
    pub(crate) fn new(topics: Patterns<usize>, limits: &Limits) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: Default::default(),
            patterns: PatternSubscriptions::new(topics),
            retention: Retention::new(limits),
            max_retained: limits.retained_per_subscription,
            max_retained_bytes: limits.queued_bytes,
            last_id: AtomicU64::new(0),
        }
    }

    fn shard(&self, topic: &str) -> &RwLock<HashMap<Arc<str>, Arc<Subscribers>>> {
        // The remainder is below `SHARDS`, and so fits.
        &self.shards[(self.hasher.hash_one(topic) % SHARDS as u64) as usize]
    }

    /// Adds a session that is not subscribed yet; all sessions of a topic or a pattern share one id (B-01, B-03).
    pub(crate) fn subscribe(&self, topic: &Pattern, session: &Arc<Peer>) -> SubscriptionId {
        if topic.policy != MatchPolicy::Exact {
            return self.patterns.subscribe(topic, session, || self.next_id());
        }
        let topic = topic.uri.as_str();
        let mut shard = self.shard(topic).write();
        if let Some(subscribers) = shard.get(topic) {
            return subscribers.add(session);
        }
        let id = self.next_id();
        shard.insert(topic.into(), Arc::new(Subscribers::new(id, session)));
        id
    }

    /// As [`subscribe`](Self::subscribe), with the retained events that the subscription begins with: no event is among
    /// them and comes again, and none is missing (E-01).
    pub(crate) fn subscribe_retained(
        &self,
        topic: &Pattern,
        session: &Arc<Peer>,
    ) -> (SubscriptionId, Vec<Bytes>) {
        let held = self.retention.hold();
        let id = self.subscribe(topic, session);
        (id, self.encode_retained(&held, id, topic, session))
    }

    /// The retained events of a subscription that the session has already (E-06).
    pub(crate) fn retained(&self, id: SubscriptionId, topic: &Pattern, session: &Peer) -> Vec<Bytes> {
        self.encode_retained(&self.retention.hold(), id, topic, session)
    }

    fn encode_retained(
        &self,
        held: &Held<'_>,
        id: SubscriptionId,
        topic: &Pattern,
        session: &Peer,
    ) -> Vec<Bytes> {
        let (mut messages, mut bytes) = (Vec::new(), 0);
        let kept = held.of(topic, session).filter(|kept| self.patterns.serves(topic, &kept.topic));
        for kept in kept.take(self.max_retained) {
            match kept.encode(session.serializer, id, topic.policy != MatchPolicy::Exact) {
                Ok(message) => {
                    bytes += message.len();
                    if bytes > self.max_retained_bytes && !messages.is_empty() {
                        break;
                    }
                    messages.push(message);
                }
                Err(error) => tracing::warn!(topic = kept.topic, %error, "a retained event is left out"),
            }
        }
        messages
    }

    /// Takes a session out; the last one ends the subscription. Later events do not reach the session any more (B-04).
    pub(crate) fn unsubscribe(&self, topic: &Pattern, session: SessionId) {
        if topic.policy != MatchPolicy::Exact {
            return self.patterns.unsubscribe(topic, session);
        }
        let topic = topic.uri.as_str();
        let mut shard = self.shard(topic).write();
        if shard.get(topic).is_some_and(|subscribers| subscribers.remove(session)) {
            shard.remove(topic);
        }
    }

    fn next_id(&self) -> SubscriptionId {
        let number = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        SubscriptionId::new(number).expect("2^53 subscriptions take longer than a process lives")
    }

    /// Delivers an event, and retains it if it asks for that.
    pub(crate) fn publish(&self, event: &Event<'_>) -> Result<(), EncodeError> {
        if !event.retain {
            return self.deliver(event);
        }
        let mut held = self.retention.hold();
        self.deliver(event)?;
        self.retention.keep(&mut held, event);
        Ok(())
    }

    /// Puts the event into the mailbox of every subscriber that it is for, once for each matching subscription (B-11).
    fn deliver(&self, event: &Event<'_>) -> Result<(), EncodeError> {
        let exact = self.shard(event.topic).read().get(event.topic).cloned();
        if let Some(subscribers) = exact {
            subscribers.deliver(event, event.details())?;
        }
        for subscribers in self.patterns.of(event.topic) {
            let details = EventDetails { topic: Some(event.topic), ..event.details() }; // W-03
            subscribers.deliver(event, details)?;
        }
        Ok(())
    }
}

impl Subscribers {
    fn new(id: SubscriptionId, session: &Arc<Peer>) -> Self {
        Self { id, sessions: Mutex::new(vec![Arc::clone(session)]) }
    }

    fn add(&self, session: &Arc<Peer>) -> SubscriptionId {
        self.sessions.lock().push(Arc::clone(session));
        self.id
    }

    /// Takes a session out, and tells whether none is left.
    fn remove(&self, session: SessionId) -> bool {
        let mut sessions = self.sessions.lock();
        sessions.retain(|subscriber| subscriber.id != session);
        sessions.is_empty()
    }

    /// The lock of the subscription is held meanwhile, so that all its subscribers see the events of all publishers in
    /// one order (B-12).
    fn deliver(&self, event: &Event<'_>, details: EventDetails<'_>) -> Result<(), EncodeError> {
        let mut encoded = Encoded { subscription: self.id, details, event, messages: Vec::new() };
        for session in self.sessions.lock().iter().filter(|session| event.reaches(session)) {
            session.mailbox.event(self.id, encoded.message(session.serializer)?);
        }
        Ok(())
    }
}
