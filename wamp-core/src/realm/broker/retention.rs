//! Retained events of one realm, which are shown to later subscribers (E-01 … E-06).

mod retained;
mod shares;
mod showing;
mod store;
#[cfg(test)]
mod tests;

use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use super::event::{Event, Retainer};
use crate::error::shortened;
use crate::limits::Limits;
use crate::log;
use crate::realm::pattern::{Pattern, Patterns};
use crate::session::principal::Principal;
pub(crate) use retained::Retained;
use shares::Account;
pub(crate) use showing::{Showing, Step};
use store::Store;

/// A topic declaration's rule for retaining the events of clients.
#[derive(Copy, Clone, Debug)]
pub(crate) struct RetentionRule {
    /// The declaration's number, from 1.
    pub(crate) declaration: usize,
    /// The most events of its topics that are retained; `None` if the declaration does not allow
    /// it.
    pub(crate) up_to: Option<usize>,
}

/// Retained events of one realm.
#[derive(Debug)]
pub(super) struct Retention {
    /// The rules by the topics that are declared for publishers.
    rules: Patterns<RetentionRule>,
    store: Mutex<Store>,
    /// The most retained events that one subscription is shown.
    per_subscription: usize,
    left_out: Mutex<LeftOut>,
}

/// The least time between two log lines about events that subscriptions were not shown.
const LOG_PAUSE: Duration = Duration::from_secs(60);

/// Counts those events since the last such line.
#[derive(Debug, Default)]
struct LeftOut {
    told: Option<Instant>,
    count: usize,
}

/// The locked store; while it is held, no event of the realm becomes retained.
pub(super) type LockedStore<'r> = MutexGuard<'r, Store>;

/// The account to which a retained event counts, and the bound of its declaration.
#[derive(Debug)]
pub(super) struct Place {
    account: Account,
    /// The most events of the declaration.
    up_to: usize,
}

impl LeftOut {
    /// Counts `more` events. Returns the number since the last line if it is time for another.
    fn count(&mut self, more: usize, now: Instant) -> Option<usize> {
        self.count += more;
        if self.told.is_some_and(|told| now < told + LOG_PAUSE) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

impl Retention {
    pub(super) fn new(rules: Patterns<RetentionRule>, limits: &Limits) -> Self {
        let per_subscription = limits.retained_per_subscription;
        let (store, left_out) = (Mutex::new(Store::new(limits)), Mutex::default());
        Self { rules, store, per_subscription, left_out }
    }

    /// Locks the store, so that a subscription begins with the events retained before it and
    /// continues with those that come after.
    pub(super) fn hold(&self) -> LockedStore<'_> {
        self.store.lock()
    }

    /// Logs, at most once a minute, how many events of a pattern were not shown to subscribers.
    pub(super) fn tell_left_out(&self, pattern: &Pattern, count: usize, now: Instant) {
        if count > 0
            && let Some(left_out) = self.left_out.lock().count(count, now)
        {
            let (pattern, limit) = (shortened(&pattern.uri), self.per_subscription);
            tracing::warn!(
                target: log::CALL,
                left_out,
                limit,
                ?pattern,
                "subscriptions were not shown all that is retained: only the newest, up to \
                 `retained_per_subscription`"
            );
        }
    }

    /// Returns the place of an event, if its publisher asks for it to be retained and the topic's
    /// declaration allows it (E-05).
    pub(super) fn place(&self, event: &Event<'_>) -> Option<Place> {
        let retainer = event.retainer?;
        let rule = self.rules.find(event.topic);
        let (principal, up_to) = match retainer {
            // On every topic, because clients' events and the server's are counted apart.
            Retainer::Server => (Principal::Server, usize::MAX),
            Retainer::Client(handle) => {
                (Principal::of(&handle.identity, handle.address), rule?.up_to?)
            }
        };
        let declaration = rule.map_or(0, |rule| rule.declaration);
        Some(Place { account: Account { declaration, principal }, up_to })
    }
}
