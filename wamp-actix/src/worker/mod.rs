//! State shared by the connections of one worker: the wake queue, pauses, the watchdog, the clock;
//! and the worker's pulse.

pub(crate) mod clock;
pub(crate) mod coop;
pub(crate) mod pulse;
pub(crate) mod wake_queue;
pub(crate) mod watchdog;

use std::cell::{Cell, RefCell};
use std::sync::Weak;
use std::thread::AccessError;

use actix_web::http::header::HeaderMap;
use wamp_core::{Router, WeakRouter};

use wake_queue::WakeQueue;
use watchdog::Watchdog;

/// The state of a worker's thread.
pub(crate) struct Worker {
    /// The queue of the worker's connections; dropped with the last of them.
    wake_queue: RefCell<Weak<WakeQueue>>,
    watchdog: Watchdog,
    /// The routers that the worker's application mounts. The references are weak, because a test
    /// may build many applications one after the other.
    pub(crate) mounted: RefCell<Vec<WeakRouter>>,
    /// The routers that the worker shuts down at a signal.
    pub(crate) shut_down_at_signal: RefCell<Vec<Router>>,
    /// The emptied header table, of 6.7 KB, of the latest upgrade; freed with the next one. If it
    /// were freed at once, the buffers of the next connection would be allocated in its place, and
    /// half of them would touch one more page: 16.3 KiB for an idle session instead of 15.0
    /// (`load idle`, with the allocator of glibc).
    pub(crate) previous_headers: Cell<Option<HeaderMap>>,
}

thread_local! {
    static WORKER: Worker = const { Worker::new() };
}

impl Worker {
    const fn new() -> Self {
        Self {
            wake_queue: RefCell::new(Weak::new()),
            watchdog: Watchdog::new(),
            mounted: RefCell::new(Vec::new()),
            shut_down_at_signal: RefCell::new(Vec::new()),
            previous_headers: Cell::new(None),
        }
    }

    /// Calls a function with the state of this thread.
    pub(crate) fn with<T>(call: impl FnOnce(&Self) -> T) -> T {
        WORKER.with(call)
    }

    /// Calls a function with the state of this thread, unless the thread is exiting and its state
    /// gone.
    fn try_with<T>(call: impl FnOnce(&Self) -> T) -> Result<T, AccessError> {
        WORKER.try_with(call)
    }
}
