//! The turn of a connection: its bounds, and the pause after it, in which the worker's others run.

use std::task::Waker;
use std::time::{Duration, Instant};

use crate::worker::clock::Clock;
use crate::worker::coop::Pause;

/// The maximum number of messages read in one turn. A publisher has further bounds in a turn: see
/// [`Connection::wants_input`](wamp_core::Connection::wants_input).
const TURN_MESSAGES: usize = 64;

/// The clock is read once in this many messages, so that its cost is negligible for small ones.
const CLOCK_INTERVAL: usize = 8;

/// The maximum duration of a turn. A single message may take milliseconds: a publication that
/// matches a thousand patterns, or a long answer of the meta API.
const TURN_TIME: Duration = Duration::from_millis(2);

/// The maximum size of a piece of output. actix asks for the next one only when the last is nearly
/// sent, which shows that the client reads.
pub(super) const PIECE_BYTES: usize = 64 << 10;

/// The maximum number of bytes handed over in one turn. Without it, a client that reads as fast as
/// a handler writes would never make its task wait.
const TURN_BYTES: usize = 2 * PIECE_BYTES;

/// The turn of a connection, and the pause after it.
#[derive(Default)]
pub(super) struct Turn {
    /// Bytes handed over in this turn.
    handed: usize,
    is_over: bool,
    pause: Pause,
}

/// The number and the time of the messages that may be read in one go.
pub(super) struct Budget {
    left: usize,
    begun: Instant,
}

impl Turn {
    /// Ends the turn; the connection pauses before it continues.
    pub(super) fn end(&mut self) {
        self.is_over = true;
    }

    /// Counts bytes that are handed over, and ends the turn if they are enough.
    pub(super) fn count(&mut self, bytes: usize) {
        self.handed += bytes;
        self.is_over |= self.handed >= TURN_BYTES;
    }

    /// Returns whether the turn is over, and its pause has not begun.
    pub(super) fn is_over(&self) -> bool {
        self.is_over
    }

    /// Returns whether the connection pauses, and begins the pause if the turn is over. The task is
    /// woken after the pause.
    pub(super) fn pauses(&mut self, task: &Waker) -> bool {
        if std::mem::take(&mut self.is_over) {
            self.handed = 0;
            self.pause.begin();
        }
        self.pause.lasts(task)
    }
}

impl Budget {
    pub(super) fn new(now: Instant) -> Self {
        Self { left: TURN_MESSAGES, begun: now }
    }

    /// Counts a message. Returns whether the budget is used up.
    pub(super) fn spend(&mut self, clock: &Clock) -> bool {
        self.left -= 1;
        let looks = self.left.is_multiple_of(CLOCK_INTERVAL);
        self.left == 0 || looks && clock.now().duration_since(self.begun) >= TURN_TIME
    }
}
