//! The subscriptions of one session: asked for, held back until a handler accepts them, and ended.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll, Waker};

use bytes::Bytes;

use super::authorizing::Asked;
use super::joined::Joined;
use crate::context::Subject;
use crate::error::{Error, Violation, uris};
use crate::handler::{Entry, Registration};
use crate::id::{PublicationId, RequestId, SubscriptionId};
use crate::mailbox::{Delivery, Envelope};
use crate::message::{self, EventDetails, MatchPolicy, SubscribeOptions, code};
use crate::meta;
use crate::pattern::Pattern;
use crate::payload::Payload;
use crate::peer::Peer;
use crate::realm::Realm;
use crate::registry::Declared;
use crate::reply::{Acceptance, Held};
use crate::tasks::{Slot, Source, Task, Work};

/// The subscriptions of one session.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    by_id: HashMap<SubscriptionId, Subscribed>,
    by_topic: HashMap<Pattern, SubscriptionId>,
}

/// One subscription; the broker knows it from the moment it is asked for.
#[derive(Debug)]
struct Subscribed {
    topic: Pattern,
    state: State,
    /// What handles to it look at: false once it has ended.
    active: Arc<AtomicBool>,
}

#[derive(Debug)]
enum State {
    /// A handler decides, asked by the first of these SUBSCRIBEs; they wait for it, and these events.
    Pending {
        requests: Vec<RequestId>,
        /// Retained events that it begins with.
        retained: Vec<Bytes>,
        held: Vec<Bytes>,
        held_bytes: usize,
        /// The handler, if it was not ready at once.
        deciding: Option<Slot<Work<Acceptance>>>,
    },
    /// SUBSCRIBED was sent. The sources end, and the values are dropped, with the subscription.
    Accepted { sources: Vec<Source>, _holds: Vec<Held> },
}

impl State {
    fn accepted(sources: Vec<Source>, holds: Vec<Held>) -> Self {
        Self::Accepted { sources, _holds: holds }
    }
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.active.store(false, Ordering::Relaxed);
        match &self.state {
            State::Accepted { sources, .. } => sources.iter().for_each(Source::end),
            State::Pending { deciding, .. } => deciding.iter().for_each(Slot::end),
        }
    }
}

impl Subscriptions {
    /// Tells the broker that the session leaves all of them.
    pub(super) fn leave(&mut self, realm: &Realm, session: &Peer) {
        for (_, subscribed) in self.by_id.drain() {
            unsubscribe(realm, &subscribed.topic, session);
        }
    }

    pub(super) fn is_outstanding(&self, request: RequestId) -> bool {
        self.pending().any(|pending| pending == request)
    }

    /// The SUBSCRIBEs that are not decided.
    pub(super) fn pending(&self) -> impl Iterator<Item = RequestId> {
        self.by_id
            .values()
            .flat_map(|subscribed| match &subscribed.state {
                State::Pending { requests, .. } => requests.as_slice(),
                State::Accepted { .. } => &[],
            })
            .copied()
    }

    fn insert(&mut self, id: SubscriptionId, topic: Pattern, state: State) {
        self.by_topic.insert(topic.clone(), id);
        self.by_id.insert(id, Subscribed { topic, state, active: Arc::new(AtomicBool::new(true)) });
    }

    fn remove(&mut self, id: SubscriptionId) -> Option<Subscribed> {
        let subscribed = self.by_id.remove(&id)?;
        self.by_topic.remove(&subscribed.topic);
        Some(subscribed)
    }

    fn is_accepted(&self, id: SubscriptionId) -> bool {
        matches!(self.by_id.get(&id), Some(Subscribed { state: State::Accepted { .. }, .. }))
    }
}

/// Takes a session out of a subscription, and tells who wants to know.
fn unsubscribe(realm: &Realm, topic: &Pattern, session: &Peer) {
    let left = realm.broker().unsubscribe(topic, session.id);
    if let Some(left) = left.filter(|_| !session.is_silenced()) {
        meta::unsubscribed(realm, session.id, &left);
    }
}

