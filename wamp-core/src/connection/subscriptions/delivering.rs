//! Events for the subscriptions of one session, and their end by the router.

use super::{State, Subscriptions};
use crate::codec::payload::Payload;
use crate::connection::core::Core;
use crate::error::Error;
use crate::handler::tasks::{Source, Task};
use crate::id::{PublicationId, SubscriptionId};
use crate::log;
use crate::message::{self, EventDetails};
use crate::session::mailbox::Envelope;
use crate::uri;

impl Subscriptions {
    /// Handles the end of a subscription by the router (E-12). A client is told if it announced
    /// that it understands. If it left and subscribed anew, on another thread, before this was in
    /// its mailbox, it stays.
    pub(in crate::connection) fn revoked(&mut self, core: &Core, id: SubscriptionId, reason: &str) {
        let session = core.session().handle().id;
        let subscription = core.served.realm.broker().subscription(id);
        if subscription.is_some_and(|subscription| subscription.holder(session).is_some()) {
            return;
        }
        self.hurry(core, id);
        let is_told = core.session().handle().features.subscriber.subscription_revocation;
        if self.is_accepted(id)
            && self.remove(id, &core.link.session.handle().mailbox).is_some()
            && is_told
        {
            core.send(&message::subscription_revoked(id, reason));
        }
    }

    /// Sends an event from the mailbox, after the retained ones. One for a subscription that has
    /// ended is dropped.
    pub(in crate::connection) fn deliver(&mut self, core: &mut Core, envelope: Envelope) {
        if self.are_live() {
            self.event(core, envelope);
        } else {
            self.wait_for_turn(core, envelope);
        }
    }

    /// Sends an event, or holds it back until the subscription is decided.
    pub(super) fn event(&mut self, core: &mut Core, envelope: Envelope) {
        let id = envelope.subscription;
        match self.by_id.get_mut(&id).map(|subscribed| &mut subscribed.state) {
            Some(State::Accepted { .. }) => {
                core.link.send_buffer.borrow_mut().copy(&envelope.message);
            }
            Some(State::Pending { requests, held, .. }) => {
                let has_room = core.link.session.handle().mailbox.hold(envelope.message.len());
                held.push(envelope);
                if !has_room || held.len() > core.link.limits.queued_messages {
                    let request = requests[0];
                    self.give_up(core, id, request);
                }
            }
            None => {}
        }
    }

    /// Sends an item of the stream that a handler attached.
    pub(in crate::connection) fn emitted(
        &mut self,
        core: &mut Core,
        id: SubscriptionId,
        payload: &Payload,
        source: Source,
    ) {
        if self.is_accepted(id) {
            let start = core.link.send_buffer.borrow().len();
            send_event(core, id, false, payload);
            core.link.send_buffer.borrow_mut().paced_from(start);
            let parked = !core.has_room();
            core.tasks.proceed(Task::Events(id, source), parked);
        }
    }

    /// Ends a subscription whose stream has failed, and tells the client why: it would go on
    /// without the events that it is for.
    pub(in crate::connection) fn stream_failed(
        &self,
        core: &Core,
        id: SubscriptionId,
        error: &Error,
    ) {
        if let Some(subscribed) = self.by_id.get(&id) {
            core.tell_stream(id, &subscribed.topic, error);
        }
        let is_own = uri::is_valid(error.uri()) && !uri::is_reserved(error.uri());
        let text = error.args().ok().filter(|_| !is_own);
        let reason = text.map_or_else(|| error.uri().to_owned(), |(text,): (String,)| text);
        core.served.realm.revoke(id, core.session().id(), reason);
    }
}

/// Sends an event of this subscription alone.
pub(super) fn send_event(core: &Core, id: SubscriptionId, retained: bool, payload: &Payload) {
    let publication = PublicationId::random();
    let details = EventDetails { retained, ..EventDetails::default() };
    let mut send_buffer = core.link.send_buffer.borrow_mut();
    let sent =
        send_buffer.write(|s, out| message::event(s, out, id, publication, &details, payload));
    if let Err(error) = sent {
        tracing::warn!(target: log::CALL, subscription = %id, %error, "an event is left out");
    }
}
