//! Subscriptions of one realm, and how an event reaches them.

mod patterns;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use crate::id::{PublicationId, SessionId, SubscriptionId};
use crate::message::{self, EventDetails, Filter, MatchPolicy, Passthru};
use crate::pattern::{Pattern, Patterns};
use crate::payload::Payload;
use crate::peer::Peer;
use crate::serializer::{EncodeError, Serializer};
use patterns::PatternSubscriptions;

/// A publisher and a subscriber meet only if their topics fall into one shard.
const SHARDS: usize = 16;

/// An event on its way to the subscribers of its topic.
#[derive(Debug)]
pub(crate) struct Event<'e> {
    pub(crate) publication: PublicationId,
    pub(crate) topic: &'e str,
    pub(crate) payload: &'e Payload,
    pub(crate) filter: &'e Filter,
    /// The publisher, where it must not get its own event (B-10).
    pub(crate) excluded: Option<SessionId>,
    /// The publisher, where subscribers shall see who it is (N-01).
    pub(crate) disclosed: Option<&'e Arc<Peer>>,
    /// How far the publisher is trusted (N-05).
    pub(crate) trustlevel: Option<u32>,
    /// How subscribers have to read the payload.
    pub(crate) passthru: Option<&'e Passthru>,
}

/// Subscriptions of one realm, one for each topic or pattern that at least one session is subscribed to.
///
/// Locks are taken in this order: a shard or the patterns, a subscription, a mailbox.
#[derive(Debug)]
pub(crate) struct Broker {
    hasher: RandomState,
    shards: [RwLock<HashMap<Arc<str>, Arc<Subscribers>>>; SHARDS],
    patterns: PatternSubscriptions,
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
    pub(crate) fn new(topics: Patterns<usize>) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: Default::default(),
            patterns: PatternSubscriptions::new(topics),
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

    /// Puts the event into the mailbox of every subscriber that it is for, once for each matching subscription (B-11).
    pub(crate) fn publish(&self, event: &Event<'_>) -> Result<(), EncodeError> {
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

impl<'e> Event<'e> {
    /// Made anew for each subscription (B-09).
    fn details(&self) -> EventDetails<'e> {
        let identity = self.disclosed.map(|publisher| &publisher.identity);
        EventDetails {
            publisher: self.disclosed.map(|publisher| publisher.id),
            publisher_authid: identity.map(|identity| identity.authid.as_str()),
            publisher_authrole: identity.map(|identity| identity.authrole.as_str()),
            trustlevel: self.trustlevel,
            ppt_scheme: self.passthru.and_then(|passthru| passthru.ppt_scheme.as_deref()),
            ppt_serializer: self.passthru.and_then(|passthru| passthru.ppt_serializer.as_deref()),
            ppt_cipher: self.passthru.and_then(|passthru| passthru.ppt_cipher.as_deref()),
            ppt_keyid: self.passthru.and_then(|passthru| passthru.ppt_keyid.as_deref()),
            ..EventDetails::default()
        }
    }

    fn reaches(&self, session: &Peer) -> bool {
        let identity = &session.identity;
        Some(session.id) != self.excluded
            && self.filter.admits(session.id.get(), &identity.authid, &identity.authrole)
    }
}

/// An event of one subscription, encoded once for each serializer in use.
struct Encoded<'e> {
    subscription: SubscriptionId,
    details: EventDetails<'e>,
    event: &'e Event<'e>,
    messages: Vec<(Serializer, Bytes)>,
}

impl Encoded<'_> {
    fn message(&mut self, serializer: Serializer) -> Result<Bytes, EncodeError> {
        if let Some((_, message)) = self.messages.iter().find(|(of, _)| *of == serializer) {
            return Ok(message.clone());
        }
        let Event { publication, payload, .. } = *self.event;
        let message = encoded(serializer, self.subscription, publication, &self.details, payload)?;
        self.messages.push((serializer, message.clone()));
        Ok(message)
    }
}

/// An EVENT for one subscriber as it lies in its mailbox.
pub(crate) fn encode(
    serializer: Serializer,
    subscription: SubscriptionId,
    publication: PublicationId,
    retained: bool,
    payload: &Payload,
) -> Result<Bytes, EncodeError> {
    let details = EventDetails { retained, ..EventDetails::default() };
    encoded(serializer, subscription, publication, &details, payload)
}

fn encoded(
    serializer: Serializer,
    subscription: SubscriptionId,
    publication: PublicationId,
    details: &EventDetails<'_>,
    payload: &Payload,
) -> Result<Bytes, EncodeError> {
    let mut out = Vec::new();
    message::event(serializer, &mut out, subscription, publication, details, payload)?;
    Ok(out.into())
}
