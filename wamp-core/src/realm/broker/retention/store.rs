//! The retained events themselves, and the bounds on their number.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound;
use std::sync::Arc;

use super::Place;
use super::retained::{Retained, Room};
use super::shares::{Account, Load, Measure, Shares};
use crate::limits::Limits;
use crate::log;
use crate::message::MatchPolicy;
use crate::realm::broker::event::Event;
use crate::realm::pattern::Pattern;
use crate::session::handle::SessionHandle;
use crate::session::principal::Principal;

/// The most events of clients that are kept for one topic because none of them reaches every
/// subscriber (E-02), and as many of the server. As many replaced ones may be kept in addition.
const PER_TOPIC: usize = 16;

/// `Entry::replaced_by` of an event that is not replaced.
const CURRENT: u64 = u64::MAX;

/// Retained events. If there are too many, an event of the largest holder is evicted. The server's
/// events are never evicted for those of clients, because they have as much room again.
#[derive(Debug)]
pub(in crate::realm::broker) struct Store {
    max: Load,
    /// The room for payloads in other formats.
    room: Arc<Room>,
    /// Events by number; later events have higher numbers.
    events: HashMap<u64, Entry>,
    topics: BTreeMap<Arc<str>, Vec<u64>>,
    clients: Pool,
    server: Pool,
    last: u64,
    /// The number of showings under way, by the number of the last event when they began.
    showings: BTreeMap<u64, usize>,
}

#[derive(Debug)]
struct Entry {
    event: Arc<Retained>,
    account: Account,
    bytes: usize,
    /// The number of the event that replaced it.
    replaced_by: u64,
}

/// The events of clients, or those of the server.
#[derive(Debug, Default)]
struct Pool {
    current: Shares,
    /// Replaced events, as pairs of the replacing event's number and their own. They stay for
    /// showings that began before they were replaced, and are evicted first.
    replaced: BTreeSet<(u64, u64)>,
    replaced_load: Load,
}

