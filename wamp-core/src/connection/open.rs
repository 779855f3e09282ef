//! A session that is open: its requests, its handlers at work, and what comes to it from others.

use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll};
use std::time::Instant;

use super::authorizing::Authorizing;
use super::calling::Calls;
use super::core::Core;
use super::invoking::Invocations;
use super::publishing::Publishing;
use super::registering::Registrations;
use super::subscribing::Subscriptions;
use crate::error::{Error, Violation, uris};
use crate::handler::acceptance::{Acceptance, Held};
use crate::handler::context::Link;
use crate::handler::tasks::Completion;
use crate::id::RequestId;
use crate::message::{Message, code};
use crate::realm::Seat;
use crate::router::ServedRealm;
use crate::router::meta;
use crate::session::mailbox::{Delivery, End, Turn};

/// Results of tasks that are taken in one poll before the host gets its turn.
const RESULTS: usize = 128;

/// Deliveries that are taken in one poll: as many as sixteen publishers may leave in a round. Who took fewer than come
/// would be cut off although its peer reads.
const DELIVERIES: usize = 4096;

/// A session that is open.
#[derive(Debug)]
pub(super) struct OpenSession {
    pub(super) core: Core,
    pub(super) subscriptions: Subscriptions,
    pub(super) publishing: Publishing,
    pub(super) authorizing: Authorizing,
    /// In a strict realm.
    next_request: RequestId,
    pub(super) calls: Calls,
    pub(super) registrations: Registrations,
    pub(super) invocations: Invocations,
    /// Events, or streams, may have been left for want of room.
    pub(super) waits_for_room: bool,
    /// Handlers had the first use of the room.
    were_tasks_first: bool,
    _holds: Vec<Held>,
    /// Given back after all else: the session is counted until others see that it has left.
    _seat: Seat,
}

/// How a session goes on after a poll.
#[derive(Debug)]
pub(super) enum PollResult {
    Continues,
    /// GOODBYE with this reason has to be sent.
    Leaves {
        reason: String,
        message: Option<String>,
    },
    /// The router shuts down, and nothing of the session is at work.
    ShutsDown,
    Overflowed,
}

