//! The counters that each worker has of its own: what every call and every message adds to.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use parking_lot::Mutex;

use super::{KINDS, Label, OUTCOMES};
use crate::realm::stats::Durations;
use crate::session::own_count::OwnCount;
use crate::session::request_outcome::RequestOutcome;
use crate::session::sent::SentMessages;

/// The counters of all workers of one realm.
#[derive(Debug, Default)]
pub(super) struct Workers(Arc<Threads>);

type Threads = Mutex<Vec<Arc<WorkerCounters>>>;

/// The counters of one realm that one thread writes.
#[derive(Debug)]
pub(super) struct WorkerCounters {
    /// By label.
    calls: Box<[Calls]>,
    in_flight: OwnCount,
    received: [Received; KINDS],
    sent: Arc<SentMessages>,
}

/// The calls of one procedure that ended, by outcome; most procedures have few.
type Calls = [OnceLock<Box<Histogram>>; OUTCOMES];

#[derive(Debug, Default)]
struct Histogram {
    buckets: [OwnCount; Durations::BOUNDS.len() + 1],
    nanoseconds: OwnCount,
}

/// Messages of one type.
#[derive(Debug, Default)]
struct Received {
    count: OwnCount,
    bytes: OwnCount,
}

/// The counters of the present thread, which it does not give away.
#[derive(Clone, Debug)]
pub(crate) struct OwnCounters(Arc<WorkerCounters>, PhantomData<Rc<()>>);

thread_local! {
    /// The counters that this thread has of each realm that it serves.
    static OWN: RefCell<Vec<(Weak<Threads>, OwnCounters)>> = RefCell::default();
}

impl Workers {
    /// Returns the counters of this thread.
    pub(super) fn own(&self, labels: usize) -> OwnCounters {
        OWN.with_borrow_mut(|own| {
            let is_ours = |workers: &Weak<_>| std::ptr::eq(workers.as_ptr(), Arc::as_ptr(&self.0));
            if let Some((_, counters)) = own.iter().find(|(workers, _)| is_ours(workers)) {
                return counters.clone();
            }
            own.retain(|(workers, _)| workers.strong_count() > 0);
            let counters = Arc::new(WorkerCounters::new(labels));
            self.0.lock().push(Arc::clone(&counters));
            let counters = OwnCounters(counters, PhantomData);
            own.push((Arc::downgrade(&self.0), counters.clone()));
            counters
        })
    }

    /// Returns the calls of a procedure that ended so.
    pub(super) fn calls(&self, label: usize, outcome: RequestOutcome) -> Durations {
        let mut sum = Durations::default();
        for worker in &*self.0.lock() {
            if let Some(histogram) = worker.calls[label][outcome as usize].get() {
                histogram.add_to(&mut sum);
            }
        }
        sum
    }

    pub(super) fn calls_in_flight(&self) -> u64 {
        let counts = self.0.lock();
        counts.iter().fold(0, |sum, worker| sum.wrapping_add(worker.in_flight.get()))
    }

    /// Returns the messages of a type that came, and their bytes.
    pub(super) fn received(&self, kind: usize) -> (u64, u64) {
        let counts = self.0.lock();
        counts
            .iter()
            .map(|worker| &worker.received[kind])
            .fold((0, 0), |(count, bytes), one| (count + one.count.get(), bytes + one.bytes.get()))
    }

    /// Returns the messages of each type that were sent, and their bytes.
    pub(super) fn sent(&self) -> Vec<(&'static str, u64, u64)> {
        SentMessages::sum(self.0.lock().iter().map(|worker| &*worker.sent))
    }
}

impl WorkerCounters {
    fn new(labels: usize) -> Self {
        Self {
            calls: std::iter::repeat_with(Calls::default).take(labels).collect(),
            in_flight: OwnCount::default(),
            received: Default::default(),
            sent: Arc::default(),
        }
    }
}

impl OwnCounters {
    #[inline]
    pub(crate) fn call_started(&self) {
        self.0.in_flight.add(1);
    }

    /// Counts calls of one procedure, each of which took so long.
    pub(crate) fn calls_ended(
        &self,
        Label(label): Label,
        outcome: RequestOutcome,
        took: Duration,
        count: u64,
    ) {
        self.0.in_flight.subtract(count);
        self.0.calls[label][outcome as usize].get_or_init(Box::default).add(took, count);
    }

    /// Counts a message of a client, by [`Message::kind`](crate::message::Message::kind).
    #[inline]
    pub(crate) fn received(&self, kind: usize, bytes: usize) {
        let Received { count, bytes: sum } = &self.0.received[kind];
        count.add(1);
        sum.add(bytes as u64);
    }

    /// Returns the place where this thread counts the messages that it sends.
    pub(crate) fn sent(&self) -> &Arc<SentMessages> {
        &self.0.sent
    }
}

impl Histogram {
    fn add(&self, duration: Duration, count: u64) {
        self.buckets[Durations::bucket(duration)].add(count);
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.add(nanoseconds.saturating_mul(count));
    }

    fn add_to(&self, sum: &mut Durations) {
        for (bucket, count) in sum.buckets.iter_mut().zip(&self.buckets) {
            *bucket += count.get();
        }
        sum.sum += Duration::from_nanos(self.nanoseconds.get());
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn the_counts_of_all_threads_are_read_also_of_those_that_have_ended() {
        let workers = Workers::default();
        let count = || {
            let own = workers.own(1);
            own.call_started();
            own.call_started();
            own.calls_ended(Label(0), RequestOutcome::Ok, Duration::from_millis(1), 1);
            own.received(0, 10);
            own.sent().count(b"[36,1,2,{}]");
        };
        thread::scope(|scope| (0..3).for_each(|_| drop(scope.spawn(count))));
        count();
        count();
        assert_eq!(workers.calls_in_flight(), 5);
        assert_eq!(workers.calls(0, RequestOutcome::Ok).count(), 5);
        assert_eq!(workers.calls(0, RequestOutcome::Ok).sum, Duration::from_millis(5));
        assert_eq!(workers.calls(0, RequestOutcome::Error).count(), 0);
        assert_eq!(workers.received(0), (5, 50));
        assert!(workers.sent().contains(&("EVENT", 5, 55)));
    }

    #[test]
    fn a_thread_has_one_set_of_counters_for_each_realm_and_forgets_those_of_a_realm_that_is_gone() {
        let (one, other) = (Workers::default(), Workers::default());
        one.own(1).call_started();
        one.own(1).call_started();
        other.own(1).call_started();
        assert_eq!((one.calls_in_flight(), other.calls_in_flight()), (2, 1));
        drop(one);
        let last = Workers::default();
        last.own(1);
        OWN.with_borrow(|own| assert_eq!(own.len(), 2));
    }
}
