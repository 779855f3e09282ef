//! Subscriptions that a handler decides about, and what is held back until then.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Instant;

use super::showing::{Following, Waiting};
use super::{State, Subscribed, unsubscribe};
use crate::codec::payload::Payload;
use crate::connection::open::OpenSession;
use crate::error::{Error, uris};
use crate::handler::acceptance::Acceptance;
use crate::handler::context::Subject;
use crate::handler::entry::{Entry, HandlerEntry};
use crate::handler::tasks::{Cancellable, HandlerFuture, Source, Task};
use crate::id::{RequestId, SubscriptionId};
use crate::message::code;
use crate::realm::broker::Showing;
use crate::realm::pattern::Pattern;

impl OpenSession {
    pub(super) fn ask_subscribe(
        &mut self,
        request: RequestId,
        id: SubscriptionId,
        topic: Pattern,
        showing: Option<Showing>,
        handler: &'static HandlerEntry,
        now: Instant,
    ) {
        let Entry::Subscribe(run) = handler.entry else {
            return;
        };
        let uri = topic.uri.clone();
        let pending =
            State::Pending { requests: vec![request], showing, held: Waiting::default(), deciding: None };
        self.subscriptions.insert(id, topic, pending);
        let Some(Subscribed { active, .. }) = self.subscriptions.by_id.get(&id) else {
            return;
        };
        let subject = Subject::Subscribe(id, Arc::clone(active));
        let mut work = HandlerFuture::new(run(self.core.context(handler, &uri, Payload::empty(), subject)));
        match work.poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(decision) => self.subscribe_decided(id, request, decision),
            Poll::Pending => self.await_decision(id, request, Cancellable::new(work), now),
        }
    }

    fn await_decision(
        &mut self,
        id: SubscriptionId,
        request: RequestId,
        work: Cancellable<HandlerFuture<Acceptance>>,
        now: Instant,
    ) {
        let until = now + self.core.limits().subscribe_timeout;
        self.subscriptions.deciding.push_back((until, id, request));
        if let Some(Subscribed { state: State::Pending { deciding, .. }, .. }) =
            self.subscriptions.by_id.get_mut(&id)
        {
            *deciding = Some(work.clone());
        }
        self.core.tasks.proceed(Task::Subscribe(id, request, work), false);
    }

    /// What the handler says that `request` asked. If it was given up, nobody listens any more.
    pub(in crate::connection) fn subscribe_decided(
        &mut self,
        id: SubscriptionId,
        request: RequestId,
        decision: Result<Acceptance, Error>,
    ) {
        let state = self.subscriptions.by_id.get_mut(&id).map(|subscribed| &mut subscribed.state);
        let Some(State::Pending { requests, showing, held, .. }) = state else {
            return;
        };
        if requests.first() != Some(&request) {
            return;
        }
        self.subscriptions.deciding.retain(|(_, deciding, _)| *deciding != id);
        let requests = std::mem::take(requests);
        let (showing, held) = (showing.take(), std::mem::take(held));
        match decision {
            Ok(acceptance) => self.accept(id, &requests, acceptance, showing, held),
            Err(error) => {
                self.core.session().handle().mailbox.let_go(held.bytes());
                self.withdraw(id);
                requests.iter().for_each(|request| self.core.error(code::SUBSCRIBE, *request, &error));
            }
        }
    }

    /// SUBSCRIBED, what was retained before it, the snapshot, then what was held back: in this order (B-12).
    fn accept(
        &mut self,
        id: SubscriptionId,
        requests: &[RequestId],
        acceptance: Acceptance,
        showing: Option<Showing>,
        held: Waiting,
    ) {
        let Acceptance { snapshots, streams, holds } = acceptance;
        requests.iter().for_each(|request| self.subscribed(*request, id));
        let sources: Vec<_> = streams.into_iter().map(Source::new).collect();
        let streams = sources.iter().map(|source| Task::Events(id, source.clone())).collect();
        self.subscriptions.accept(id, sources, holds);
        let following = Following { snapshots, held, streams };
        match showing {
            Some(showing) => self.begin_showing(id, showing, following),
            None => self.send_following(id, following),
        }
        self.announce(id);
    }

    /// Gives up the subscriptions that their handlers have not decided in time.
    pub(in crate::connection) fn time_out_subscriptions(&mut self, now: Instant) {
        while let Some((_, id, request)) =
            self.subscriptions.deciding.pop_front_if(|(until, ..)| *until <= now)
        {
            let topic = self.subscriptions.by_id.get(&id).map(|subscribed| subscribed.topic.uri.as_str());
            tracing::error!(topic, "a #[subscribe] handler did not decide in time");
            let error = Error::new(uris::TIMEOUT).arg("the subscription was not decided in time");
            self.subscribe_decided(id, request, Err(error));
        }
    }

    /// A handler that takes longer than its topic is bounded: refused rather than with a gap.
    pub(super) fn give_up(&mut self, id: SubscriptionId, request: RequestId) {
        let error = Error::new(uris::UNAVAILABLE).arg("too many events while the subscription was decided");
        self.subscribe_decided(id, request, Err(error));
    }

    fn withdraw(&mut self, id: SubscriptionId) {
        if let Some(subscribed) = self.subscriptions.remove(id, &self.core.link.session.handle().mailbox) {
            unsubscribe(&self.core.served.realm, &subscribed.topic, self.core.link.session.handle());
        }
    }
}
