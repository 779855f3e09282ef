//! Pattern subscriptions of one realm.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;

use super::Subscribers;
use crate::id::{SessionId, SubscriptionId};
use crate::pattern::{Pattern, Patterns};
use crate::peer::Peer;
use crate::uri;

/// Pattern subscriptions of one realm, one for each pattern that at least one session is subscribed to.
#[derive(Debug)]
pub(super) struct PatternSubscriptions {
    /// The topics that are declared for subscribers, by number.
    topics: Patterns<usize>,
    /// How many subscriptions there are: without any, an event takes no lock here.
    count: AtomicUsize,
    subscriptions: RwLock<BTreeMap<Pattern, PatternSubscription>>,
}

#[derive(Debug)]
struct PatternSubscription {
    /// The number of the declaration that covers the pattern. Events that another one serves do not travel through it.
    topic: Option<usize>,
    subscribers: Arc<Subscribers>,
}

impl PatternSubscriptions {
    pub(super) fn new(topics: Patterns<usize>) -> Self {
        Self { topics, count: AtomicUsize::new(0), subscriptions: RwLock::default() }
    }

    pub(super) fn subscribe(
        &self,
        pattern: &Pattern,
        session: &Arc<Peer>,
        id: impl FnOnce() -> SubscriptionId,
    ) -> SubscriptionId {
        let mut subscriptions = self.subscriptions.write();
        if let Some(subscription) = subscriptions.get(pattern) {
            return subscription.subscribers.add(session);
        }
        let subscribers = Arc::new(Subscribers::new(id(), session));
        let id = subscribers.id;
        let topic = self.topics.covering(pattern).copied();
        subscriptions.insert(pattern.clone(), PatternSubscription { topic, subscribers });
        self.count.store(subscriptions.len(), Ordering::Relaxed);
        id
    }

    pub(super) fn unsubscribe(&self, pattern: &Pattern, session: SessionId) {
        let mut subscriptions = self.subscriptions.write();
        if subscriptions.get(pattern).is_some_and(|subscription| subscription.subscribers.remove(session)) {
            subscriptions.remove(pattern);
            self.count.store(subscriptions.len(), Ordering::Relaxed);
        }
    }

    /// The subscriptions through which an event of this topic travels. What is under `wamp` travels through none (U-08).
    pub(super) fn of(&self, topic: &str) -> Vec<Arc<Subscribers>> {
        // Relaxed: who publishes after SUBSCRIBED was sent comes after the store, and sees it.
        if self.count.load(Ordering::Relaxed) == 0 || uri::is_reserved(topic) {
            return Vec::new();
        }
        let Some(declared) = self.topics.find(topic) else {
            return Vec::new();
        };
        let subscriptions = self.subscriptions.read();
        let matching = subscriptions.iter().filter(|(pattern, subscription)| {
            subscription.topic == Some(*declared) && pattern.matches(topic)
        });
        matching.map(|(_, subscription)| Arc::clone(&subscription.subscribers)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::Identity;
    use crate::limits::Limits;
    use crate::message::MatchPolicy;
    use crate::serializer::Serializer;

    #[test]
    fn u_08_events_under_wamp_travel_through_no_pattern() {
        let mut topics = Patterns::default();
        topics.insert(Pattern::parse("{all..}").unwrap(), 1).unwrap();
        let subscriptions = PatternSubscriptions::new(topics);
        let session = Arc::new(Peer::new(Identity::anonymous(), Serializer::Json, &Limits::default()));
        for (number, (policy, uri)) in (1..).zip([
            (MatchPolicy::Prefix, ""),
            (MatchPolicy::Prefix, "w"),
            (MatchPolicy::Wildcard, ".x"),
            (MatchPolicy::Wildcard, "."),
        ]) {
            let pattern = Pattern { policy, uri: uri.into() };
            subscriptions.subscribe(&pattern, &session, || SubscriptionId::new(number).unwrap());
        }
        assert_eq!(subscriptions.of("wampum.x").len(), 4);
        assert_eq!(subscriptions.of("wamp.x").len(), 0);
    }
}
