//! Subscriptions of one realm, and the delivery of events to them.

mod event;
mod history;
mod longest;
mod pace;
mod patterns;
mod retention;
mod subscribers;

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;
use parking_lot::RwLock;

use crate::codec::payload::Payload;
use crate::codec::serializer::{EncodeError, Serializer};
use crate::id::{PublicationId, SessionId, SubscriptionId};
use crate::limits::Limits;
use crate::message::{EventDetails, MatchPolicy};
use crate::realm::pattern::{Pattern, Patterns};
use crate::session::backlog::Backlog;
use crate::session::handle::SessionHandle;
pub(crate) use event::{Event, Retainer};
use history::Histories;
pub use history::History;
pub(crate) use history::Recorded;
use longest::Longest;
pub(crate) use pace::Pace;
use patterns::PatternSubscriptions;
use retention::Retention;
pub(crate) use retention::{Retained, RetentionRule, Showing, Step};
pub(crate) use subscribers::{Subscribers, Unsubscribed};

/// The number of shards. Publishers and subscribers contend for a lock only if their topics fall
/// into the same shard.
const SHARDS: usize = 16;

/// The result of publishing an event.
#[derive(Copy, Clone, Debug, Default)]
pub(crate) struct Delivered {
    /// The number of mailboxes that got the event, counted once for each subscription.
    pub(crate) count: usize,
    /// The length in bytes of the longest encoding that was delivered.
    pub(crate) longest: usize,
    /// True if the mailbox of a subscriber is more than half full.
    pub(crate) is_behind: bool,
    /// The number of subscriptions of sessions whose serializer cannot express the event, or for
    /// which it is too long.
    pub(crate) left_out: usize,
}

/// Subscriptions of one realm, one for each topic or pattern that at least one session is
/// subscribed to.
///
/// Locks are taken in this order: a history, the retained events, a shard or the patterns, the ids,
/// a subscription, a mailbox.
#[derive(Debug)]
pub(crate) struct Broker {
    hasher: RandomState,
    shards: [RwLock<HashMap<Arc<str>, Arc<Subscribers>>>; SHARDS],
    patterns: PatternSubscriptions,
    history: Histories,
    retention: Arc<Retention>,
    longest: Longest,
    backlog: Arc<Backlog>,
    by_id: RwLock<HashMap<SubscriptionId, Arc<Subscribers>>>,
    last_id: AtomicU64,
    /// The number of subscriptions to reserved topics, under `wamp.`.
    reserved: AtomicUsize,
}

impl Broker {
    /// Creates the broker of a realm with these topics for subscribers, each with its own number,
    /// and these for publishers.
    pub(crate) fn new(
        topics: Patterns<usize>,
        retention: Patterns<RetentionRule>,
        history: &[(String, History)],
        limits: &Limits,
        backlog: &Arc<Backlog>,
    ) -> Self {
        Self {
            hasher: RandomState::new(),
            shards: Default::default(),
            patterns: PatternSubscriptions::new(topics),
            history: Histories::new(history),
            retention: Arc::new(Retention::new(retention, limits)),
            longest: Longest::new(limits),
            backlog: Arc::clone(backlog),
            by_id: RwLock::default(),
            last_id: AtomicU64::new(0),
            reserved: AtomicUsize::new(0),
        }
    }

    fn shard(&self, topic: &str) -> &RwLock<HashMap<Arc<str>, Arc<Subscribers>>> {
        // The remainder is below `SHARDS`, so it fits.
        &self.shards[(self.hasher.hash_one(topic) % SHARDS as u64) as usize]
    }

    /// Adds a session that is not subscribed yet; all sessions of a topic or a pattern share one id
    /// (B-01, B-03).
    pub(crate) fn subscribe(
        &self,
        topic: &Pattern,
        session: &Arc<SessionHandle>,
    ) -> SubscriptionId {
        if topic.policy != MatchPolicy::Exact {
            return self.patterns.subscribe(topic, session, || self.create(topic, session));
        }
        let mut shard = self.shard(&topic.uri).write();
        if let Some(subscribers) = shard.get(topic.uri.as_str()) {
            return subscribers.add(session);
        }
        let subscribers = self.create(topic, session);
        let id = subscribers.id;
        shard.insert(topic.uri.as_str().into(), subscribers);
        id
    }

