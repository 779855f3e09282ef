//! The tally of one measurement's connections: completed units and their latencies.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use crate::Result;
use crate::server::Server;

/// Connections settle, buffers grow and caches fill before counting starts.
const WARM_UP: Duration = Duration::from_millis(500);

/// The result of one measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sample {
    pub(crate) count: u64,
    pub(crate) seconds: f64,
    pub(crate) cpu_seconds: f64,
    pub(crate) p50: Duration,
    pub(crate) p99: Duration,
}

/// Counts shared by the tasks of one measurement; all run on one thread.
#[derive(Default)]
pub(crate) struct Tally {
    count: Cell<u64>,
    latencies: RefCell<Histogram>,
    stopping: Cell<bool>,
}

impl Tally {
    /// Adds one completed call, delivery or session.
    pub(crate) fn record(&self, latency: Duration) {
        self.count.set(self.count.get() + 1);
        self.latencies.borrow_mut().record(latency);
    }

    /// Returns whether no new unit may be started.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.get()
    }

    /// Lets `tasks` run for the warm-up and `seconds` more, counts in the latter, then sets
    /// `is_stopping`.
    pub(crate) async fn measure(
        &self,
        server: &Server,
        seconds: f64,
        tasks: &mut JoinSet<Result<()>>,
    ) -> Result<Sample> {
        run_for(WARM_UP, tasks).await?;
        self.count.set(0);
        *self.latencies.borrow_mut() = Histogram::default();
        let (start, cpu_before) = (Instant::now(), server.cpu_seconds()?);
        run_for(Duration::from_secs_f64(seconds), tasks).await?;
        let (elapsed, cpu_after) = (start.elapsed(), server.cpu_seconds()?);
        self.stopping.set(true);
        let latencies = self.latencies.borrow();
        Ok(Sample {
            count: self.count.get(),
            seconds: elapsed.as_secs_f64(),
            cpu_seconds: cpu_after - cpu_before,
            p50: latencies.quantile(0.50),
            p99: latencies.quantile(0.99),
        })
    }
}

/// Waits for `duration`; it is an error if a task ends before that.
async fn run_for(duration: Duration, tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    match tokio::time::timeout(duration, tasks.join_next()).await {
        Err(_elapsed) => Ok(()),
        Ok(Some(ended)) => Err(ended?.err().unwrap_or_else(|| "a connection ended early".into())),
        Ok(None) => Err("nothing to measure".into()),
    }
}

/// Waits until every task has ended; the first error ends the waiting.
pub(crate) async fn finish(tasks: &mut JoinSet<Result<()>>) -> Result<()> {
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

/// When each request in flight was sent. Ids count up from 1; replies may come in any order.
#[derive(Default)]
pub(crate) struct InFlight {
    /// The id of the first entry of `sent`, less one.
    done: u64,
    sent: std::collections::VecDeque<Option<Instant>>,
}

impl InFlight {
    /// The request with the next id was sent.
    pub(crate) fn push(&mut self, sent: Instant) {
        self.sent.push_back(Some(sent));
    }

    /// When the request was sent; an error if it is not in flight, or no longer.
    pub(crate) fn complete(&mut self, id: u64) -> Result<Instant> {
        let index = id.checked_sub(self.done + 1).and_then(|index| usize::try_from(index).ok());
        let entry = index.and_then(|index| self.sent.get_mut(index)).and_then(Option::take);
        let sent =
            entry.ok_or_else(|| format!("a reply to request {id}, which is not in flight"))?;
        while let Some(None) = self.sent.front() {
            self.sent.pop_front();
            self.done += 1;
        }
        Ok(sent)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.sent.is_empty()
    }
}

/// Counts of durations in nanoseconds, in buckets at most 1/64 wide.
struct Histogram {
    buckets: Vec<u32>,
}

const STEPS: u64 = 64;
const STEP_BITS: u32 = STEPS.ilog2();

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: vec![0; bucket(u64::MAX) + 1] }
    }
}

impl Histogram {
    fn record(&mut self, duration: Duration) {
        let nanoseconds = duration.as_secs() * 1_000_000_000 + u64::from(duration.subsec_nanos());
        self.buckets[bucket(nanoseconds)] += 1;
    }

    /// The duration that the share `quantile` of all recorded does not exceed.
    fn quantile(&self, quantile: f64) -> Duration {
        let total: u64 = self.buckets.iter().copied().map(u64::from).sum();
        let rank = (total as f64 * quantile).ceil() as u64;
        let mut below = 0;
        let reached = self.buckets.iter().position(|&count| {
            below += u64::from(count);
            below >= rank.max(1)
        });
        reached.map_or(Duration::ZERO, |index| Duration::from_nanos(lower_bound(index)))
    }
}

/// Each power of two is divided in `STEPS` steps; below `STEPS` a bucket is one nanosecond.
fn bucket(nanoseconds: u64) -> usize {
    let shift = nanoseconds.max(1).ilog2().saturating_sub(STEP_BITS);
    (u64::from(shift) * STEPS + (nanoseconds >> shift)) as usize
}

fn lower_bound(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    let shift = (bucket / STEPS).saturating_sub(1);
    (bucket - shift * STEPS) << shift
}

/// A tally that several tasks hold.
pub(crate) type SharedTally = Rc<Tally>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_found_within_a_sixty_fourth() {
        for nanoseconds in (0..5_000).chain((0..50).map(|power| 3 << power)) {
            let found = lower_bound(bucket(nanoseconds));
            assert!(
                found <= nanoseconds && nanoseconds - found <= nanoseconds / 64,
                "{nanoseconds}: {found}"
            );
        }
    }

    #[test]
    fn quantiles_of_a_hundred_durations_are_its_members() {
        let mut histogram = Histogram::default();
        for nanoseconds in 1..=60 {
            histogram.record(Duration::from_nanos(nanoseconds));
        }
        assert_eq!(histogram.quantile(0.5), Duration::from_nanos(30));
        assert_eq!(histogram.quantile(1.0), Duration::from_nanos(60));
    }

    #[test]
    fn replies_may_come_in_any_order_but_only_once() {
        let mut in_flight = InFlight::default();
        (0..3).for_each(|_| in_flight.push(Instant::now()));
        assert!(in_flight.complete(2).is_ok());
        assert!(in_flight.complete(2).is_err());
        assert!(in_flight.complete(1).is_ok());
        assert!(in_flight.complete(1).is_err());
        assert!(in_flight.complete(4).is_err());
        assert!(in_flight.complete(3).is_ok());
        assert!(in_flight.is_empty());
    }
}
