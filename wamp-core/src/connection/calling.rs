//! The calls of one session: started, continued by chunks, and answered exactly once.

mod cancelling;
mod in_flight;
mod permitted;
mod routed;
mod unfinished;

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Instant;

use super::open::OpenSession;
use crate::codec::payload::Payload;
use crate::error::{Error, Violation, uris};
use crate::handler::call_state::CallState;
use crate::handler::chunks::ChunkQueue;
use crate::handler::context::{Feature, Subject};
use crate::handler::entry::{Entry, HandlerEntry};
use crate::handler::tasks::{HandlerFuture, RunningHandler, Task};
use crate::id::RequestId;
use crate::message::{CallOptions, code};
use crate::realm::dealer::Registration;
use crate::uri;
pub(super) use in_flight::Calls;
use in_flight::{Answerer, InFlight, limit};
use unfinished::Part;

/// What serves a procedure.
#[derive(Debug)]
enum Procedure {
    Handler(&'static HandlerEntry),
    Registered(Arc<Registration>),
}

impl OpenSession {
    pub(super) fn call(
        &mut self,
        request: RequestId,
        options: CallOptions,
        uri: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Violation> {
        let announced = self.core.session().handle().features.caller;
        if options.goes_on() && !announced.may_send_chunks() {
            return Err("the caller did not announce progressive_call_invocations".into()); // PI-02
        }
        if options.passthru.is_some() && !announced.payload_passthru_mode {
            return Err("the caller did not announce payload_passthru_mode".into());
        }
        match self.calls.unfinished.part(request, uri) {
            Part::First => self.expect(request)?,
            Part::Chunk => {
                self.go_on(request, options, payload);
                return Ok(());
            }
            // PI-07: there was no way for the caller to know.
            Part::Late => {
                if !options.goes_on() {
                    self.calls.unfinished.forget(request, uri);
                }
                return Ok(());
            }
            Part::Contradiction => return Err("a chunk names another procedure than its call".into()), // PI-08
        }
        if options.goes_on() {
            self.calls.unfinished.begin(request, uri);
        }
        let started = if self.core.is_draining() {
            Err(Error::new(uris::CANCELED).arg("the server shuts down"))
        } else if self.core.has_authorizer() {
            self.ask_call(request, options, uri, payload, now)
        } else {
            self.start_call(request, &options, uri, payload, now)
        };
        self.started(request, started);
        Ok(())
    }

    /// Ends the start of a call, which is at work now, or over and answered with the error.
    #[inline]
    fn started(&mut self, request: RequestId, started: Result<(), Error>) {
        if let Err(error) = started {
            self.core.error(code::CALL, request, &error);
        }
        // Asked in this order: as a rule nobody sends chunks, and then no id need be hashed.
        if self.calls.unfinished.awaits_chunks() && !self.calls.is_outstanding(request) {
            self.calls.unfinished.end(request);
        }
    }

    /// One more chunk of a call.
    fn go_on(&mut self, request: RequestId, options: CallOptions, payload: Payload) {
        if !options.goes_on() {
            self.calls.unfinished.complete(request);
        }
        let Some(InFlight { call, by, .. }) = self.calls.at_work.get_mut(&request) else { return };
        let taken = match by {
            Answerer::Authorizer(_, waiting) => waiting.add(options, payload, &self.core.link.limits),
            Answerer::Callee(routed) => {
                self.core.pace.count_bytes(payload.kept_bytes(), &self.core.link.limits);
                routed::chunk(routed, options.goes_on(), payload)
            }
            Answerer::Handler(_) => match &call.chunks {
                Some(chunks) if !chunks.push(payload, options.goes_on(), &self.core.link.limits) => {
                    Err(uris::UNAVAILABLE)
                }
                _ => Ok(()),
            },
        };
        if let Err(uri) = taken {
            let call = Rc::clone(call);
            self.abandon(&call, uri);
        }
    }

    fn start_call(
        &mut self,
        request: RequestId,
        options: &CallOptions,
        uri: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Error> {
        if uri::is_reserved(uri) {
            return self.answer_meta(request, options, uri, payload); // U-08
        }
        let Some(procedure) = self.procedure(uri) else {
            // C-03, U-03
            return Err(if uri::is_valid(uri) {
                Error::no_such_procedure(uri)
            } else {
                Error::invalid_uri(uri)
            });
        };
        if let Procedure::Handler(handler) = &procedure
            && !handler.admits(self.core.session().authrole())
        {
            return Err(Error::not_authorized("the role may not call this procedure"));
        }
        self.check_call(options, &payload)?;
        match procedure {
            Procedure::Handler(handler) => self.run_handler(request, options, handler, uri, payload, now),
            Procedure::Registered(registered) => {
                self.route_call(request, options, &registered, uri, payload, now)
            }
        }
    }

    /// Finds the one that serves a procedure.
    #[inline]
    fn procedure(&self, uri: &str) -> Option<Procedure> {
        if self.core.served.settings.route_clients {
            self.better_match(uri)
        } else {
            self.core.served.registry.procedure(uri).map(Procedure::Handler)
        }
    }

    /// Finds the better match of the application's own procedures and the clients' (H-04).
    fn better_match(&self, uri: &str) -> Option<Procedure> {
        let registry = &self.core.served.registry;
        if !uri::is_valid(uri) {
            return None;
        }
        let handlers = registry.procedures(uri).map(Procedure::Handler);
        let registered = self.core.served.realm.dealer().procedures(uri).map(Procedure::Registered);
        handlers.or(registered).best(uri)
    }

    /// What every call has to keep, whoever answers it.
    pub(super) fn check_call(&self, options: &CallOptions, payload: &Payload) -> Result<(), Error> {
        if options.disclose_me == Some(true) && !self.core.served.settings.disclosure {
            return Err(Error::new(uris::OPTION_DISALLOWED_DISCLOSE_ME)); // DI-03
        }
        if options.passthru.is_some() && !payload.is_one_binary() {
            return Err(Error::invalid_argument("a payload in passthru mode is one binary argument"));
        }
        let Calls { bytes, chunks, .. } = &self.calls;
        let has_bytes = bytes + chunks.get() + payload.kept_bytes() <= self.core.limits().bytes_in_flight;
        if !has_bytes || !self.has_room_for_call() {
            return Err(Error::new(uris::UNAVAILABLE).arg("too many calls in flight"));
        }
        Ok(())
    }

    /// Returns whether one more call, or request that waits for the authorisers, may be in flight.
    pub(super) fn has_room_for_call(&self) -> bool {
        self.calls.count() + self.authorizing.len() < self.core.limits().calls_in_flight
    }

    fn run_handler(
        &mut self,
        request: RequestId,
        options: &CallOptions,
        handler: &'static HandlerEntry,
        uri: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Error> {
        let Entry::Rpc(run) = handler.entry else {
            return Err(Error::no_such_procedure(uri));
        };
        let takes_chunks = handler.has(Feature::ProgressiveCallInvocations);
        if options.goes_on() && !takes_chunks {
            return Err(Error::feature_not_supported("the procedure takes no progressive call invocations")); // PI-03
        }
        if options.passthru.is_some() && !handler.has(Feature::PayloadPassthruMode) {
            return Err(Error::feature_not_supported("the procedure takes no payload in passthru mode"));
        }
        let bytes = payload.kept_bytes();
        let chunks = takes_chunks.then(|| {
            Box::new(ChunkQueue::new(payload.clone(), options.goes_on(), Rc::clone(&self.calls.chunks)))
        });
        let call = Rc::new(CallState::new(request, options, chunks));
        let context = self.core.context(handler, uri, payload, Subject::Call(Rc::clone(&call)));
        let mut work = HandlerFuture::new(run(context));
        // Most handlers are ready at once, and never enter the set of tasks.
        match work.poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(result) => self.answer(&call, result),
            Poll::Pending => {
                let limit = limit(options, handler.timeout, now);
                let run = RunningHandler::new(work);
                self.core.tasks.proceed(Task::Call(Rc::clone(&call), run.clone()), false);
                self.calls.insert(InFlight { call, by: Answerer::Handler(run), limit, bytes });
            }
        }
        Ok(())
    }

    /// A handler has ended.
    pub(super) fn call_ended(&mut self, call: &CallState, result: Result<(), Error>) {
        if self.calls.end_released(call) {
            return;
        }
        self.calls.end(call.request);
        self.answer(call, result);
    }

    /// Exactly one RESULT or ERROR for each CALL (C-09): a handler that succeeded has sent the RESULT.
    pub(super) fn answer(&self, call: &CallState, result: Result<(), Error>) {
        if !call.answer() {
            return;
        }
        let error = result.err().unwrap_or_else(|| Error::internal("a handler ended without a result"));
        self.core.error(code::CALL, call.request, &error);
    }
}
