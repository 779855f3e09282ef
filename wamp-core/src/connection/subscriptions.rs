//! The subscriptions of one session: asked for and ended.

mod deciding;
mod delivering;
mod showing;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::core::{Core, Request};
use crate::error::{Error, uris};
use crate::handler::acceptance::{Acceptance, Held};
use crate::handler::entry::HandlerEntry;
use crate::handler::tasks::{Cancellable, HandlerFuture, Source};
use crate::id::{RequestId, SubscriptionId};
use crate::message::{self, MatchPolicy, code};
use crate::realm::Realm;
use crate::realm::broker::Showing;
use crate::realm::pattern::Pattern;
use crate::router::meta;
use crate::router::registry::Declared;
use crate::session::handle::SessionHandle;
use crate::session::mailbox::Mailbox;
use showing::{Following, Shown, Waiting};

/// The subscriptions of one session.
#[derive(Debug, Default)]
pub(super) struct Subscriptions {
    /// Looked into for each event. The router numbers subscriptions, so no client chooses ids whose
    /// hashes are alike.
    by_id: HashMap<SubscriptionId, Subscribed, foldhash::fast::RandomState>,
    by_topic: HashMap<Pattern, SubscriptionId>,
    /// Subscriptions whose retained events are being sent, in the order in which they were asked
    /// for.
    shown: VecDeque<SubscriptionId>,
    /// Events that were taken out of the mailbox while retained ones are being sent.
    waiting: Waiting,
    /// The count of subscriptions that their handlers have not decided.
    undecided: usize,
    /// The time by which a handler must have decided, its subscription and the first SUBSCRIBE; the
    /// earliest at the front.
    deciding: VecDeque<(Instant, SubscriptionId, RequestId)>,
}

/// One subscription; the broker knows it from the moment it is asked for.
#[derive(Debug)]
struct Subscribed {
    topic: Pattern,
    state: State,
    /// A flag that handles to the subscription share: false once it has ended.
    active: Arc<AtomicBool>,
}

#[derive(Debug)]
enum State {
    /// A handler decides, asked by the first of these SUBSCRIBEs; they wait for it, and these
    /// events.
    Pending {
        requests: Vec<RequestId>,
        /// Retained events that it begins with.
        showing: Option<Showing>,
        held: Waiting,
        /// The handler, if it was not ready at once.
        deciding: Option<Cancellable<HandlerFuture<Acceptance>>>,
    },
    /// SUBSCRIBED was sent. The sources end, and the values are dropped, with the subscription.
    Accepted {
        /// Retained events that are not sent yet.
        shown: Option<Box<Shown>>,
        sources: Vec<Source>,
        _holds: Vec<Held>,
    },
}

impl State {
    fn is_pending(&self) -> bool {
        matches!(self, Self::Pending { .. })
    }

    fn accepted(sources: Vec<Source>, holds: Vec<Held>) -> Self {
        Self::Accepted { shown: None, sources, _holds: holds }
    }
}

impl Subscribed {
    fn held_bytes(&self) -> usize {
        match &self.state {
            State::Pending { held, .. } => held.bytes(),
            State::Accepted { shown, .. } => shown.as_ref().map_or(0, |shown| shown.held_bytes()),
        }
    }
}

impl Drop for Subscribed {
    fn drop(&mut self) {
        self.active.store(false, Ordering::Relaxed);
        match &self.state {
            State::Accepted { sources, .. } => sources.iter().for_each(Source::end),
            State::Pending { deciding, .. } => deciding.iter().for_each(Cancellable::end),
        }
    }
}

impl Subscriptions {
    /// Tells the broker that the session leaves all of them.
    pub(super) fn leave(&mut self, realm: &Realm, session: &SessionHandle) {
        for (_, subscribed) in self.by_id.drain() {
            unsubscribe(realm, &subscribed.topic, session);
        }
    }

    pub(super) fn is_outstanding(&self, request: RequestId) -> bool {
        self.undecided > 0 && self.pending().any(|pending| pending == request)
    }

