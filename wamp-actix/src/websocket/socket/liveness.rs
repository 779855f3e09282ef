//! Pings, and the time that a peer has for its answer and for a message that it has begun.

use std::time::Instant;

use wamp_core::Limits;

/// When a peer was heard, and what it still owes.
#[derive(Debug)]
pub(super) struct Liveness {
    /// When the peer was heard last.
    heard: Instant,
    /// When it was sent the ping after which it was not heard.
    pinged: Option<Instant>,
    /// The ping lies in output that was not handed over yet.
    is_ping_queued: bool,
    /// When the message that is not complete yet began.
    begun: Option<Instant>,
}

/// What a connection does because time has passed.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The message that was begun is not complete in time.
    TooSlow,
    /// The ping was not answered in time.
    Silent,
    /// A ping is to be sent: it has been noted.
    Ping,
}

impl Liveness {
    pub(super) fn new(now: Instant) -> Self {
        Self { heard: now, pinged: None, is_ping_queued: false, begun: None }
    }

    /// Bytes came. Returns whether they answer a ping: the next one may be due before the pong would have been.
    pub(super) fn hear(&mut self, now: Instant) -> bool {
        self.heard = now;
        self.pinged.take().is_some()
    }

    /// Notes whether a part of a message has come and nothing else is there to be read. Returns whether that is news.
    pub(super) fn assembling(&mut self, is_assembling: bool, now: Instant) -> bool {
        let begun = is_assembling.then(|| self.begun.unwrap_or(now));
        std::mem::replace(&mut self.begun, begun) != begun
    }

    /// A message is complete.
    pub(super) fn completed(&mut self) {
        self.begun = None;
    }

    /// Output was handed over. The peer takes what comes before the ping, which it cannot have seen.
    pub(super) fn handed_over(&mut self, is_more_ready: bool, now: Instant) {
        if self.is_ping_queued {
            self.pinged = Some(now);
            self.is_ping_queued = is_more_ready;
        }
    }

    /// Stops the time for a peer that cannot be heard, because it is not read, or that would see a ping late, because it
    /// has much to take. Then it is the write stall that counts.
    pub(super) fn excuse_silence(&mut self, now: Instant) {
        self.heard = now;
        self.pinged = self.pinged.map(|_| now);
    }

    /// Stops the time for a message that is not read on.
    pub(super) fn excuse_slowness(&mut self, now: Instant) {
        self.begun = self.begun.map(|_| now);
    }

    /// Returns what the time demands.
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

    /// Returns when [`judge`](Self::judge) has something to say, unless something comes before.
    pub(super) fn due(&self, limits: &Limits) -> Instant {
        let Limits { ping_interval, pong_timeout, assembly_timeout, .. } = *limits;
        let silence = self.pinged.map_or(self.heard + ping_interval, |pinged| pinged + pong_timeout);
        self.begun.map_or(silence, |begun| silence.min(begun + assembly_timeout))
    }
}
