//! Subscriptions of one realm, and how an event reaches them.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use parking_lot::{Mutex, RwLock};

use crate::id::{PublicationId, SessionId, SubscriptionId};
use crate::message::{self, Filter};
use crate::payload::Payload;
use crate::peer::Peer;
use crate::serializer::{EncodeError, Serializer};

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
}

/// Subscriptions of one realm, one for each topic that at least one session is subscribed to.
#[derive(Debug)]
pub(crate) struct Broker {
    hasher: RandomState,
    shards: [RwLock<HashMap<Arc<str>, Arc<Subscribers>>>; SHARDS],
    last_id: AtomicU64,
}

/// One subscription and who holds it.
#[derive(Debug)]
struct Subscribers {
    id: SubscriptionId,
    sessions: Mutex<Vec<Arc<Peer>>>,
}

impl Broker {
    pub(crate) fn new() -> Self {
        Self { hasher: RandomState::new(), shards: Default::default(), last_id: AtomicU64::new(0) }
    }

    fn shard(&self, topic: &str) -> &RwLock<HashMap<Arc<str>, Arc<Subscribers>>> {
        // The remainder is below `SHARDS`, and so fits.
        &self.shards[(self.hasher.hash_one(topic) % SHARDS as u64) as usize]
    }

    /// Adds a session that is not subscribed yet; all sessions of a topic share one id (B-01).
    pub(crate) fn subscribe(&self, topic: &str, session: &Arc<Peer>) -> SubscriptionId {
        let mut shard = self.shard(topic).write();
        if let Some(subscribers) = shard.get(topic) {
            subscribers.sessions.lock().push(session.clone());
            return subscribers.id;
        }
        let number = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let id = SubscriptionId::new(number).expect("2^53 subscriptions take longer than a process lives");
        let sessions = Mutex::new(vec![session.clone()]);
        shard.insert(topic.into(), Arc::new(Subscribers { id, sessions }));
        id
    }

    /// Takes a session out; the last one ends the subscription. Later events do not reach the session any more (B-04).
    pub(crate) fn unsubscribe(&self, topic: &str, session: SessionId) {
        let mut shard = self.shard(topic).write();
        let Some(subscribers) = shard.get(topic) else {
            return;
        };
        let mut sessions = subscribers.sessions.lock();
        sessions.retain(|subscriber| subscriber.id != session);
        if sessions.is_empty() {
            drop(sessions);
            shard.remove(topic);
        }
    }

    /// Puts the event into the mailbox of every subscriber that it is for. The lock of the subscription is held
    /// meanwhile, so that all subscribers see the events of all publishers in one order (B-12).
    pub(crate) fn publish(&self, event: &Event<'_>) -> Result<(), EncodeError> {
        let Some(subscribers) = self.shard(event.topic).read().get(event.topic).cloned() else {
            return Ok(());
        };
        let mut encoded = Encoded::default();
        for session in subscribers.sessions.lock().iter().filter(|session| event.reaches(session)) {
            session
                .mailbox
                .event(subscribers.id, encoded.message(session.serializer, subscribers.id, event)?);
        }
        Ok(())
    }
}

impl Event<'_> {
    fn reaches(&self, session: &Peer) -> bool {
        let identity = &session.identity;
        Some(session.id) != self.excluded
            && self.filter.admits(session.id.get(), &identity.authid, &identity.authrole)
    }
}

/// An event, encoded once for each serializer in use.
#[derive(Default)]
struct Encoded {
    messages: Vec<(Serializer, Bytes)>,
}

impl Encoded {
    fn message(
        &mut self,
        serializer: Serializer,
        subscription: SubscriptionId,
        event: &Event<'_>,
    ) -> Result<Bytes, EncodeError> {
        if let Some((_, message)) = self.messages.iter().find(|(of, _)| *of == serializer) {
            return Ok(message.clone());
        }
        let message = encode(serializer, subscription, event.publication, false, event.payload)?;
        self.messages.push((serializer, message.clone()));
        Ok(message)
    }
}

/// An EVENT as it lies in mailboxes.
pub(crate) fn encode(
    serializer: Serializer,
    subscription: SubscriptionId,
    publication: PublicationId,
    retained: bool,
    payload: &Payload,
) -> Result<Bytes, EncodeError> {
    let mut out = Vec::new();
    message::event(serializer, &mut out, subscription, publication, retained, payload)?;
    Ok(out.into())
}
