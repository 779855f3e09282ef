//! Back-pressure on one publisher: how much it publishes before others get a turn.

use std::time::{Duration, Instant};

use super::Delivered;
use crate::limits::Limits;

/// Deliveries that publications may cause before the host gets its turn.
const DELIVERIES: usize = 4096;

/// The part of a subscriber's queue, in messages or bytes, that one publisher may publish in a
/// round: until all sessions that wait for a turn have had one. Subscribers of the same worker may
/// fall behind by that much although they read; the rest is for other publishers.
const SHARE_OF_QUEUE: usize = 64;

/// The time that a publisher pauses after a round if some of its subscribers are behind, with more
/// than half of their queues full. So subscribers keep up that could empty their queues in 2.6 s:
/// those that read 6 400 events a second, or 1.6 MB, with the default limits.
const PAUSE: Duration = Duration::from_millis(40);

/// The pace of one publisher: turns of the host, and rounds, in which every session gets a turn.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// Deliveries since the host's last turn.
    delivered: usize,
    /// Publications and their bytes in this round; or since `since`, if some subscribers are
    /// behind.
    published: usize,
    published_bytes: usize,
    since: Option<Instant>,
    /// True if the round's share is used up: all others come first.
    is_round_over: bool,
    /// True if some subscribers are behind.
    is_ahead: bool,
    /// Back-pressure: publishing is paused until then, so that lagging subscribers catch up.
    pause: Option<Instant>,
}

impl Pace {
    /// Begins a turn of the host.
    pub(crate) fn begin_turn(&mut self, now: Instant) {
        self.delivered = 0;
        if self.pause.is_some_and(|until| until <= now) {
            self.end_round(now);
        }
    }

    /// Begins a round: all sessions that waited for a turn have had one. If some subscribers are
    /// behind nonetheless, the publisher may publish only one share in each pause, however often it
    /// is woken: subscribers that read catch up, and one that does not only slows the publisher
    /// down, until it is cut off.
    pub(crate) fn begin_round(&mut self, now: Instant) {
        let has_time_passed = self.since.is_none_or(|since| since + PAUSE <= now);
        if !self.is_ahead || has_time_passed && !self.is_round_over {
            self.end_round(now);
        } else if self.is_round_over && self.pause.is_none() {
            self.pause = Some(now + PAUSE);
        }
    }

    fn end_round(&mut self, now: Instant) {
        *self = Self { delivered: self.delivered, since: Some(now), ..Self::default() };
    }

    /// Counts a published event of `bytes` bytes.
    pub(crate) fn count_published(&mut self, delivered: Delivered, bytes: usize, limits: &Limits) {
        self.delivered += delivered.count;
        self.published += 1;
        self.is_ahead |= delivered.is_behind;
        self.is_round_over |= self.published >= limits.queued_messages / SHARE_OF_QUEUE;
        self.count_bytes(bytes.max(delivered.longest), limits);
    }

    /// Counts bytes that were put into another session's queue, so that it gets a turn before they
    /// exceed a share of it.
    pub(crate) fn count_bytes(&mut self, bytes: usize, limits: &Limits) {
        self.published_bytes += bytes;
        self.is_round_over |= self.published_bytes >= limits.queued_bytes / SHARE_OF_QUEUE;
    }

    /// Returns whether an event of `bytes` bytes has to wait for a round of its own, in which it
    /// comes after all earlier ones were read.
    pub(crate) fn ends_round_before(&mut self, bytes: usize, limits: &Limits) -> bool {
        let is_too_much = self.published > 0 && bytes >= limits.queued_bytes / SHARE_OF_QUEUE;
        self.is_round_over |= is_too_much;
        is_too_much
    }

    /// Returns whether a part of the turn was used.
    pub(crate) fn has_delivered(&self) -> bool {
        self.delivered > 0
    }

    /// Returns whether others should get a turn before more is published.
    pub(crate) fn is_enough(&self) -> bool {
        self.delivered >= DELIVERIES || self.is_round_over
    }

    /// Returns when the publisher may continue, if it pauses for lagging subscribers.
    pub(crate) fn pause(&self) -> Option<Instant> {
        self.pause
    }
}
