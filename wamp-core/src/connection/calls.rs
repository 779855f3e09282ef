//! The calls of one session: started, continued by chunks, and answered exactly once.

mod authorizing;
mod cancellation;
mod in_flight;
mod leaving;
mod meta;
mod passing;
mod routed;
mod spanned;
mod unfinished;

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Instant;

use super::core::{Core, Request};
use super::observed::Served;
use crate::codec::payload::Payload;
use crate::error::{Breach, Error, Violation, uris};
use crate::handler::around::{Around, run_inside_layers};
use crate::handler::call_state::{CallState, ChunkQueue};
use crate::handler::context::Context;
use crate::handler::entry::{Entry, Feature, HandlerEntry};
use crate::handler::tasks::{HandlerFuture, RunningHandler, Task};
use crate::id::RequestId;
use crate::message::{CallOptions, CancelMode, MatchPolicy};
use crate::realm::dealer::Registration;
use crate::router::registry::NumberedHandler;
use crate::session::request_outcome::RequestOutcome;
use crate::uri;
pub(super) use in_flight::Calls;
use in_flight::{Answerer, InFlight, limit};
use spanned::spanned;
pub(super) use unfinished::Part;

/// The handler or registration that serves a procedure.
#[derive(Debug)]
enum Procedure {
    Handler(NumberedHandler),
    Registered(Arc<Registration>),
}

/// A CALL that is about to start.
#[derive(Debug)]
pub(super) struct NewCall<'c> {
    pub(super) request: RequestId,
    pub(super) options: &'c CallOptions,
    pub(super) uri: &'c str,
    /// The count of SUBSCRIBEs and REGISTERs that wait for the authorisers: they share the limit of
    /// calls.
    pub(super) asked: usize,
    /// The state of a call that its layers have let through to the client that answers it.
    pub(super) passed: Option<&'c Rc<CallState>>,
    pub(super) now: Instant,
}

impl Calls {
    /// Returns the part that a CALL is. One that comes too late counts no more.
    #[inline]
    pub(super) fn part(
        &mut self,
        core: &Core,
        request: RequestId,
        options: &mut CallOptions,
        uri: &str,
    ) -> Result<Part, Violation> {
        let announced = core.session().handle().features.caller;
        if options.goes_on() && !announced.may_send_chunks() {
            return Err(Breach::ChunksNotAnnounced.into());
        }
        if let Some(extras) = &mut options.extras {
            core.admit_extras(extras, announced, Breach::CallerPassthruNotAnnounced)?;
        }
        let part = self.unfinished.part(request, uri);
        match part {
            Part::Contradiction => return Err(Breach::OtherProcedure.into()),
            // PI-07: there was no way for the caller to know.
            Part::Late if !options.goes_on() => self.unfinished.forget(request, uri),
            Part::First | Part::Chunk | Part::Late => {}
        }
        Ok(part)
    }

    /// Starts a call, or asks the authorisers first.
    #[inline]
    pub(super) fn call(&mut self, core: &mut Core, call: &NewCall<'_>, payload: Payload) {
        let request = call.request;
        let mut found = None;
        if let Some(observed) = &core.observed {
            found = procedure(core, call.uri).filter(|_| !uri::is_reserved(call.uri));
            observed.start(request, call.uri, served(found.as_ref(), call.uri), call.now);
        }
        if call.options.goes_on() {
            self.unfinished.begin(request, call.uri);
        }
        let started = if core.is_draining() {
            Err(Error::new(uris::CANCELED).arg("the server shuts down"))
        } else if core.has_authorizer() {
            self.ask_authorizer(core, call, payload)
        } else {
            self.start(core, call, found, payload)
        };
        self.started(core, request, call.uri, started);
    }

    /// Ends the start of a call, which is at work now, or over and answered with the error.
    #[inline(always)]
    fn started(&mut self, core: &Core, request: RequestId, uri: &str, started: Result<(), Error>) {
        if let Err(error) = started {
            core.error(Request::call(request, Some(uri)), &error);
            core.call_ended(request, || RequestOutcome::of(&error));
        }
        // Asked in this order: as a rule nobody sends chunks, and then no id need be hashed.
        if self.unfinished.awaits_chunks() && !self.is_outstanding(request) {
            self.unfinished.end(request);
        }
    }

