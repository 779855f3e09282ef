//! Counters and observers of a realm, where the application asks for either.

mod own;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::message::Message;
use crate::realm::broker::Delivered;
use crate::realm::observer::Observers;
use crate::realm::pattern::Patterns;
use crate::realm::stats::{CallStats, Durations, MessageStats, PublicationStats, RealmCounts};
use crate::realm::tally::Tally;
use crate::session::left::Left;
use crate::session::request_outcome::RequestOutcome;
use crate::uri;
pub(crate) use own::OwnCounters;
use own::Workers;

/// The counters and the observers of a realm.
#[derive(Debug)]
pub(crate) struct Instruments {
    pub(crate) observers: Observers,
    /// `None` unless the application asks for metrics.
    pub(crate) counters: Option<Counters>,
}

/// The counters of a realm, for all its threads.
#[derive(Debug)]
pub(crate) struct Counters {
    procedures: Labels<Counter>,
    /// Where each worker counts its calls and messages.
    workers: Workers,
    topics: Labels<[Counter; OUTCOMES]>,
    opened: Tally,
    closed: [Counter; Left::ALL.len()],
    /// By the method of authentication.
    logins: Mutex<BTreeMap<String, Histogram>>,
    logins_denied: Tally,
    /// By the URI that the handler has declared.
    handler_panics: Tally,
    rate_limited: Tally,
    events_delivered: Counter,
    events_left_out: Counter,
    publisher_pauses: Counter,
}

const KINDS: usize = Message::KINDS.len();

const OUTCOMES: usize = RequestOutcome::ALL.len();

#[derive(Debug, Default)]
struct Counter(AtomicU64);

impl Counter {
    /// Adds relaxed, because no reader of the counts relies on their order.
    fn add(&self, more: u64) {
        self.0.fetch_add(more, Ordering::Relaxed);
    }

    fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [Counter; Durations::BOUNDS.len() + 1],
    nanoseconds: Counter,
}

impl Histogram {
    fn add(&self, duration: Duration) {
        self.buckets[Durations::bucket(duration)].add(1);
        self.nanoseconds.add(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    fn read(&self) -> Durations {
        Durations {
            buckets: std::array::from_fn(|bucket| self.buckets[bucket].get()),
            sum: Duration::from_nanos(self.nanoseconds.get()),
        }
    }
}

/// Counters by what the application declared, so that no stranger's URI becomes a label.
#[derive(Debug)]
struct Labels<T> {
    /// The position of each declaration in `counted`; those of topics by direction.
    declared: Vec<Patterns<usize>>,
    counted: Vec<(String, T)>,
}

/// The kinds of what a rate does to a session.
const HELD_BACK: &str = "held_back";
const CUT_OFF: &str = "cut_off";

/// Returns whether calls are listed: those that have been, and of declared procedures `ok` and
/// `error` from the start, so that the first failure is an increase.
fn is_listed(calls: &CallStats) -> bool {
    let is_usual = matches!(calls.outcome, RequestOutcome::Ok | RequestOutcome::Error);
    calls.durations.count() > 0 || is_usual && !calls.procedure.starts_with('(')
}

/// The positions of the labels that are not declared.
const CLIENT: usize = 0;
const ROUTER: usize = 1;
const UNKNOWN: usize = 2;

/// The labels of all that is not declared, by position.
const UNDECLARED: [&str; 3] = ["(client)", "(router)", "(unknown)"];

impl<T: Default> Labels<T> {
    /// Labels declarations that have numbers from 0.
    fn numbered<'d>(declared: impl Iterator<Item = &'d str>, numbers: &Patterns<usize>) -> Self {
        let labels = UNDECLARED.into_iter().chain(declared);
        let counted = labels.map(|label| (label.to_owned(), T::default())).collect();
        Self { declared: vec![numbers.map(|number| UNDECLARED.len() + number)], counted }
    }

    /// Labels declarations by what was written.
    fn of(declared: &[Patterns<String>]) -> Self {
        let mut counted: Vec<_> =
            UNDECLARED.into_iter().map(|label| (label.to_owned(), T::default())).collect();
        let mut position = |label: &String| {
            // The declaration of a realm that routes clients, for all that is not declared.
            if label.is_empty() {
                return CLIENT;
            }
            counted.iter().position(|(known, _)| known == label).unwrap_or_else(|| {
                counted.push((label.clone(), T::default()));
                counted.len() - 1
            })
        };
        let declared = declared.iter().map(|labels| labels.map(&mut position)).collect();
        Self { declared, counted }
    }

    fn find(&self, uri: &str) -> usize {
        if uri::is_reserved(uri) {
            return ROUTER;
        }
        let found = self.declared.iter().filter_map(|labels| labels.find(uri).copied());
        // A declaration has a higher position than what stands for all that is not declared.
        found.max().unwrap_or(UNKNOWN)
    }
}

/// The procedure or topic under which something is counted.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(crate) struct Label(usize);

impl Label {
    /// The label of procedures that clients have registered.
    pub(crate) const CLIENT: Self = Self(CLIENT);

    /// The label of the procedures of the meta API.
    pub(crate) const ROUTER: Self = Self(ROUTER);

    /// The label of URIs that nobody serves.
    pub(crate) const UNKNOWN: Self = Self(UNKNOWN);

