//! The poll of an open session: messages of others and handlers take turns, and what ends the
//! session is found.

use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use super::OpenSession;
use crate::error::{Error, uris};
use crate::handler::tasks::Completion;
use crate::session::mailbox::{Delivery, End, Turn};

/// Results of tasks that are taken in one poll before the host gets its turn.
const RESULTS: usize = 128;

/// Deliveries that are taken in one poll: as many as sixteen publishers may leave in a round. A
/// session that took fewer than come would be cut off although its client reads.
const DELIVERIES: usize = 4096;

/// The state of a session after a poll.
#[derive(Debug)]
pub(in crate::connection) enum PollResult {
    Continues,
    /// GOODBYE with this reason has to be sent.
    Leaves {
        reason: String,
        message: Option<String>,
    },
    /// The router shuts down, and nothing of the session is at work.
    ShutsDown,
    Overflowed,
    /// The client has sent more messages than its rate for too long.
    TooFast,
}

impl OpenSession {
    pub(in crate::connection) fn deadline(&self) -> Option<Instant> {
        let pauses = [
            self.core.pace.pause(),
            self.core.served.inherited_pause(self.core.session().handle()),
        ];
        let stalled = self.stall.deadline(self.core.limits().write_stall);
        let due = [self.core.draining, stalled, self.calls.deadline(), self.decisions_due()];
        due.into_iter().chain(pauses).flatten().min()
    }

    /// Returns the earlier of the [`deadline`](Self::deadline) and the time at which a client that
    /// is held back needs a turn.
    pub(in crate::connection) fn deadline_of_client(&self) -> Option<Instant> {
        let throttled = self.throttle.as_ref().and_then(|throttle| throttle.deadline());
        throttled.into_iter().chain(self.deadline()).min()
    }

    /// Returns whether the client has used up its rate.
    pub(in crate::connection) fn is_throttled(&self) -> bool {
        self.throttle.as_ref().is_some_and(|throttle| throttle.holds_back())
    }

    /// Returns the time at which the next request is given up that authorisers or handlers have to
    /// decide.
    fn decisions_due(&self) -> Option<Instant> {
        if self.core.tasks.is_empty() {
            return None; // Each of them is a task.
        }
        let due =
            [self.asked.deadline(), self.publications.deadline(), self.subscriptions.deadline()];
        due.into_iter().flatten().min()
    }

    /// Gives up the requests that are not decided in time.
    fn time_out_decisions(&mut self, now: Instant) {
        if self.decisions_due().is_some_and(|due| due <= now) {
            self.asked.time_out(&self.core, now);
            self.publications.time_out(&mut self.core, now);
            self.subscriptions.time_out(&mut self.core, now);
        }
    }

    /// Returns whether there is work, or a time to keep, that does not wait for the waker.
    pub(in crate::connection) fn has_work(&self) -> bool {
        !self.core.tasks.are_polled()
            || self.core.pace.has_delivered()
            || self.publications.is_held_back()
            || !self.subscriptions.are_live()
            || self.deadline().is_some()
    }

    /// Begins a turn of the host.
    pub(in crate::connection) fn begin_turn(&mut self, now: Instant) {
        self.core.pace.begin_turn(now);
        if let Some(throttle) = &mut self.throttle {
            throttle.begin_turn(now);
        }
        self.core.served.begin_turn(self.core.session().handle(), now);
    }

    /// Begins a round: all sessions that waited for a turn have had one.
    pub(in crate::connection) fn begin_round(&mut self, now: Instant) {
        let was_paused = self.core.pace.pause().is_some();
        self.core.pace.begin_round(now);
        if !was_paused
            && self.core.pace.pause().is_some()
            && let Some(counters) = self.core.session().realm().counters()
        {
            counters.paused();
        }
        self.core.served.begin_round(self.core.session().handle(), now);
    }

    /// Takes messages of others and drives the handlers, as long as the peer takes its frames.
    pub(in crate::connection) fn poll(
        &mut self,
        context: &mut TaskContext<'_>,
        now: Instant,
    ) -> PollResult {
        if self.throttle.as_ref().is_some_and(|throttle| throttle.is_exhausted(now)) {
            return PollResult::TooFast;
        }
        self.publications.resume(&mut self.core, now);
        self.calls.time_out(&self.core, now);
        self.time_out_decisions(now);
        let outcome = self.work(context, now);
        self.core.served.publish_inherited(self.core.session().handle(), context);
        self.waits_for_room = !self.core.has_room();
        if !self.subscriptions.are_live() && self.core.has_room() {
            context.waker().wake_by_ref();
        }
        self.calls.restart_limits(now);
        self.calls.release_answered(&mut self.core);
        outcome
    }

