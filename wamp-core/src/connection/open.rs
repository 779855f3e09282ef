//! An open session: its core, its parts, and what is between them.

mod polling;

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use super::asked::{Asked, AskedRequests};
use super::calls::{Calls, NewCall, Part};
use super::core::{Core, Request};
use super::invocations::Invocations;
use super::publications::Publications;
use super::registrations::{Registrations, finish_unregister};
use super::stall::Stall;
use super::subscriptions::{Subscriptions, subscriber};
use super::throttle::Throttle;
use crate::auth::Decision;
use crate::codec::payload::Payload;
use crate::error::{Breach, Error, Violation, uris};
use crate::handler::acceptance::{Acceptance, Held};
use crate::handler::context::Link;
use crate::id::RequestId;
use crate::log;
use crate::message::{CallOptions, Message, code};
use crate::realm::Seat;
use crate::realm::pattern::Pattern;
use crate::router::{ServedRealm, meta};
use crate::session::left::Left;
use crate::session::mailbox::Delivery;
use crate::session::routed_call::RoutedMessage;
pub(super) use polling::PollResult;

/// A session from WELCOME to its end. A part uses the core and never another part.
#[derive(Debug)]
pub(super) struct OpenSession {
    pub(super) core: Core,
    subscriptions: Subscriptions,
    pub(super) publications: Publications,
    asked: AskedRequests,
    calls: Calls,
    registrations: Registrations,
    invocations: Invocations,
    /// In a strict realm.
    next_request: RequestId,
    /// Events, or streams, may have been left for want of room.
    pub(super) waits_for_room: bool,
    stall: Stall,
    /// Where the rate of messages is limited.
    throttle: Option<Box<Throttle>>,
    /// Why the session ends: set before it is dropped, unless its connection is dropped.
    pub(super) left: Left,
    /// Handlers had the first use of the room.
    were_tasks_first: bool,
    _holds: Vec<Held>,
    /// Given back after all else: the session is counted until others see that it has left.
    _seat: Seat,
}

impl OpenSession {
    pub(super) fn new(
        served: Arc<ServedRealm>,
        link: Rc<Link>,
        seat: Seat,
        acceptance: Acceptance,
    ) -> Self {
        served.realm.join(link.session.handle());
        meta::joined(&served.realm, link.session.handle());
        // A shutdown on another thread tells the sessions that it finds in the realm; perhaps this
        // one came too late.
        if link.router.is_stopping() {
            link.session.close(uris::SYSTEM_SHUTDOWN);
        }
        let throttle = Throttle::of(&link.limits);
        let core = Core::new(served, link);
        if let Some(observed) = &core.observed {
            observed.opened();
        }
        Self {
            throttle,
            core,
            subscriptions: Subscriptions::default(),
            publications: Publications::default(),
            asked: AskedRequests::default(),
            calls: Calls::default(),
            registrations: Registrations::default(),
            invocations: Invocations::default(),
            next_request: RequestId::FIRST,
            waits_for_room: false,
            stall: Stall::default(),
            left: Left::Lost,
            were_tasks_first: false,
            _holds: acceptance.holds,
            _seat: seat,
        }
    }

    pub(super) fn keeps_messages(&self) -> bool {
        self.calls.keep_messages() || self.publications.keeps_messages()
    }

