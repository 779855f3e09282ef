//! Calls that the realm's authorisers think about: they can be cancelled and time out as any other.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use super::passing::{Passing, answered_by_a_layer};
use super::{Answerer, Calls, InFlight, NewCall, answer, limit};
use crate::auth::Decision;
use crate::codec::payload::Payload;
use crate::connection::core::Core;
use crate::error::{Error, uris};
use crate::handler::call_state::CallState;
use crate::handler::tasks::{Asking, HandlerFuture, Task};
use crate::id::RequestId;
use crate::limits::{Limits, NEVER};
use crate::message::Action;
use crate::message::CallOptions;
use crate::router::authorizer::{Gate, Kind};
use crate::uri;

/// A call that may not start yet.
#[derive(Debug)]
pub(super) struct Waiting {
    /// The payloads of the CALL and of the chunks that came meanwhile (PI-01).
    chunks: Vec<(CallOptions, Payload)>,
    since: Instant,
    /// The time at which the authorisers are given up.
    until: Instant,
    /// The bytes that the chunks after the first keep of the session's share.
    bytes: usize,
    share: Rc<Cell<usize>>,
    /// The layers that are asked in place of the authorisers.
    pub(super) passing: Option<Passing>,
}

impl Waiting {
    /// Creates a call that waits for the layers around it, however long they take.
    pub(super) fn inside_layers(
        chunks: Vec<(CallOptions, Payload)>,
        since: Instant,
        share: &Rc<Cell<usize>>,
        passing: Passing,
    ) -> Self {
        let (share, passing) = (Rc::clone(share), Some(passing));
        Self { chunks, since, until: since + NEVER, bytes: 0, share, passing }
    }

    /// Returns whether the authorisers' time is over, and not the caller's.
    pub(super) fn is_overdue(&self, now: Instant) -> bool {
        self.until <= now
    }

    /// Adds a chunk; returns the URI of the error if they are too many.
    pub(super) fn add(
        &mut self,
        options: CallOptions,
        payload: Payload,
        limits: &Limits,
    ) -> Result<(), &'static str> {
        let bytes = payload.kept_bytes();
        if self.share.get() + bytes > limits.bytes_in_flight
            || self.chunks.len() > limits.queued_messages
        {
            return Err(uris::UNAVAILABLE);
        }
        self.share.set(self.share.get() + bytes);
        self.bytes += bytes;
        self.chunks.push((options, payload));
        Ok(())
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.share.set(self.share.get() - self.bytes);
    }
}

impl Calls {
    /// Asks the authoriser before anything about the procedure shows (Z-05).
    pub(super) fn ask_authorizer(
        &mut self,
        core: &mut Core,
        call: &NewCall<'_>,
        payload: Payload,
    ) -> Result<(), Error> {
        let &NewCall { request, options, uri, now, .. } = call;
        if !uri::is_valid(uri) {
            return Err(Error::invalid_uri(uri)); // U-03
        }
        match core.gate(Kind::exact(Action::Call), uri, now) {
            Gate::Decided(decision) => {
                decision?;
                self.start(core, call, None, payload)
            }
            Gate::Asking(decision) => {
                self.check_call(core, call, &payload)?;
                let asked = core.asked(None, uri, Payload::empty());
                let call = Rc::new(CallState::new(asked, request, options, None));
                let asking = Asking::new(HandlerFuture::new(decision));
                core.tasks.proceed(Task::Authorize(request, asking.clone()), false);
                let bytes = payload.kept_bytes();
                let limit = limit(options, Some(core.limits().authorize_timeout), now);
                let waiting = Waiting {
                    chunks: vec![(options.clone(), payload)],
                    since: now,
                    until: core.patience(now),
                    bytes: 0,
                    share: Rc::clone(&self.chunks),
                    passing: None,
                };
                self.insert(InFlight {
                    call,
                    by: Answerer::Authorizer(asking, Box::new(waiting)),
                    limit,
                    bytes,
                    passing: None,
                });
                Ok(())
            }
        }
    }

    /// Starts a call that the authorisers have allowed, with the time that it has left, or refuses
    /// it.
    pub(in crate::connection) fn authorized(
        &mut self,
        core: &mut Core,
        request: RequestId,
        decision: Decision,
        asked: usize,
    ) {
        let Some(InFlight { call, by: Answerer::Authorizer(_, mut waiting), limit, .. }) =
            self.remove(request)
        else {
            return;
        };
        if let Err(error) = decision {
            self.unfinished.end(request);
            return answer(core, &call, Err(error));
        }
        let since = waiting.since;
        let uri = call.procedure().unwrap_or_default();
        let mut chunks = std::mem::take(&mut waiting.chunks).into_iter();
        let passing = waiting.passing.take();
        drop(waiting);
        let Some((options, payload)) = chunks.next() else { return };
        let passed = passing.is_some().then_some(&call);
        let new = NewCall { request, options: &options, uri, asked, passed, now: since };
        let started = if call.is_answered() {
            Err(answered_by_a_layer())
        } else {
            self.start(core, &new, None, payload)
        };
        match passing {
            Some(passing) => self.passed(core, passing, limit, started),
            None => self.started(core, request, uri, started),
        }
        chunks.for_each(|(options, payload)| self.go_on(core, request, &options, payload));
    }
}