impl Joined {
    pub(super) fn subscribe(
        &mut self,
        request: RequestId,
        options: &SubscribeOptions,
        topic: &str,
    ) -> Result<(), Violation> {
        self.expect(request)?;
        let policy = options.policy.unwrap_or(MatchPolicy::Exact); // W-05
        let topic = Pattern { policy, uri: topic.to_owned() };
        if topic.is_valid() {
            self.ask(request, Asked::Subscribe { topic, get_retained: options.get_retained == Some(true) });
        } else {
            self.error(code::SUBSCRIBE, request, &Error::invalid_uri(&topic.uri)); // U-03, U-05
        }
        Ok(())
    }

    /// A SUBSCRIBE that the realm's authoriser lets through.
    pub(super) fn start_subscribe(
        &mut self,
        request: RequestId,
        topic: Pattern,
        get_retained: bool,
    ) -> Result<(), Error> {
        let handler = self.subscriber(&topic)?;
        if self.subscriptions.by_topic.contains_key(&topic) {
            // What was sent before: perhaps the subscription was revoked, and what is retained is not older than events.
            self.flush_mailbox();
        }
        if let Some(&id) = self.subscriptions.by_topic.get(&topic) {
            return self.subscribe_again(request, id, get_retained);
        }
        if self.subscriptions.by_id.len() >= self.limits().subscriptions {
            return Err(Error::not_authorized("too many subscriptions of one session"));
        }
        let (broker, peer) = (self.served.realm.broker(), self.link.session.peer());
        let (id, retained) = if get_retained {
            broker.subscribe_retained(&topic, peer)
        } else {
            (broker.subscribe(&topic, peer), Vec::new())
        };
        match handler {
            None => {
                self.subscriptions.insert(id, topic, State::accepted(Vec::new(), Vec::new()));
                self.subscribed(request, id);
                self.copy(&retained);
                self.announce(id);
            }
            Some(handler) => self.ask_subscribe(request, id, topic, retained, handler),
        }
        Ok(())
    }