    /// Handles a message of the client. One that no client may send in an open session is a
    /// violation (S-14, P-02, P-03, P-05).
    pub(super) fn receive(
        &mut self,
        mut message: Message<'_>,
        now: Instant,
    ) -> Result<(), Violation> {
        if let Some(throttle) = &mut self.throttle
            && throttle.count(now)
            && let Some(counters) = self.core.session().realm().counters()
        {
            counters.held_back();
        }
        match message {
            Message::Call { request, ref mut options, procedure, payload } => {
                self.call(request, options, procedure, payload, now)
            }
            Message::Publish { request, options, topic, payload } => {
                self.expect(request)?;
                self.publications.publish(&mut self.core, request, options, topic, payload, now)
            }
            Message::Subscribe { request, options, topic } => {
                self.expect(request)?;
                self.ask(code::SUBSCRIBE, request, Asked::subscribe(&options, topic), now);
                Ok(())
            }
            Message::Unsubscribe { request, subscription } => {
                self.unsubscribe(request, subscription)
            }
            Message::Register { request, options, procedure } => {
                self.expect(request)?;
                self.ask(code::REGISTER, request, Asked::register(options, procedure), now);
                Ok(())
            }
            Message::Unregister { request, registration } => self.unregister(request, registration),
            Message::Cancel { request, options } => {
                self.calls.cancel(&self.core, request, options.mode.unwrap_or_default());
                Ok(())
            }
            Message::Hello { .. } => Err(Breach::SecondHello.into()),
            Message::Authenticate { .. } => Err(Breach::NoChallenge.into()),
            Message::Error { request_type, request, passthru, error, payload } => self
                .invocations
                .failed(&mut self.core, request_type, request, passthru, error, payload),
            Message::Yield { request, options, payload } => {
                self.invocations.yielded(&mut self.core, request, options, payload)
            }
            // Handled by the connection in every state.
            Message::Abort | Message::Goodbye => Ok(()),
        }
    }

    /// Handles CALL: a new call, or one more chunk of a call.
    fn call(
        &mut self,
        request: RequestId,
        options: &mut CallOptions,
        uri: &str,
        payload: Payload,
        now: Instant,
    ) -> Result<(), Violation> {
        match self.calls.part(&self.core, request, options, uri)? {
            Part::First => {
                self.expect(request)?;
                let call =
                    NewCall { request, options, uri, asked: self.asked.len(), passed: None, now };
                self.calls.call(&mut self.core, &call, payload);
            }
            Part::Chunk => self.calls.go_on(&mut self.core, request, options, payload),
            Part::Late | Part::Contradiction => {}
        }
        Ok(())
    }

    /// Asks the authorisers about a SUBSCRIBE or REGISTER, and starts it if they have decided.
    fn ask(&mut self, code: u64, request: RequestId, asked: Result<Asked, Error>, now: Instant) {
        match asked {
            Ok(asked) => {
                let calls = self.calls.count();
                if let Some((asked, decision)) =
                    self.asked.ask(&mut self.core, request, asked, calls, now)
                {
                    self.start(request, asked, decision, now);
                }
            }
            Err(error) => self.core.error(Request::of(code, request), &error),
        }
    }

    /// Starts the SUBSCRIBE or REGISTER that the authorisers have decided, or refuses it.
    fn start(&mut self, request: RequestId, asked: Asked, decision: Decision, now: Instant) {
        let (code, pattern) = (asked.code(), asked.pattern().clone());
        let started = decision.and_then(|granted| match asked {
            Asked::Subscribe { topic, get_retained } => {
                self.subscribe(request, topic, get_retained, now)
            }
            Asked::Register { procedure, options } => {
                self.registrations.register(&self.core, request, &options, &procedure, granted)
            }
        });
        if let Err(error) = started {
            self.core.error(Request::of(code, request).naming(&pattern), &error);
        }
    }

    /// Goes on with the request that the authorisers have decided.
    fn authorized(&mut self, request: RequestId, decision: Decision, now: Instant) {
        if let Some(asked) = self.asked.remove(request) {
            self.start(request, asked, decision, now);
        } else if self.publications.is_asking_about(request) {
            self.publications.authorized(&mut self.core, decision, now);
        } else {
            self.calls.authorized(&mut self.core, request, decision, self.asked.len());
        }
    }

    fn subscribe(
        &mut self,
        request: RequestId,
        topic: Pattern,
        get_retained: bool,
        now: Instant,
    ) -> Result<(), Error> {
        let handler = subscriber(&self.core, &topic)?;
        if self.subscriptions.has(&topic) {
            // Begun before the mailbox is emptied: events that come later are not shown, and those
            // in the mailbox go out first.
            let showing = get_retained.then(|| self.core.served.realm.broker().show());
            // Perhaps the subscription was revoked.
            self.flush_mailbox();
            if self.subscriptions.subscribe_again(&self.core, request, &topic, showing)? {
                return Ok(());
            }
        }
        self.subscriptions.subscribe(&mut self.core, request, topic, get_retained, handler, now)
    }