impl Store {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            max: Load { events: limits.retained_events, bytes: limits.retained_bytes },
            room: Arc::new(Room::new(limits)),
            events: HashMap::new(),
            topics: BTreeMap::new(),
            clients: Pool::default(),
            server: Pool::default(),
            last: 0,
            showings: BTreeMap::new(),
        }
    }

    /// Retains an event in place of those of its topic that no later subscriber can want.
    pub(in crate::realm::broker) fn keep(&mut self, event: &Event<'_>, place: Place) {
        let Place { account, up_to } = place;
        self.last += 1;
        let event = Arc::new(Retained::new(event, &self.room));
        self.replace(&event);
        let bytes = event.bytes() + account.principal.bytes();
        if bytes > self.max.bytes {
            tracing::debug!(
                target: log::CALL,
                topic = event.topic(),
                bytes,
                "an event beyond `retained_bytes` is not retained"
            );
            return;
        }
        self.add(Entry {
            event: Arc::clone(&event),
            account: account.clone(),
            bytes,
            replaced_by: CURRENT,
        });
        self.bound_topic(event.topic(), account.is_servers());
        self.bound_declaration(&account, up_to);
        self.bound_realm(account.is_servers());
    }

    /// Returns the number of events that later subscribers may be shown, and their bytes.
    pub(in crate::realm::broker) fn load(&self) -> (usize, usize) {
        let (clients, server) = (self.clients.current.total(), self.server.current.total());
        (clients.events + server.events, clients.bytes + server.bytes)
    }

    /// Begins to show the events that are retained now, and keeps them for it. Returns the number
    /// of the last event.
    pub(super) fn begin_showing(&mut self) -> u64 {
        *self.showings.entry(self.last).or_default() += 1;
        self.last
    }

    /// Ends a showing, and drops the replaced events that no other showing needs.
    pub(super) fn end_showing(&mut self, until: u64) {
        if let Some(count) = self.showings.get_mut(&until) {
            *count -= 1;
            if *count == 0 {
                self.showings.remove(&until);
            }
        }
        let earliest = self.showings.first_key_value().map_or(CURRENT, |(until, _)| *until);
        for of_server in [false, true] {
            while let Some(&(by, number)) = self.pool(of_server).replaced.first()
                && by <= earliest
            {
                self.remove(number);
            }
        }
    }

    /// Returns an event, unless it was evicted.
    pub(super) fn get(&self, number: u64) -> Option<&Arc<Retained>> {
        self.events.get(&number).map(|entry| &entry.event)
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        let of = |pool: &Pool| pool.current.total().events + pool.replaced_load.events;
        assert_eq!(of(&self.clients) + of(&self.server), self.events.len());
        assert_eq!(self.topics.values().map(Vec::len).sum::<usize>(), self.events.len());
        self.events.len()
    }

    #[cfg(test)]
    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Returns topics that may match, in order and starting after `after`, with the numbers of
    /// their events.
    pub(super) fn topics<'s>(
        &'s self,
        pattern: &'s Pattern,
        after: Option<&'s str>,
    ) -> impl Iterator<Item = (&'s Arc<str>, &'s [u64])> {
        // All matching topics begin with this text.
        let start = match pattern.policy {
            MatchPolicy::Wildcard => literal_start(&pattern.uri),
            MatchPolicy::Exact | MatchPolicy::Prefix => &pattern.uri,
        };
        let is_exact = pattern.policy == MatchPolicy::Exact;
        let from = after.map_or(Bound::Included(start), Bound::Excluded);
        let topics = self.topics.range::<str, _>((from, Bound::Unbounded));
        topics
            .take_while(
                move |(topic, _)| {
                    if is_exact { &***topic == start } else { topic.starts_with(start) }
                },
            )
            .map(|(topic, numbers)| (topic, numbers.as_slice()))
    }

    /// Returns the most recent of these events that the session would have got, of those retained
    /// when `until` was the last event (E-02).
    pub(super) fn most_recent(
        &self,
        numbers: &[u64],
        until: u64,
        session: &SessionHandle,
    ) -> Option<u64> {
        numbers.iter().rev().copied().find(|&number| {
            let entry = self
                .events
                .get(&number)
                .filter(|entry| number <= until && until < entry.replaced_by);
            entry.is_some_and(|entry| entry.event.reaches(session))
        })
    }

    fn pool(&self, of_server: bool) -> &Pool {
        if of_server { &self.server } else { &self.clients }
    }

    fn pool_mut(&mut self, of_server: bool) -> &mut Pool {
        if of_server { &mut self.server } else { &mut self.clients }
    }

    /// Returns the events of a topic with their numbers, the oldest first.
    fn of_topic(&self, topic: &str) -> impl Iterator<Item = (u64, &Entry)> {
        let numbers = self.topics.get(topic).map(Vec::as_slice).unwrap_or_default();
        numbers.iter().filter_map(|number| Some((*number, self.events.get(number)?)))
    }

    fn add(&mut self, entry: Entry) {
        let number = self.last;
        self.pool_mut(entry.account.is_servers()).current.add(&entry.account, number, entry.bytes);
        self.topics.entry(entry.event.topic().into()).or_default().push(number);
        self.events.insert(number, entry);
    }

    fn remove(&mut self, number: u64) {
        let Some(entry) = self.events.remove(&number) else { return };
        self.pool_mut(entry.account.is_servers()).remove(&entry, number);
        if let Some(numbers) = self.topics.get_mut(entry.event.topic()) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.topics.remove(entry.event.topic());
            }
        }
    }

    /// Removes the events that the last one replaces, or sets them aside for showings that still
    /// need them.
    fn replace(&mut self, event: &Retained) {
        let is_replaced =
            |entry: &Entry| entry.replaced_by == CURRENT && event.replaces(&entry.event);
        let replaced = self.of_topic(event.topic()).filter(|(_, entry)| is_replaced(entry));
        for number in replaced.map(|(number, _)| number).collect::<Vec<_>>() {
            if self.showings.range(number..).next().is_some() {
                self.set_aside(number);
            } else {
                self.remove(number);
            }
        }
    }

    fn set_aside(&mut self, number: u64) {
        let Some(entry) = self.events.get_mut(&number) else { return };
        let pool = if entry.account.is_servers() { &mut self.server } else { &mut self.clients };
        pool.remove(entry, number);
        entry.replaced_by = self.last;
        pool.add_replaced(entry, number);
    }

    /// Bounds the events of one topic in the same way as those of the realm: the oldest event of
    /// its largest holder is evicted.
    fn bound_topic(&mut self, topic: &str, of_server: bool) {
        let entries =
            self.of_topic(topic).filter(|(_, entry)| entry.account.is_servers() == of_server);
        let (current, replaced): (Vec<_>, Vec<_>) =
            entries.partition(|(_, entry)| entry.replaced_by == CURRENT);
        let share = |account: &Account| {
            current.iter().filter(|(_, entry)| entry.account == *account).count()
        };
        let mut surplus = Vec::new();
        if current.len() > PER_TOPIC {
            let heaviest = current
                .iter()
                .max_by_key(|(number, entry)| (share(&entry.account), Reverse(*number)));
            surplus.extend(heaviest.map(|(number, _)| *number));
        }
        if replaced.len() > PER_TOPIC {
            surplus.extend(replaced.first().map(|(number, _)| *number));
        }
        surplus.into_iter().for_each(|number| self.remove(number));
    }

    fn bound_declaration(&mut self, account: &Account, up_to: usize) {
        loop {
            let shares = &self.pool(account.is_servers()).current;
            if shares.events_of(account.declaration) <= up_to {
                return;
            }
            let Some(number) = shares.heaviest_of(account.declaration, Measure::Events) else {
                return;
            };
            self.remove(number);
        }
    }

    fn bound_realm(&mut self, of_server: bool) {
        while let Some(number) = self.pool(of_server).surplus(self.max) {
            self.remove(number);
        }
    }
}

impl Pool {
    /// Returns the event to evict, if there are too many.
    fn surplus(&self, max: Load) -> Option<u64> {
        let (current, replaced) = (self.current.total(), self.replaced_load);
        let measure = if current.events + replaced.events > max.events {
            Measure::Events
        } else if current.bytes + replaced.bytes > max.bytes {
            Measure::Bytes
        } else {
            return None;
        };
        let replaced = self.replaced.first().map(|(_, number)| *number);
        replaced.or_else(|| self.current.heaviest(measure))
    }

    fn add_replaced(&mut self, entry: &Entry, number: u64) {
        self.replaced.insert((entry.replaced_by, number));
        self.replaced_load.events += 1;
        self.replaced_load.bytes += entry.bytes;
    }

    fn remove(&mut self, entry: &Entry, number: u64) {
        if entry.replaced_by == CURRENT {
            self.current.remove(&entry.account, number, entry.bytes);
        } else if self.replaced.remove(&(entry.replaced_by, number)) {
            self.replaced_load.events -= 1;
            self.replaced_load.bytes -= entry.bytes;
        }
    }
}

impl Account {
    fn is_servers(&self) -> bool {
        self.principal == Principal::Server
    }
}

/// Returns the part of a wildcard before its first empty component.
fn literal_start(wildcard: &str) -> &str {
    if wildcard.starts_with('.') {
        return "";
    }
    wildcard.find("..").map_or(wildcard, |dot| &wildcard[..=dot])
}
