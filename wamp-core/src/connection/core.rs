//! The core of an open session: what each of its parts may use.

mod faults;

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use serde::Serialize;

use super::observed::Observed;
use crate::codec::payload::Payload;
use crate::error::{Breach, Error, Violation, shortened};
use crate::handler::context::{Asked, Link};
use crate::handler::entry::HandlerEntry;
use crate::handler::tasks::Tasks;
use crate::id::RequestId;
use crate::limits::Limits;
use crate::log;
use crate::message::{self, Extras, RoleFeatures};
use crate::realm::broker::Pace;
use crate::realm::session::Session;
use crate::router::ServedRealm;
use crate::router::authorizer::{Decisions, Gate, Kind, authorization_failed};
use crate::session::request_outcome::RequestOutcome;
pub(super) use faults::{Request, tell_refused_join};

/// The core of an open session. It knows none of the parts: calls, invocations, publications,
/// subscriptions, registrations.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) link: Rc<Link>,
    pub(super) served: Arc<ServedRealm>,
    pub(super) tasks: Tasks,
    /// The authorisers' decisions that the session may remember.
    pub(super) decisions: Decisions,
    /// Back-pressure on a client that publishes: its publications, calls and answers count.
    pub(super) pace: Pace,
    /// Set by a shutdown: the time that work in flight has left.
    pub(super) draining: Option<Instant>,
    /// `None` where nothing counts, observes or logs calls.
    pub(super) observed: Option<Box<Observed>>,
}

impl Core {
    pub(super) fn new(served: Arc<ServedRealm>, link: Rc<Link>) -> Self {
        Self {
            observed: Observed::of(&link.session),
            link,
            served,
            tasks: Tasks::default(),
            decisions: Decisions::default(),
            pace: Pace::default(),
            draining: None,
        }
    }

    pub(super) fn session(&self) -> &Session {
        &self.link.session
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.link.limits
    }

    pub(super) fn is_draining(&self) -> bool {
        self.draining.is_some()
    }

    /// Returns whether the send buffer has room for paced messages: events, and what handlers send.
    pub(super) fn has_room(&self) -> bool {
        self.link.send_buffer.borrow().has_room(self.limits())
    }

    /// Asks the realm's authorisers. The URI must be valid, and nothing that exists may have been
    /// looked at (Z-05).
    pub(super) fn gate(&self, kind: Kind, named: &str, now: Instant) -> Gate {
        self.decisions.gate(&self.served, &self.link, kind, named, now)
    }

    /// Returns whether authorisers are asked about calls and publications.
    pub(super) fn has_authorizer(&self) -> bool {
        self.served.settings.authorizers.decide_uris()
    }

    /// Returns the time by which the authorisers must have decided what they are asked now.
    pub(super) fn patience(&self, now: Instant) -> Instant {
        now + self.limits().authorize_timeout
    }

    /// Makes the error for a request that the authorisers did not decide in time, and tells the
    /// log.
    pub(super) fn undecided(&self, (kind, named): (Kind, &str)) -> Error {
        let (session, timeout) = (self.session(), self.limits().authorize_timeout);
        tracing::error!(
            target: log::AUTH,
            ?kind,
            uri = ?shortened(named),
            ?timeout,
            session = %session.id(),
            authid = ?shortened(session.authid()),
            realm = ?shortened(session.realm().name()),
            "an authoriser did not decide in time"
        );
        authorization_failed()
    }

    /// Returns a URI as the client named it; that of a declaration without captures is borrowed.
    #[inline]
    pub(super) fn named(&self, handler: &'static HandlerEntry, uri: &str) -> Cow<'static, str> {
        if uri == handler.uri { Cow::Borrowed(handler.uri) } else { Cow::Owned(uri.to_owned()) }
    }

    /// Makes the message that a handler and its layers see.
    #[inline]
    pub(super) fn asked(
        &self,
        handler: Option<&'static HandlerEntry>,
        uri: &str,
        payload: Payload,
    ) -> Asked {
        let uri = match handler {
            Some(handler) => self.named(handler, uri),
            None => Cow::Owned(uri.to_owned()),
        };
        Asked::new(&self.link, uri, payload)
    }

    /// Checks that passthru mode was announced, or else returns the breach, and drops the
    /// trace context where the realm does not pass it on (TC-01).
    #[cold]
    pub(super) fn admit_extras(
        &self,
        extras: &mut Extras,
        announced: RoleFeatures,
        breach: Breach,
    ) -> Result<(), Violation> {
        if extras.passthru.is_some() && !announced.payload_passthru_mode {
            return Err(breach.into());
        }
        if !self.served.settings.trace {
            extras.trace = None;
        }
        Ok(())
    }

    /// Sends a message without payload.
    pub(super) fn send(&self, message: &impl Serialize) {
        self.link.send_buffer.borrow_mut().send(message);
    }

    /// Notes that a call has its answer.
    #[inline(always)]
    pub(super) fn call_ended(&self, request: RequestId, outcome: impl FnOnce() -> RequestOutcome) {
        if let Some(observed) = &self.observed {
            observed.end(request, outcome());
        }
    }

    /// Sends ERROR, without the arguments if they cannot be expressed in the client's format.
    pub(super) fn error(&self, request: Request<'_>, error: &Error) {
        self.write_error(request, error);
        self.tell(request, error);
        if let Some(observed) = &self.observed {
            observed.refused(request, error);
        }
    }

    fn write_error(&self, request: Request<'_>, error: &Error) {
        let Request { code, id, .. } = request;
        let is_bridged = !self.session().handle().is_listed;
        let status = error.status().filter(|_| is_bridged);
        let mut send_buffer = self.link.send_buffer.borrow_mut();
        let written = send_buffer.write(|s, out| message::error(s, out, (code, id), status, error));
        if let Err(fault) = written {
            self.tell_unwritten(request, error, &fault.to_string());
            let bare = Error::new(error.uri().to_owned());
            let written =
                send_buffer.write(|s, out| message::error(s, out, (code, id), status, &bare));
            written.expect("an ERROR without arguments can be serialised");
        }
    }
}
