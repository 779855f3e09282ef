//! The end of a router: what has begun, and how many connections are left.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use parking_lot::Mutex;

use super::Router;

/// Whether the router stops, and who waits for it.
#[derive(Debug, Default)]
pub(crate) struct Stop(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    grace: Option<Duration>,
    connections: usize,
    waiting: Vec<Waker>,
}

impl Stop {
    pub(super) fn begin(&self, grace: Duration) {
        let mut state = self.0.lock();
        if state.grace.is_none() {
            tracing::info!(?grace, connections = state.connections, "shutting down");
            state.grace = Some(grace);
        }
    }

    pub(super) fn grace(&self) -> Option<Duration> {
        self.0.lock().grace
    }
}

/// Counts a connection for as long as it lives.
#[derive(Debug)]
pub(crate) struct Counted(Router);

impl Counted {
    pub(crate) fn new(router: Router) -> Self {
        router.stop().0.lock().connections += 1;
        Self(router)
    }

    pub(crate) fn router(&self) -> &Router {
        &self.0
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut state = self.0.stop().0.lock();
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