    /// Subscribes as [`subscribe`](Self::subscribe) does, and returns the retained events with
    /// which the subscription begins. No event is delivered both ways, and none is missed (E-01).
    pub(crate) fn subscribe_retained(
        &self,
        topic: &Pattern,
        session: &Arc<SessionHandle>,
    ) -> (SubscriptionId, Showing) {
        let mut held = self.retention.hold();
        let id = self.subscribe(topic, session);
        (id, Showing::begin(&self.retention, &mut held))
    }

    /// Returns the retained events for a subscription that the session holds already (E-06).
    pub(crate) fn show(&self) -> Showing {
        Showing::begin(&self.retention, &mut self.retention.hold())
    }

    /// Continues to show retained events of a topic or pattern to the session.
    pub(crate) fn show_next(
        &self,
        showing: &mut Showing,
        topic: &Pattern,
        session: &SessionHandle,
    ) -> Step {
        showing.next(topic, session, |kept| self.patterns.serves(topic, kept))
    }

    /// Logs, at most once a minute, how many retained events of a pattern were left out because
    /// there were too many.
    pub(crate) fn tell_left_out(&self, pattern: &Pattern, count: usize, now: Instant) {
        self.retention.tell_left_out(pattern, count, now);
    }

    /// Logs that a retained event was left out for a session, because its serializer cannot express
    /// it.
    pub(crate) fn tell_unshown(
        &self,
        event: &Retained,
        serializer: Serializer,
        error: &EncodeError,
    ) {
        self.longest.inexpressible(event.topic(), serializer, error);
    }

    /// Removes a session; the last one ends the subscription. Later events do not reach the session
    /// any more (B-04). Returns `None` if it was not subscribed.
    pub(crate) fn unsubscribe(&self, topic: &Pattern, session: SessionId) -> Option<Unsubscribed> {
        if topic.policy != MatchPolicy::Exact {
            let left = self.patterns.unsubscribe(topic, session)?;
            self.forget(&left);
            return Some(left);
        }
        let mut shard = self.shard(&topic.uri).write();
        let left = shard.get(topic.uri.as_str())?.remove(session)?;
        if left.is_empty {
            shard.remove(topic.uri.as_str());
        }
        self.forget(&left);
        Some(left)
    }

    /// Ends a session's subscription on the router's initiative (E-12). Returns `None` if the
    /// session does not hold it.
    pub(crate) fn revoke(
        &self,
        id: SubscriptionId,
        session: SessionId,
        reason: String,
    ) -> Option<Unsubscribed> {
        let subscribers = self.subscription(id)?;
        let handle = subscribers.holder(session)?;
        let left = self.unsubscribe(&subscribers.topic, session)?;
        // The session may have subscribed again in between, and hold another id.
        handle.mailbox.revoked(left.subscription.id, reason);
        Some(left)
    }

    /// Accepts a subscription, so that it is listed from now on. Returns whether it is the first of
    /// its topic.
    pub(crate) fn accept(
        &self,
        id: SubscriptionId,
        session: SessionId,
    ) -> Option<(Arc<Subscribers>, bool)> {
        let subscribers = Arc::clone(self.by_id.read().get(&id)?);
        let is_first = subscribers.accept(session)?;
        Some((subscribers, is_first))
    }

    /// Returns the subscription with this id, if a session holds it.
    pub(crate) fn subscription(&self, id: SubscriptionId) -> Option<Arc<Subscribers>> {
        self.by_id.read().get(&id).filter(|subscribers| subscribers.is_held()).cloned()
    }

    /// Returns all subscriptions that a session holds, by id, except those to reserved topics.
    pub(crate) fn subscriptions(&self) -> Vec<Arc<Subscribers>> {
        let mut all: Vec<_> = self.by_id.read().values().cloned().collect();
        all.retain(|subscribers| subscribers.is_held() && !subscribers.topic.is_reserved());
        all.sort_unstable_by_key(|subscribers| subscribers.id);
        all
    }

    /// Counts the topics and patterns to which sessions are subscribed.
    pub(crate) fn count(&self) -> usize {
        self.by_id.read().values().filter(|subscribers| subscribers.is_held()).count()
    }

    /// Returns the number of retained events, and their bytes.
    pub(crate) fn retained(&self) -> (usize, usize) {
        self.retention.hold().load()
    }

