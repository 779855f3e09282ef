//! Back-pressure on a client that sends more messages than its rate: it is not read until its time.

use std::time::{Duration, Instant};

use crate::limits::{Limits, Rate};

/// The pause that ends an excess: a client that is read for so long without exceeding its rate has
/// sent what it had. A client that floods exceeds it in the turn in which it is read again.
const PAUSE: Duration = Duration::from_millis(10);

/// The messages of a session whose rate is limited.
#[derive(Debug)]
pub(super) struct Throttle {
    rate: Rate,
    patience: Duration,
    /// The level of the rate, in nanoseconds since `epoch`.
    level: u64,
    /// The time of the first message.
    epoch: Option<Instant>,
    /// The time until which the client is not read.
    until: Option<Instant>,
    /// The time from which the client has exceeded its rate without a pause.
    since: Option<Instant>,
    /// The time at which the client was allowed to be read again.
    released: Option<Instant>,
}

impl Throttle {
    /// Returns the throttle of a session; `None` if its rate has no limit.
    pub(super) fn of(limits: &Limits) -> Option<Box<Self>> {
        let rate = Rate::of(limits)?;
        Some(Box::new(Self {
            rate,
            patience: limits.rate_patience,
            level: 0,
            epoch: None,
            until: None,
            since: None,
            released: None,
        }))
    }

    /// Counts a message. If it uses the rate up, the client is held back. Returns whether it was
    /// not before.
    pub(super) fn count(&mut self, now: Instant) -> bool {
        let was_held_back = self.holds_back();
        let epoch = *self.epoch.get_or_insert(now);
        let nanos = nanos(now.saturating_duration_since(epoch));
        self.level = self.rate.count(self.level, nanos);
        let early = self.rate.next(self.level).saturating_sub(nanos);
        if early > 0 {
            if self.until.is_none() && self.has_paused(now) {
                self.since = Some(now);
            }
            self.until = Some(now + Duration::from_nanos(early));
        }
        !was_held_back && self.holds_back()
    }

    fn has_paused(&self, now: Instant) -> bool {
        self.released.is_none_or(|released| released + PAUSE <= now)
    }

    /// Lets the client be read again when its time has come, unless the patience is over.
    pub(super) fn begin_turn(&mut self, now: Instant) {
        if self.until.is_some_and(|until| until <= now) && !self.is_exhausted(now) {
            self.until = None;
            self.released = Some(now);
        }
    }

    pub(super) fn holds_back(&self) -> bool {
        self.until.is_some()
    }

    /// Returns whether the client has been held back for too long.
    pub(super) fn is_exhausted(&self, now: Instant) -> bool {
        self.until.and(self.since).is_some_and(|since| since + self.patience <= now)
    }

    /// Returns the time at which the session needs a turn.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let until = self.until?;
        self.since.map(|since| until.min(since + self.patience))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