impl OpenSession {
    pub(super) fn new(served: Arc<ServedRealm>, link: Rc<Link>, seat: Seat, acceptance: Acceptance) -> Self {
        served.realm.join(link.session.handle());
        meta::joined(&served.realm, link.session.handle());
        // A shutdown on another thread tells the sessions that it finds in the realm; perhaps this one came too late.
        if link.router.is_stopping() {
            link.session.close(uris::SYSTEM_SHUTDOWN);
        }
        Self {
            core: Core::new(served, link),
            subscriptions: Subscriptions::default(),
            publishing: Publishing::default(),
            authorizing: Authorizing::default(),
            next_request: RequestId::FIRST,
            calls: Calls::default(),
            registrations: Registrations::default(),
            invocations: Invocations::default(),
            waits_for_room: false,
            were_tasks_first: false,
            _holds: acceptance.holds,
            _seat: seat,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let pauses = [self.core.pace.pause(), self.inherited_pause()];
        let due = [self.core.draining, self.calls.deadline(), self.decisions_due()];
        due.into_iter().chain(pauses).flatten().min()
    }

    /// When the next is given up of what authorisers and handlers have to decide.
    fn decisions_due(&self) -> Option<Instant> {
        if self.core.tasks.is_empty() {
            return None; // Each of them is a task.
        }
        let due = [self.authorizing.deadline(), self.publishing.deadline(), self.subscriptions.deadline()];
        due.into_iter().flatten().min()
    }

    /// Gives up what is not decided in time.
    fn time_out_decisions(&mut self, now: Instant) {
        if self.decisions_due().is_some_and(|due| due <= now) {
            self.time_out_asked(now);
            self.time_out_publication(now);
            self.time_out_subscriptions(now);
        }
    }

    /// Whether there is work, or a time to keep, that does not wait for the waker.
    pub(super) fn needs_poll(&self) -> bool {
        !self.core.tasks.are_polled()
            || self.core.pace.has_delivered()
            || self.publishing.is_held_back()
            || !self.subscriptions.are_live()
            || self.deadline().is_some()
    }

    pub(super) fn keeps_messages(&self) -> bool {
        self.calls.keep_messages() || self.publishing.keeps_messages()
    }

    /// One request of the client, or what is none (S-14, P-02, P-03, P-05).
    pub(super) fn receive(&mut self, message: Message<'_>, now: Instant) -> Result<(), Violation> {
        match message {
            Message::Call { request, options, procedure, payload } => {
                self.call(request, options, procedure, payload, now)
            }
            Message::Publish { request, options, topic, payload } => {
                self.publish(request, options, topic, payload, now)
            }
            Message::Subscribe { request, options, topic } => self.subscribe(request, &options, topic, now),
            Message::Unsubscribe { request, subscription } => self.unsubscribe(request, subscription),
            Message::Register { request, options, procedure } => {
                self.register(request, options, procedure, now)
            }
            Message::Unregister { request, registration } => self.unregister(request, registration),
            Message::Cancel { request, options } => {
                self.cancel(request, options.mode.unwrap_or_default());
                Ok(())
            }
            Message::Hello { .. } => Err("HELLO in an open session".into()),
            Message::Authenticate { .. } => Err("AUTHENTICATE without a challenge".into()),
            Message::Error { request_type, request, passthru, error, payload } => {
                self.invocation_failed(request_type, request, passthru, error, payload)
            }
            Message::Yield { request, options, payload } => self.yielded(request, options, payload),
            // Handled by the connection in every state.
            Message::Abort | Message::Goodbye => Ok(()),
        }
    }

    /// Takes what arrived from others and drives the handlers, as long as the peer takes its frames.
    pub(super) fn poll(&mut self, context: &mut TaskContext<'_>, now: Instant) -> PollResult {
        self.resume_publishing(now);
        self.time_out_calls(now);
        self.time_out_decisions(now);
        let outcome = self.work(context, now);
        self.publish_inherited(context);
        self.waits_for_room = !self.core.has_room();
        if !self.subscriptions.are_live() && self.core.has_room() {
            context.waker().wake_by_ref();
        }
        self.calls.restart_limits(now);
        outcome
    }

    fn work(&mut self, context: &mut TaskContext<'_>, now: Instant) -> PollResult {
        self.show_retained(now);
        if self.core.has_room() {
            self.core.tasks.resume();
        }
        // In turns: large events of others would leave no room for what the session's own handlers send.
        self.were_tasks_first = self.waits_for_room && !self.were_tasks_first;
        if self.were_tasks_first
            && let Poll::Ready(done) = self.core.tasks.poll(context)
        {
            self.finish(done, now);
        }
        let mut has_taken = self.core.link.send_buffer.borrow_mut().take_moved();
        let (mut deliveries, mut results, mut are_tasks_waiting) = (DELIVERIES, RESULTS, false);
        while deliveries > 0 && results > 0 {
            if let Some(outcome) = self.drained(now) {
                return outcome;
            }
            let turn = match self.core.has_room() {
                true if self.subscriptions.are_live() => Turn::Takes,
                // What is retained goes first.
                true => Turn::IsFull,
                false if has_taken => Turn::IsFull,
                false => Turn::Stalled,
            };
            let is_delivered = match self.core.link.session.handle().mailbox.poll(context, turn) {
                Poll::Ready(Delivery::End(end)) => match self.end(end, now) {
                    Some(outcome) => return outcome,
                    None => continue,
                },
                Poll::Ready(delivery) => {
                    self.deliver(delivery);
                    deliveries -= 1;
                    has_taken = true;
                    true
                }
                Poll::Pending => false,
            };
            // A task that gives way is ready again at once: it is polled once in a turn, and not once for each delivery.
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

    /// Sends what lay in the mailbox.
    fn deliver(&mut self, delivery: Delivery) {
        let start = self.core.link.send_buffer.borrow().len();
        self.take_in(delivery);
        self.core.link.send_buffer.borrow_mut().paced_from(start);
    }

    /// What ends the session: at once, or for a shutdown when nothing of it is at work.
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

    /// C-09: what was asked for and is not decided is answered before the session ends.
    fn give_up_requests(&mut self, text: &str) {
        let error = Error::new(uris::CANCELED).arg(text);
        for call in self.calls.unanswered() {
            self.answer(call, Err(error.clone()));
        }
        for request in self.subscriptions.pending() {
            self.core.error(code::SUBSCRIBE, request, &error);
        }
        self.refuse_publications(&error);
        self.refuse_asked(&error);
    }

    /// The end of a shutdown: nothing is at work any more, or the grace is over.
    fn drained(&mut self, now: Instant) -> Option<PollResult> {
        let until = self.core.draining?;
        if self.is_at_work() && now < until {
            return None;
        }
        self.give_up_requests("the server shuts down");
        Some(PollResult::ShutsDown)
    }

    /// Whether somebody waits for what was asked of the session's handlers, its authoriser or its client.
    fn is_at_work(&self) -> bool {
        self.calls.unanswered().next().is_some()
            || self.core.session().handle().invocations.are_awaited()
            || self.subscriptions.pending().next().is_some()
            || self.publishing.is_at_work()
            || self.authorizing.is_at_work()
    }

    fn finish(&mut self, done: Completion, now: Instant) {
        match done {
            Completion::Call(call, result) => self.call_ended(&call, result),
            Completion::Subscribe(subscription, request, result) => {
                self.subscribe_decided(subscription, request, result);
            }
            Completion::Authorized(request, decision) => self.authorized(request, decision, now),
            Completion::Publish(result) => self.publish_decided(result, now),
            Completion::Event(subscription, payload, source) => self.emitted(subscription, &payload, source),
            Completion::StreamFailed(subscription, error) => self.stream_failed(subscription, &error),
            Completion::Ended => {}
        }
    }

    /// The id of a new request: any that is free, or, in a strict realm, the next one (I-02, D-02).
    pub(super) fn expect(&mut self, request: RequestId) -> Result<(), Violation> {
        if !self.core.served.settings.strict_request_ids {
            return if self.is_outstanding(request) {
                Err(format!("request id {request} is in use: its request has no answer yet").into()) // C-14
            } else {
                Ok(())
            };
        }
        if request == self.next_request {
            self.next_request = request.next();
            return Ok(());
        }
        let expected = self.next_request;
        Err(format!("request id {request}, expected {expected}: the realm is set to `strict_request_ids`")
            .into())
    }

    /// Whether a request of this id waits for its answer.
    fn is_outstanding(&self, request: RequestId) -> bool {
        self.calls.is_outstanding(request)
            || self.subscriptions.is_outstanding(request)
            || self.publishing.is_outstanding(request)
            || self.authorizing.is_outstanding(request)
    }
}

/// Whatever ends a session, it leaves nothing behind (S-19).
impl Drop for OpenSession {
    fn drop(&mut self) {
        let handle = self.core.link.session.handle().clone();
        self.subscriptions.leave(&self.core.served.realm, &handle);
        // First of all nobody calls the session any more; then whoever did is told.
        self.leave_registrations();
        let unread = handle.mailbox.shut();
        self.leave_invocations(unread);
        self.leave_calls();
        self.core.served.realm.leave(handle.id);
        self.core.served.departed(&handle);
        tracing::debug!(session = %handle.id, "session closed");
    }
}
