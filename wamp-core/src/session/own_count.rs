//! A number that one thread writes.

use std::sync::atomic::{AtomicU64, Ordering};

/// A number that one thread writes, and every thread may read. It changes without a locked
/// instruction, which would cost a call more than all else that is counted.
#[derive(Debug, Default)]
pub(crate) struct OwnCount(AtomicU64);

impl OwnCount {
    /// Adds. No reader relies on the order of several counts.
    #[inline]
    pub(crate) fn add(&self, more: u64) {
        self.0.store(self.get().wrapping_add(more), Ordering::Relaxed);
    }

    #[inline]
    pub(crate) fn subtract(&self, less: u64) {
        self.add(less.wrapping_neg());
    }

    #[inline]
    pub(crate) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
