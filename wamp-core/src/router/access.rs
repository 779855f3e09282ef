//! Methods of the realm's builder that declare who may join, what clients may do, and the limits of
//! a session.

use super::RealmBuilder;
use std::future::Future;

use crate::auth::Authenticator;
use crate::auth::Permission;
use crate::error::Error;
use crate::limits::Limits;
use crate::router::authorizer::Authorization;

impl RealmBuilder {
    /// Adds a method by which clients log in. A client's methods are tried in the client's order,
    /// and the first that the realm has decides (A-02). A realm without any method admits every
    /// client with the identity that the host gives it, normally an anonymous one.
    ///
    /// ```
    /// use wamp_core::{Anonymous, Attempt, Denied, Identity, Realm, Router, Ticket};
    ///
    /// let by_ticket = Ticket::new(|attempt: Attempt| async move {
    ///     let joe = attempt.authid() == Some("joe") && attempt.ticket_is("secret!!!");
    ///     joe.then(|| Identity::new("joe", "user")).ok_or(Denied::credentials())
    /// });
    /// let anonymous = Anonymous::new().role("visitor");
    /// let realm = Realm::new("shop").authenticate(by_ticket).authenticate(anonymous);
    /// let router = Router::builder().realm(realm).handlers([]).build()?;
    /// # Ok::<(), wamp_core::BuildError>(())
    /// ```
    pub fn authenticate(mut self, method: impl Authenticator) -> Self {
        self.settings.authenticators.add(method);
        self
    }

    /// Asks this closure before a client calls, registers, subscribes or publishes: after the
    /// syntax of the URI was checked, and before the answer can reveal what exists (Z-05). An
    /// authoriser only restricts: what it allows must also be declared, and allowed to the role.
    /// Leaving, unsubscribing and cancelling are always allowed (Z-06).
    ///
    /// The closure is asked about URIs only. In a realm with an authoriser, subscriptions to
    /// patterns and registrations of them are denied, unless there is an authoriser for
    /// [patterns](Self::authorize_patterns).
    ///
    /// An error or a panic denies the request: `wamp.error.authorization_failed` (Z-02). The
    /// closure is asked about each request, unless its decision may be
    /// [remembered](crate::Permission::remembered_for). Several closures are asked in order, and
    /// all must allow the request.
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

    /// Asks this closure before a client subscribes to a pattern (a prefix or a wildcard) or
    /// registers one; see [`Authorization::pattern`](crate::Authorization::pattern). Without it, a
    /// realm with an [authoriser](Self::authorize) denies all patterns, because a pattern reaches
    /// every URI that it matches, whichever user that belongs to.
    ///
    /// ```
    /// use wamp_core::{Authorization, Permission, Realm, RealmBuilder, Topic};
    ///
    /// /// Users read their own mail, `mail.alice.inbox`, and subscribe to all folders of it at
    /// /// once, `mail.alice.`.
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

    /// Replaces the router's limits for the sessions of this realm, from HELLO on. The limits of
    /// the transport stay the router's.
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
