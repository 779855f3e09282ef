//! The calls of one session: started, cancelled, timed out, and answered exactly once.

mod permitted;
mod routed;
mod unfinished;

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use super::joined::Joined;
use crate::call::CallState;
use crate::chunks::ChunkQueue;
use crate::context::{Feature, Subject};
use crate::dealer::Registered;
use crate::error::{Error, Violation, uris};
use crate::handler::{Entry, Registration};
use crate::id::RequestId;
use crate::message::{CallOptions, CancelMode, code};
use crate::payload::Payload;
use crate::routing::RoutedCall;
use crate::tasks::{Asking, Run, Task, Work};
use crate::uri;
use permitted::Waiting;
use unfinished::{Part, Unfinished};

/// The calls of one session that are at work.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Those whose callers wait, by their ids.
    at_work: HashMap<RequestId, AtWork>,
    /// Those that run on, although their callers have their answers: their ids are free.
    released: Vec<AtWork>,
    /// Those of which the caller has more to send.
    unfinished: Unfinished,
    /// How many of them have a time limit.
    timed: usize,
    /// Bytes of the frames that they keep, and apart of those that wait as chunks.
    bytes: usize,
    chunks: Rc<Cell<usize>>,
}

#[derive(Debug)]
struct AtWork {
    call: Rc<CallState>,
    by: By,
    limit: Option<Limit>,
    bytes: usize,
}

/// Who answers a call.
#[derive(Debug)]
enum By {
    /// Nobody yet: the authorisers think about it.
    Authorizer(Asking, Box<Waiting>),
    Handler(Run),
    Callee(Arc<RoutedCall>),
}

/// What serves a procedure.
#[derive(Debug)]
enum Procedure {
    Handler(&'static Registration),
    Registered(Arc<Registered>),
}

/// The time that may pass until the next result (TO-05).
#[derive(Copy, Clone, Debug)]
struct Limit {
    timeout: Duration,
    until: Instant,
}

impl Calls {
    pub(super) fn keep_messages(&self) -> bool {
        self.bytes + self.chunks.get() > 0
    }

    pub(super) fn is_outstanding(&self, request: RequestId) -> bool {
        self.at_work.contains_key(&request)
    }

    /// When the next time limit ends.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.timed == 0 {
            return None;
        }
        self.at_work.values().filter_map(|at_work| at_work.limit).map(|limit| limit.until).min()
    }

    /// How many there are, whether their callers wait or not.
    fn count(&self) -> usize {
        self.at_work.len() + self.released.len()
    }

    /// Calls whose callers still wait.
    pub(super) fn unanswered(&self) -> impl Iterator<Item = &Rc<CallState>> {
        self.at_work.values().map(|at_work| &at_work.call).filter(|call| !call.is_answered())
    }

    fn insert(&mut self, at_work: AtWork) {
        self.timed += usize::from(at_work.limit.is_some());
        self.bytes += at_work.bytes;
        self.at_work.insert(at_work.call.request, at_work);
    }

    fn remove(&mut self, request: RequestId) -> Option<AtWork> {
        let at_work = self.at_work.remove(&request)?;
        self.timed -= usize::from(at_work.limit.is_some());
        self.bytes -= at_work.bytes;
        Some(at_work)
    }

    /// The call is over, for its caller and for who answers it.
    fn end(&mut self, request: RequestId) -> Option<AtWork> {
        self.unfinished.end(request);
        self.remove(request)
    }

    /// The caller has its answer, and a handler runs on.
    fn run_on(&mut self, request: RequestId) {
        self.unfinished.end(request);
        let Some(mut at_work) = self.at_work.remove(&request) else { return };
        self.timed -= usize::from(at_work.limit.take().is_some());
        self.released.push(at_work);
    }

    /// What ran on has ended; whether the call is one of these.
    fn end_released(&mut self, call: &CallState) -> bool {
        let position =
            self.released.iter().position(|released| std::ptr::eq(&raw const *released.call, call));
        if let Some(position) = position {
            self.bytes -= self.released.swap_remove(position).bytes;
        }
        position.is_some()
    }

    /// PR-08: a call that progressed has its time anew.
    pub(super) fn restart_limits(&mut self, now: Instant) {
        if self.timed == 0 {
            return;
        }
        for AtWork { call, limit, .. } in self.at_work.values_mut() {
            if let Some(limit) = limit.as_mut().filter(|_| call.take_progressed()) {
                limit.until = now + limit.timeout;
            }
        }
    }

    fn overdue(&self, now: Instant) -> Vec<Rc<CallState>> {
        if self.timed == 0 {
            return Vec::new();
        }
        let overdue = |at_work: &&AtWork| at_work.limit.is_some_and(|limit| limit.until <= now);
        self.at_work.values().filter(overdue).map(|at_work| Rc::clone(&at_work.call)).collect()
    }
}

