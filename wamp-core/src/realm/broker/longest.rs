//! The bound on an event's length in each format, and the log lines about events that are left out.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::codec::serializer::{EncodeError, Serializer};
use crate::error::shortened;
use crate::limits::Limits;
use crate::log;

/// The time after which the log may name a topic again.
const SILENCE: Duration = Duration::from_secs(60);

/// The most topics that are named in that time, because clients choose them.
const MOST_TOPICS: usize = 256;

/// Leaves events that are too long in a format out for the subscribers that use it.
#[derive(Debug)]
pub(super) struct Longest {
    bytes: usize,
    hasher: RandomState,
    /// The time at which a topic was named last, by the topic's hash.
    named: Mutex<HashMap<u64, Instant>>,
}

impl Longest {
    pub(super) fn new(limits: &Limits) -> Self {
        Self { bytes: limits.queued_bytes, hasher: RandomState::new(), named: Mutex::default() }
    }

    /// Returns whether an event of this length may be sent; if not, its topic is logged.
    pub(super) fn admits(&self, topic: &str, serializer: Serializer, bytes: usize) -> bool {
        let admits = bytes <= self.bytes;
        if !admits && self.may_name(topic) {
            let (format, most) = (serializer.format(), self.bytes);
            tracing::warn!(
                target: log::CALL,
                topic = ?shortened(topic),
                ?format,
                bytes,
                most,
                "an event is too long for `queued_bytes` and left out"
            );
        }
        admits
    }

    /// Logs that a format cannot express an event.
    pub(super) fn inexpressible(&self, topic: &str, serializer: Serializer, error: &EncodeError) {
        if self.may_name(topic) {
            tracing::warn!(
                target: log::CALL,
                topic = ?shortened(topic),
                format = ?serializer.format(),
                %error,
                "an event is left out"
            );
        }
    }

    fn may_name(&self, topic: &str) -> bool {
        let (now, topic) = (Instant::now(), self.hasher.hash_one(topic));
        let mut named = self.named.lock();
        named.retain(|_, last| now.duration_since(*last) < SILENCE);
        let is_due = named.len() < MOST_TOPICS && !named.contains_key(&topic);
        if is_due {
            named.insert(topic, now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_is_named_once_in_a_while_and_not_too_many_of_them() {
        let longest = Longest::new(&Limits::default());
        assert!(longest.may_name("a") && longest.may_name("b"));
        assert!(!longest.may_name("a"));
        for number in 2..MOST_TOPICS {
            assert!(longest.may_name(&number.to_string()));
        }
        assert!(!longest.may_name("one too many"));
        longest.named.lock().values_mut().for_each(|last| *last -= SILENCE);
        assert!(longest.may_name("a"));
    }
}