    /// Returns the subscription to exactly this topic or pattern, if a session holds it.
    pub(crate) fn lookup(&self, topic: &Pattern) -> Option<Arc<Subscribers>> {
        let found = match topic.policy {
            MatchPolicy::Exact => self.shard(&topic.uri).read().get(topic.uri.as_str()).cloned(),
            MatchPolicy::Prefix | MatchPolicy::Wildcard => self.patterns.get(topic),
        };
        found.filter(|subscribers| subscribers.is_held())
    }

    /// Returns the subscriptions through which an event of this topic is delivered, if a session
    /// holds them.
    pub(crate) fn matching(&self, topic: &str) -> Vec<Arc<Subscribers>> {
        let exact = self.shard(topic).read().get(topic).cloned();
        let all = exact.into_iter().chain(self.patterns.of(topic));
        all.filter(|subscribers| subscribers.is_held()).collect()
    }

    /// Returns whether any session is subscribed to a reserved topic.
    pub(crate) fn has_reserved(&self) -> bool {
        // Relaxed: an action after SUBSCRIBED was sent comes after the addition, and sees it.
        self.reserved.load(Ordering::Relaxed) > 0
    }

    fn create(&self, topic: &Pattern, session: &Arc<SessionHandle>) -> Arc<Subscribers> {
        let number = self.last_id.fetch_add(1, Ordering::Relaxed) + 1;
        let id = SubscriptionId::new(number)
            .expect("2^53 subscriptions take longer than a process lives");
        let subscribers = Arc::new(Subscribers::new(id, topic.clone(), session));
        self.by_id.write().insert(id, Arc::clone(&subscribers));
        if topic.is_reserved() {
            self.reserved.fetch_add(1, Ordering::Relaxed);
        }
        subscribers
    }

    fn forget(&self, left: &Unsubscribed) {
        if left.is_empty {
            self.by_id.write().remove(&left.subscription.id);
            if left.subscription.topic.is_reserved() {
                self.reserved.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    /// Delivers an event, and keeps it if the topic has a history or the event is to be retained.
    pub(crate) fn publish(&self, event: &Event<'_>) -> Delivered {
        let recording = self.history.begin(event);
        let delivered = match self.retention.place(event) {
            Some(place) => {
                let mut held = self.retention.hold();
                let delivered = self.deliver(event);
                held.keep(event, place);
                delivered
            }
            None => self.deliver(event),
        };
        if let Some(recording) = recording {
            recording.record(event);
        }
        self.backlog.relieve();
        delivered
    }

    /// Encodes an EVENT for one subscriber, as it lies in its mailbox.
    pub(crate) fn encode(
        &self,
        serializer: Serializer,
        subscription: SubscriptionId,
        publication: PublicationId,
        payload: &Payload,
    ) -> Result<Bytes, EncodeError> {
        let details = EventDetails::default();
        event::written(serializer, subscription, publication, &details, payload)
            .map(|message| self.backlog.share(message))
    }

    pub(crate) fn backlog(&self) -> &Arc<Backlog> {
        &self.backlog
    }

    fn bounds(&self) -> (&Longest, &Arc<Backlog>) {
        (&self.longest, &self.backlog)
    }

    /// Returns the recorded events of a subscription's topics, in the order in which they were
    /// published.
    pub(crate) fn history(&self, topic: &Pattern) -> Vec<Arc<Recorded>> {
        self.history.of(topic, |recorded| self.patterns.serves(topic, recorded))
    }

    /// Puts the event into the mailbox of every subscriber that it is for, once for each matching
    /// subscription (B-11).
    fn deliver(&self, event: &Event<'_>) -> Delivered {
        let exact = self.shard(event.topic).read().get(event.topic).cloned();
        let mut delivered = exact
            .map(|exact| exact.deliver(event, event.details(), self.bounds()))
            .unwrap_or_default();
        for subscribers in self.patterns.of(event.topic) {
            let details = EventDetails { topic: Some(event.topic), ..event.details() }; // W-03
            let Delivered { count, longest, is_behind, left_out } =
                subscribers.deliver(event, details, self.bounds());
            delivered.count += count;
            delivered.longest = delivered.longest.max(longest);
            delivered.is_behind |= is_behind;
            delivered.left_out += left_out;
        }
        delivered
    }
}
