//! The calls of one session that are at work, and the time and memory that they take.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::authorizing::Waiting;
use super::passing::Passing;
use super::unfinished::UnfinishedCalls;
use crate::handler::call_state::CallState;
use crate::handler::tasks::{Asking, RunningHandler};
use crate::id::RequestId;
use crate::message::CallOptions;
use crate::session::routed_call::RoutedCall;

/// The calls of one session that are at work.
#[derive(Debug, Default)]
pub(in crate::connection) struct Calls {
    /// Calls whose callers wait for the answer, by id.
    pub(super) at_work: HashMap<RequestId, InFlight>,
    /// Calls whose handlers run on although their callers have the answer; their ids are free.
    pub(super) released: Vec<InFlight>,
    /// Calls of which the caller has more chunks to send.
    pub(super) unfinished: UnfinishedCalls,
    /// The count of calls at work that have a time limit.
    timed: usize,
    /// Bytes of the frames that calls keep, without the chunks that wait.
    pub(super) bytes: usize,
    pub(super) chunks: Rc<Cell<usize>>,
}

#[derive(Debug)]
pub(super) struct InFlight {
    pub(super) call: Rc<CallState>,
    pub(super) by: Answerer,
    pub(super) limit: Option<Limit>,
    pub(super) bytes: usize,
    /// The layers of a call that a client answers.
    pub(super) passing: Option<Box<Passing>>,
}

/// The one that answers a call.
#[derive(Debug)]
pub(super) enum Answerer {
    /// The authorisers are asked; the call has not started.
    Authorizer(Asking, Box<Waiting>),
    Handler(RunningHandler),
    Callee(Arc<RoutedCall>),
}

/// The time that may pass until the next result (TO-05).
#[derive(Copy, Clone, Debug)]
pub(super) struct Limit {
    timeout: Duration,
    until: Instant,
}

impl Calls {
    pub(in crate::connection) fn keep_messages(&self) -> bool {
        self.bytes + self.chunks.get() > 0
    }

    pub(in crate::connection) fn is_outstanding(&self, request: RequestId) -> bool {
        self.at_work.contains_key(&request)
    }

    /// When the next time limit ends.
    pub(in crate::connection) fn deadline(&self) -> Option<Instant> {
        if self.timed == 0 {
            return None;
        }
        self.at_work.values().filter_map(|at_work| at_work.limit).map(|limit| limit.until).min()
    }

    /// Counts the calls, whether their callers wait or not.
    pub(in crate::connection) fn count(&self) -> usize {
        self.at_work.len() + self.released.len()
    }

    /// Calls whose callers still wait.
    pub(in crate::connection) fn unanswered(&self) -> impl Iterator<Item = &Rc<CallState>> {
        self.at_work.values().map(|at_work| &at_work.call).filter(|call| !call.is_answered())
    }

    pub(super) fn insert(&mut self, at_work: InFlight) {
        self.timed += usize::from(at_work.limit.is_some());
        self.bytes += at_work.bytes;
        self.at_work.insert(at_work.call.request, at_work);
    }

    pub(super) fn remove(&mut self, request: RequestId) -> Option<InFlight> {
        let at_work = self.at_work.remove(&request)?;
        self.timed -= usize::from(at_work.limit.is_some());
        self.bytes -= at_work.bytes;
        Some(at_work)
    }

    /// Removes a call that is over, for its caller and for the one that answers it.
    pub(super) fn end(&mut self, request: RequestId) -> Option<InFlight> {
        self.unfinished.end(request);
        self.remove(request)
    }

    /// Releases the id of a call whose caller has its answer while the handler runs on.
    pub(super) fn run_on(&mut self, request: RequestId) {
        self.unfinished.end(request);
        let Some(mut at_work) = self.at_work.remove(&request) else { return };
        self.timed -= usize::from(at_work.limit.take().is_some());
        self.released.push(at_work);
    }

    /// Removes a call whose handler ran on and has ended; returns false if the call is none of
    /// these.
    pub(super) fn end_released(&mut self, call: &CallState) -> bool {
        let position =
            self.released.iter().position(|released| std::ptr::eq(&raw const *released.call, call));
        if let Some(position) = position {
            self.bytes -= self.released.swap_remove(position).bytes;
        }
        position.is_some()
    }

    /// PR-08: a call that progressed has its time anew.
    pub(in crate::connection) fn restart_limits(&mut self, now: Instant) {
        if self.timed == 0 {
            return;
        }
        for InFlight { call, limit, .. } in self.at_work.values_mut() {
            if let Some(limit) = limit.as_mut().filter(|_| call.take_progressed()) {
                limit.until = now + limit.timeout;
            }
        }
    }

    /// Returns whether any call has a time limit.
    pub(super) fn are_timed(&self) -> bool {
        self.timed > 0
    }

    pub(super) fn overdue(&self, now: Instant) -> Vec<Rc<CallState>> {
        let overdue = |at_work: &&InFlight| at_work.limit.is_some_and(|limit| limit.until <= now);
        self.at_work.values().filter(overdue).map(|at_work| Rc::clone(&at_work.call)).collect()
    }
}

/// Returns the shorter of the times that the caller and the handler allow.
pub(super) fn limit(options: &CallOptions, most: Option<Duration>, now: Instant) -> Option<Limit> {
    let asked = options.timeout.filter(|milliseconds| *milliseconds > 0).map(Duration::from_millis);
    let timeout = asked.into_iter().chain(most).min()?;
    // A limit beyond the end of time is none.
    now.checked_add(timeout).map(|until| Limit { timeout, until })
}
