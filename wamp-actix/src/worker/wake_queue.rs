//! A queue of wake-ups, which wakes a worker's connections a few at a time.
//!
//! An event for a thousand subscribers would schedule a thousand tasks before the publisher's: each
//! would have sent the event when the publisher's next one arrives, with a system call for each
//! event and subscriber. So the first few connections are woken at once, and the others by a task
//! that lets the worker's other tasks run in between, including those whose input is still in the
//! kernel. Meanwhile events accumulate, and leave in one write. `benches/README.md` has the
//! measurements (fan-outs).

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Wake, Waker};

use actix_web::rt;
use parking_lot::Mutex;

use super::Worker;

/// The minimum number of connections woken in one turn of the queue, before the other tasks run.
const TURN_WAKES: usize = 4;

/// The divisor of the queue's length: a turn wakes at least this share of the queue. With a smaller
/// share more events would accumulate, and a flood of publications would come closer to the bounds
/// of the subscribers' mailboxes.
const SHARE: usize = 16;

/// The wake queue of one worker.
pub(crate) struct WakeQueue(Mutex<Queue>);

struct Queue {
    /// The number of connections that may still be woken in this turn.
    left: usize,
    waiting: VecDeque<Arc<Wakeup>>,
    /// The waker of the queue's task, while that waits for the first wake-up.
    task: Option<Waker>,
}

impl WakeQueue {
    /// Returns the queue of this worker. Its task ends with the last connection, or with the
    /// runtime.
    pub(crate) fn of_worker() -> Arc<Self> {
        Worker::with(|worker| {
            let mut current = worker.wake_queue.borrow_mut();
            if let Some(queue) = current.upgrade() {
                return queue;
            }
            let queue = Arc::new(Self(Mutex::new(Queue {
                left: TURN_WAKES,
                waiting: VecDeque::new(),
                task: None,
            })));
            *current = Arc::downgrade(&queue);
            let task = QueueTask(Arc::downgrade(&queue));
            rt::spawn(async move {
                while poll_fn(|context| task.poll(context)).await {
                    // Returns after the runtime has polled for I/O. A task that wakes itself would
                    // return earlier, as the runtime polls for I/O once in 61 tasks: `fanout100`
                    // takes 0.023 CPU-s/100k this way, and took 0.058 the other.
                    rt::task::yield_now().await;
                }
            });
            queue
        })
    }

    fn wake(&self, wakeup: &Arc<Wakeup>) {
        let mut state = self.0.lock();
        let task = state.task.take();
        let is_first = state.left > 0;
        if is_first {
            state.left -= 1;
        } else {
            state.waiting.push_back(Arc::clone(wakeup));
        }
        drop(state);
        if is_first {
            wakeup.deliver();
        }
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// Wakes the queue's task, which finds that the last connection is gone, and ends.
impl Drop for WakeQueue {
    fn drop(&mut self) {
        if let Some(task) = self.0.get_mut().task.take() {
            task.wake();
        }
    }
}

/// The task of a wake queue.
struct QueueTask(Weak<WakeQueue>);

/// Handles the end of the runtime: wakers that outlive it still work, without the queue, and the
/// next runtime of this thread gets a queue of its own.
impl Drop for QueueTask {
    fn drop(&mut self) {
        // The thread may be exiting, and its state gone.
        _ = Worker::try_with(|worker| {
            let mut current = worker.wake_queue.borrow_mut();
            if current.ptr_eq(&self.0) {
                *current = Weak::new();
            }
        });
        if let Some(queue) = self.0.upgrade() {
            let mut state = queue.0.lock();
            state.left = usize::MAX;
            let waiting = std::mem::take(&mut state.waiting);
            drop(state);
            waiting.iter().for_each(|wakeup| wakeup.deliver());
        }
    }
}

impl QueueTask {
    /// Runs one turn. Returns true if the next turn follows without a wake-up in between, false if
    /// the queue is gone, and `Pending` if the next turn has to wait for a wake-up.
    fn poll(&self, context: &Context<'_>) -> Poll<bool> {
        let Some(queue) = self.0.upgrade() else {
            return Poll::Ready(false);
        };
        let mut state = queue.0.lock();
        let waiting = state.waiting.len();
        let count = waiting.min(TURN_WAKES.max(waiting.div_ceil(SHARE)));
        let woken: Vec<_> = state.waiting.drain(..count).collect();
        state.left = TURN_WAKES.saturating_sub(count);
        let next = if state.left == 0 {
            Poll::Ready(true)
        } else {
            state.task = Some(context.waker().clone());
            Poll::Pending
        };
        drop(state);
        woken.iter().for_each(|wakeup| wakeup.deliver());
        next
    }
}

/// The waker of a connection, given to handlers and to other sessions.
pub(crate) struct Wakeup {
    queue: Arc<WakeQueue>,
    /// The task that drives the connection: actix's, or the watchdog's.
    task: Mutex<Waker>,
    is_queued: AtomicBool,
    /// True if the task was woken and has not called `listen` since.
    is_woken: AtomicBool,
}

impl Wakeup {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            queue: WakeQueue::of_worker(),
            task: Mutex::new(Waker::noop().clone()),
            is_queued: AtomicBool::new(false),
            // The first poll has everything to do.
            is_woken: AtomicBool::new(true),
        })
    }

    /// Returns whether the task was woken since the last call. `moved_to` replaces the task, if
    /// given.
    pub(crate) fn listen(&self, moved_to: Option<&Waker>) -> bool {
        if let Some(task) = moved_to {
            self.task.lock().clone_from(task);
        }
        self.is_woken.load(Ordering::Acquire) && self.is_woken.swap(false, Ordering::AcqRel)
    }

    fn deliver(&self) {
        // A swap, not a store: it acquires the writes before later wake-ups, which found this one
        // pending.
        self.is_queued.swap(false, Ordering::AcqRel);
        // Under the lock, so that a task that takes over either sees the flag or is woken.
        let task = self.task.lock();
        self.is_woken.store(true, Ordering::Release);
        task.wake_by_ref();
    }
}

