//! Pings, and the deadlines for the client's pong and for a message that it has begun.

use std::time::Instant;

use wamp_core::Limits;

/// The state of the client's deadlines.
#[derive(Debug)]
pub(super) struct Liveness {
    /// The time of the client's latest bytes.
    heard: Instant,
    /// The time of a ping that the client has not answered.
    pinged: Option<Instant>,
    /// True while the ping is part of output that is not handed over to actix.
    is_ping_queued: bool,
    /// The time at which the incomplete message began.
    begun: Option<Instant>,
}

/// A deadline that has passed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The message is not complete within `Limits::assembly_timeout`.
    TooSlow,
    /// The ping was not answered within `Limits::pong_timeout`.
    Silent,
    /// A ping has to be sent now.
    Ping,
}

impl Liveness {
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: now, pinged: None, is_ping_queued: false, begun: None }
    }

    /// Records that bytes have arrived. Returns whether they answer a ping, so that the deadline
    /// changes: the next ping may be due earlier than the pong was.
    pub(super) fn hear(&mut self, now: Instant) -> bool {
        self.heard = now;
        self.pinged.take().is_some()
    }

    /// Records whether the unread input is an incomplete message. Returns whether that has changed.
    pub(super) fn assembling(&mut self, is_assembling: bool, now: Instant) -> bool {
        let begun = is_assembling.then(|| self.begun.unwrap_or(now));
        std::mem::replace(&mut self.begun, begun) != begun
    }

    /// Records that a message is complete.
    pub(super) fn completed(&mut self) {
        self.begun = None;
    }

    /// Records that output was handed over to actix. As long as the ping waits behind other output,
    /// the client cannot have seen it, and its time begins anew.
    pub(super) fn handed_over(&mut self, is_more_ready: bool, now: Instant) {
        if self.is_ping_queued {
            self.pinged = Some(now);
            self.is_ping_queued = is_more_ready;
        }
    }

    /// Restarts the ping deadlines under back-pressure: the server does not read, or a ping would
    /// wait behind much output. `Limits::write_stall` bounds that state.
    pub(super) fn excuse_silence(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = self.pinged.map(|_| now);
    }

    /// Restarts the deadline of an incomplete message, of which the server does not read the rest.
    pub(super) fn excuse_slowness(&mut self, now: Instant) {
        self.begun = self.begun.map(|_| now);
    }

    /// Returns the deadline that has passed, if any.
    pub(super) fn judge(&mut self, limits: &Limits, now: Instant) -> Option<Verdict> {
        let Limits { ping_interval, pong_timeout, assembly_timeout, .. } = *limits;
        if self.begun.is_some_and(|begun| begun + assembly_timeout <= now) {
            return Some(Verdict::TooSlow);
        }
        if self.pinged.is_some_and(|pinged| pinged + pong_timeout <= now) {
            return Some(Verdict::Silent);
        }
        if self.pinged.is_none() && self.heard + ping_interval <= now {
            self.pinged = Some(now);
            self.is_ping_queued = true;
            return Some(Verdict::Ping);
        }
        None
    }

    /// Returns the earliest deadline: the time for the next [`judge`](Self::judge).
    pub(super) fn due(&self, limits: &Limits) -> Instant {
        let Limits { ping_interval, pong_timeout, assembly_timeout, .. } = *limits;
        let silence =
            self.pinged.map_or(self.heard + ping_interval, |pinged| pinged + pong_timeout);
        self.begun.map_or(silence, |begun| silence.min(begun + assembly_timeout))
    }
}
