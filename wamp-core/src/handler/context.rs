//! What a handler runs for, and the values that are injected from it.

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

/// What one message of a client asks of a handler: who asks, for what, with which arguments.
#[derive(Debug)]
pub struct Context {
    pub(crate) link: Rc<Link>,
    pub(crate) uri: Cow<'static, str>,
    pub(crate) payload: Payload,
    pub(crate) subject: Subject,
}

/// What a session's handlers share.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) session: Session,
    pub(crate) router: Router,
    /// The realm's.
    pub(crate) limits: Arc<Limits>,
    pub(crate) host: Rc<dyn Any>,
    pub(crate) send_buffer: Rc<RefCell<SendBuffer>>,
}

/// Which message is being answered.
#[derive(Debug)]
pub(crate) enum Subject {
    Call(Rc<CallState>),
    /// The flag is false once the subscription has ended.
    Subscribe(SubscriptionId, Arc<AtomicBool>),
    Publish(PublicationId),
    Join,
}

impl Context {
    /// The session that asks.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.link.session
    }

    /// The router that serves the session.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.link.router
    }

    /// The procedure or topic that the client named, or its pattern in WAMP's form; empty when a session joins.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// What the host attached to the connection: for `wamp-actix`, the `HttpRequest` of the upgrade.
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.link.host.downcast_ref()
    }

    /// The arguments of the message.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.payload
    }

    /// The call that is answered.
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
            return Err(Error::feature_not_supported("the caller takes no payload in passthru mode")); // X-03
        }
        let limit = self.link.limits.max_result_bytes;
        let mut send_buffer = self.link.send_buffer.borrow_mut();
        if send_buffer.len() > self.link.limits.queued_bytes_peak {
            return Err(Error::new(uris::UNAVAILABLE).arg("too much waits to be sent to the caller"));
        }
        let details = Details::new(false, passthru.as_ref());
        send_buffer.result(call.request, &details, limit, |writer| reply.write(writer))?;
        call.answer();
        Ok(())
    }
}

/// A type that handlers can ask for: it is made from the context of the call, never from what the client sent.
///
/// Injection wins over reading: a type that is both injectable and deserialisable cannot be forged by a client.
///
/// ```
/// use wamp_core::{Context, Error, FromContext, Session};
///
/// /// The customer that this session belongs to.
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
    /// The attribute outside which the type makes no sense, if there is one.
    #[doc(hidden)]
    const ONLY_IN: Option<Attribute> = None;

    /// What a handler that takes the type supports, as a callee announces it.
    #[doc(hidden)]
    const FEATURE: Option<Feature> = None;

    /// Makes the value.
    ///
    /// # Errors
    /// Whatever the client shall get as ERROR instead of an answer.
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

/// Features that a handler has if it takes a parameter of a certain type.
#[doc(hidden)]
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Feature {
    ProgressiveCallInvocations,
    PayloadPassthruMode,
}

/// `None` where the value cannot be made.
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
    /// The id of the request.
    #[must_use]
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// The procedure that was called: under a pattern, the URI that the caller named.
    #[must_use]
    pub fn procedure(&self) -> &str {
        &self.procedure
    }

    /// The caller's session, where the caller asked to be disclosed (`CALL.Options.disclose_me`, DI-01). Authid and
    /// authrole of every caller are in [`Session`], undisclosed ones too: what may be shown to others is told here.
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

/// Fails for a call whose payload is not in passthru mode; as an `Option` it is `None` then.
impl FromContext for Passthru {
    const ONLY_IN: Option<Attribute> = Some(Attribute::Rpc);
    const FEATURE: Option<Feature> = Some(Feature::PayloadPassthruMode);

    async fn from_context(context: &Context) -> Result<Self, Error> {
        let passthru = context.call()?.passthru.as_deref().cloned();
        passthru.ok_or_else(|| Error::invalid_argument("the payload is not in passthru mode"))
    }
}

/// The subscription that a `#[subscribe]` handler accepts: a handle to send events to this subscriber alone.
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

/// An event for one subscriber could not be serialised.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct EmitError(#[from] EncodeError);

impl Subscription {
    /// The id of the subscription, which all subscribers of the topic share.
    #[must_use]
    pub fn id(&self) -> SubscriptionId {
        self.id
    }

    /// The session that subscribes.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.handle.id
    }

    /// The topic, or the client's pattern in WAMP's form.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// False once it was refused, or has ended: who produces events for it can stop.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    /// Sends an event with one positional argument to this subscriber only. Without effect once the subscription has ended.
    ///
    /// # Errors
    /// The value cannot be serialised, or is longer than [`Limits::queued_bytes`].
    pub fn emit(&self, value: impl Serialize) -> Result<PublicationId, EmitError> {
        let payload = Payload::builder().arg(value).build()?;
        let publication = PublicationId::random();
        if self.is_active() {
            let message =
                self.realm.broker().encode(self.handle.serializer, self.id, publication, &payload)?;
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

/// The event that a `#[publish]` handler lets through or refuses.
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
    /// The id that subscribers see.
    #[must_use]
    pub fn id(&self) -> PublicationId {
        self.id
    }

    /// The topic.
    #[must_use]
    pub fn topic(&self) -> &str {
        &self.topic
    }

    /// What is published.
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