    /// The time at which the next undecided subscription is given up.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deciding.front().map(|(until, ..)| *until)
    }

    /// Returns the SUBSCRIBEs that are not decided.
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
        self.undecided += usize::from(state.is_pending());
        self.by_id.insert(id, Subscribed { topic, state, active: Arc::new(AtomicBool::new(true)) });
    }

    /// Removes a subscription. The events that it held back are not sent any more.
    fn remove(&mut self, id: SubscriptionId, mailbox: &Mailbox) -> Option<Subscribed> {
        let subscribed = self.by_id.remove(&id)?;
        self.by_topic.remove(&subscribed.topic);
        // All subscribers of a topic share an id, a later subscription of this session too.
        mailbox.let_go(self.waiting.take(id).bytes() + subscribed.held_bytes());
        self.undecided -= usize::from(subscribed.state.is_pending());
        Some(subscribed)
    }

    /// Marks a subscription as accepted by its handler.
    fn accept(&mut self, id: SubscriptionId, sources: Vec<Source>, holds: Vec<Held>) {
        let Some(subscribed) = self.by_id.get_mut(&id) else { return };
        self.undecided -= usize::from(subscribed.state.is_pending());
        subscribed.state = State::accepted(sources, holds);
    }

    fn is_accepted(&self, id: SubscriptionId) -> bool {
        matches!(self.by_id.get(&id), Some(Subscribed { state: State::Accepted { .. }, .. }))
    }
}

/// Takes a session out of a subscription, and tells those who want to know.
fn unsubscribe(realm: &Realm, topic: &Pattern, session: &SessionHandle) {
    let left = realm.broker().unsubscribe(topic, session.id);
    if let Some(left) = left.filter(|_| !session.is_silenced()) {
        meta::unsubscribed(realm, session.id, &left);
    }
}

impl Subscriptions {
    /// Returns whether the session has subscribed to the topic or pattern, or asked for it.
    pub(super) fn has(&self, topic: &Pattern) -> bool {
        self.by_topic.contains_key(topic)
    }

    /// Handles a SUBSCRIBE that the realm's authorisers let through, for a topic that the session
    /// has not; `handler` decides.
    pub(super) fn subscribe(
        &mut self,
        core: &mut Core,
        request: RequestId,
        topic: Pattern,
        get_retained: bool,
        handler: Option<&'static HandlerEntry>,
        now: Instant,
    ) -> Result<(), Error> {
        if self.by_id.len() >= core.limits().subscriptions {
            return Err(Error::not_authorized("too many subscriptions of one session"));
        }
        let (broker, handle) = (core.served.realm.broker(), core.link.session.handle());
        let (id, showing) = if get_retained {
            let (id, showing) = broker.subscribe_retained(&topic, handle);
            (id, Some(showing))
        } else {
            (broker.subscribe(&topic, handle), None)
        };
        match handler {
            None if !core.served.has_layers(None) => {
                self.insert(id, topic, State::accepted(Vec::new(), Vec::new()));
                subscribed(core, request, id);
                if let Some(showing) = showing {
                    self.begin_showing(id, showing, Following::default());
                }
                announce(core, id);
            }
            handler => {
                let (requests, held) = (vec![request], Waiting::default());
                self.insert(id, topic, State::Pending { requests, showing, held, deciding: None });
                self.ask_handler(core, id, request, handler, now);
            }
        }
        Ok(())
    }

    /// Adds a SUBSCRIBE to the subscription that the session has: its handler does not run again
    /// (B-02). False if there is none, for it was revoked.
    pub(super) fn subscribe_again(
        &mut self,
        core: &Core,
        request: RequestId,
        topic: &Pattern,
        showing: Option<Showing>,
    ) -> Result<bool, Error> {
        let limit = core.limits().subscriptions;
        let Some(&id) = self.by_topic.get(topic) else { return Ok(false) };
        let Some(Subscribed { state, .. }) = self.by_id.get_mut(&id) else { return Ok(true) };
        match state {
            State::Pending { requests, .. } if requests.len() >= limit => {
                return Err(
                    Error::new(uris::UNAVAILABLE).arg("too many requests for one subscription")
                );
            }
            State::Pending { requests, showing: first, .. } => {
                requests.push(request);
                if first.is_none() {
                    *first = showing;
                }
            }
            State::Accepted { shown, .. } => {
                // Asked again while they are under way, they are sent once.
                let showing = showing.filter(|_| shown.is_none());
                subscribed(core, request, id);
                if let Some(showing) = showing {
                    self.begin_showing(id, showing, Following::default()); // E-06
                }
            }
        }
        Ok(true)
    }

