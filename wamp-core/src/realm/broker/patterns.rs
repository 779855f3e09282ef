//! Pattern subscriptions of one realm.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;

use super::{Subscribers, Unsubscribed};
use crate::id::{SessionId, SubscriptionId};
use crate::message::MatchPolicy;
use crate::realm::pattern::{Index, Pattern, Patterns};
use crate::session::handle::SessionHandle;
use crate::uri;

/// Pattern subscriptions of one realm, one for each pattern that at least one session is subscribed
/// to.
#[derive(Debug)]
pub(super) struct PatternSubscriptions {
    /// The topics that are declared for subscribers, by number.
    topics: Patterns<usize>,
    /// The number of subscriptions: if there are none, an event takes no lock here.
    count: AtomicUsize,
    index: RwLock<Index<PatternSubscription>>,
}

#[derive(Debug)]
struct PatternSubscription {
    /// The number of the declaration that covers the pattern. Events of topics that another
    /// declaration serves are not delivered through it.
    topic: Option<usize>,
    subscribers: Arc<Subscribers>,
}

impl PatternSubscriptions {
    pub(super) fn new(topics: Patterns<usize>) -> Self {
        Self { topics, count: AtomicUsize::new(0), index: RwLock::default() }
    }

    pub(super) fn subscribe(
        &self,
        pattern: &Pattern,
        session: &Arc<SessionHandle>,
        create: impl FnOnce() -> Arc<Subscribers>,
    ) -> SubscriptionId {
        let mut index = self.index.write();
        if let Some(subscription) = index.get(pattern) {
            return subscription.subscribers.add(session);
        }
        let subscribers = create();
        let id = subscribers.id;
        let topic = self.topics.covering(pattern.policy, &pattern.uri).copied();
        index.insert(pattern, PatternSubscription { topic, subscribers });
        self.count.fetch_add(1, Ordering::Relaxed);
        id
    }

    pub(super) fn unsubscribe(
        &self,
        pattern: &Pattern,
        session: SessionId,
    ) -> Option<Unsubscribed> {
        let mut index = self.index.write();
        let left = index.get(pattern)?.subscribers.remove(session)?;
        if left.is_empty {
            index.remove(pattern);
            self.count.fetch_sub(1, Ordering::Relaxed);
        }
        Some(left)
    }

    pub(super) fn get(&self, pattern: &Pattern) -> Option<Arc<Subscribers>> {
        self.index.read().get(pattern).map(|subscription| Arc::clone(&subscription.subscribers))
    }

    /// Returns whether events of this matching topic are delivered through a subscription to the
    /// pattern: only if the declaration that covers the pattern serves the topic.
    pub(super) fn serves(&self, pattern: &Pattern, topic: &str) -> bool {
        pattern.policy == MatchPolicy::Exact
            || !uri::is_reserved(topic)
                && self.topics.find(topic) == self.topics.covering(pattern.policy, &pattern.uri)
    }

    /// Returns the subscriptions through which an event of this topic is delivered; none for a
    /// reserved topic (U-08).
    pub(super) fn of(&self, topic: &str) -> Vec<Arc<Subscribers>> {
        // Relaxed: a publication after SUBSCRIBED was sent comes after the addition, and sees it.
        if self.count.load(Ordering::Relaxed) == 0 || uri::is_reserved(topic) {
            return Vec::new();
        }
        let Some(declared) = self.topics.find(topic) else {
            return Vec::new();
        };
        let index = self.index.read();
        let found = index.each(topic).filter(|subscription| subscription.topic == Some(*declared));
        found.map(|subscription| Arc::clone(&subscription.subscribers)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::serializer::Serializer;
    use crate::identity::Identity;
    use crate::limits::Limits;
    use crate::message::{ClientFeatures, MatchPolicy};
    use crate::session::backlog::Backlog;
    use crate::session::mailbox::Mailbox;

    fn session() -> Arc<SessionHandle> {
        let limits = Limits::default();
        Arc::new(SessionHandle::new(
            SessionId::random(),
            Identity::anonymous(),
            None,
            ClientFeatures::default(),
            Serializer::Json,
            None,
            Mailbox::new(&limits, &Backlog::new(&limits)),
        ))
    }

    fn subscriptions() -> PatternSubscriptions {
        let mut topics = Patterns::default();
        topics.insert(&Pattern::parse("{all..}").unwrap(), 1).unwrap();
        PatternSubscriptions::new(topics)
    }

    fn created(number: u64, pattern: &Pattern, session: &Arc<SessionHandle>) -> Arc<Subscribers> {
        Arc::new(Subscribers::new(SubscriptionId::new(number).unwrap(), pattern.clone(), session))
    }

    /// Returns all texts of up to four of these pieces.
    fn texts() -> Vec<String> {
        let mut texts = vec![String::new()];
        let mut last = texts.clone();
        for _ in 0..4 {
            last = last
                .iter()
                .flat_map(|text| ["a", "b", "\u{e9}", "."].map(|piece| text.clone() + piece))
                .collect();
            texts.extend_from_slice(&last);
        }
        texts
    }

    #[test]
    fn the_index_finds_what_matches_and_nothing_else() {
        let (subscriptions, session, mut patterns) = (subscriptions(), session(), Vec::new());
        for (number, uri) in (1..).zip(texts().into_iter().step_by(3)) {
            let policy = if number % 2 == 0 { MatchPolicy::Prefix } else { MatchPolicy::Wildcard };
            let pattern = Pattern { policy, uri };
            let id =
                subscriptions.subscribe(&pattern, &session, || created(number, &pattern, &session));
            patterns.push((pattern, id));
        }
        let check = |patterns: &[(Pattern, SubscriptionId)]| {
            for topic in texts().iter().filter(|topic| uri::is_valid(topic)) {
                let mut found: Vec<_> =
                    subscriptions.of(topic).iter().map(|found| found.id).collect();
                found.sort();
                let matching = patterns
                    .iter()
                    .filter(|(pattern, _)| pattern.matches(topic))
                    .map(|(_, id)| *id);
                assert_eq!(found, matching.collect::<Vec<_>>(), "{topic:?}");
            }
        };
        check(&patterns);
        while patterns.len() > 1 {
            patterns.drain(..patterns.len() / 2).for_each(|(pattern, _)| {
                subscriptions.unsubscribe(&pattern, session.id);
            });
            check(&patterns);
        }
        subscriptions.unsubscribe(&patterns[0].0, session.id);
        assert_eq!(subscriptions.count.load(Ordering::Relaxed), 0);
        assert!(subscriptions.index.read().is_empty());
    }

    #[test]
    fn events_under_wamp_travel_through_no_pattern_u_08() {
        let (subscriptions, session) = (subscriptions(), session());
        for (number, (policy, uri)) in (1..).zip([
            (MatchPolicy::Prefix, ""),
            (MatchPolicy::Prefix, "w"),
            (MatchPolicy::Wildcard, ".x"),
            (MatchPolicy::Wildcard, "."),
        ]) {
            let pattern = Pattern { policy, uri: uri.into() };
            subscriptions.subscribe(&pattern, &session, || created(number, &pattern, &session));
        }
        assert_eq!(subscriptions.of("wampum.x").len(), 4);
        assert_eq!(subscriptions.of("wamp.x").len(), 0);
    }
}
