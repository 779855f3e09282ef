//! Declaring who may join a realm, and how much of the server each session may take.

use super::RealmBuilder;
use crate::auth::Authenticator;
use crate::limits::Limits;

impl RealmBuilder {
    /// Adds a method by which clients log in. A client's methods are tried in its own order, and the first that the realm
    /// has decides (A-02). A realm without any serves everybody who comes, as the host knows them: anonymous, as a rule.
    ///
    /// ```
    /// use wamp_core::{Anonymous, Attempt, Denied, Identity, Realm, Router, Ticket};
    ///
    /// let by_ticket = Ticket::new(|attempt: Attempt| async move {
    ///     let joe = attempt.authid() == Some("joe") && attempt.ticket_is("secret!!!");
    ///     joe.then(|| Identity::new("joe", "user")).ok_or(Denied::credentials())
    /// });
    /// let realm = Realm::new("shop").authenticate(by_ticket).authenticate(Anonymous::new().role("visitor"));
    /// let router = Router::builder().realm(realm).handlers([]).build()?;
    /// # Ok::<(), wamp_core::BuildError>(())
    /// ```
    pub fn authenticate(mut self, method: impl Authenticator) -> Self {
        self.settings.authenticators.add(method);
        self
    }

    /// Replaces the router's limits for the sessions of this realm, from HELLO on. Those of the transport are the router's.
    ///
    /// ```
    /// use wamp_core::{Limits, Realm, RealmBuilder};
    /// let realm: RealmBuilder = Realm::new("public").limits(Limits { subscriptions: 8, ..Limits::default() });
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = Some(limits);
        self
    }
}
