//! Injects the subscription that is being decided.

use std::borrow::Cow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::codec::payload::Payload;
use crate::codec::serializer::EncodeError;
use crate::error::Error;
use crate::handler::context::{Context, FromContext, Subject};
use crate::handler::entry::Attribute;
use crate::id::{PublicationId, SessionId, SubscriptionId};
use crate::realm::Realm;
use crate::session::handle::SessionHandle;

/// The subscription that a `#[subscribe]` handler accepts: a handle that sends events to this one
/// subscriber.
///
/// ```
/// use wamp_core::{EmitError, Subscription};
///
/// async fn welcome(subscription: Subscription) {
///     // Held back until the subscription is accepted.
///     subscription.emit("welcome").ok();
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Subscription {
    id: SubscriptionId,
    topic: Cow<'static, str>,
    handle: Arc<SessionHandle>,
    pub(crate) realm: Realm,
    active: Arc<AtomicBool>,
}

/// The error of an event for one subscriber that cannot be sent.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct EmitError(#[from] EncodeError);

impl Subscription {
    /// Returns the id of the subscription, which all subscribers of the topic share.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.id
    }

    /// Returns the id of the subscriber's session.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.handle.id
    }

    /// Returns the topic, or the client's pattern in WAMP's form.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Returns false once the subscription was refused or has ended, so that producers of its
    /// events can stop.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    /// Sends an event with one positional argument to this one subscriber. Does nothing once the
    /// subscription has ended.
    ///
    /// # Errors
    /// The value cannot be serialised, or is longer than
    /// [`Limits::queued_bytes`](crate::Limits::queued_bytes).
    pub fn emit(&self, value: impl Serialize) -> Result<PublicationId, EmitError> {
        let payload = Payload::builder().arg(value).build()?;
        let publication = PublicationId::random();
        if self.is_active() {
            let message = self.realm.broker().encode(
                self.handle.serializer,
                self.id,
                publication,
                &payload,
            )?;
            self.handle.mailbox.check_length(message.len())?;
            self.handle.mailbox.event(self.id, message);
        }
        Ok(publication)
    }
}

impl FromContext for Subscription {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Subscribe);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        match context.subject() {
            Some(Subject::Subscribe(id, active)) => Ok(Self {
                id: *id,
                topic: context.owned_uri(),
                handle: Arc::clone(context.session().handle()),
                realm: context.session().realm().clone(),
                active: Arc::clone(active),
            }),
            _ => Err(Error::internal("`Subscription` outside #[subscribe]")),
        }
    }
}
