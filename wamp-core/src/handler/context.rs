//! The context of a handler, and the values that are injected from it.

use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;

use crate::codec::payload::Payload;
use crate::codec::serializer::EncodeError;
use crate::error::{Error, uris};
use crate::handler::call_state::CallState;
use crate::handler::reply::IntoReply;
use crate::id::{PublicationId, RequestId, SessionId, SubscriptionId};
use crate::limits::Limits;
use crate::message::{Details, Passthru};
use crate::realm::Realm;
use crate::realm::session::Session;
use crate::router::Router;
use crate::session::handle::SessionHandle;
use crate::session::send_buffer::SendBuffer;

/// One message of a client, as its handler sees it: the session, the URI and the arguments.
#[derive(Debug)]
pub struct Context {
    pub(crate) link: Rc<Link>,
    pub(crate) uri: Cow<'static, str>,
    pub(crate) payload: Payload,
    pub(crate) subject: Subject,
}

/// The values that all handlers of a session share.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) session: Session,
    pub(crate) router: Router,
    /// The limits of the realm.
    pub(crate) limits: Arc<Limits>,
    pub(crate) host: Rc<dyn Any>,
    pub(crate) send_buffer: Rc<RefCell<SendBuffer>>,
}

/// The message that is being answered.
#[derive(Debug)]
pub(crate) enum Subject {
    Call(Rc<CallState>),
    /// The flag becomes false when the subscription ends.
    Subscribe(SubscriptionId, Arc<AtomicBool>),
    Publish(PublicationId),
    Join,
}

impl Context {
    /// Returns the session that sent the message.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.link.session
    }

    /// Returns the router that serves the session.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.link.router
    }

    /// Returns the procedure or topic that the client named, or its pattern in WAMP's form; empty
    /// when a session joins.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// Returns the host's value for the connection, if it is a `T`: for `wamp-actix`, the
    /// `HttpRequest` of the upgrade.
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.link.host.downcast_ref()
    }

    /// Returns the arguments of the message.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// Returns the call that is being answered.
    pub(crate) fn call(&self) -> Result<&Rc<CallState>, Error> {
        match &self.subject {
            Subject::Call(call) => Ok(call),
            _ => Err(Error::internal("what belongs to a call was asked for outside #[rpc]")),
        }
    }

    /// Sends the RESULT of the call, unless the caller was released.
    #[doc(hidden)]
    pub fn reply<R: IntoReply>(&self, reply: R) -> Result<(), Error> {
        let call = self.call()?;
        if call.is_answered() {
            return Ok(());
        }
        let passthru = reply.passthru();
        if passthru.is_some() && !self.session().handle().features.caller.payload_passthru_mode {
            return Err(Error::feature_not_supported(
                "the caller takes no payload in passthru mode",
            )); // X-03
        }
        let limit = self.link.limits.max_result_bytes;
        let mut send_buffer = self.link.send_buffer.borrow_mut();
        if send_buffer.len() > self.link.limits.queued_bytes_peak {
            return Err(
                Error::new(uris::UNAVAILABLE).arg("too much waits to be sent to the caller")
            );
        }
        let details = Details::new(false, passthru.as_ref());
        send_buffer.result(call.request, &details, limit, |writer| reply.write(writer))?;
        call.answer();
        Ok(())
    }
}

/// A type that is injected into handlers: it is made from the context of the message, never from
/// the client's arguments.
///
/// Injection wins over reading: a client cannot forge a type that is both injectable and
/// deserialisable.
///
/// ```
/// use wamp_core::{Context, Error, FromContext, Session};
///
/// /// The customer to whom this session belongs.
/// struct Customer(String);
///
/// impl FromContext for Customer {
///     async fn from_context(context: &Context) -> Result<Self, Error> {
///         match context.session().authid() {
///             "" => Err(Error::not_authorized("log in first")),
///             authid => Ok(Customer(authid.to_owned())),
///         }
///     }
/// }
/// ```
pub trait FromContext: Sized {
    /// The attribute of handlers to which the type is restricted, if any.
    #[doc(hidden)]
    const ONLY_IN: Option<Attribute> = None;

