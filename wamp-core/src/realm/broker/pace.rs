//! How much one publisher publishes before others have their turn.

use std::time::{Duration, Instant};

use super::Delivered;
use crate::limits::Limits;

/// Deliveries that publications may cause before the host gets its turn.
const DELIVERIES: usize = 4096;

/// What may be published until all who wait for a turn have had one, in messages or bytes: this part of what a subscriber's
/// queue holds. So far may subscribers of the same worker fall behind although they read; the rest is for other publishers.
const SHARE_OF_QUEUE: usize = 64;

/// How long a publisher that has published that much waits if some of its subscribers are behind, with more than half of
/// their queues full. So those keep up who could empty their queues in 2.6 s: who take 6 400 events in a second, or 1.6 MB,
/// with the default limits.
const PAUSE: Duration = Duration::from_millis(40);

/// The pace of one publisher: turns of the host, and rounds, in which everybody has a turn.
#[derive(Debug, Default)]
pub(crate) struct Pace {
    /// How often events were delivered since the host had its turn.
    delivered: usize,
    /// Publications, and their bytes, since everybody had a turn; or since this time, if some are behind.
    published: usize,
    published_bytes: usize,
    since: Option<Instant>,
    /// Enough of them: all others come first.
    is_round_over: bool,
    /// Some of those who get them are behind.
    is_ahead: bool,
    /// Until then nothing more is published, for the sake of those.
    pause: Option<Instant>,
}

impl Pace {
    /// The host has had its turn.
    pub(crate) fn begin_turn(&mut self, now: Instant) {
        self.delivered = 0;
        if self.pause.is_some_and(|until| until <= now) {
            self.end_round(now);
        }
    }

    /// All who waited for a turn have had one. If some of them are behind nonetheless, the publisher may publish only so much
    /// in a while, however often it is woken: who reads catches up, and who does not costs it no more than its pace, until it
    /// is cut off.
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

    /// Counts an event of so many bytes.
    pub(crate) fn count_published(&mut self, delivered: Delivered, bytes: usize, limits: &Limits) {
        self.delivered += delivered.count;
        self.published += 1;
        self.is_ahead |= delivered.is_behind;
        self.is_round_over |= self.published >= limits.queued_messages / SHARE_OF_QUEUE;
        self.count_bytes(bytes.max(delivered.longest), limits);
    }

    /// Counts what was put into another session's queue: that session has its turn before it is more than a share of it.
    pub(crate) fn count_bytes(&mut self, bytes: usize, limits: &Limits) {
        self.published_bytes += bytes;
        self.is_round_over |= self.published_bytes >= limits.queued_bytes / SHARE_OF_QUEUE;
    }

    /// Whether an event of so many bytes has to wait, because it has a round of its own: what came before it is taken first.
    pub(crate) fn ends_round_before(&mut self, bytes: usize, limits: &Limits) -> bool {
        let is_too_much = self.published > 0 && bytes >= limits.queued_bytes / SHARE_OF_QUEUE;
        self.is_round_over |= is_too_much;
        is_too_much
    }

    /// Whether a part of the turn was used.
    pub(crate) fn has_delivered(&self) -> bool {
        self.delivered > 0
    }

    /// Whether others should have their turn before more is published.
    pub(crate) fn is_enough(&self) -> bool {
        self.delivered >= DELIVERIES || self.is_round_over
    }

    /// When a publisher may go on that waits for those who are behind.
    pub(crate) fn pause(&self) -> Option<Instant> {
        self.pause
    }
}
