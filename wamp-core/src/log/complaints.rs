//! The bound on log lines that clients can cause: a few a second for each address, then the number
//! of those left out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::address::customer;
use crate::log;

/// The period over which lines are counted.
const PERIOD: Duration = Duration::from_secs(1);

/// The addresses that are counted apart in a period. All others share a count, so that clients
/// cannot make the table grow.
const ADDRESSES: usize = 256;

/// Counts the log lines about clients in the present second, those written and those left out.
#[derive(Debug)]
pub(crate) struct Complaints {
    /// The most lines about one address in a period.
    most: usize,
    period: Mutex<Period>,
}

#[derive(Debug, Default)]
struct Period {
    began: Option<Instant>,
    by_address: HashMap<Option<IpAddr>, Lines>,
    of_others: Lines,
}

/// The lines about one address.
#[derive(Copy, Clone, Debug, Default)]
struct Lines {
    written: usize,
    left_out: u64,
}

impl Complaints {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, period: Mutex::default() }
    }

    /// Returns whether a line about a client at this address may be written; if not, the line is
    /// counted.
    pub(crate) fn admit(&self, address: Option<IpAddr>, now: Instant) -> bool {
        self.settle(now);
        let mut period = self.period.lock();
        period.began.get_or_insert(now);
        let lines = period.about(address.map(customer));
        let is_admitted = lines.written < self.most;
        if is_admitted {
            lines.written += 1;
        } else {
            lines.left_out += 1;
        }
        is_admitted
    }

    /// Writes how many lines were left out, if their second is over.
    pub(crate) fn settle(&self, now: Instant) {
        let over = {
            let mut period = self.period.lock();
            period.is_over(now).then(|| std::mem::take(&mut *period))
        };
        if let Some(over) = over {
            over.tell();
        }
    }
}

impl Period {
    /// Returns whether the period is over. Clocks of tests need not agree, and this thread's may be
    /// a little behind.
    fn is_over(&self, now: Instant) -> bool {
        self.began.is_some_and(|began| now.saturating_duration_since(began) >= PERIOD)
    }

    fn about(&mut self, address: Option<IpAddr>) -> &mut Lines {
        if self.by_address.len() < ADDRESSES || self.by_address.contains_key(&address) {
            self.by_address.entry(address).or_default()
        } else {
            &mut self.of_others
        }
    }

    fn tell(&self) {
        for (address, Lines { left_out, .. }) in &self.by_address {
            match address {
                _ if *left_out == 0 => {}
                Some(address) => {
                    tracing::warn!(
                        target: log::SESSION,
                        %address,
                        left_out,
                        "more lines about a client are left out"
                    );
                }
                None => tracing::warn!(
                    target: log::SESSION,
                    left_out,
                    "more lines about clients without an address are left out"
                ),
            }
        }
        let left_out = self.of_others.left_out;
        if left_out > 0 {
            tracing::warn!(
                target: log::SESSION,
                left_out,
                "more lines about clients at other addresses are left out"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(number: u32) -> Option<IpAddr> {
        Some(number.to_be_bytes().into())
    }

    /// Counts how many of `lines` lines about this address are written.
    fn written(
        complaints: &Complaints,
        address: Option<IpAddr>,
        lines: usize,
        now: Instant,
    ) -> usize {
        (0..lines).filter(|_| complaints.admit(address, now)).count()
    }

    #[test]
    fn an_address_has_its_lines_in_each_second_and_none_of_another() {
        let (complaints, now) = (Complaints::new(3), Instant::now());
        assert_eq!(written(&complaints, address(1), 3, now), 3);
        assert_eq!(written(&complaints, address(1), 1, now + PERIOD / 2), 0);
        assert_eq!(written(&complaints, address(2), 4, now + PERIOD / 2), 3);
        assert_eq!(written(&complaints, None, 4, now), 3);
        assert_eq!(written(&complaints, address(1), 4, now + PERIOD), 3);
        assert_eq!(
            written(&complaints, address(1), 4, now),
            0,
            "a clock that is behind begins no second"
        );
    }

    #[test]
    fn the_holder_of_an_ipv6_network_has_the_lines_of_one_address() {
        let (complaints, now) = (Complaints::new(1), Instant::now());
        let [one, same, other] =
            ["2001:db8::1", "2001:db8::2", "2001:db8:0:1::1"].map(|address| address.parse().ok());
        assert!(
            complaints.admit(one, now)
                && !complaints.admit(same, now)
                && complaints.admit(other, now)
        );
    }

    #[test]
    fn strangers_cannot_make_the_table_grow() {
        let (complaints, now) = (Complaints::new(2), Instant::now());
        let lines = (0..100_000).filter(|number| complaints.admit(address(*number), now)).count();
        assert_eq!(lines, ADDRESSES + 2, "one for each that is told apart, and two for all others");
        let period = complaints.period.lock();
        assert_eq!(
            (period.by_address.len(), period.of_others.left_out),
            (ADDRESSES, 100_000 - 256 - 2)
        );
        drop(period);
        complaints.settle(now + PERIOD);
        assert_eq!(complaints.period.lock().by_address.capacity(), 0);
    }
}
