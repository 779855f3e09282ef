//! Event history of one realm: the last events of the topics for which it is kept (E-07 … E-11).

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, MutexGuard};

use super::event::{Event, Kept};
use crate::message::Filter;
use crate::realm::pattern::Pattern;
use crate::timestamp::Timestamp;

/// The bounds of a topic's history, for [`RealmBuilder::history`](crate::RealmBuilder::history).
///
/// ```
/// use wamp_core::History;
/// let history = History::last(100).max_bytes(64 << 10);
/// ```
#[derive(Copy, Clone, Debug)]
pub struct History {
    events: usize,
    bytes: usize,
}

impl History {
    /// Keeps the last events, at most this many, and at most 1 MiB of them.
    #[must_use]
    pub const fn last(events: usize) -> Self {
        Self { events, bytes: 1 << 20 }
    }

    /// Keeps at most this many bytes, in addition to the bound on events.
    #[must_use]
    pub const fn max_bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }
}

/// The histories of one realm, by topic.
#[derive(Debug, Default)]
pub(super) struct Histories {
    topics: HashMap<String, Log, foldhash::fast::RandomState>,
    last: AtomicU64,
}

#[derive(Debug)]
struct Log {
    bounds: History,
    entries: Mutex<Entries>,
}

#[derive(Debug, Default)]
pub(super) struct Entries {
    list: VecDeque<Arc<Recorded>>,
    bytes: usize,
}

/// A recorded event.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// The position of the event in the order across topics.
    number: u64,
    pub(crate) timestamp: Timestamp,
    pub(crate) kept: Kept,
}

/// Records one event. It is alive during the delivery, so that a history has the order of the
/// deliveries.
pub(super) struct Recording<'h> {
    histories: &'h Histories,
    bounds: History,
    entries: MutexGuard<'h, Entries>,
}

impl Histories {
    pub(super) fn new(topics: &[(String, History)]) -> Self {
        let log = |bounds: &History| Log { bounds: *bounds, entries: Mutex::default() };
        let topics = topics.iter().map(|(topic, bounds)| (topic.clone(), log(bounds))).collect();
        Self { topics, last: AtomicU64::new(0) }
    }

    /// Begins to record the event, if its topic has a history. Events for or not for certain
    /// sessions are not recorded (E-10).
    pub(super) fn begin(&self, event: &Event<'_>) -> Option<Recording<'_>> {
        if self.topics.is_empty() || event.filter.is_some_and(Filter::names_sessions) {
            return None;
        }
        let log = self.topics.get(event.topic)?;
        Some(Recording { histories: self, bounds: log.bounds, entries: log.entries.lock() })
    }

    /// Returns the recorded events of all topics that match, in the order in which they were
    /// published.
    pub(super) fn of(
        &self,
        pattern: &Pattern,
        serves: impl Fn(&str) -> bool,
    ) -> Vec<Arc<Recorded>> {
        let matching =
            self.topics.iter().filter(|(topic, _)| pattern.matches(topic) && serves(topic));
        let mut all: Vec<_> = matching
            .flat_map(|(_, log)| log.entries.lock().list.iter().cloned().collect::<Vec<_>>())
            .collect();
        all.sort_unstable_by_key(|recorded| recorded.number);
        all
    }
}

impl Recording<'_> {
    pub(super) fn record(mut self, event: &Event<'_>) {
        let number = self.histories.last.fetch_add(1, Ordering::Relaxed) + 1;
        let recorded = Recorded { number, timestamp: Timestamp::now(), kept: Kept::of(event) };
        let (bounds, entries) = (self.bounds, &mut *self.entries);
        entries.bytes += recorded.kept.bytes();
        entries.list.push_back(Arc::new(recorded));
        while entries.list.len() > bounds.events || entries.bytes > bounds.bytes {
            let Some(oldest) = entries.list.pop_front() else {
                return;
            };
            entries.bytes -= oldest.kept.bytes();
        }
    }
}
