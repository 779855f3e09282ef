//! The context of a handler, from which values are injected.

use std::any::Any;
use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::codec::payload::Payload;
use crate::error::{Error, uris};
use crate::handler::around::{RealmLayers, Way};
use crate::handler::call_state::CallState;
use crate::handler::entry::{Attribute, Feature};
use crate::handler::reply::IntoReply;
use crate::id::{PublicationId, SubscriptionId};
use crate::limits::Limits;
use crate::message::{Details, Trace};
use crate::realm::session::Session;
use crate::router::Router;
use crate::session::send_buffer::SendBuffer;

/// One message of a client, as its handler sees it: the session, the URI and the arguments.
#[derive(Debug)]
pub struct Context(Kind);

#[derive(Debug)]
enum Kind {
    /// A call has one allocation for its message and its state.
    Call(Rc<CallState>),
    Other(Rc<Other>),
}

/// A message that is no CALL.
#[derive(Debug)]
struct Other {
    asked: Asked,
    subject: Subject,
}

/// The part of a message that all its kinds have.
#[derive(Debug)]
pub(crate) struct Asked {
    pub(crate) link: Rc<Link>,
    pub(crate) uri: Cow<'static, str>,
    pub(crate) payload: Payload,
    /// Set where layers are around it.
    pub(super) way: OnceCell<Way>,
}

/// The values that all handlers of a session share.
#[derive(Debug)]
pub(crate) struct Link {
    pub(crate) session: Session,
    pub(crate) router: Router,
    /// The limits of the realm.
    pub(crate) limits: Arc<Limits>,
    /// The layers of the realm.
    pub(crate) layers: RealmLayers,
    pub(crate) host: Rc<dyn Any>,
    pub(crate) send_buffer: Rc<RefCell<SendBuffer>>,
}

/// The message that is being answered, if it is no CALL.
#[derive(Debug)]
pub(crate) enum Subject {
    /// The flag becomes false when the subscription ends.
    Subscribe(SubscriptionId, Arc<AtomicBool>),
    Publish(PublicationId, Option<Box<Trace>>),
    Register,
    Join,
}

impl Asked {
    #[inline]
    pub(crate) fn new(link: &Rc<Link>, uri: Cow<'static, str>, payload: Payload) -> Self {
        Self { link: Rc::clone(link), uri, payload, way: OnceCell::new() }
    }
}

impl Context {
    #[inline]
    pub(crate) fn of_call(call: &Rc<CallState>) -> Self {
        Self(Kind::Call(Rc::clone(call)))
    }

    pub(crate) fn of_other(asked: Asked, subject: Subject) -> Self {
        Self(Kind::Other(Rc::new(Other { asked, subject })))
    }

    /// Returns the same context once more.
    #[inline]
    pub(super) fn share(&self) -> Self {
        Self(match &self.0 {
            Kind::Call(call) => Kind::Call(Rc::clone(call)),
            Kind::Other(other) => Kind::Other(Rc::clone(other)),
        })
    }

    #[inline]
    pub(super) fn asked(&self) -> &Asked {
        match &self.0 {
            Kind::Call(call) => &call.asked,
            Kind::Other(other) => &other.asked,
        }
    }

    #[inline]
    pub(crate) fn link(&self) -> &Rc<Link> {
        &self.asked().link
    }

    /// Returns what the message is about; `None` for a CALL.
    pub(crate) fn subject(&self) -> Option<&Subject> {
        match &self.0 {
            Kind::Call(_) => None,
            Kind::Other(other) => Some(&other.subject),
        }
    }

    /// Returns the URI, without a copy if it is a declaration's.
    pub(crate) fn owned_uri(&self) -> Cow<'static, str> {
        self.asked().uri.clone()
    }

    /// Returns the session that sent the message.
    #[must_use]
    pub fn session(&self) -> &Session {
        &self.link().session
    }

    /// Returns the router that serves the session.
    #[must_use]
    pub fn router(&self) -> &Router {
        &self.link().router
    }

    /// Returns the procedure or topic that the client named, or its pattern in WAMP's form; empty
    /// when a session joins.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.asked().uri
    }

    /// Returns the host's value for the connection, if it is a `T`: for `wamp-actix`, the
    /// `HttpRequest` of the upgrade.
    #[must_use]
    pub fn host<T: Any>(&self) -> Option<&T> {
        self.link().host.downcast_ref()
    }

    /// Returns the arguments of the message.
    #[must_use]
    pub fn payload(&self) -> &Payload {
        &self.asked().payload
    }

    /// Returns the call that is being answered.
    ///
    /// # Errors
    /// The message is no CALL.
    pub(crate) fn call(&self) -> Result<&Rc<CallState>, Error> {
        let fault = || Error::internal("what belongs to a call was asked for outside #[rpc]");
        self.as_call().ok_or_else(fault)
    }

    /// Returns the call that is being answered; `None` for another message.
    #[inline]
    pub(crate) fn as_call(&self) -> Option<&Rc<CallState>> {
        match &self.0 {
            Kind::Call(call) => Some(call),
            Kind::Other(_) => None,
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
        let link = self.link();
        let limit = link.limits.max_result_bytes;
        let mut send_buffer = link.send_buffer.borrow_mut();
        if send_buffer.len() > link.limits.queued_bytes_peak {
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

/// Injects `None` if the value cannot be made.
impl<T: FromContext> FromContext for Option<T> {
    const ONLY_IN: Option<Attribute> = T::ONLY_IN;
    const FEATURE: Option<Feature> = T::FEATURE;

    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(T::from_context(context).await.ok())
    }
}
