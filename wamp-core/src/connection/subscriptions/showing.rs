//! Retained events on their way to one session: a piece at a time, as there is room.

use std::collections::VecDeque;
use std::time::Instant;

use super::delivering::send_event;
use super::{State, Subscribed, Subscriptions};
use crate::codec::payload::Payload;
use crate::connection::core::Core;
use crate::handler::tasks::Task;
use crate::id::SubscriptionId;
use crate::message::MatchPolicy;
use crate::realm::broker::{Showing, Step};
use crate::session::mailbox::Envelope;

/// Events that are sent in one poll before the host gets its turn.
const EVENTS: usize = 128;

/// The cost of one step of the search for retained events, as a number of events.
const EVENTS_OF_A_SEARCH: usize = 32;

/// Retained events that a subscription is shown, and what follows them.
#[derive(Debug)]
pub(super) struct Shown {
    showing: Showing,
    following: Following,
}

/// The events that follow the retained ones when a subscription begins, in the order of the fields.
#[derive(Debug, Default)]
pub(super) struct Following {
    pub(super) snapshots: Vec<Payload>,
    pub(super) held: Waiting,
    pub(super) streams: Vec<Task>,
}

impl Shown {
    pub(super) fn held_bytes(&self) -> usize {
        self.following.held.bytes
    }
}

/// Events that wait until others were sent.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    events: VecDeque<Envelope>,
    bytes: usize,
}

impl Waiting {
    pub(super) fn push(&mut self, event: Envelope) {
        self.bytes += event.message.len();
        self.events.push_back(event);
    }

    pub(super) fn len(&self) -> usize {
        self.events.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    fn pop(&mut self) -> Option<Envelope> {
        let event = self.events.pop_front()?;
        self.bytes -= event.message.len();
        Some(event)
    }

    /// Takes the events of one subscription out.
    pub(super) fn take(&mut self, id: SubscriptionId) -> Self {
        let (mut taken, mut rest) = (Self::default(), Self::default());
        for event in std::mem::take(&mut self.events) {
            let to = if event.subscription == id { &mut taken } else { &mut rest };
            to.bytes += event.message.len();
            to.events.push_back(event);
        }
        *self = rest;
        taken
    }
}

impl Subscriptions {
    /// Returns whether events go out as they come, for no retained events precede them.
    pub(in crate::connection) fn are_live(&self) -> bool {
        self.shown.is_empty() && self.waiting.events.is_empty()
    }
}

impl Subscriptions {
    /// Queues a subscription whose retained events are sent from the next poll on.
    pub(super) fn begin_showing(
        &mut self,
        id: SubscriptionId,
        showing: Showing,
        following: Following,
    ) {
        let subscribed = self.by_id.get_mut(&id);
        if let Some(Subscribed { state: State::Accepted { shown, .. }, .. }) = subscribed {
            *shown = Some(Box::new(Shown { showing, following }));
            self.shown.push_back(id);
        }
    }

    /// Sends what is retained for subscriptions while there is room, and then the events that had
    /// to wait for it.
    pub(in crate::connection) fn show_retained(&mut self, core: &mut Core, now: Instant) {
        let mut left = EVENTS;
        while left > 0 && core.has_room() {
            let start = core.link.send_buffer.borrow().len();
            let cost = if let Some(&id) = self.shown.front() {
                self.show_next(core, id, now)
            } else if let Some(event) = self.waiting.pop() {
                core.link.session.handle().mailbox.let_go(event.message.len());
                self.event(core, event);
                1
            } else {
                return;
            };
            core.link.send_buffer.borrow_mut().paced_from(start);
            left = left.saturating_sub(cost);
        }
    }

    /// Takes one step of the first showing. Returns its cost, as a number of events.
    fn show_next(&mut self, core: &mut Core, id: SubscriptionId, now: Instant) -> usize {
        let (broker, handle) = (core.served.realm.broker(), core.link.session.handle());
        let subscribed = self.by_id.get_mut(&id);
        let Some(Subscribed { topic, state: State::Accepted { shown, .. }, .. }) = subscribed
        else {
            // The subscription has ended meanwhile.
            self.shown.pop_front();
            return 1;
        };
        match shown
            .as_mut()
            .map_or(Step::Done, |shown| broker.show_next(&mut shown.showing, topic, handle))
        {
            Step::Searched => return EVENTS_OF_A_SEARCH,
            Step::Found { left_out } => broker.tell_left_out(topic, left_out, now),
            Step::Event(event) => {
                let by_pattern = topic.policy != MatchPolicy::Exact;
                let mut send_buffer = core.link.send_buffer.borrow_mut();
                if let Err(error) = send_buffer.write(|s, out| event.write(s, out, id, by_pattern))
                {
                    broker.tell_unshown(&event, handle.serializer, &error);
                }
            }
            Step::Done => {
                let shown = shown.take();
                self.shown.pop_front();
                send_following(core, id, shown.map(|shown| shown.following).unwrap_or_default());
            }
        }
        1
    }

    /// Keeps an event that came out of the mailbox before the retained ones were sent. A client
    /// that causes too many of them, and does not take what it is sent, is cut off.
    pub(super) fn wait_for_turn(&mut self, core: &Core, event: Envelope) {
        let mailbox = &core.link.session.handle().mailbox;
        mailbox.hold(event.message.len());
        self.waiting.push(event);
        if !mailbox.could_keep(self.waiting.len()) {
            mailbox.cut_off();
        }
    }

    /// Sends the waiting events of a subscription that ends.
    pub(super) fn hurry(&mut self, core: &Core, id: SubscriptionId) {
        let waiting = self.waiting.take(id);
        if self.is_accepted(id) {
            send_waiting(core, &waiting);
        } else {
            core.session().handle().mailbox.let_go(waiting.bytes);
        }
    }
}

/// Sends what follows the retained events of a subscription, and lets its streams begin.
pub(super) fn send_following(core: &mut Core, id: SubscriptionId, following: Following) {
    let Following { snapshots, held, streams } = following;
    snapshots.iter().for_each(|payload| send_event(core, id, true, payload));
    send_waiting(core, &held);
    for stream in streams {
        core.tasks.proceed(stream, false);
    }
}

fn send_waiting(core: &Core, waiting: &Waiting) {
    waiting.events.iter().for_each(|event| core.link.send_buffer.borrow_mut().copy(&event.message));
    core.session().handle().mailbox.let_go(waiting.bytes);
}