    fn unsubscribe(&mut self, request: RequestId, subscription: u64) -> Result<(), Violation> {
        self.expect(request)?;
        if let Some(id) = self.subscriptions.begin_unsubscribe(&self.core, request, subscription) {
            self.flush_mailbox(); // B-04
            self.subscriptions.finish_unsubscribe(&self.core, request, id);
        }
        Ok(())
    }

    fn unregister(&mut self, request: RequestId, registration: u64) -> Result<(), Violation> {
        self.expect(request)?;
        if self.registrations.begin_unregister(&self.core, request, registration) {
            self.flush_mailbox();
            finish_unregister(&self.core, request);
        }
        Ok(())
    }

    /// Sends all that lies in the mailbox, as a part of the answer to a request.
    fn flush_mailbox(&mut self) {
        while let Some(delivery) = self.core.link.session.handle().mailbox.take() {
            self.take_in(delivery);
        }
    }

    /// Handles a message of another session or of the router; the order to end is handled where the
    /// mailbox is polled.
    fn take_in(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Event(envelope) => self.subscriptions.deliver(&mut self.core, envelope),
            Delivery::Revoked { subscription, reason } => {
                self.subscriptions.revoked(&self.core, subscription, &reason);
            }
            Delivery::RoutedMessage(message) => self.routed(*message),
            Delivery::End(_) => {}
        }
    }

    /// Hands a message about a routed call to the part that keeps this session's side of it.
    fn routed(&mut self, message: RoutedMessage) {
        match message {
            RoutedMessage::Invocation { call, details, payload, .. } => {
                self.invocations.invoke(&self.core, &call, &details, &payload);
            }
            RoutedMessage::Interrupt { call, mode } => {
                self.invocations.interrupt(&self.core, &call, mode);
            }
            RoutedMessage::Answer { call, answer } => {
                self.calls.answered(&self.core, &call, &answer);
            }
            RoutedMessage::Revoked { registration, reason } => {
                self.registrations.revoked(&self.core, registration, reason.as_deref());
            }
        }
    }

    /// Checks the id of a new request: any that is free, or, in a strict realm, the next one (I-02,
    /// D-02).
    fn expect(&mut self, request: RequestId) -> Result<(), Violation> {
        if !self.core.served.settings.strict_request_ids {
            return if self.is_outstanding(request) {
                Err(Breach::RequestIdInUse(request).into())
            } else {
                Ok(())
            };
        }
        if request == self.next_request {
            self.next_request = request.next();
            return Ok(());
        }
        Err(Breach::RequestIdOutOfOrder { request, expected: self.next_request }.into())
    }

    /// Returns whether a request of this id waits for its answer.
    fn is_outstanding(&self, request: RequestId) -> bool {
        // A request about which authorisers or handlers think is a task: as a rule there is none.
        let is_decided =
            || self.subscriptions.is_outstanding(request) || self.asked.is_outstanding(request);
        self.calls.is_outstanding(request)
            || self.publications.is_outstanding(request)
            || !self.core.tasks.is_empty() && is_decided()
    }
}

/// Takes the session out of all that it is in, whatever ends it (S-19).
impl Drop for OpenSession {
    fn drop(&mut self) {
        let handle = self.core.link.session.handle().clone();
        self.subscriptions.leave(&self.core.served.realm, &handle);
        // First of all no session calls it any more; then its callers are told.
        self.registrations.leave(&self.core);
        let unread = handle.mailbox.shut();
        self.invocations.cancel_all(unread);
        self.calls.leave(&mut self.core);
        self.core.served.realm.leave(&handle);
        self.core.served.departed(&handle);
        if let Some(observed) = &self.core.observed {
            observed.end_all();
            observed.closed(self.left);
        }
        tracing::debug!(
            target: log::SESSION,
            session = %handle.id,
            reason = self.left.as_str(),
            "session closed"
        );
    }
}
