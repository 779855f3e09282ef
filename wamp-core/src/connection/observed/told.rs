//! The calls of one session of which observers and the log are told.

use std::borrow::Cow;
use std::time::Instant;

use super::Served;
use super::open_calls::OpenCalls;
use crate::error::shortened;
use crate::handler::entry::HandlerEntry;
use crate::id::RequestId;
use crate::log;
use crate::realm::observer::{ObservedCall, Observers};
use crate::realm::session::Session;
use crate::session::request_outcome::RequestOutcome;

/// The calls of one session of which observers and the log are told.
#[derive(Debug)]
pub(super) struct ToldCalls {
    session: Session,
    observers: Observers,
    open: OpenCalls<ToldCall>,
}

#[derive(Debug)]
struct ToldCall {
    procedure: Cow<'static, str>,
    handler: Option<&'static HandlerEntry>,
    started: Instant,
}

impl ToldCalls {
    pub(super) fn new(session: &Session, observers: Observers) -> Self {
        Self { session: session.clone(), observers, open: OpenCalls::default() }
    }

    pub(super) fn start(
        &self,
        request: RequestId,
        procedure: &str,
        served: Served,
        started: Instant,
    ) {
        let handler = served.handler();
        let procedure = match handler {
            Some(handler) if handler.uri == procedure => Cow::Borrowed(handler.uri),
            _ => Cow::Owned(procedure.to_owned()),
        };
        let call = ToldCall { procedure, handler, started };
        let shown = call.shown(&self.session, request);
        self.observers.tell(|observer| observer.call_started(&shown));
        self.open.start(request, call);
    }

    pub(super) fn end(&self, request: RequestId, outcome: RequestOutcome) {
        if let Some(call) = self.open.end(request) {
            self.ended(request, &call, outcome);
        }
    }

    pub(super) fn end_all(&self) {
        self.open
            .end_all()
            .for_each(|(request, call)| self.ended(request, &call, RequestOutcome::Canceled));
    }

    fn ended(&self, request: RequestId, call: &ToldCall, outcome: RequestOutcome) {
        let took = call.started.elapsed();
        let shown = call.shown(&self.session, request);
        self.observers.tell(|observer| observer.call_ended(&shown, outcome, took));
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

impl ToldCall {
    fn shown<'c>(&'c self, session: &'c Session, request: RequestId) -> ObservedCall<'c> {
        let Self { procedure, handler, .. } = self;
        let declared = handler.map(|handler| handler.uri);
        ObservedCall { session, request, procedure, declared }
    }
}
