//! The file descriptors of connections. Their bound is lower than the process's limit, so that the
//! application can still open files.
//!
//! The limit is read from `/proc/self/limits`: calling `getrlimit` takes `unsafe`, which this
//! workspace forbids, and none of its dependencies wraps the call.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Descriptors reserved for everything else: listeners, logs, files and databases of the
/// application.
const KEPT_BACK: usize = 64;

/// The number of descriptors that the connections of all routers hold.
static HELD: AtomicUsize = AtomicUsize::new(0);

/// The descriptors of one connection.
#[derive(Debug)]
pub(crate) struct Descriptors(usize);

impl Descriptors {
    /// Takes `count` descriptors; `None` if connections would then hold more than the process
    /// allows.
    pub(crate) fn take(count: usize) -> Option<Self> {
        let most = allowed().unwrap_or(usize::MAX);
        let more = |held: usize| held.checked_add(count).filter(|held| *held <= most);
        HELD.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self(count))
    }
}

impl Drop for Descriptors {
    fn drop(&mut self) {
        HELD.fetch_sub(self.0, Ordering::Relaxed);
    }
}

/// Returns how many descriptors all connections may hold; `None` without a limit, or if it is
/// unknown.
pub(crate) fn allowed() -> Option<usize> {
    static ALLOWED: OnceLock<Option<usize>> = OnceLock::new();
    *ALLOWED.get_or_init(|| {
        let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
        soft_limit(&limits).map(|limit| limit.saturating_sub(KEPT_BACK))
    })
}

/// Parses the first number of `Max open files            1024                 524288
/// files`.
fn soft_limit(limits: &str) -> Option<usize> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_soft_limit_is_the_first_number_of_its_line() {
        let limits = "\
Limit                     Soft Limit           Hard Limit           Units     \n\
Max processes             62931                62931                processes \n\
Max open files            1024                 524288               files     \n";
        assert_eq!(soft_limit(limits), Some(1024));
        assert_eq!(soft_limit(&limits.replace("1024 ", "unlimited ")), None);
        assert_eq!(soft_limit(""), None);
    }
}
