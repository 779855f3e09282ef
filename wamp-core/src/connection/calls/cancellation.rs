//! The end of calls that are not answered in time, or not wanted any more.

use std::rc::Rc;
use std::time::Instant;

use super::{Answerer, Calls, InFlight, answer};
use crate::connection::core::Core;
use crate::error::{Error, uris};
use crate::handler::call_state::CallState;
use crate::id::RequestId;
use crate::message::{Action, CancelMode};
use crate::router::authorizer::Kind;

impl Calls {
    /// Handles CANCEL; without effect if the call has its answer (CA-07).
    pub(in crate::connection) fn cancel(
        &mut self,
        core: &Core,
        request: RequestId,
        mode: CancelMode,
    ) {
        let Some(InFlight { call, by, .. }) = self.at_work.get(&request) else { return };
        if call.is_answered() {
            return;
        }
        let (call, is_told) = (Rc::clone(call), by.is_told(call));
        match mode {
            // No handler goes on.
            CancelMode::Skip if matches!(by, Answerer::Authorizer(..)) => {
                self.abandon(core, &call, uris::CANCELED);
            }
            CancelMode::Skip => self.release(core, &call, uris::CANCELED),
            // CA-03: a handler or callee that is told answers, and the caller gets that.
            CancelMode::Kill if is_told => self.kill(&call),
            // CA-04
            CancelMode::Kill if matches!(by, Answerer::Callee(_)) => {
                self.release(core, &call, uris::CANCELED);
            }
            CancelMode::Kill | CancelMode::KillNoWait => self.abandon(core, &call, uris::CANCELED),
        }
    }

    /// Ends the calls whose time is over (TO-01, D-16).
    pub(in crate::connection) fn time_out(&mut self, core: &Core, now: Instant) {
        if !self.are_timed() {
            return;
        }
        for call in self.overdue(now) {
            if let Some(InFlight { by: Answerer::Authorizer(_, waiting), .. }) =
                self.at_work.get(&call.request)
                && waiting.is_overdue(now)
            {
                let undecided = (Kind::exact(Action::Call), call.procedure().unwrap_or_default());
                answer(core, &call, Err(core.undecided(undecided)));
            }
            self.abandon(core, &call, uris::TIMEOUT);
        }
    }

    /// Tells the handler or callee that the call is not wanted any more; a second time says nothing
    /// new (CA-08).
    fn kill(&self, call: &CallState) {
        if !call.is_cancelled() {
            call.cancel();
            if let Some(InFlight { by: Answerer::Callee(routed), .. }) =
                self.at_work.get(&call.request)
            {
                routed.interrupt(CancelMode::Kill);
            }
        }
    }

    /// Releases the caller, and ends the work: the callee is interrupted; a handler is told if it
    /// takes `Cancelled`, and dropped otherwise (CA-09).
    pub(super) fn abandon(&mut self, core: &Core, call: &CallState, uri: &'static str) {
        match self.at_work.get(&call.request) {
            Some(InFlight { by: Answerer::Callee(routed), .. }) => {
                routed.interrupt(CancelMode::KillNoWait); // CA-02, TO-02
            }
            Some(InFlight { by: Answerer::Handler(_), .. }) if call.awaits_cancellation() => {
                call.cancel();
            }
            Some(InFlight { by: Answerer::Handler(_) | Answerer::Authorizer(..), .. }) => {
                answer(core, call, Err(Error::new(uri)));
                if let Some(InFlight { by, .. }) = self.end(call.request) {
                    by.end();
                }
                return;
            }
            None => {}
        }
        self.release(core, call, uri);
    }

    /// Releases the caller. A handler runs on; what a callee still answers is dropped.
    fn release(&mut self, core: &Core, call: &CallState, uri: &'static str) {
        answer(core, call, Err(Error::new(uri)));
        match self.at_work.get(&call.request).map(|at_work| &at_work.by) {
            Some(Answerer::Callee(routed)) => {
                routed.end();
                self.end(call.request);
            }
            Some(Answerer::Handler(_) | Answerer::Authorizer(..)) => self.run_on(call.request),
            None => {}
        }
    }
}

impl Answerer {
    /// Drops the future that is at work in this session, if there is one.
    fn end(&self) {
        match self {
            Self::Authorizer(asking, _) => asking.end(),
            Self::Handler(run) => run.end(),
            Self::Callee(_) => {}
        }
    }

    /// Returns whether the handler or callee is told of a cancellation.
    fn is_told(&self, call: &CallState) -> bool {
        match self {
            Self::Handler(_) | Self::Authorizer(..) => call.awaits_cancellation(),
            Self::Callee(routed) => routed.callee.features.callee.call_canceling,
        }
    }
}