    /// The handler that decides about subscriptions to this topic or pattern; `None` if everybody may.
    fn subscriber(&self, topic: &Pattern) -> Result<Option<&'static Registration>, Error> {
        if topic.policy == MatchPolicy::Exact
            && meta::may_subscribe(&self.served, &topic.uri, self.session().authrole())
        {
            return Ok(None); // U-07
        }
        let Some(declared) = self.served.registry.subscription(topic) else {
            return Err(Error::not_authorized(match topic.policy {
                MatchPolicy::Exact => "nobody declared this topic for subscribers",
                _ => "no topic that is declared for subscribers covers this pattern",
            }));
        };
        match declared {
            Declared::Open(_) => Ok(None),
            Declared::Handled(handler) if !handler.admits(self.session().authrole()) => {
                Err(Error::not_authorized("the role may not subscribe to this topic"))
            }
            Declared::Handled(_) if topic.ends_inside_component() => Err(Error::not_authorized(
                "a handler decides about whole components: end the prefix with a dot",
            )),
            Declared::Handled(handler) => Ok(Some(*handler)),
        }
    }

    /// B-02: the same subscription, and no second run of its handler.
    fn subscribe_again(
        &mut self,
        request: RequestId,
        id: SubscriptionId,
        get_retained: bool,
    ) -> Result<(), Error> {
        let limit = self.limits().subscriptions;
        let Some(Subscribed { topic, state, .. }) = self.subscriptions.by_id.get_mut(&id) else {
            return Ok(());
        };
        let peer = self.link.session.peer();
        let broker = self.served.realm.broker();
        match state {
            State::Pending { requests, .. } if requests.len() >= limit => {
                return Err(Error::new(uris::UNAVAILABLE).arg("too many requests for one subscription"));
            }
            State::Pending { requests, retained, .. } => {
                requests.push(request);
                if get_retained && retained.is_empty() {
                    *retained = broker.retained(id, topic, peer);
                }
            }
            State::Accepted { .. } => {
                let retained = if get_retained { broker.retained(id, topic, peer) } else { Vec::new() };
                self.subscribed(request, id);
                self.copy(&retained); // E-06
            }
        }
        Ok(())
    }

    fn ask_subscribe(
        &mut self,
        request: RequestId,
        id: SubscriptionId,
        topic: Pattern,
        retained: Vec<Bytes>,
        handler: &'static Registration,
    ) {
        let Entry::Subscribe(run) = handler.entry else {
            return;
        };
        let uri = topic.uri.clone();
        let pending = State::Pending {
            requests: vec![request],
            retained,
            held: Vec::new(),
            held_bytes: 0,
            deciding: None,
        };
        self.subscriptions.insert(id, topic, pending);
        let Some(Subscribed { active, .. }) = self.subscriptions.by_id.get(&id) else {
            return;
        };
        let subject = Subject::Subscribe(id, Arc::clone(active));
        let mut work = Work::new(run(self.context(handler, &uri, Payload::empty(), subject)));
        match work.poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(decision) => self.subscribe_decided(id, request, decision),
            Poll::Pending => self.await_decision(id, request, Slot::new(work)),
        }
    }

    fn await_decision(&mut self, id: SubscriptionId, request: RequestId, work: Slot<Work<Acceptance>>) {
        if let Some(Subscribed { state: State::Pending { deciding, .. }, .. }) =
            self.subscriptions.by_id.get_mut(&id)
        {
            *deciding = Some(work.clone());
        }
        self.tasks.proceed(Task::Subscribe(id, request, work), false);
    }

    /// What the handler says that `request` asked. If it was given up, nobody listens any more.
    pub(super) fn subscribe_decided(
        &mut self,
        id: SubscriptionId,
        request: RequestId,
        decision: Result<Acceptance, Error>,
    ) {
        let state = self.subscriptions.by_id.get_mut(&id).map(|subscribed| &mut subscribed.state);
        let Some(State::Pending { requests, retained, held, .. }) = state else {
            return;
        };
        if requests.first() != Some(&request) {
            return;
        }
        let requests = std::mem::take(requests);
        let (retained, held) = (std::mem::take(retained), std::mem::take(held));
        match decision {
            Ok(acceptance) => self.accept(id, &requests, acceptance, &retained, &held),
            Err(error) => {
                self.withdraw(id);
                requests.iter().for_each(|request| self.error(code::SUBSCRIBE, *request, &error));
            }
        }
    }

    /// SUBSCRIBED, what was retained before it, the snapshot, then what was held back: in this order (B-12).
    fn accept(
        &mut self,
        id: SubscriptionId,
        requests: &[RequestId],
        acceptance: Acceptance,
        retained: &[Bytes],
        held: &[Bytes],
    ) {
        let Acceptance { snapshots, streams, holds } = acceptance;
        requests.iter().for_each(|request| self.subscribed(*request, id));
        self.copy(retained);
        snapshots.iter().for_each(|payload| self.send_event(id, true, payload));
        self.copy(held);
        let sources: Vec<_> = streams.into_iter().map(Source::new).collect();
        let tasks = sources.iter().map(|source| Task::Events(id, source.clone())).collect::<Vec<_>>();
        if let Some(subscribed) = self.subscriptions.by_id.get_mut(&id) {
            subscribed.state = State::accepted(sources, holds);
        }
        self.announce(id);
        for task in tasks {
            self.tasks.proceed(task, false);
        }
    }

    pub(super) fn unsubscribe(&mut self, request: RequestId, subscription: u64) -> Result<(), Violation> {
        self.expect(request)?;
        let id = SubscriptionId::new(subscription).filter(|id| self.subscriptions.is_accepted(*id));
        let Some(id) = id else {
            self.error(code::UNSUBSCRIBE, request, &Error::new(uris::NO_SUCH_SUBSCRIPTION)); // B-05
            return Ok(());
        };
        // B-04: events that were published before go out before UNSUBSCRIBED, and none is published after this.
        unsubscribe(&self.served.realm, &self.subscriptions.by_id[&id].topic, self.link.session.peer());
        self.flush_mailbox();
        if self.subscriptions.remove(id).is_none() {
            // E-12: it had been revoked.
            self.error(code::UNSUBSCRIBE, request, &Error::new(uris::NO_SUCH_SUBSCRIPTION));
            return Ok(());
        }
        self.link.outbox.borrow_mut().send(|s, out| message::unsubscribed(s, out, request));
        Ok(())
    }

    /// Sends what lies in the mailbox.
    pub(super) fn flush_mailbox(&mut self) {
        while let Some(delivery) = self.link.session.peer().mailbox.take() {
            match delivery {
                Delivery::Event(envelope) => self.event(envelope),
                Delivery::Revoked { subscription, reason } => {
                    self.subscription_revoked(subscription, &reason);
                }
                Delivery::Routing(routing) => self.routed(*routing),
                Delivery::End(_) => {}
            }
        }
    }

    /// The router took the session out of a subscription (E-12). A client is told if it announced that it understands. If it
    /// left and subscribed anew, on another thread, before this was in its mailbox, it stays.
    pub(super) fn subscription_revoked(&mut self, id: SubscriptionId, reason: &str) {
        let session = self.session().peer().id;
        let subscription = self.served.realm.broker().subscription(id);
        if subscription.is_some_and(|subscription| subscription.holder(session).is_some()) {
            return;
        }
        let is_told = self.session().peer().features.subscriber.subscription_revocation;
        if self.subscriptions.is_accepted(id) && self.subscriptions.remove(id).is_some() && is_told {
            self.link.outbox.borrow_mut().send(|s, out| message::subscription_revoked(s, out, id, reason));
        }
    }

    /// An event from the mailbox. One for a subscription that has ended is dropped.
    pub(super) fn event(&mut self, envelope: Envelope) {
        let Envelope { subscription: id, message } = envelope;
        match self.subscriptions.by_id.get_mut(&id).map(|subscribed| &mut subscribed.state) {
            Some(State::Accepted { .. }) => self.link.outbox.borrow_mut().copy(&message),
            Some(State::Pending { requests, held, held_bytes, .. }) => {
                let limits = &self.link.limits;
                *held_bytes += message.len();
                if held.len() < limits.queued_messages && *held_bytes <= limits.queued_bytes {
                    held.push(message);
                } else {
                    let request = requests[0];
                    self.give_up(id, request);
                }
            }
            None => {}
        }
    }

    /// A handler that takes longer than its topic is bounded: refused rather than with a gap.
    fn give_up(&mut self, id: SubscriptionId, request: RequestId) {
        let error = Error::new(uris::UNAVAILABLE).arg("too many events while the subscription was decided");
        self.subscribe_decided(id, request, Err(error));
    }

    /// An item of the stream that a handler attached.
    pub(super) fn emitted(&mut self, id: SubscriptionId, payload: &Payload, source: Source) {
        if self.subscriptions.is_accepted(id) {
            self.send_event(id, false, payload);
            let parked = !self.has_room();
            self.tasks.proceed(Task::Events(id, source), parked);
        }
    }

    fn withdraw(&mut self, id: SubscriptionId) {
        if let Some(subscribed) = self.subscriptions.remove(id) {
            unsubscribe(&self.served.realm, &subscribed.topic, self.link.session.peer());
        }
    }

    /// The subscription is the session's now.
    fn announce(&self, id: SubscriptionId) {
        let (realm, session) = (&self.served.realm, self.link.session.id());
        if let Some((subscription, is_first)) = realm.broker().accept(id, session) {
            meta::subscribed(realm, session, &subscription, is_first);
        }
    }

    fn copy(&self, messages: &[Bytes]) {
        messages.iter().for_each(|message| self.link.outbox.borrow_mut().copy(message));
    }

    fn subscribed(&self, request: RequestId, id: SubscriptionId) {
        self.link.outbox.borrow_mut().send(|s, out| message::subscribed(s, out, request, id));
    }

    fn send_event(&self, id: SubscriptionId, retained: bool, payload: &Payload) {
        let publication = PublicationId::random();
        let details = EventDetails { retained, ..EventDetails::default() };
        let mut outbox = self.link.outbox.borrow_mut();
        let sent = outbox.write(|s, out| message::event(s, out, id, publication, &details, payload));
        if let Err(error) = sent {
            tracing::warn!(subscription = %id, %error, "an event is left out");
        }
    }
}
