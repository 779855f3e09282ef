//! The calls of one session that are counted.

use std::cell::RefCell;
use std::time::Instant;

use super::Served;
use super::open_calls::OpenCalls;
use crate::id::RequestId;
use crate::realm::instruments::{Label, OwnCounters};
use crate::router::registry::NumberedHandler;
use crate::session::request_outcome::RequestOutcome;

/// The calls of one session that are counted.
#[derive(Debug)]
pub(super) struct CountedCalls {
    pub(super) own: OwnCounters,
    open: OpenCalls<(Label, Instant)>,
    /// The calls that have ended since output was handed over, to be counted then.
    ended: RefCell<Vec<EndedCalls>>,
}

/// Calls of one procedure that were received at the same time, and have ended alike.
#[derive(Debug)]
struct EndedCalls {
    label: Label,
    outcome: RequestOutcome,
    started: Instant,
    count: u64,
}

impl CountedCalls {
    pub(super) fn new(own: OwnCounters) -> Self {
        Self { own, open: OpenCalls::default(), ended: RefCell::default() }
    }

    #[inline]
    pub(super) fn start(&self, request: RequestId, served: Served, started: Instant) {
        let label = match served {
            Served::Handler(NumberedHandler { number, .. }) => Label::of_handler(number),
            Served::Client => Label::CLIENT,
            Served::Router => Label::ROUTER,
            Served::Nobody => Label::UNKNOWN,
        };
        self.own.call_started();
        self.open.start(request, (label, started));
    }

    pub(super) fn end(&self, request: RequestId, outcome: RequestOutcome) {
        if let Some(call) = self.open.end(request) {
            self.ended(call, outcome);
        }
    }

    pub(super) fn end_all(&self) {
        self.open.end_all().for_each(|(_, call)| self.ended(call, RequestOutcome::Canceled));
        self.hand_over();
    }

    fn ended(&self, (label, started): (Label, Instant), outcome: RequestOutcome) {
        let mut ended = self.ended.borrow_mut();
        if let Some(last) = ended.last_mut()
            && (last.label, last.outcome, last.started) == (label, outcome, started)
        {
            last.count += 1;
        } else {
            ended.push(EndedCalls { label, outcome, started, count: 1 });
        }
    }

    /// Counts the calls whose answers are handed over to the transport, which is when their time
    /// ends. All of a turn share one reading of the clock.
    #[inline]
    pub(super) fn hand_over(&self) {
        let mut ended = self.ended.borrow_mut();
        if ended.is_empty() {
            return;
        }
        let now = Instant::now();
        for EndedCalls { label, outcome, started, count } in ended.drain(..) {
            self.own.calls_ended(label, outcome, now.saturating_duration_since(started), count);
        }
    }
}