    fn work(&mut self, context: &mut TaskContext<'_>, now: Instant) -> PollResult {
        self.subscriptions.show_retained(&mut self.core, now);
        if self.core.has_room() {
            self.core.tasks.resume();
        }
        // In turns: large events of others would leave no room for what the session's own handlers
        // send.
        self.were_tasks_first = self.waits_for_room && !self.were_tasks_first;
        if self.were_tasks_first
            && let Poll::Ready(done) = self.core.tasks.poll(context)
        {
            self.finish(done, now);
        }
        if self.core.link.send_buffer.borrow_mut().take_moved() {
            self.stall.ends();
        }
        let (mut deliveries, mut results, mut are_tasks_waiting) = (DELIVERIES, RESULTS, false);
        while deliveries > 0 && results > 0 {
            if let Some(outcome) = self.drained(now) {
                return outcome;
            }
            let turn = self.turn(now);
            let is_delivered = match self.core.link.session.handle().mailbox.poll(context, turn) {
                Poll::Ready(Delivery::End(end)) => match self.end(end, now) {
                    Some(outcome) => return outcome,
                    None => continue,
                },
                Poll::Ready(delivery) => {
                    self.deliver(delivery);
                    deliveries -= 1;
                    true
                }
                Poll::Pending => false,
            };
            // A task that gives way is ready again at once: it is polled once in a turn, and not
            // once for each delivery.
            if !are_tasks_waiting || !self.core.tasks.are_polled() {
                match self.core.tasks.poll(context) {
                    Poll::Ready(done) => {
                        self.finish(done, now);
                        results -= 1;
                        continue;
                    }
                    Poll::Pending => are_tasks_waiting = true,
                }
            }
            if !is_delivered {
                return PollResult::Continues;
            }
        }
        context.waker().wake_by_ref();
        PollResult::Continues
    }

    /// Returns what the session can do with its deliveries.
    fn turn(&mut self, now: Instant) -> Turn {
        if !self.core.has_room() {
            return self.stall.turn(now, self.core.limits().write_stall);
        }
        self.stall.ends();
        // Retained events go first.
        if self.subscriptions.are_live() { Turn::Takes } else { Turn::IsFull }
    }

    /// Sends a message that lay in the mailbox.
    fn deliver(&mut self, delivery: Delivery) {
        let start = self.core.link.send_buffer.borrow().len();
        self.take_in(delivery);
        self.core.link.send_buffer.borrow_mut().paced_from(start);
    }

    /// Ends the session: at once, or for a shutdown when nothing of it is at work.
    fn end(&mut self, end: End, now: Instant) -> Option<PollResult> {
        match (end, self.core.link.router.ending()) {
            (End::Overflow, _) => Some(PollResult::Overflowed),
            (End::Close { reason, .. }, Some(ending)) if reason == uris::SYSTEM_SHUTDOWN => {
                self.core.draining = Some(now + ending.grace);
                None
            }
            (End::Close { reason, message }, _) => {
                self.give_up_requests("the session was closed");
                Some(PollResult::Leaves { reason, message })
            }
        }
    }

    /// Answers the requests that are not decided before the session ends (C-09).
    fn give_up_requests(&mut self, text: &str) {
        let error = Error::new(uris::CANCELED).arg(text);
        self.calls.refuse_all(&self.core, &error);
        self.subscriptions.refuse_all(&self.core, &error);
        self.publications.refuse_all(&self.core, &error);
        self.asked.refuse_all(&self.core, &error);
    }

    /// Ends the session at a shutdown: when nothing is at work any more, or the grace is over.
    fn drained(&mut self, now: Instant) -> Option<PollResult> {
        let until = self.core.draining?;
        if self.is_at_work() && now < until {
            return None;
        }
        self.give_up_requests("the server shuts down");
        Some(PollResult::ShutsDown)
    }

    /// Returns whether a caller or the client waits for the session's handlers, its authorisers or
    /// its client.
    fn is_at_work(&self) -> bool {
        self.calls.unanswered().next().is_some()
            || self.core.session().handle().invocations.are_awaited()
            || self.subscriptions.pending().next().is_some()
            || self.publications.is_at_work()
            || self.asked.is_at_work()
    }

    fn finish(&mut self, done: Completion, now: Instant) {
        match done {
            Completion::Call(call, result) => self.calls.ended(&self.core, &call, result),
            Completion::Subscribe(subscription, request, result) => {
                self.subscriptions.decided(&mut self.core, subscription, request, result);
            }
            Completion::Authorized(request, decision) => self.authorized(request, decision, now),
            Completion::Publish(result) => self.publications.decided(&mut self.core, result, now),
            Completion::Event(subscription, payload, source) => {
                self.subscriptions.emitted(&mut self.core, subscription, &payload, source);
            }
            Completion::StreamFailed(subscription, error) => {
                self.subscriptions.stream_failed(&self.core, subscription, &error);
            }
            Completion::Ended => {}
        }
    }
}