impl Wake for Wakeup {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.is_queued.swap(true, Ordering::AcqRel) {
            self.queue.wake(self);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use actix_web::rt::net::UnixStream;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn wakeups(count: usize, woken: &Arc<Count>) -> Vec<Arc<Wakeup>> {
        let wakeups: Vec<_> = (0..count).map(|_| Wakeup::new()).collect();
        for wakeup in &wakeups {
            assert!(wakeup.listen(Some(&Waker::from(Arc::clone(woken)))), "nothing was done yet");
        }
        wakeups
    }

    /// Lets the queue have a turn.
    async fn turn() {
        rt::task::yield_now().await;
    }

    #[actix_web::test]
    async fn a_turn_wakes_some_and_each_is_woken_once() {
        let woken = Arc::new(Count::default());
        let wakeups = wakeups(3 * TURN_WAKES, &woken);
        for wakeup in wakeups.iter().chain(&wakeups[TURN_WAKES..]) {
            wakeup.wake_by_ref();
        }
        for count in [TURN_WAKES, 2 * TURN_WAKES, 3 * TURN_WAKES, 3 * TURN_WAKES] {
            assert_eq!(woken.0.load(Ordering::Relaxed), count);
            turn().await;
        }
    }

    #[actix_web::test]
    async fn of_many_a_turn_wakes_a_share() {
        let woken = Arc::new(Count::default());
        let wakeups = wakeups(TURN_WAKES + 10 * TURN_WAKES * SHARE, &woken);
        wakeups.iter().for_each(Wake::wake_by_ref);
        assert_eq!(woken.0.load(Ordering::Relaxed), TURN_WAKES);
        turn().await;
        assert_eq!(woken.0.load(Ordering::Relaxed), TURN_WAKES + 10 * TURN_WAKES);
    }

    #[actix_web::test]
    async fn a_task_with_input_from_the_kernel_has_a_turn_in_between() {
        let woken = Arc::new(Count::default());
        let wakeups = wakeups(TURN_WAKES * SHARE, &woken);
        let (ours, theirs) = UnixStream::pair().unwrap();
        let reader = rt::spawn({
            let woken = Arc::clone(&woken);
            async move {
                theirs.readable().await.unwrap();
                woken.0.load(Ordering::Relaxed)
            }
        });
        turn().await;
        ours.try_write(b"a").unwrap();
        wakeups.iter().for_each(Wake::wake_by_ref);
        assert!(reader.await.unwrap() <= 3 * TURN_WAKES);
    }

    #[actix_web::test]
    async fn the_first_are_woken_at_once_again_after_a_turn() {
        let woken = Arc::new(Count::default());
        let wakeups = wakeups(1, &woken);
        for count in 1..=5 * TURN_WAKES {
            wakeups[0].wake_by_ref();
            assert_eq!(woken.0.load(Ordering::Relaxed), count);
            assert!(wakeups[0].listen(None) && !wakeups[0].listen(None));
            turn().await;
        }
    }

    #[actix_web::test]
    async fn the_task_that_asked_last_is_woken_and_told_once() {
        let [before, after] = [(); 2].map(|()| Arc::new(Count::default()));
        let wakeup = &wakeups(1, &before)[0];
        assert!(!wakeup.listen(Some(&Waker::from(Arc::clone(&after)))));
        wakeup.wake_by_ref();
        assert_eq!((before.0.load(Ordering::Relaxed), after.0.load(Ordering::Relaxed)), (0, 1));
        assert!(wakeup.listen(None));
        assert!(!wakeup.listen(None));
    }

    #[test]
    fn a_waker_works_after_its_runtime_has_ended_and_the_next_runtime_has_its_own() {
        let woken = Arc::new(Count::default());
        let old = rt::System::new().block_on({
            let woken = Arc::clone(&woken);
            async move { wakeups(2 * TURN_WAKES, &woken) }
        });
        old.iter().for_each(Wake::wake_by_ref);
        assert_eq!(woken.0.load(Ordering::Relaxed), 2 * TURN_WAKES);
        rt::System::new().block_on(async {
            assert!(!Arc::ptr_eq(&Wakeup::new().queue, &old[0].queue));
        });
    }

    #[test]
    fn a_task_that_waited_when_the_runtime_ended_is_woken_and_forgotten() {
        let woken = Arc::new(Count::default());
        let waiting: Vec<_> = rt::System::new().block_on({
            let woken = Arc::clone(&woken);
            async move {
                let wakeups = wakeups(2 * TURN_WAKES, &woken);
                wakeups.iter().for_each(Wake::wake_by_ref);
                assert_eq!(woken.0.load(Ordering::Relaxed), TURN_WAKES);
                wakeups.iter().map(Arc::downgrade).collect()
            }
        });
        assert_eq!(woken.0.load(Ordering::Relaxed), 2 * TURN_WAKES);
        assert!(waiting.iter().all(|wakeup| wakeup.upgrade().is_none()));
    }
}