    /// Handles one more chunk of a call.
    pub(super) fn go_on(
        &mut self,
        core: &mut Core,
        request: RequestId,
        options: &CallOptions,
        payload: Payload,
    ) {
        if !options.goes_on() {
            self.unfinished.complete(request);
        }
        let Some(InFlight { call, by, .. }) = self.at_work.get_mut(&request) else { return };
        let taken = match by {
            Answerer::Authorizer(_, waiting) => {
                waiting.add(options.clone(), payload, &core.link.limits)
            }
            Answerer::Callee(routed) => {
                core.pace.count_bytes(payload.kept_bytes(), &core.link.limits);
                routed::chunk(routed, options.goes_on(), payload)
            }
            Answerer::Handler(_) => match &call.chunks {
                Some(chunks) if !chunks.push(payload, options.goes_on(), &core.link.limits) => {
                    Err(uris::UNAVAILABLE)
                }
                _ => Ok(()),
            },
        };
        if let Err(uri) = taken {
            let call = Rc::clone(call);
            self.abandon(core, &call, uri);
        }
    }

    /// Starts a call whose procedure was perhaps found already.
    fn start(
        &mut self,
        core: &mut Core,
        call: &NewCall<'_>,
        found: Option<Procedure>,
        payload: Payload,
    ) -> Result<(), Error> {
        let uri = call.uri;
        if uri::is_reserved(uri) {
            return self.answer_meta(core, call, payload); // U-08
        }
        let Some(procedure) = found.or_else(|| procedure(core, uri)) else {
            // C-03, U-03
            return Err(if uri::is_valid(uri) {
                Error::no_such_procedure(uri)
            } else {
                Error::invalid_uri(uri)
            });
        };
        if let Procedure::Handler(NumberedHandler { handler, .. }) = &procedure
            && !handler.admits(core.session().authrole())
        {
            return Err(Error::not_authorized("the role may not call this procedure"));
        }
        self.check_call(core, call, &payload)?;
        match procedure {
            // The client that its layers were asked about has left.
            Procedure::Handler(_) if call.passed.is_some() => Err(Error::no_such_procedure(uri)),
            Procedure::Handler(NumberedHandler { handler, .. }) => {
                self.run_handler(core, call, handler, payload)
            }
            Procedure::Registered(_) if call.passed.is_none() && core.served.has_layers(None) => {
                self.pass(core, call, payload);
                Ok(())
            }
            Procedure::Registered(registered) => self.route_call(core, call, &registered, payload),
        }
    }

    /// Checks what every call has to keep, whatever answers it.
    #[inline(always)]
    fn check_call(&self, core: &Core, call: &NewCall<'_>, payload: &Payload) -> Result<(), Error> {
        let options = call.options;
        if options.disclose_me == Some(true) && !core.served.settings.disclosure {
            return Err(Error::new(uris::OPTION_DISALLOWED_DISCLOSE_ME)); // DI-03
        }
        if options.passthru().is_some() && !payload.is_one_binary() {
            return Err(Error::invalid_argument(
                "a payload in passthru mode is one binary argument",
            ));
        }
        let Self { bytes, chunks, .. } = self;
        let has_bytes =
            bytes + chunks.get() + payload.kept_bytes() <= core.limits().bytes_in_flight;
        if !has_bytes || self.count() + call.asked >= core.limits().calls_in_flight {
            return Err(Error::new(uris::UNAVAILABLE).arg("too many calls in flight"));
        }
        Ok(())
    }

