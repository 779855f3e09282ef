//! The calls of one session that are counted, observed or logged: each ends exactly once.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use tracing::Level;

use super::core::Request;
use crate::error::{Error, shortened};
use crate::handler::entry::HandlerEntry;
use crate::id::{PublicationId, RequestId};
use crate::log;
use crate::message::Message;
use crate::realm::broker::Delivered;
use crate::realm::instruments::{Instruments, Label};
use crate::realm::observer::{ObservedCall, Observer};
use crate::realm::session::Session;
use crate::session::left::Left;
use crate::session::request_outcome::RequestOutcome;

/// The calls of one session that are counted, observed or logged.
#[derive(Debug)]
pub(super) struct ObservedCalls {
    session: Session,
    instruments: Option<Arc<Instruments>>,
    /// The call that began last, which as a rule ends before the next begins.
    latest: RefCell<Option<(RequestId, OpenCall)>>,
    /// The calls before it that are still open.
    open: RefCell<HashMap<RequestId, OpenCall>>,
}

#[derive(Debug)]
struct OpenCall {
    procedure: Cow<'static, str>,
    handler: Option<&'static HandlerEntry>,
    /// `None` if nothing is counted.
    label: Option<Label>,
    started: Instant,
}

/// The answerer of a procedure, as far as its calls are counted and shown.
#[derive(Copy, Clone, Debug)]
pub(super) enum Served {
    ByHandler(&'static HandlerEntry),
    ByClient,
    /// The router, or no one.
    Undeclared,
}

impl ObservedCalls {
    /// Returns `None` where neither the application nor the log asks for calls. The log is asked
    /// when the session opens, so that a call costs nothing.
    pub(super) fn of(session: &Session) -> Option<Box<Self>> {
        let instruments = session.realm().instruments().cloned();
        if instruments.is_none() && !tracing::enabled!(target: log::CALL, Level::DEBUG) {
            return None;
        }
        let session = session.clone();
        let (latest, open) = (RefCell::default(), RefCell::default());
        Some(Box::new(Self { session, instruments, latest, open }))
    }

    /// Begins a call.
    pub(super) fn start(&self, request: RequestId, procedure: &str, served: Served) {
        let counters =
            self.instruments.as_ref().and_then(|instruments| instruments.counters.as_ref());
        let label = counters.map(|counters| {
            counters.call_started();
            match served {
                Served::ByClient => Label::CLIENT,
                Served::ByHandler(_) | Served::Undeclared => counters.procedure(procedure),
            }
        });
        let handler = match served {
            Served::ByHandler(handler) => Some(handler),
            Served::ByClient | Served::Undeclared => None,
        };
        let procedure = match handler {
            Some(handler) if handler.uri == procedure => Cow::Borrowed(handler.uri),
            _ => Cow::Owned(procedure.to_owned()),
        };
        let call = OpenCall { procedure, handler, label, started: Instant::now() };
        if let Some(instruments) = &self.instruments {
            let call = call.shown(&self.session, request);
            instruments.observers.tell(|observer| observer.call_started(&call));
        }
        if let Some((request, before)) = self.latest.borrow_mut().replace((request, call)) {
            self.open.borrow_mut().insert(request, before);
        }
    }

    /// Ends a call, unless it has ended.
    pub(super) fn end(&self, request: RequestId, outcome: RequestOutcome) {
        let latest = self.latest.borrow_mut().take_if(|(latest, _)| *latest == request);
        let ended = latest.map(|(_, call)| call);
        if let Some(call) = ended.or_else(|| self.open.borrow_mut().remove(&request)) {
            self.ended(request, &call, outcome);
        }
    }

    /// Ends the calls that have no answer, because their caller leaves.
    pub(super) fn end_all(&self) {
        let open = std::mem::take(&mut *self.open.borrow_mut());
        let latest = self.latest.take();
        open.iter().chain(latest.iter().map(|(request, call)| (request, call))).for_each(
            |(request, call)| {
                self.ended(*request, call, RequestOutcome::Canceled);
            },
        );
    }

    fn ended(&self, request: RequestId, call: &OpenCall, outcome: RequestOutcome) {
        let took = call.started.elapsed();
        if let Some(Instruments { observers, counters }) = self.instruments.as_deref() {
            if let (Some(counters), Some(label)) = (counters, call.label) {
                counters.call_ended(label, outcome, took);
            }
            let call = call.shown(&self.session, request);
            observers.tell(|observer| observer.call_ended(&call, outcome, took));
        }
        tracing::debug!(
            target: log::CALL,
            uri = ?shortened(&call.procedure),
            declared = call.handler.map(|handler| handler.uri),
            function = call.handler.map(|handler| handler.function),
            outcome = outcome.as_str(),
            duration = ?took,
            %request,
            session = %self.session.id(),
            authid = ?shortened(self.session.authid()),
            realm = ?shortened(self.session.realm().name()),
            "call answered"
        );
    }
}

/// The session's opening and end, and what it asks for beside calls.
impl ObservedCalls {
    pub(super) fn opened(&self) {
        let Some(Instruments { observers, counters }) = self.listed() else { return };
        if let Some(counters) = counters {
            counters.session_opened(self.session.authmethod());
        }
        observers.tell(|observer| observer.session_opened(&self.session));
    }

    pub(super) fn closed(&self, left: Left) {
        let Some(Instruments { observers, counters }) = self.listed() else { return };
        if let Some(counters) = counters {
            counters.session_closed(left);
        }
        observers.tell(|observer| observer.session_closed(&self.session, left));
    }

    /// Returns the instruments of a session that counts as one.
    fn listed(&self) -> Option<&Instruments> {
        self.instruments.as_deref().filter(|_| self.session.handle().is_listed)
    }

    /// Tells that a request was refused with this error, if it was denied.
    pub(super) fn refused(&self, request: Request<'_>, error: &Error) {
        if let Some(instruments) = &self.instruments
            && RequestOutcome::of(error) == RequestOutcome::Denied
            && let Some((action, uri)) = request.asks_for()
        {
            let tell = |observer: &dyn Observer| observer.denied(&self.session, action, uri, error);
            instruments.observers.tell(tell);
        }
    }

    /// Counts a message of the client.
    pub(super) fn received(&self, message: &Message<'_>, bytes: usize) {
        if let Some(counters) = self.session.realm().counters() {
            counters.received(message.kind(), bytes);
        }
    }

    /// Counts a publication, and tells that it was accepted.
    pub(super) fn published(&self, topic: &str, publication: PublicationId, delivered: Delivered) {
        self.session.realm().count_published(topic, delivered);
        if let Some(instruments) = &self.instruments {
            let tell = |observer: &dyn Observer| {
                observer.published(&self.session, topic, publication);
            };
            instruments.observers.tell(tell);
        }
    }

    /// Counts a publication that was refused.
    pub(super) fn unpublished(&self, topic: &str, error: &Error) {
        if let Some(counters) = self.session.realm().counters() {
            counters.published(topic, RequestOutcome::of(error));
        }
    }
}

impl OpenCall {
    fn shown<'c>(&'c self, session: &'c Session, request: RequestId) -> ObservedCall<'c> {
        let Self { procedure, handler, .. } = self;
        let declared = handler.map(|handler| handler.uri);
        ObservedCall { session, request, procedure, declared }
    }
}
