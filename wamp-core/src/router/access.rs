//! Declaring who may join a realm, what they may do, and how much of the server each session may take.

use super::RealmBuilder;
use std::future::Future;

use crate::auth::Authenticator;
use crate::authorization::{Authorization, Authorizer, Permission};
use crate::error::Error;
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

    /// Asks this closure before a client calls, registers, subscribes or publishes: after the syntax of the URI was checked, and
    /// before anything of what exists shows (Z-05). What it allows still has to be declared, and allowed to the role:
    /// an authoriser only takes away. Leaving, unsubscribing and cancelling are always allowed (Z-06).
    ///
    /// An error, or a panic, is a denial: `wamp.error.authorization_failed` (Z-02). A session remembers up to 256 decisions;
    /// see [`Permission::once`](crate::Permission::once).
    ///
    /// ```
    /// use wamp_core::{Action, Authorization, Permission, Realm, RealmBuilder};
    ///
    /// let realm: RealmBuilder = Realm::new("shop").authorize(|request: Authorization| async move {
    ///     let is_staff = request.session().authrole() == "staff";
    ///     Ok(Permission::when(is_staff || request.action() != Action::Publish))
    /// });
    /// ```
    pub fn authorize<F, D>(mut self, decide: F) -> Self
    where
        F: Fn(Authorization) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Permission, Error>> + 'static,
    {
        self.settings.authorizer = Some(Authorizer::new(decide));
        self
    }

    /// Replaces the router's limits for the sessions of this realm, from HELLO on. Those of the transport are the router's.
    ///
    /// ```
    /// use wamp_core::{Limits, Realm, RealmBuilder};
    /// let realm: RealmBuilder = Realm::new("public").limits(Limits::default().subscriptions(8));
    /// ```
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = Some(limits);
        self
    }
}
