//! The pulse of the workers that serve a router: each beats once a second, so that a worker whose
//! thread a handler blocks is noticed by the others.
//!
//! Workers beat only where the application asks for it with [`health`](crate::health()).

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::time::sleep;
use wamp_core::WeakRouter;

use crate::router::Router;
use crate::router::per_router::PerRouter;

/// The time between two beats of a worker.
pub(crate) const BEAT: Duration = Duration::from_secs(1);

/// The workers that serve one router.
#[derive(Debug, Default)]
pub(crate) struct Pulse(Mutex<Workers>);

#[derive(Debug, Default)]
struct Workers {
    is_watched: bool,
    serving: Vec<Serving>,
}

/// A worker that serves the router.
#[derive(Debug)]
struct Serving {
    thread: ThreadId,
    name: String,
    beat: Instant,
    /// The task that beats, while it waits to be asked for that.
    task: Waker,
}

/// A worker that has not beaten for some time.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Silent {
    pub(crate) worker: String,
    pub(crate) time: Duration,
}

impl Pulse {
    /// Returns the pulse of this router's workers.
    pub(crate) fn of(router: &Router) -> Arc<Self> {
        static PULSES: PerRouter<Pulse> = PerRouter::new();
        PULSES.get(router, Self::default)
    }

    /// Records that this worker serves the router, until its runtime ends.
    pub(crate) fn serve(router: &Router) {
        let (pulse, thread) = (Self::of(router), thread::current());
        let name = thread.name().map_or_else(|| format!("{:?}", thread.id()), str::to_owned);
        // The task of `tokio::spawn` runs on this thread as well, as a worker's runtime has no
        // other. An application's test may mount the endpoint outside of a `LocalSet`.
        if let Ok(runtime) = Handle::try_current()
            && pulse.enter(thread.id(), name, Instant::now())
        {
            let beating = Beating { pulse, thread: thread.id(), router: router.downgrade() };
            runtime.spawn(beating.run());
        }
    }

    /// Makes the workers beat, those that serve the router now and those to come.
    pub(crate) fn watch(&self, now: Instant) {
        let mut workers = self.0.lock();
        if std::mem::replace(&mut workers.is_watched, true) {
            return;
        }
        let tasks: Vec<_> = workers.serving.iter_mut().map(|serving| serving.begin(now)).collect();
        drop(workers);
        tasks.into_iter().for_each(Waker::wake);
    }

    /// Returns whether a worker serves the router.
    pub(crate) fn is_served(&self) -> bool {
        !self.0.lock().serving.is_empty()
    }

    /// Returns the worker that has been silent for longest, if that is as long as `stuck_after`.
    pub(crate) fn silent(&self, now: Instant, stuck_after: Duration) -> Option<Silent> {
        let workers = self.0.lock();
        let serving = workers.serving.iter().min_by_key(|serving| serving.beat)?;
        let time = now.saturating_duration_since(serving.beat);
        (time >= stuck_after).then(|| Silent { worker: serving.name.clone(), time })
    }

    /// Enters a worker. Returns false if it is entered already, for another endpoint.
    fn enter(&self, thread: ThreadId, name: String, now: Instant) -> bool {
        let mut workers = self.0.lock();
        let is_new = workers.serving.iter().all(|serving| serving.thread != thread);
        if is_new {
            let task = Waker::noop().clone();
            workers.serving.push(Serving { thread, name, beat: now, task });
        }
        is_new
    }

    fn beat(&self, thread: ThreadId, now: Instant) {
        let mut workers = self.0.lock();
        if let Some(serving) = workers.serving.iter_mut().find(|other| other.thread == thread) {
            serving.beat = now;
        }
    }

    /// Waits until the application asks for the pulse.
    fn poll_watched(&self, thread: ThreadId, context: &Context<'_>) -> Poll<()> {
        let mut workers = self.0.lock();
        if workers.is_watched {
            return Poll::Ready(());
        }
        if let Some(serving) = workers.serving.iter_mut().find(|other| other.thread == thread) {
            serving.task = context.waker().clone();
        }
        Poll::Pending
    }
}

impl Serving {
    /// Begins to count the silence. Returns the task that has to beat from now on.
    fn begin(&mut self, now: Instant) -> Waker {
        self.beat = now;
        std::mem::replace(&mut self.task, Waker::noop().clone())
    }
}

/// The task that beats for a worker.
struct Beating {
    pulse: Arc<Pulse>,
    thread: ThreadId,
    router: WeakRouter,
}

impl Beating {
    async fn run(self) {
        poll_fn(|context| self.pulse.poll_watched(self.thread, context)).await;
        while self.router.upgrade().is_some() {
            self.pulse.beat(self.thread, Instant::now());
            sleep(BEAT).await;
        }
    }
}

/// Records that the worker's runtime has ended.
impl Drop for Beating {
    fn drop(&mut self) {
        self.pulse.0.lock().serving.retain(|serving| serving.thread != self.thread);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[test]
    fn the_worker_that_is_silent_for_longest_is_named_once_its_time_is_over() {
        let (pulse, begun) = (Pulse::default(), Instant::now());
        let (first, second) = (thread::current().id(), thread::spawn(|| {}).thread().id());
        assert!(!pulse.is_served());
        assert!(pulse.enter(first, "first".to_owned(), begun));
        assert!(pulse.enter(second, "second".to_owned(), begun));
        assert!(!pulse.enter(first, "first".to_owned(), begun), "another endpoint");
        assert!(pulse.is_served());
        pulse.beat(first, begun + 2 * BEAT);
        assert_eq!(pulse.silent(begun + LIMIT - Duration::from_nanos(1), LIMIT), None);
        let silent = Silent { worker: "second".to_owned(), time: LIMIT };
        assert_eq!(pulse.silent(begun + LIMIT, LIMIT), Some(silent));
        pulse.beat(second, begun + LIMIT);
        assert_eq!(pulse.silent(begun + LIMIT, LIMIT), None);
    }

    #[test]
    fn the_silence_counts_from_the_time_at_which_it_is_asked_about() {
        let (pulse, begun) = (Pulse::default(), Instant::now());
        pulse.enter(thread::current().id(), "first".to_owned(), begun);
        pulse.watch(begun + 3 * LIMIT);
        assert_eq!(pulse.silent(begun + 3 * LIMIT, LIMIT), None);
        pulse.watch(begun + 4 * LIMIT);
        assert!(
            pulse.silent(begun + 4 * LIMIT, LIMIT).is_some(),
            "a second question changes nothing"
        );
    }

    #[actix_web::test]
    async fn a_worker_beats_only_where_that_is_asked_for_and_leaves_with_its_runtime() {
        let router = Router::builder().handlers([]).build().unwrap();
        let pulse = Pulse::of(&router);
        let worker = thread::spawn({
            let router = router.clone();
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_time()
                    .start_paused(true)
                    .build()
                    .unwrap();
                runtime.block_on(async {
                    Pulse::serve(&router);
                    let pulse = Pulse::of(&router);
                    let latest = || pulse.0.lock().serving[0].beat;
                    let entered = latest();
                    sleep(5 * BEAT).await;
                    assert_eq!(latest(), entered, "it was not asked");
                    pulse.watch(Instant::now());
                    let watched = latest();
                    sleep(BEAT).await;
                    assert!(latest() > watched, "it beats");
                });
            }
        });
        worker.join().unwrap();
        assert!(!pulse.is_served());
    }
}