    /// The feature that a handler with such a parameter supports, as a callee announces it.
    #[doc(hidden)]
    const FEATURE: Option<Feature> = None;

    /// Makes the value.
    ///
    /// # Errors
    /// The ERROR that the client gets instead of an answer.
    fn from_context(context: &Context) -> impl Future<Output = Result<Self, Error>>;
}

/// The kinds of handlers.
#[doc(hidden)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    Rpc,
    Subscribe,
    Publish,
    Session,
}

/// Features of a handler that follow from its parameters' types.
#[doc(hidden)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Feature {
    ProgressiveCallInvocations,
    PayloadPassthruMode,
}

/// Injects `None` if the value cannot be made.
impl<T: FromContext> FromContext for Option<T> {
    const ONLY_IN: Option<Attribute> = T::ONLY_IN;
    const FEATURE: Option<Feature> = T::FEATURE;

    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(T::from_context(context).await.ok())
    }
}

impl FromContext for Session {
    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(context.session().clone())
    }
}

impl FromContext for Realm {
    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(context.session().realm().clone())
    }
}

impl FromContext for Router {
    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(context.router().clone())
    }
}

/// The call that an `#[rpc]` handler answers.
///
/// ```
/// use wamp_core::Call;
///
/// async fn which(call: Call) -> String {
///     call.procedure().to_owned()
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Call {
    request: RequestId,
    procedure: Cow<'static, str>,
    caller: Option<SessionId>,
}

impl Call {
    /// Returns the id of the request.
    #[must_use]
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// Returns the procedure that was called; for a handler under a pattern, the URI that the
    /// caller named.
    #[must_use]
    pub fn procedure(&self) -> &str {
        &self.procedure
    }

    /// Returns the caller's session id, if the caller asked to be disclosed
    /// (`CALL.Options.disclose_me`, DI-01). [`Session`] has the authid and authrole of every
    /// caller, disclosed or not; this tells whether they may be shown to others.
    #[must_use]
    pub fn caller(&self) -> Option<SessionId> {
        self.caller
    }
}

impl FromContext for Call {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Rpc);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        let call = context.call()?;
        let caller = call.disclose_me.then(|| context.session().id());
        Ok(Self { request: call.request, procedure: context.uri.clone(), caller })
    }
}

/// Fails if the call's payload is not in passthru mode; an `Option` is `None` then.
impl FromContext for Passthru {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Rpc);
    const FEATURE: Option<Feature> = Some(Feature::PayloadPassthruMode);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        let passthru = context.call()?.passthru.as_deref().cloned();
        passthru.ok_or_else(|| Error::invalid_argument("the payload is not in passthru mode"))
    }
}

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
    /// The value cannot be serialised, or is longer than [`Limits::queued_bytes`].
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
        match &context.subject {
            Subject::Subscribe(id, active) => Ok(Self {
                id: *id,
                topic: context.uri.clone(),
                handle: Arc::clone(context.session().handle()),
                realm: context.session().realm().clone(),
                active: Arc::clone(active),
            }),
            _ => Err(Error::internal("`Subscription` outside #[subscribe]")),
        }
    }
}

/// The event that a `#[publish]` handler permits or refuses.
///
/// ```
/// use wamp_core::Publication;
///
/// async fn log(publication: Publication) {
///     println!("{} on {}", publication.id(), publication.topic());
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Publication {
    id: PublicationId,
    topic: Cow<'static, str>,
    payload: Payload,
}

impl Publication {
    /// Returns the id that subscribers see.
    #[must_use]
    pub fn id(&self) -> PublicationId {
        self.id
    }

    /// Returns the topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// Returns the payload of the event.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }
}

impl FromContext for Publication {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Publish);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        match context.subject {
            Subject::Publish(id) => {
                Ok(Self { id, topic: context.uri.clone(), payload: context.payload.clone() })
            }
            _ => Err(Error::internal("`Publication` outside #[publish]")),
        }
    }
}
