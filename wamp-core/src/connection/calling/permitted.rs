//! Calls that the realm's authorisers think about: they can be cancelled and time out as any other.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use super::{Answerer, InFlight, limit};
use crate::auth::Decision;
use crate::codec::payload::Payload;
use crate::connection::open::OpenSession;
use crate::error::{Error, uris};
use crate::handler::call_state::CallState;
use crate::handler::tasks::{Asking, HandlerFuture, Task};
use crate::id::RequestId;
use crate::limits::Limits;
use crate::message::CallOptions;
use crate::router::authorizer::{Action, Gate, Kind};
use crate::uri;

/// A call that may not start yet.
#[derive(Debug)]
pub(super) struct Waiting {
    uri: String,
    /// The CALL, and what went on with it meanwhile (PI-01).
    chunks: Vec<(CallOptions, Payload)>,
    since: Instant,
    /// The time at which the authorisers are given up.
    until: Instant,
    /// What the chunks after the first keep of the session's share.
    bytes: usize,
    share: Rc<Cell<usize>>,
}

impl Waiting {
    /// Returns the kind and URI of the call if the authorisers' time is over, and not the caller's.
    pub(super) fn overdue(&self, now: Instant) -> Option<(Kind, &str)> {
        (self.until <= now).then_some((Kind::exact(Action::Call), self.uri.as_str()))
    }

    /// One more chunk, or the URI of the error if they are too many.
    pub(super) fn add(
        &mut self,
        options: CallOptions,
        payload: Payload,
        limits: &Limits,
    ) -> Result<(), &'static str> {
        let bytes = payload.kept_bytes();
        if self.share.get() + bytes > limits.bytes_in_flight || self.chunks.len() > limits.queued_messages {
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

impl OpenSession {
    /// Asks the authoriser before anything about the procedure shows (Z-05).
    pub(super) fn ask_call(
        &mut self,
        request: RequestId,
        options: CallOptions,
        uri: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Error> {
        if !uri::is_valid(uri) {
            return Err(Error::invalid_uri(uri)); // U-03
        }
        match self.core.gate(Kind::exact(Action::Call), uri, now) {
            Gate::Decided(decision) => {
                decision?;
                self.start_call(request, &options, uri, payload, now)
            }
            Gate::Asking(answer) => {
                self.check_call(&options, &payload)?;
                let (call, asking) = (
                    Rc::new(CallState::new(request, &options, None)),
                    Asking::new(HandlerFuture::new(answer)),
                );
                self.core.tasks.proceed(Task::Authorize(request, asking.clone()), false);
                let bytes = payload.kept_bytes();
                let limit = limit(&options, Some(self.core.limits().authorize_timeout), now);
                let waiting = Waiting {
                    uri: uri.to_owned(),
                    chunks: vec![(options, payload)],
                    since: now,
                    until: self.core.patience(now),
                    bytes: 0,
                    share: Rc::clone(&self.calls.chunks),
                };
                self.calls.insert(InFlight {
                    call,
                    by: Answerer::Authorizer(asking, Box::new(waiting)),
                    limit,
                    bytes,
                });
                Ok(())
            }
        }
    }

    /// Starts a call that the authorisers have allowed, with the time that it has left, or refuses it.
    pub(in crate::connection) fn call_authorized(&mut self, request: RequestId, decision: Decision) {
        let Some(InFlight { call, by: Answerer::Authorizer(_, mut waiting), .. }) =
            self.calls.remove(request)
        else {
            return;
        };
        if let Err(error) = decision {
            self.calls.unfinished.end(request);
            return self.answer(&call, Err(error));
        }
        let (uri, since) = (std::mem::take(&mut waiting.uri), waiting.since);
        let mut chunks = std::mem::take(&mut waiting.chunks).into_iter();
        drop(waiting);
        let Some((options, payload)) = chunks.next() else { return };
        let started = self.start_call(request, &options, &uri, payload, since);
        self.started(request, started);
        chunks.for_each(|(options, payload)| self.go_on(request, options, payload));
    }
}
