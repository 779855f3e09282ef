//! The calls of one session: started, cancelled, timed out, and answered exactly once.

use std::collections::HashMap;
use std::rc::Rc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::{Duration, Instant};

use super::joined::Joined;
use crate::call::CallState;
use crate::context::Subject;
use crate::error::{Error, Violation, uris};
use crate::handler::{Entry, Registration};
use crate::id::RequestId;
use crate::message::{CallOptions, CancelMode, code};
use crate::payload::Payload;
use crate::tasks::{Run, Task, Work};
use crate::uri;

/// The calls of one session that are at work.
#[derive(Debug, Default)]
pub(super) struct Calls {
    at_work: HashMap<RequestId, AtWork>,
    /// How many of them have a time limit.
    timed: usize,
    /// Bytes of the frames that they keep.
    bytes: usize,
}

#[derive(Debug)]
struct AtWork {
    call: Rc<CallState>,
    run: Run,
    limit: Option<Limit>,
    bytes: usize,
}

/// The time that may pass until the next result (TO-05).
#[derive(Copy, Clone, Debug)]
struct Limit {
    timeout: Duration,
    until: Instant,
}

impl Calls {
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
        options: &CallOptions,
        uri: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Violation> {
        self.expect(request)?;
        if options.progress == Some(true) {
            return Err("progressive call invocations are not announced".into()); // PI-02
        }
        if options.ppt_scheme.is_some() {
            return Err("payload passthru mode is not announced".into());
        }
        if let Err(error) = self.start_call(request, options, uri, payload, now) {
            self.error(code::CALL, request, &error);
        }
        Ok(())
    }

    fn start_call(
        &mut self,
        request: RequestId,
        options: &CallOptions,
        uri: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Error> {
        let found = self.served.registry.procedure(uri).map(|handler| (handler, handler.entry));
        let Some((handler, Entry::Rpc(run))) = found else {
            // C-03, U-03
            return Err(if uri::is_valid(uri) {
                Error::no_such_procedure(uri)
            } else {
                Error::invalid_uri(uri)
            });
        };
        if !handler.admits(self.session().authrole()) {
            return Err(Error::not_authorized("the role may not call this procedure"));
        }
        if self.is_draining() {
            return Err(Error::new(uris::CANCELED).arg("the server shuts down"));
        }
        let bytes = payload.kept_bytes();
        if self.calls.at_work.len() >= self.limits().calls_in_flight
            || self.calls.bytes + bytes > self.limits().bytes_in_flight
        {
            return Err(Error::new(uris::UNAVAILABLE).arg("too many calls in flight"));
        }
        let call = Rc::new(CallState::new(request, options.receive_progress == Some(true)));
        let context = self.context(handler, uri, payload, Subject::Call(Rc::clone(&call)));
        let mut work = Work::new(run(context));
        // Most handlers are ready at once, and never enter the set of tasks.
        match work.poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(result) => self.answer(&call, result),
            Poll::Pending => {
                let (run, limit) = (Run::new(work), limit(options, handler, now));
                self.await_call(AtWork { call, run, limit, bytes });
            }
        }
        Ok(())
    }

    fn await_call(&mut self, at_work: AtWork) {
        self.tasks.proceed(Task::Call(Rc::clone(&at_work.call), at_work.run.clone()), false);
        self.calls.insert(at_work);
    }

    /// A handler has ended.
    pub(super) fn call_ended(&mut self, call: &CallState, result: Result<(), Error>) {
        self.calls.remove(call.request);
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
        let Some(AtWork { call, .. }) = self.calls.at_work.get(&request) else { return };
        if call.is_answered() {
            return;
        }
        let call = Rc::clone(call);
        match mode {
            CancelMode::Skip => self.release(&call, uris::CANCELED),
            // CA-03: the handler's answer is what the caller gets.
            CancelMode::Kill if call.awaits_cancellation() => call.cancel(),
            CancelMode::Kill | CancelMode::KillNoWait => self.abandon(&call, uris::CANCELED),
        }
    }

    /// Ends the calls whose time is over (TO-01, D-16).
    pub(super) fn time_out(&mut self, now: Instant) {
        for call in self.calls.overdue(now) {
            self.abandon(&call, uris::TIMEOUT);
        }
    }

    /// Releases the caller, and ends the handler: it is told if it wants to be, else dropped (CA-09).
    fn abandon(&mut self, call: &CallState, uri: &'static str) {
        self.release(call, uri);
        if call.awaits_cancellation() {
            call.cancel();
        } else if let Some(at_work) = self.calls.remove(call.request) {
            at_work.run.end();
        }
    }

    fn release(&mut self, call: &CallState, uri: &'static str) {
        self.answer(call, Err(Error::new(uri)));
        if let Some(at_work) = self.calls.at_work.get_mut(&call.request)
            && at_work.limit.take().is_some()
        {
            self.calls.timed -= 1;
        }
    }
}

/// The shorter of what the caller and the handler allow.
fn limit(options: &CallOptions, handler: &Registration, now: Instant) -> Option<Limit> {
    let asked = options.timeout.filter(|milliseconds| *milliseconds > 0).map(Duration::from_millis);
    let timeout = asked.into_iter().chain(handler.timeout).min()?;
    // A limit beyond the end of time is none.
    now.checked_add(timeout).map(|until| Limit { timeout, until })
}