impl Joined {
    pub(super) fn call(
        &mut self,
        request: RequestId,
        options: CallOptions,
        uri: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Violation> {
        let announced = self.session().peer().features.caller;
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
        let started = if self.is_draining() {
            Err(Error::new(uris::CANCELED).arg("the server shuts down"))
        } else if self.has_authorizer() {
            self.ask_call(request, options, uri, payload, now)
        } else {
            self.start_call(request, &options, uri, payload, now)
        };
        self.started(request, started);
        Ok(())
    }

    /// What came of starting a call: it is at work now, or over.
    fn started(&mut self, request: RequestId, started: Result<(), Error>) {
        if let Err(error) = started {
            self.error(code::CALL, request, &error);
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
        let Some(AtWork { call, by, .. }) = self.calls.at_work.get_mut(&request) else { return };
        let taken = match by {
            By::Authorizer(_, waiting) => waiting.add(options, payload, &self.link.limits),
            By::Callee(routed) => {
                self.publishing.count_routed(payload.kept_bytes(), &self.link.limits);
                routed::chunk(routed, options.goes_on(), payload)
            }
            By::Handler(_) => match &call.chunks {
                Some(chunks) if !chunks.push(payload, options.goes_on(), &self.link.limits) => {
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
            && !handler.admits(self.session().authrole())
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

    /// What serves a procedure: of the application's own and the clients', the better match (H-04).
    fn procedure(&self, uri: &str) -> Option<Procedure> {
        let registry = &self.served.registry;
        if !self.served.settings.route_clients {
            return registry.procedure(uri).map(Procedure::Handler);
        }
        if !uri::is_valid(uri) {
            return None;
        }
        let handlers = registry.procedures(uri).map(Procedure::Handler);
        let registered = self.served.realm.dealer().procedures(uri).map(Procedure::Registered);
        handlers.or(registered).best(uri)
    }

    /// What every call has to keep, whoever answers it.
    pub(super) fn check_call(&self, options: &CallOptions, payload: &Payload) -> Result<(), Error> {
        if options.disclose_me == Some(true) && !self.served.settings.disclosure {
            return Err(Error::new(uris::OPTION_DISALLOWED_DISCLOSE_ME)); // DI-03
        }
        if options.passthru.is_some() && !payload.is_one_binary() {
            return Err(Error::invalid_argument("a payload in passthru mode is one binary argument"));
        }
        let Calls { bytes, chunks, .. } = &self.calls;
        let has_bytes = bytes + chunks.get() + payload.kept_bytes() <= self.limits().bytes_in_flight;
        if !has_bytes || !self.has_room_for_call() {
            return Err(Error::new(uris::UNAVAILABLE).arg("too many calls in flight"));
        }
        Ok(())
    }

    /// Whether one more call, or request that waits for the authorisers, may be in flight.
    pub(super) fn has_room_for_call(&self) -> bool {
        self.calls.count() + self.authorizing.len() < self.limits().calls_in_flight
    }

    fn run_handler(
        &mut self,
        request: RequestId,
        options: &CallOptions,
        handler: &'static Registration,
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
        let context = self.context(handler, uri, payload, Subject::Call(Rc::clone(&call)));
        let mut work = Work::new(run(context));
        // Most handlers are ready at once, and never enter the set of tasks.
        match work.poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(result) => self.answer(&call, result),
            Poll::Pending => {
                let limit = limit(options, handler.timeout, now);
                let run = Run::new(work);
                self.tasks.proceed(Task::Call(Rc::clone(&call), run.clone()), false);
                self.calls.insert(AtWork { call, by: By::Handler(run), limit, bytes });
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
        self.error(code::CALL, call.request, &error);
    }

    /// CANCEL; without effect if the call has its answer (CA-07).
    pub(super) fn cancel(&mut self, request: RequestId, mode: CancelMode) {
        let Some(AtWork { call, by, .. }) = self.calls.at_work.get(&request) else { return };
        if call.is_answered() {
            return;
        }
        let (call, is_told) = (Rc::clone(call), by.is_told(call));
        match mode {
            // No handler goes on.
            CancelMode::Skip if matches!(by, By::Authorizer(..)) => self.abandon(&call, uris::CANCELED),
            CancelMode::Skip => self.release(&call, uris::CANCELED),
            // CA-03: whoever is told answers, and that is what the caller gets.
            CancelMode::Kill if is_told => self.kill(&call),
            // CA-04
            CancelMode::Kill if matches!(by, By::Callee(_)) => self.release(&call, uris::CANCELED),
            CancelMode::Kill | CancelMode::KillNoWait => self.abandon(&call, uris::CANCELED),
        }
    }

    /// Ends the calls whose time is over (TO-01, D-16).
    pub(super) fn time_out_calls(&mut self, now: Instant) {
        for call in self.calls.overdue(now) {
            if let Some(AtWork { by: By::Authorizer(_, waiting), .. }) = self.calls.at_work.get(&call.request)
                && let Some(undecided) = waiting.overdue(now)
            {
                self.answer(&call, Err(self.undecided(undecided)));
            }
            self.abandon(&call, uris::TIMEOUT);
        }
    }

    /// Tells who answers the call that it is not wanted any more; a second time says nothing new (CA-08).
    fn kill(&self, call: &CallState) {
        if !call.is_cancelled() {
            call.cancel();
            if let Some(AtWork { by: By::Callee(routed), .. }) = self.calls.at_work.get(&call.request) {
                routed.interrupt(CancelMode::Kill);
            }
        }
    }

    /// Releases the caller, and ends the work: who answers is told if it wants to be, a handler is dropped else (CA-09).
    fn abandon(&mut self, call: &CallState, uri: &'static str) {
        match self.calls.at_work.get(&call.request) {
            Some(AtWork { by: By::Callee(routed), .. }) => routed.interrupt(CancelMode::KillNoWait), // CA-02, TO-02
            Some(AtWork { by: By::Handler(_), .. }) if call.awaits_cancellation() => call.cancel(),
            Some(AtWork { by: By::Handler(_) | By::Authorizer(..), .. }) => {
                self.answer(call, Err(Error::new(uri)));
                if let Some(AtWork { by, .. }) = self.calls.end(call.request) {
                    by.end();
                }
                return;
            }
            None => {}
        }
        self.release(call, uri);
    }

    /// The caller waits no longer. A handler runs on; what a callee still says is nobody's.
    fn release(&mut self, call: &CallState, uri: &'static str) {
        self.answer(call, Err(Error::new(uri)));
        match self.calls.at_work.get(&call.request).map(|at_work| &at_work.by) {
            Some(By::Callee(routed)) => {
                routed.end();
                self.calls.end(call.request);
            }
            Some(By::Handler(_) | By::Authorizer(..)) => self.calls.run_on(call.request),
            None => {}
        }
    }
}

impl By {
    /// Drops what is at work in this session.
    fn end(&self) {
        match self {
            Self::Authorizer(asking, _) => asking.end(),
            Self::Handler(run) => run.end(),
            Self::Callee(_) => {}
        }
    }

    /// Whether who answers hears of a cancellation.
    fn is_told(&self, call: &CallState) -> bool {
        match self {
            Self::Handler(_) | Self::Authorizer(..) => call.awaits_cancellation(),
            Self::Callee(routed) => routed.callee.features.callee.call_canceling,
        }
    }
}

/// The shorter of what the caller and the handler allow.
fn limit(options: &CallOptions, most: Option<Duration>, now: Instant) -> Option<Limit> {
    let asked = options.timeout.filter(|milliseconds| *milliseconds > 0).map(Duration::from_millis);
    let timeout = asked.into_iter().chain(most).min()?;
    // A limit beyond the end of time is none.
    now.checked_add(timeout).map(|until| Limit { timeout, until })
}
