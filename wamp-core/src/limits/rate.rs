//! A rate of messages, by the generic cell rate algorithm (GCRA).

use super::Limits;

const SECOND: u64 = 1_000_000_000;

/// A rate of messages. All that counts of the past is one number, the *level*: the time, in
/// nanoseconds, at which the messages so far would have come if they had come evenly.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Rate {
    /// The nanoseconds between two messages that come evenly.
    interval: u64,
    /// The nanoseconds by which a message may be early: those of a burst after its first message.
    tolerance: u64,
}

impl Rate {
    /// Returns the rate of a session; `None` if it has no limit.
    pub(crate) fn of(limits: &Limits) -> Option<Self> {
        let per_second = limits.messages_per_second?;
        let burst = limits.burst.unwrap_or(per_second);
        // Zero is a fault of `build()`.
        let interval = SECOND / (per_second as u64).max(1);
        let tolerance = (burst as u64).saturating_sub(1).saturating_mul(interval);
        Some(Self { interval, tolerance })
    }

    /// Returns the level after a message that came at `now`.
    pub(crate) fn count(self, level: u64, now: u64) -> u64 {
        level.max(now).saturating_add(self.interval)
    }

    /// Returns the time from which the next message is within the rate.
    pub(crate) fn next(self, level: u64) -> u64 {
        level.saturating_sub(self.tolerance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate(per_second: usize, burst: Option<usize>) -> Rate {
        let limits = Limits::default().messages_per_second(Some(per_second)).burst(burst);
        Rate::of(&limits).expect("a limit")
    }

    /// Returns how many of these messages, all sent at `now`, are within the rate.
    fn taken(rate: Rate, level: &mut u64, now: u64) -> usize {
        let mut count = 0;
        while rate.next(*level) <= now && count < 10_000 {
            *level = rate.count(*level, now);
            count += 1;
        }
        count
    }

    #[test]
    fn a_burst_is_taken_at_once_and_then_one_message_in_each_interval() {
        let (rate, mut level) = (rate(10, Some(3)), 0);
        assert_eq!(taken(rate, &mut level, 0), 3);
        assert_eq!(rate.next(level), SECOND / 10);
        assert_eq!(taken(rate, &mut level, SECOND / 10 - 1), 0, "one nanosecond too early");
        assert_eq!(taken(rate, &mut level, SECOND / 10), 1);
        assert_eq!(taken(rate, &mut level, 3 * SECOND / 10), 2);
        assert_eq!(taken(rate, &mut level, 3600 * SECOND), 3, "no more than a burst after an hour");
    }

    #[test]
    fn a_burst_is_one_second_of_messages_where_none_is_set() {
        let (rate, mut level) = (rate(50, None), 0);
        assert_eq!(taken(rate, &mut level, SECOND), 50);
        assert_eq!(taken(rate, &mut level, 2 * SECOND), 50);
    }

    #[test]
    fn who_sends_evenly_at_the_rate_is_never_early() {
        let (rate, mut level) = (rate(1000, Some(1)), 0);
        for number in 0..5000 {
            assert_eq!(taken(rate, &mut level, number * SECOND / 1000), 1);
        }
    }

    #[test]
    fn rates_beyond_all_clocks_do_not_overflow() {
        let (rate, mut level) = (rate(1, Some(usize::MAX)), 0);
        assert_eq!(taken(rate, &mut level, u64::MAX), 10_000);
        assert!(Rate::of(&Limits::default()).is_none());
        let (rate, mut level) = (self::rate(usize::MAX, None), 0);
        assert_eq!(taken(rate, &mut level, 0), 10_000);
    }
}
