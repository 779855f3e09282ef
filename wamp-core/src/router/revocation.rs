//! Ends a session's subscription on the router's initiative (specification, "Subscription
//! Revocation").

use crate::handler::inject::subscription::Subscription;
use crate::id::{SessionId, SubscriptionId};
use crate::realm::Realm;
use crate::router::meta;

impl Subscription {
    /// Ends the subscription for this subscriber: it gets no more events, its streams end, and its
    /// held values are dropped. A client that announced `subscription_revocation` gets the reason:
    /// a URI, or a text for humans, which is sent as `Details.message`. Other clients are not told
    /// (E-12). Returns false if the subscription was not accepted yet, or has ended.
    ///
    /// ```
    /// use wamp_core::Subscription;
    ///
    /// fn close(room: &[Subscription]) {
    ///     for subscription in room {
    ///         subscription.revoke("the room is closed");
    ///     }
    /// }
    /// ```
    pub fn revoke(&self, reason: impl Into<String>) -> bool {
        self.is_active() && self.realm.revoke(self.id(), self.session(), reason)
    }
}

impl Realm {
    /// Ends the subscription of one session, as [`Subscription::revoke`] does. Returns false if the
    /// session does not hold it.
    ///
    /// ```
    /// use wamp_core::{Realm, SessionId, SubscriptionId};
    ///
    /// fn expel(realm: &Realm, session: SessionId, from: &[SubscriptionId]) {
    ///     for subscription in from {
    ///         realm.revoke(*subscription, session, "not a member any more");
    ///     }
    /// }
    /// ```
    pub fn revoke(
        &self,
        subscription: SubscriptionId,
        session: SessionId,
        reason: impl Into<String>,
    ) -> bool {
        let left = self.broker().revoke(subscription, session, reason.into());
        left.inspect(|left| meta::unsubscribed(self, session, left)).is_some()
    }
}
