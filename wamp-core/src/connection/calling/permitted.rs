//! Calls that the realm's authoriser thinks about: they can be cancelled and time out as any other.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Instant;

use super::{AtWork, By, limit};
use crate::authorization::{Action, Gate};
use crate::call::CallState;
use crate::connection::joined::Joined;
use crate::error::{Error, uris};
use crate::id::RequestId;
use crate::limits::Limits;
use crate::message::{CallOptions, MatchPolicy};
use crate::payload::Payload;
use crate::tasks::{Run, Task, Work};
use crate::uri;

/// A call that may not start yet.
#[derive(Debug)]
pub(super) struct Waiting {
    uri: String,
    /// The CALL, and what went on with it meanwhile (PI-01).
    chunks: Vec<(CallOptions, Payload)>,
    since: Instant,
    /// What the chunks after the first keep of the session's share.
    bytes: usize,
    share: Rc<Cell<usize>>,
}

impl Waiting {
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

impl Joined {
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
        match self.gate(Action::Call, MatchPolicy::Exact, uri) {
            Gate::Decided(decision) => {
                decision?;
                self.start_call(request, &options, uri, payload, now)
            }
            Gate::Asking(answer) => {
                self.check_call(&options, &payload)?;
                let (call, run) =
                    (Rc::new(CallState::new(request, &options, None)), Run::new(Work::new(answer)));
                self.tasks.proceed(Task::Call(Rc::clone(&call), run.clone()), false);
                let (limit, bytes) = (limit(&options, None, now), payload.kept_bytes());
                let waiting = Waiting {
                    uri: uri.to_owned(),
                    chunks: vec![(options, payload)],
                    since: now,
                    bytes: 0,
                    share: Rc::clone(&self.calls.chunks),
                };
                self.calls.insert(AtWork { call, by: By::Authorizer(run, Box::new(waiting)), limit, bytes });
                Ok(())
            }
        }
    }

    /// The authoriser lets the call start, with the time that it has left.
    pub(super) fn call_permitted(&mut self, call: &CallState, mut waiting: Waiting) {
        let (request, uri, since) = (call.request, std::mem::take(&mut waiting.uri), waiting.since);
        let mut chunks = std::mem::take(&mut waiting.chunks).into_iter();
        drop(waiting);
        let Some((options, payload)) = chunks.next() else { return };
        let started = self.start_call(request, &options, &uri, payload, since);
        self.started(request, started);
        chunks.for_each(|(options, payload)| self.go_on(request, options, payload));
    }
}
