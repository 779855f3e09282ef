//! Retained events of one realm: what later subscribers are shown of a topic (E-01 … E-06).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use parking_lot::{Mutex, MutexGuard};

use super::event::{Event, Kept};
use crate::limits::Limits;
use crate::message::MatchPolicy;
use crate::pattern::Pattern;
use crate::peer::Peer;

/// Events of one topic that are kept because none of them reaches everybody (E-02).
const PER_TOPIC: usize = 16;

/// Retained events of one realm. Where they are too many, the oldest go.
#[derive(Debug)]
pub(super) struct Retention {
    max_events: usize,
    max_bytes: usize,
    store: Mutex<Store>,
}

/// While it is held, no event of the realm becomes a retained one.
pub(super) type Held<'r> = MutexGuard<'r, Store>;

#[derive(Debug, Default)]
pub(super) struct Store {
    /// In the order in which they came.
    events: BTreeMap<u64, Arc<Kept>>,
    topics: BTreeMap<String, Vec<u64>>,
    bytes: usize,
    last: u64,
}

impl Retention {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { max_events: limits.retained_events, max_bytes: limits.retained_bytes, store: Mutex::default() }
    }

    /// Keeps events from being retained, so that a subscription begins with what was retained before it and goes on with
    /// what comes after.
    pub(super) fn hold(&self) -> Held<'_> {
        self.store.lock()
    }

    /// Retains an event in place of those of its topic that nobody can want any more.
    pub(super) fn keep(&self, store: &mut Store, event: &Event<'_>) {
        let kept = Arc::new(Kept::of(event));
        let mut numbers = store.topics.get(event.topic).cloned().unwrap_or_default();
        numbers.retain(|number| {
            let is_replaced = store.events.get(number).is_some_and(|older| kept.replaces(older));
            if is_replaced {
                store.remove(*number);
            }
            !is_replaced
        });
        let surplus = (numbers.len() + 1).saturating_sub(PER_TOPIC);
        numbers[..surplus].iter().for_each(|number| store.remove(*number));
        store.add(kept);
        while store.events.len() > self.max_events || store.bytes > self.max_bytes {
            let Some((&oldest, _)) = store.events.first_key_value() else {
                return;
            };
            store.remove(oldest);
        }
    }
}

impl Store {
    fn add(&mut self, kept: Arc<Kept>) {
        self.last += 1;
        self.bytes += kept.bytes();
        self.topics.entry(kept.topic.clone()).or_default().push(self.last);
        self.events.insert(self.last, kept);
    }

    fn remove(&mut self, number: u64) {
        let Some(kept) = self.events.remove(&number) else {
            return;
        };
        self.bytes -= kept.bytes();
        if let Some(numbers) = self.topics.get_mut(&kept.topic) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.topics.remove(&kept.topic);
            }
        }
    }

    /// The most recent event of each matching topic that the session would have got (E-02, E-04).
    pub(super) fn of<'s>(
        &'s self,
        pattern: &'s Pattern,
        session: &'s Peer,
    ) -> impl Iterator<Item = &'s Arc<Kept>> {
        // Whatever matches begins like this.
        let start = match pattern.policy {
            MatchPolicy::Wildcard => literal_start(&pattern.uri),
            MatchPolicy::Exact | MatchPolicy::Prefix => &pattern.uri,
        };
        let exact = pattern.policy == MatchPolicy::Exact;
        let range = self.topics.range::<str, _>((Bound::Included(start), Bound::Unbounded));
        range
            .take_while(move |(topic, _)| if exact { *topic == start } else { topic.starts_with(start) })
            .filter(|(topic, _)| pattern.matches(topic))
            .filter_map(|(_, numbers)| {
                let events = numbers.iter().rev().filter_map(|number| self.events.get(number));
                events.into_iter().find(|kept| kept.event().reaches(session))
            })
    }
}

/// What a wildcard has in front of its first empty component.
fn literal_start(wildcard: &str) -> &str {
    if wildcard.starts_with('.') {
        return "";
    }
    wildcard.find("..").map_or(wildcard, |dot| &wildcard[..=dot])
}