    /// Returns the label of a handler by its number in the realm.
    pub(crate) fn of_handler(number: usize) -> Self {
        Self(UNDECLARED.len() + number)
    }
}

impl Counters {
    pub(crate) fn new<'d>(
        procedures: impl Iterator<Item = &'d str>,
        numbers: &Patterns<usize>,
        topics: &[Patterns<String>],
    ) -> Self {
        Self {
            procedures: Labels::numbered(procedures, numbers),
            workers: Workers::default(),
            topics: Labels::of(topics),
            opened: Tally::default(),
            closed: Default::default(),
            logins: Mutex::default(),
            logins_denied: Tally::default(),
            handler_panics: Tally::default(),
            rate_limited: Tally::of([HELD_BACK, CUT_OFF]),
            events_delivered: Counter::default(),
            events_left_out: Counter::default(),
            publisher_pauses: Counter::default(),
        }
    }

    /// Returns the label of a procedure that no client serves.
    pub(crate) fn procedure(&self, uri: &str) -> Label {
        Label(self.procedures.find(uri))
    }

    /// Returns the counters of the present thread.
    pub(crate) fn own(&self) -> OwnCounters {
        self.workers.own(self.procedures.counted.len())
    }

    pub(crate) fn progressed(&self, Label(label): Label) {
        self.procedures.counted[label].1.add(1);
    }

    pub(crate) fn paused(&self) {
        self.publisher_pauses.add(1);
    }

    /// Counts a publication to a topic of the application.
    pub(crate) fn published(&self, topic: &str, outcome: RequestOutcome) {
        let label = self.topics.find(topic);
        if label != ROUTER {
            self.topics.counted[label].1[outcome as usize].add(1);
        }
    }

    pub(crate) fn delivered(&self, delivered: Delivered) {
        self.events_delivered.add(delivered.count as u64);
        self.events_left_out.add(delivered.left_out as u64);
    }

    pub(crate) fn session_opened(&self, authmethod: &str) {
        self.opened.count(authmethod.to_owned());
    }

    pub(crate) fn session_closed(&self, left: Left) {
        self.closed[left as usize].add(1);
    }

    /// Counts a login by a method of the realm, which took so long.
    pub(crate) fn logged_in(&self, authmethod: &str, took: Duration) {
        self.logins.lock().entry(authmethod.to_owned()).or_default().add(took);
    }

    /// Counts a login that was refused; `authmethod` is a method of the realm, or empty.
    pub(crate) fn login_denied(&self, authmethod: &str) {
        let none = if authmethod.is_empty() { "(none)" } else { authmethod };
        self.logins_denied.count(none.to_owned());
    }

    /// Counts a panic in a handler with this URI; `#[session]` handlers have none.
    pub(crate) fn handler_panicked(&self, declared: &'static str) {
        self.handler_panics.count(if declared.is_empty() { "(session)" } else { declared });
    }

    /// Counts a session that is held back because of its rate.
    pub(crate) fn held_back(&self) {
        self.rate_limited.count(HELD_BACK);
    }

    /// Counts a session that is cut off because of its rate.
    pub(crate) fn cut_off(&self) {
        self.rate_limited.count(CUT_OFF);
    }

    pub(crate) fn read(&self) -> RealmCounts {
        let procedures = self.procedures.counted.iter().enumerate();
        let calls = procedures.flat_map(|(label, (procedure, _))| {
            RequestOutcome::ALL.map(|outcome| CallStats {
                procedure: procedure.clone(),
                outcome,
                durations: self.workers.calls(label, outcome),
            })
        });
        let publications = self.topics.counted.iter().flat_map(|(topic, counters)| {
            let read = counters.iter().map(Counter::get);
            RequestOutcome::ALL.into_iter().zip(read).map(|(outcome, count)| PublicationStats {
                topic: topic.clone(),
                outcome,
                count,
            })
        });
        let mut calls: Vec<_> = calls.filter(is_listed).collect();
        calls.sort_by(|one, other| one.procedure.cmp(&other.procedure));
        let mut publications: Vec<_> =
            publications.filter(|published| published.count > 0).collect();
        publications.sort_by(|one, other| one.topic.cmp(&other.topic));
        let progress = self
            .procedures
            .counted
            .iter()
            .map(|(procedure, progressed)| (procedure.clone(), progressed.get()));
        let mut progressive_results: Vec<_> = progress.filter(|(_, count)| *count > 0).collect();
        progressive_results.sort();
        let received = Message::KINDS.into_iter().enumerate().map(|(at, kind)| {
            let (count, bytes) = self.workers.received(at);
            MessageStats { kind, count, bytes }
        });
        RealmCounts {
            messages_received: received.filter(|messages| messages.count > 0).collect(),
            calls_in_flight: self.workers.calls_in_flight(),
            sessions_opened: self.opened.read(),
            sessions_closed: Left::ALL
                .into_iter()
                .zip(self.closed.iter().map(Counter::get))
                .collect(),
            logins: self
                .logins
                .lock()
                .iter()
                .map(|(method, durations)| (method.clone(), durations.read()))
                .collect(),
            logins_denied: self.logins_denied.read(),
            handler_panics: self.handler_panics.read(),
            rate_limited: self.rate_limited.read(),
            messages_sent: self
                .workers
                .sent()
                .into_iter()
                .filter(|(_, count, _)| *count > 0)
                .map(|(kind, count, bytes)| MessageStats { kind, count, bytes })
                .collect(),
            calls,
            progressive_results,
            publications,
            publisher_pauses: self.publisher_pauses.get(),
            events_delivered: self.events_delivered.get(),
            events_left_out: self.events_left_out.get(),
        }
    }
}
