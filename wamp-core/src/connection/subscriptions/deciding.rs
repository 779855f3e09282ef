//! Subscriptions that a handler decides about, and what is held back until then.

use std::future::ready;
use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Instant;

use super::showing::send_following;
use super::showing::{Following, Waiting};
use super::{State, Subscribed, Subscriptions, announce, subscribed, unsubscribe};
use crate::codec::payload::Payload;
use crate::connection::core::{Core, Request};
use crate::error::{Error, uris};
use crate::handler::acceptance::Acceptance;
use crate::handler::context::{Context, Subject};
use crate::handler::entry::{BoxedAnswer, Entry, HandlerEntry};
use crate::handler::tasks::{Cancellable, HandlerFuture, Source, Task};
use crate::id::{RequestId, SubscriptionId};
use crate::message::code;
use crate::realm::broker::Showing;
use crate::realm::pattern::Pattern;

impl Subscriptions {
    /// Asks the layers and the handler of a subscription.
    pub(super) fn ask_handler(
        &mut self,
        core: &mut Core,
        id: SubscriptionId,
        request: RequestId,
        handler: Option<&'static HandlerEntry>,
        now: Instant,
    ) {
        let run = match handler.map(|handler| handler.entry) {
            Some(Entry::Subscribe(run)) => run,
            _ => |_| -> BoxedAnswer<Acceptance> { Box::pin(ready(Ok(Acceptance::default()))) },
        };
        let Some(Subscribed { topic, active, .. }) = self.by_id.get(&id) else { return };
        let subject = Subject::Subscribe(id, Arc::clone(active));
        let asked = core.asked(handler, &topic.uri, Payload::empty());
        let context = Context::of_other(asked, subject);
        let mut work = HandlerFuture::new(if core.served.has_layers(handler) {
            core.served.subscribing_around(topic.policy, handler, context, run)
        } else {
            run(context)
        });
        match work.poll(&mut TaskContext::from_waker(Waker::noop())) {
            Poll::Ready(decision) => self.decided(core, id, request, decision),
            Poll::Pending => self.await_decision(core, id, request, Cancellable::new(work), now),
        }
    }

    fn await_decision(
        &mut self,
        core: &mut Core,
        id: SubscriptionId,
        request: RequestId,
        work: Cancellable<HandlerFuture<Acceptance>>,
        now: Instant,
    ) {
        let until = now + core.limits().subscribe_timeout;
        self.deciding.push_back((until, id, request));
        if let Some(Subscribed { state: State::Pending { deciding, .. }, .. }) =
            self.by_id.get_mut(&id)
        {
            *deciding = Some(work.clone());
        }
        core.tasks.proceed(Task::Subscribe(id, request, work), false);
    }

    /// Takes the decision of the handler that `request` asked, unless that was given up.
    pub(in crate::connection) fn decided(
        &mut self,
        core: &mut Core,
        id: SubscriptionId,
        request: RequestId,
        decision: Result<Acceptance, Error>,
    ) {
        let state = self.by_id.get_mut(&id).map(|subscribed| &mut subscribed.state);
        let Some(State::Pending { requests, showing, held, .. }) = state else {
            return;
        };
        if requests.first() != Some(&request) {
            return;
        }
        self.deciding.retain(|(_, deciding, _)| *deciding != id);
        let requests = std::mem::take(requests);
        let (showing, held) = (showing.take(), std::mem::take(held));
        match decision {
            Ok(acceptance) => self.begin(core, id, &requests, acceptance, showing, held),
            Err(error) => {
                core.session().handle().mailbox.let_go(held.bytes());
                let Some(topic) = self.withdraw(core, id) else { return };
                for request in requests {
                    core.error(Request::of(code::SUBSCRIBE, request).naming(&topic), &error);
                }
            }
        }
    }

    /// Sends SUBSCRIBED, what was retained before it, the snapshot, then what was held back: in
    /// this order (B-12).
    fn begin(
        &mut self,
        core: &mut Core,
        id: SubscriptionId,
        requests: &[RequestId],
        acceptance: Acceptance,
        showing: Option<Showing>,
        held: Waiting,
    ) {
        let Acceptance { snapshots, streams, holds } = acceptance;
        requests.iter().for_each(|request| subscribed(core, *request, id));
        let sources: Vec<_> = streams.into_iter().map(Source::new).collect();
        let streams = sources.iter().map(|source| Task::Events(id, source.clone())).collect();
        self.accept(id, sources, holds);
        let following = Following { snapshots, held, streams };
        match showing {
            Some(showing) => self.begin_showing(id, showing, following),
            None => send_following(core, id, following),
        }
        announce(core, id);
    }

    /// Gives up the subscriptions that their handlers have not decided in time.
    pub(in crate::connection) fn time_out(&mut self, core: &mut Core, now: Instant) {
        while let Some((_, id, request)) = self.deciding.pop_front_if(|(until, ..)| *until <= now) {
            let error = Error::new(uris::TIMEOUT)
                .arg("the subscription was not decided in time")
                .blamed("the layers or the #[subscribe] handler did not decide in time");
            self.decided(core, id, request, Err(error));
        }
    }

    /// Refuses a subscription whose handler takes so long that more events come than are held back.
    pub(super) fn give_up(&mut self, core: &mut Core, id: SubscriptionId, request: RequestId) {
        let error =
            Error::new(uris::UNAVAILABLE).arg("too many events while the subscription was decided");
        self.decided(core, id, request, Err(error));
    }

    /// Removes a subscription that is refused, and returns its topic.
    fn withdraw(&mut self, core: &Core, id: SubscriptionId) -> Option<Pattern> {
        let subscribed = self.remove(id, &core.link.session.handle().mailbox)?;
        unsubscribe(&core.served.realm, &subscribed.topic, core.link.session.handle());
        Some(subscribed.topic.clone())
    }
}
