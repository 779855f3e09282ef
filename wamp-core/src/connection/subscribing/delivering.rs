//! What comes to the subscriptions of one session: events, and their end by the router.

use super::State;
use crate::codec::payload::Payload;
use crate::connection::open::OpenSession;
use crate::error::Error;
use crate::handler::tasks::{Source, Task};
use crate::id::{PublicationId, SubscriptionId};
use crate::message::{self, EventDetails};
use crate::session::mailbox::{Delivery, Envelope};
use crate::uri;

impl OpenSession {
    /// Sends all that lies in the mailbox, as a part of the answer to a request.
    pub(in crate::connection) fn flush_mailbox(&mut self) {
        while let Some(delivery) = self.core.link.session.handle().mailbox.take() {
            self.take_in(delivery);
        }
    }

    /// Takes what others sent; the order to end is none of it.
    pub(in crate::connection) fn take_in(&mut self, delivery: Delivery) {
        match delivery {
            Delivery::Event(envelope) if self.subscriptions.are_live() => self.event(envelope),
            Delivery::Event(envelope) => self.wait_for_turn(envelope),
            Delivery::Revoked { subscription, reason } => self.subscription_revoked(subscription, &reason),
            Delivery::RoutedMessage(routing) => self.routed(*routing),
            Delivery::End(_) => {}
        }
    }

    /// The router took the session out of a subscription (E-12). A client is told if it announced that it understands. If it
    /// left and subscribed anew, on another thread, before this was in its mailbox, it stays.
    pub(in crate::connection) fn subscription_revoked(&mut self, id: SubscriptionId, reason: &str) {
        let session = self.core.session().handle().id;
        let subscription = self.core.served.realm.broker().subscription(id);
        if subscription.is_some_and(|subscription| subscription.holder(session).is_some()) {
            return;
        }
        self.hurry(id);
        let is_told = self.core.session().handle().features.subscriber.subscription_revocation;
        if self.subscriptions.is_accepted(id)
            && self.subscriptions.remove(id, &self.core.link.session.handle().mailbox).is_some()
            && is_told
        {
            self.core
                .link
                .send_buffer
                .borrow_mut()
                .send(|s, out| message::subscription_revoked(s, out, id, reason));
        }
    }

    /// An event from the mailbox. One for a subscription that has ended is dropped.
    pub(in crate::connection) fn event(&mut self, envelope: Envelope) {
        let id = envelope.subscription;
        match self.subscriptions.by_id.get_mut(&id).map(|subscribed| &mut subscribed.state) {
            Some(State::Accepted { .. }) => self.core.link.send_buffer.borrow_mut().copy(&envelope.message),
            Some(State::Pending { requests, held, .. }) => {
                let has_room = self.core.link.session.handle().mailbox.hold(envelope.message.len());
                held.push(envelope);
                if !has_room || held.len() > self.core.link.limits.queued_messages {
                    let request = requests[0];
                    self.give_up(id, request);
                }
            }
            None => {}
        }
    }

    /// An item of the stream that a handler attached.
    pub(in crate::connection) fn emitted(&mut self, id: SubscriptionId, payload: &Payload, source: Source) {
        if self.subscriptions.is_accepted(id) {
            let start = self.core.link.send_buffer.borrow().len();
            self.send_event(id, false, payload);
            self.core.link.send_buffer.borrow_mut().paced_from(start);
            let parked = !self.core.has_room();
            self.core.tasks.proceed(Task::Events(id, source), parked);
        }
    }

    /// A subscription whose stream fails would go on without the events that it is for: it ends, and the client is told why.
    pub(in crate::connection) fn stream_failed(&self, id: SubscriptionId, error: &Error) {
        let topic = self.subscriptions.by_id.get(&id).map(|subscribed| subscribed.topic.uri.as_str());
        tracing::warn!(subscription = %id, topic, %error, "a stream has failed: its subscription is revoked");
        let is_own = uri::is_valid(error.uri()) && !uri::is_reserved(error.uri());
        let text = error.args().ok().filter(|_| !is_own);
        let reason = text.map_or_else(|| error.uri().to_owned(), |(text,): (String,)| text);
        self.core.served.realm.revoke(id, self.core.session().id(), reason);
    }

    pub(super) fn send_event(&self, id: SubscriptionId, retained: bool, payload: &Payload) {
        let publication = PublicationId::random();
        let details = EventDetails { retained, ..EventDetails::default() };
        let mut send_buffer = self.core.link.send_buffer.borrow_mut();
        let sent = send_buffer.write(|s, out| message::event(s, out, id, publication, &details, payload));
        if let Err(error) = sent {
            tracing::warn!(subscription = %id, %error, "an event is left out");
        }
    }
}