    fn run_handler(
        &mut self,
        core: &mut Core,
        new: &NewCall<'_>,
        handler: &'static HandlerEntry,
        payload: Payload,
    ) -> Result<(), Error> {
        let &NewCall { request, options, uri, now, .. } = new;
        let Entry::Rpc(run) = handler.entry else {
            return Err(Error::no_such_procedure(uri));
        };
        let takes_chunks = handler.has(Feature::ProgressiveCallInvocations);
        if options.goes_on() && !takes_chunks {
            return Err(Error::feature_not_supported(
                "the procedure takes no progressive call invocations",
            )); // PI-03
        }
        if options.passthru().is_some() && !handler.has(Feature::PayloadPassthruMode) {
            return Err(Error::feature_not_supported(
                "the procedure takes no payload in passthru mode",
            ));
        }
        let bytes = payload.kept_bytes();
        let chunks = takes_chunks.then(|| {
            Box::new(ChunkQueue::new(payload.clone(), options.goes_on(), Rc::clone(&self.chunks)))
        });
        let asked = core.asked(Some(handler), uri, payload);
        let call = Rc::new(CallState::new(asked, request, options, chunks));
        let context = Context::of_call(&call);
        let begun = if core.served.has_layers(Some(handler)) {
            run_inside_layers(context, MatchPolicy::Exact, Around::Handler(handler), None)
        } else {
            run(context)
        };
        let mut work = HandlerFuture::new(spanned(core, new, handler, begun));
        // Most handlers are ready at once, and never enter the set of tasks.
        match work.poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(result) => answer(core, &call, result),
            Poll::Pending => {
                let limit = limit(options, handler.timeout, now);
                let run = RunningHandler::new(work);
                core.tasks.proceed(Task::Call(Rc::clone(&call), run.clone()), false);
                self.insert(InFlight {
                    call,
                    by: Answerer::Handler(run),
                    limit,
                    bytes,
                    passing: None,
                });
            }
        }
        Ok(())
    }

    /// Ends a call whose handler has ended.
    pub(super) fn ended(&mut self, core: &Core, call: &CallState, result: Result<(), Error>) {
        if self.end_released(call) {
            if let Err(error) = result {
                core.tell_fault(Request::call(call.request, call.procedure()), &error);
            }
            return;
        }
        // Layers that end before the callee has answered.
        if let Some(InFlight { by: Answerer::Callee(routed), .. }) = self.end(call.request) {
            routed.end();
            routed.interrupt(CancelMode::KillNoWait);
        }
        answer(core, call, result);
    }

    /// Answers all calls whose callers wait with an error, for the session ends.
    pub(super) fn refuse_all(&self, core: &Core, error: &Error) {
        for call in self.unanswered() {
            answer(core, call, Err(error.clone()));
        }
    }
}

/// Finds the handler or registration that serves a procedure.
#[inline(always)]
fn procedure(core: &Core, uri: &str) -> Option<Procedure> {
    if core.served.settings.route_clients {
        better_match(core, uri)
    } else {
        core.served.registry.procedure(uri).map(Procedure::Handler)
    }
}

/// Returns the answerer of a procedure, for those who observe calls.
fn served(found: Option<&Procedure>, uri: &str) -> Served {
    match found {
        Some(Procedure::Handler(handler)) => Served::Handler(*handler),
        Some(Procedure::Registered(_)) => Served::Client,
        None if uri::is_reserved(uri) => Served::Router,
        None => Served::Nobody,
    }
}

/// Finds the better match of the application's own procedures and the clients' (H-04).
fn better_match(core: &Core, uri: &str) -> Option<Procedure> {
    let registry = &core.served.registry;
    if !uri::is_valid(uri) {
        return None;
    }
    let handlers = registry.procedures(uri).map(Procedure::Handler);
    let registered = core.served.realm.dealer().procedures(uri).map(Procedure::Registered);
    handlers.or(registered).best(uri)
}

/// Sends exactly one RESULT or ERROR for each CALL (C-09): a handler that succeeded has sent the
/// RESULT.
fn answer(core: &Core, call: &CallState, result: Result<(), Error>) {
    let request = Request::call(call.request, call.procedure());
    if !call.answer() {
        // The handler has sent the RESULT.
        if let Err(error) = result {
            core.tell_fault(request, &error);
        }
        core.call_ended(call.request, || RequestOutcome::Ok);
        return;
    }
    let error = result.err().unwrap_or_else(|| Error::internal("a handler ended without a result"));
    core.error(request, &error);
    core.call_ended(call.request, || RequestOutcome::of(&error));
}
