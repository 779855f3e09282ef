//! Declaring who may join a realm, what they may do, and how much of the server each session may take.

use super::RealmBuilder;
use std::future::Future;

use crate::auth::Authenticator;
use crate::auth::Permission;
use crate::error::Error;
use crate::limits::Limits;
use crate::router::authorizer::Authorization;

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
    /// The closure is asked about URIs only. Subscriptions to patterns, and registrations of them, are denied in a realm with an
    /// authoriser, unless there is one for [patterns](Self::authorize_patterns).
    ///
    /// An error, or a panic, is a denial: `wamp.error.authorization_failed` (Z-02). The closure is asked about each request, unless its
    /// decision may be [remembered](crate::Permission::remembered_for). Several are asked one after the other, and all must allow it.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wamp_core::{Action, Authorization, Permission, Realm, RealmBuilder};
    ///
    /// let realm: RealmBuilder = Realm::new("shop").authorize(|request: Authorization| async move {
    ///     let is_staff = request.session().authrole() == "staff";
    ///     let permission = Permission::when(is_staff || request.action() != Action::Publish);
    ///     Ok(permission.remembered_for(Duration::from_secs(60)))
    /// });
    /// ```
    pub fn authorize<F, D>(mut self, decide: F) -> Self
    where
        F: Fn(Authorization) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Permission, Error>> + 'static,
    {
        self.settings.authorizers.add(decide);
        self
    }

    /// Asks this closure before a client subscribes to a pattern or registers one, a prefix or a wildcard; see
    /// [`Authorization::pattern`](crate::Authorization::pattern). Without one, a realm that has an [authoriser](Self::authorize) denies
    /// them all: a pattern reaches everything that it matches, whoever that belongs to.
    ///
    /// ```
    /// use wamp_core::{Authorization, Permission, Realm, RealmBuilder, Topic};
    ///
    /// /// Users read their own mail, `mail.alice.inbox`, and subscribe to all folders of it at once, `mail.alice.`.
    /// let own_mail = |request: Authorization| async move {
    ///     let is_own = request.capture("user").is(request.session().authid());
    ///     Ok(Permission::when(request.declared() == Some("mail.{user}.{folder}") && is_own))
    /// };
    /// let realm: RealmBuilder = Realm::new("mail")
    ///     .topic("mail.{user}.{folder}", Topic::open())
    ///     .authorize(own_mail)
    ///     .authorize_patterns(own_mail);
    /// ```
    pub fn authorize_patterns<F, D>(mut self, decide: F) -> Self
    where
        F: Fn(Authorization) -> D + Send + Sync + 'static,
        D: Future<Output = Result<Permission, Error>> + 'static,
    {
        self.settings.authorizers.add_for_patterns(decide);
        self
    }

    /// Replaces the router's limits for the sessions of this realm, from HELLO on. Those of the transport are the router's.
    ///
    /// ```
    /// use wamp_core::{Limits, Realm, RealmBuilder};
    /// let realm: RealmBuilder = Realm::new("public").limits(Limits::default().subscriptions(8));
    /// ```
    #[track_caller]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.said.once("limits(…)");
        self.settings.limits = Some(limits);
        self
    }
}
