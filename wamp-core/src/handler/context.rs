//! The context of a handler, from which values are injected.

use std::any::Any;
use std::borrow::Cow;
use std::cell::RefCell;
use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use crate::codec::payload::Payload;
use crate::error::{Error, uris};
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
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    Call(Rc<CallState>),
    /// The flag becomes false when the subscription ends.
    Subscribe(SubscriptionId, Arc<AtomicBool>),
    Publish(PublicationId, Option<Box<Trace>>),
    Register,
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

    /// Returns the same context once more, for the handler inside its layers.
    pub(crate) fn share(&self) -> Self {
        let Self { link, uri, payload, subject } = self;
        let (link, uri) = (Rc::clone(link), uri.clone());
        Self { link, uri, payload: payload.clone(), subject: subject.clone() }
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

/// Injects `None` if the value cannot be made.
impl<T: FromContext> FromContext for Option<T> {
    const ONLY_IN: Option<Attribute> = T::ONLY_IN;
    const FEATURE: Option<Feature> = T::FEATURE;

    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(T::from_context(context).await.ok())
    }
}
