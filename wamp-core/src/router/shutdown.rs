//! The shutdown of a router: its state, and the number of connections that are left.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;

use super::Router;
use crate::error::uris;
use crate::limits::NEVER;
use crate::log;

/// The way in which a router shuts down.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Ending {
    /// The time that calls and requests in flight have to finish.
    pub(crate) grace: Duration,
    /// True if clients get GOODBYE or ABORT, after which those in browsers do not come back.
    pub(crate) says_goodbye: bool,
}

/// The state of the shutdown, and the tasks that wait for it.
#[derive(Debug, Default)]
pub(crate) struct Stop(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    ending: Option<Ending>,
    connections: usize,
    last: u64,
    /// The wakers of connections without an open session; those with one are reached through their
    /// realms.
    opening: HashMap<u64, Waker>,
    waiting: Vec<Waker>,
}

impl Stop {
    fn begin(&self, ending: Ending) {
        let mut state = self.0.lock();
        if state.ending.is_none() {
            tracing::info!(
                target: log::SESSION, ?ending, connections = state.connections, "shutting down"
            );
            state.ending = Some(ending);
            state.opening.drain().for_each(|(_, opening)| opening.wake());
        }
    }

    pub(super) fn connections(&self) -> usize {
        self.0.lock().connections
    }

    pub(super) fn ending(&self) -> Option<Ending> {
        self.0.lock().ending
    }
}

/// A connection, counted as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted {
    router: Router,
    number: u64,
}

impl Counted {
    pub(crate) fn new(router: Router) -> Self {
        let mut state = router.stop().0.lock();
        state.connections += 1;
        state.last += 1;
        let number = state.last;
        drop(state);
        Self { router, number }
    }

    pub(crate) fn router(&self) -> &Router {
        &self.router
    }

    /// Returns whether the router is stopping; if not, registers the task of a connection without
    /// an open session to be woken.
    pub(crate) fn poll_stopping(&self, context: &Context<'_>) -> bool {
        let mut state = self.router.stop().0.lock();
        let is_stopping = state.ending.is_some();
        if !is_stopping {
            state.opening.insert(self.number, context.waker().clone());
        }
        is_stopping
    }

    /// Notes that the session is open: from now on it is reached through its realm.
    pub(crate) fn opened(&self) {
        self.router.stop().0.lock().opening.remove(&self.number);
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut state = self.router.stop().0.lock();
        state.opening.remove(&self.number);
        state.connections -= 1;
        if state.connections == 0 {
            state.waiting.drain(..).for_each(Waker::wake);
        }
    }
}

/// The shutdown of a router ([`Router::shutdown`]), which begins when this is first polled, or
/// dropped. Ready when the last connection has ended.
#[derive(Debug)]
#[must_use = "the shutdown begins when this is awaited, or dropped"]
pub struct Stopped {
    router: Router,
    /// The shutdown to begin; `None` once it has begun.
    ending: Option<Ending>,
}

impl Stopped {
    pub(super) fn new(router: Router, grace: Duration) -> Self {
        let ending = Ending { grace: grace.min(NEVER), says_goodbye: false };
        Self { router, ending: Some(ending) }
    }

    /// Ends every session with GOODBYE `wamp.close.system_shutdown`, and refuses those that are not
    /// open yet with ABORT and the same reason, before the transport is closed. For clients that
    /// are not to come back: those in browsers (autobahn-js, wampy.js) take either message for the
    /// end, and never connect again.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wamp_core::Router;
    ///
    /// async fn close_for_good(router: Router) {
    ///     router.shutdown(Duration::from_secs(10)).goodbye().await;
    /// }
    /// ```
    pub fn goodbye(mut self) -> Self {
        if let Some(ending) = &mut self.ending {
            ending.says_goodbye = true;
        }
        self
    }

    fn begin(&mut self) {
        if let Some(ending) = self.ending.take() {
            self.router.stop().begin(ending);
            self.router.0.realms.each(|served| served.realm.close(uris::SYSTEM_SHUTDOWN));
        }
    }
}

/// Begins the shutdown even if no task waits for it.
impl Drop for Stopped {
    fn drop(&mut self) {
        self.begin();
    }
}

impl Future for Stopped {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.begin();
        let mut state = self.router.stop().0.lock();
        if state.connections == 0 {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            state.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }
}
