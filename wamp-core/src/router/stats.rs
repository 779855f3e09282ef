//! The state and the counts of a router, and the observers that it tells.

use super::{Router, RouterBuilder};
use crate::realm::observer::Observer;
use crate::realm::stats::RealmStats;

/// The state of a router, and its counts: [`Router::stats`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// Open connections, with and without a session.
    pub connections: usize,
    /// Violations of the protocol, before and after WELCOME, by kind: `frame`, `message`,
    /// `session`, `request`, and those of the host, as `websocket`.
    pub violations: Vec<(String, u64)>,
    /// Connections that the host has refused, by kind.
    pub connections_refused: Vec<(String, u64)>,
    /// The realms, by name.
    pub realms: Vec<RealmStats>,
}

impl Router {
    /// Returns the state of the router, and what it has counted if it was built with
    /// [`metrics(true)`](RouterBuilder::metrics). Takes time proportional to the number of
    /// subscriptions.
    ///
    /// ```
    /// use wamp_core::{Realm, Router};
    ///
    /// let shop = Realm::new("shop");
    /// let router = Router::builder().realm(shop).handlers([]).metrics(true).build()?;
    /// let stats = router.stats();
    /// assert_eq!(stats.realms[0].sessions, 0);
    /// let counts = stats.realms[0].counts.as_ref().expect("metrics are on");
    /// assert_eq!(counts.calls.len(), 0);
    /// # Ok::<(), wamp_core::BuildError>(())
    /// ```
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut realms = self.0.realms.map(|served| served.realm.stats());
        realms.sort_by(|one, other| one.realm.cmp(&other.realm));
        Stats {
            connections: self.0.stop.connections(),
            violations: self.0.violations.read(),
            connections_refused: self.0.refused.read(),
            realms,
        }
    }

    /// Counts a violation of the protocol, for [`stats`](Self::stats). Hosts count those of their
    /// transport.
    pub fn count_violation(&self, kind: &'static str) {
        self.0.violations.count(kind);
    }

    /// Counts a connection that the host has refused, for [`stats`](Self::stats).
    pub fn count_refused(&self, kind: &'static str) {
        self.0.refused.count(kind);
    }
}

impl<R> RouterBuilder<R> {
    /// Counts calls, publications and sessions, and measures calls, for [`Router::stats`]; off by
    /// default. Each worker counts apart, and the clock is read once for all calls that are
    /// answered in one turn of a connection.
    #[track_caller]
    pub fn metrics(mut self, metrics: bool) -> Self {
        self.said.once("metrics(…)");
        self.metrics = metrics;
        self
    }

    /// Adds an [`Observer`] of all realms.
    pub fn observe(mut self, observer: impl Observer) -> Self {
        self.observers.add(observer);
        self
    }
}
