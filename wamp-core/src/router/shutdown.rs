//! The end of a router: what has begun, and how many connections are left.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;

use super::Router;
use crate::limits::NEVER;

/// Whether the router stops, and who waits for it.
#[derive(Debug, Default)]
pub(crate) struct Stop(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    grace: Option<Duration>,
    connections: usize,
    last: u64,
    /// Connections whose sessions are not open yet: those that are, their realms tell.
    opening: HashMap<u64, Waker>,
    waiting: Vec<Waker>,
}

impl Stop {
    pub(super) fn begin(&self, grace: Duration) {
        let mut state = self.0.lock();
        if state.grace.is_none() {
            tracing::info!(?grace, connections = state.connections, "shutting down");
            state.grace = Some(grace.min(NEVER));
            state.opening.drain().for_each(|(_, opening)| opening.wake());
        }
    }

    pub(super) fn grace(&self) -> Option<Duration> {
        self.0.lock().grace
    }
}

/// Counts a connection for as long as it lives.
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

    /// Whether the router stops; the task of a connection whose session is not open yet is woken when it begins to.
    pub(crate) fn poll_stopping(&self, context: &Context<'_>) -> bool {
        let mut state = self.router.stop().0.lock();
        let is_stopping = state.grace.is_some();
        if !is_stopping {
            state.opening.insert(self.number, context.waker().clone());
        }
        is_stopping
    }

    /// The session is open: from now on its realm tells it.
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

/// Ready when the last connection of a router that stops has ended.
#[derive(Debug)]
#[must_use = "the shutdown goes on by itself, but nobody sees its end"]
pub struct Stopped(Router);

impl Stopped {
    pub(super) fn new(router: Router) -> Self {
        Self(router)
    }
}

impl Future for Stopped {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.stop().0.lock();
        if state.connections == 0 {
            return Poll::Ready(());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(context.waker())) {
            state.waiting.push(context.waker().clone());
        }
        Poll::Pending
    }
}