    /// Begins UNSUBSCRIBE: no event is published for the subscription after this, and those that
    /// lie in the mailbox have to go out before it is finished (B-04). `None` if it was refused.
    pub(super) fn begin_unsubscribe(
        &self,
        core: &Core,
        request: RequestId,
        subscription: u64,
    ) -> Option<SubscriptionId> {
        let id = SubscriptionId::new(subscription).filter(|id| self.is_accepted(*id));
        match id {
            Some(id) => {
                unsubscribe(&core.served.realm, &self.by_id[&id].topic, core.link.session.handle());
            }
            // B-05
            None => no_such_subscription(core, request),
        }
        id
    }

    /// Sends what waits for the subscription, then UNSUBSCRIBED.
    pub(super) fn finish_unsubscribe(
        &mut self,
        core: &Core,
        request: RequestId,
        id: SubscriptionId,
    ) {
        self.hurry(core, id);
        if self.remove(id, &core.link.session.handle().mailbox).is_some() {
            core.send(&message::unsubscribed(request));
        } else {
            // E-12: it had been revoked.
            no_such_subscription(core, request);
        }
    }

    /// Refuses all SUBSCRIBEs that are not decided, for the session ends.
    pub(super) fn refuse_all(&self, core: &Core, error: &Error) {
        self.pending().for_each(|request| core.error(Request::of(code::SUBSCRIBE, request), error));
    }
}

fn no_such_subscription(core: &Core, request: RequestId) {
    let request = Request::of(code::UNSUBSCRIBE, request);
    core.error(request, &Error::new(uris::NO_SUCH_SUBSCRIPTION));
}

/// Returns the handler that decides about subscriptions to this topic or pattern; `None` if no
/// handler is asked.
pub(super) fn subscriber(
    core: &Core,
    topic: &Pattern,
) -> Result<Option<&'static HandlerEntry>, Error> {
    if topic.policy == MatchPolicy::Exact
        && meta::may_subscribe(&core.served, &topic.uri, core.session().authrole())
    {
        return Ok(None); // U-07
    }
    let Some(declared) = core.served.registry.subscription(topic) else {
        return Err(Error::not_authorized(match topic.policy {
            MatchPolicy::Exact => "nobody declared this topic for subscribers",
            _ => "no topic that is declared for subscribers covers this pattern",
        }));
    };
    match declared {
        open if open.is_open_to_subscribers(core.session().authrole()) => Ok(None),
        Declared::Open(_) | Declared::Closed(_) => {
            Err(Error::not_authorized("nobody may subscribe to this topic"))
        }
        Declared::Handled(handler) if !handler.admits(core.session().authrole()) => {
            Err(Error::not_authorized("the role may not subscribe to this topic"))
        }
        Declared::Handled(_) if topic.ends_inside_component() => Err(Error::not_authorized(
            "a handler decides about whole components: end the prefix with a dot",
        )),
        Declared::Handled(handler) => Ok(Some(*handler)),
    }
}

/// Adds the session to the subscription as others see it.
fn announce(core: &Core, id: SubscriptionId) {
    let (realm, session) = (&core.served.realm, core.link.session.id());
    if let Some((subscription, is_first)) = realm.broker().accept(id, session) {
        meta::subscribed(realm, session, &subscription, is_first);
    }
}

/// Sends SUBSCRIBED.
fn subscribed(core: &Core, request: RequestId, id: SubscriptionId) {
    core.send(&message::subscribed(request, id));
}
