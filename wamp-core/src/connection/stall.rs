//! The stall of a client that takes nothing of its output.

use std::time::{Duration, Instant};

use crate::session::mailbox::Turn;

/// The time for which there has been no room for events, and the client has taken nothing.
#[derive(Debug, Default)]
pub(super) struct Stall {
    since: Option<Instant>,
    /// A turn has found the stall as long as `write_stall`.
    is_judged: bool,
}

impl Stall {
    /// Ends the stall: the client has taken something, or there is room.
    pub(super) fn ends(&mut self) {
        *self = Self::default();
    }

    /// Judges a turn without room. One turn proves nothing: a socket takes nothing for a while
    /// although its client reads, because Linux calls it writable only when a third of its send
    /// buffer has drained.
    pub(super) fn turn(&mut self, now: Instant, write_stall: Duration) -> Turn {
        let since = *self.since.get_or_insert(now);
        self.is_judged = now.saturating_duration_since(since) >= write_stall;
        if self.is_judged { Turn::Stalled } else { Turn::IsFull }
    }

    /// Returns the time at which the session needs a turn that finds the stall too long.
    pub(super) fn deadline(&self, write_stall: Duration) -> Option<Instant> {
        let since = self.since.filter(|_| !self.is_judged)?;
        since.checked_add(write_stall)
    }
}
