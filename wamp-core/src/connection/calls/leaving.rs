//! Calls that go on although their callers have the RESULT or are gone.

use super::passing::answered_by_a_layer;
use super::{Answerer, Calls, InFlight};
use crate::connection::core::Core;
use crate::id::RequestId;
use crate::message::CancelMode;
use crate::session::request_outcome::RequestOutcome;

impl Calls {
    /// Releases the ids of calls that have their RESULT while layers go on.
    pub(in crate::connection) fn release_answered(&mut self, core: &mut Core) {
        if !core.served.is_layered {
            return; // No handler goes on after its RESULT.
        }
        let answered = self.at_work.iter().filter(|(_, at_work)| at_work.call.is_answered());
        for request in answered.map(|(request, _)| *request).collect::<Vec<_>>() {
            self.let_layers_go_on(core, request);
            core.call_ended(request, || RequestOutcome::Ok);
        }
    }

    fn let_layers_go_on(&mut self, core: &mut Core, request: RequestId) {
        if matches!(self.at_work.get(&request), Some(InFlight { by: Answerer::Handler(_), .. })) {
            return self.run_on(request);
        }
        let Some(InFlight { by, passing, .. }) = self.end(request) else { return };
        let passing = match by {
            Answerer::Handler(_) => None,
            Answerer::Callee(routed) => {
                routed.end();
                routed.interrupt(CancelMode::KillNoWait);
                passing.map(|passing| *passing)
            }
            Answerer::Authorizer(asking, mut waiting) => {
                asking.end();
                waiting.passing.take().inspect(|passing| passing.go_on(core))
            }
        };
        if let Some(passing) = passing {
            self.leave_layers(passing, Err(answered_by_a_layer()));
        }
    }

    /// Takes the calls out of a session that ends: nothing that their handlers and layers kept
    /// answers them any more, and their callees need not go on (C-11, PI-09).
    pub(in crate::connection) fn leave(&mut self, core: &mut Core) {
        self.release_answered(core);
        for InFlight { call, by, .. } in self.at_work.values() {
            call.answer();
            if let Answerer::Callee(routed) = by {
                routed.end();
                routed.interrupt(CancelMode::KillNoWait);
            }
        }
    }
}
