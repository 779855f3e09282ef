//! The bound on the sessions of a realm.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The room of a realm for sessions, across all workers.
#[derive(Debug, Default)]
pub(super) struct Seats(Arc<AtomicUsize>);

impl Seats {
    /// Takes room for another session, unless `most` sessions have theirs.
    pub(super) fn take(&self, most: usize) -> Option<Seat> {
        let one_more = |taken| (taken < most).then_some(taken + 1);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).ok()?;
        Some(Seat(Arc::clone(&self.0)))
    }
}

/// Room for one session. It is taken before `#[session]` handlers decide about the session, so that
/// two workers never admit one too many, and released when the session is refused or has ended.
#[derive(Debug)]
pub(crate) struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn no_seat_is_taken_twice_though_many_threads_take_them_at_once() {
        let seats = Seats::default();
        let taken: Vec<Seat> = thread::scope(|scope| {
            let takers: Vec<_> = (0..8)
                .map(|_| {
                    scope.spawn(|| (0..100).filter_map(|_| seats.take(250)).collect::<Vec<_>>())
                })
                .collect();
            takers.into_iter().flat_map(|taker| taker.join().expect("no panic")).collect()
        });
        assert_eq!(taken.len(), 250);
        assert!(seats.take(250).is_none());
        drop(taken);
        assert_eq!(
            (0..251).filter_map(|_| seats.take(250)).count(),
            251,
            "each was given back at once"
        );
    }
}
