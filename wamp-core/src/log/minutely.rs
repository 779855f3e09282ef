//! Events that are logged at most once a minute, however often they happen.

use std::time::{Duration, Instant};

const MINUTE: Duration = Duration::from_secs(60);

/// Counts events between two log lines that are at least a minute apart.
#[derive(Debug, Default)]
pub(crate) struct Minutely {
    told: Option<Instant>,
    count: usize,
}

impl Minutely {
    /// Counts `more` events. Returns the number since the last line if it is time for another.
    pub(crate) fn count(&mut self, more: usize, now: Instant) -> Option<usize> {
        self.count += more;
        if self.told.is_some_and(|told| now < told + MINUTE) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_told_at_once_and_the_others_together_a_minute_later() {
        let (mut counted, now) = (Minutely::default(), Instant::now());
        assert_eq!(counted.count(2, now), Some(2));
        assert_eq!(counted.count(3, now + MINUTE / 2), None);
        assert_eq!(counted.count(1, now + MINUTE), Some(4));
        assert_eq!(counted.count(1, now + MINUTE), None);
    }
}
