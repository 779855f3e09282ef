//! Realms: namespaces that share nothing (U-09), and publishing into one from the application.

pub(crate) mod broker;
pub(crate) mod dealer;
mod departures;
pub(crate) mod instruments;
pub(crate) mod matched;
pub(crate) mod observer;
pub(crate) mod pattern;
mod seat;
pub(crate) mod session;
pub(crate) mod stats;
pub(crate) mod tally;

use std::sync::Arc;

use serde::Serialize;

use crate::codec::payload::PayloadBuilder;
use crate::codec::serializer::EncodeError;
use crate::id::{PublicationId, SessionId};
use crate::limits::Limits;
use crate::message::{Filter, Trace};
use crate::realm::broker::{Broker, Delivered, Event, History, Retainer, RetentionRule};
use crate::realm::dealer::Dealer;
use crate::realm::instruments::{Counters, Instruments};
use crate::realm::pattern::Patterns;
use crate::realm::stats::RealmStats;
use crate::session::backlog::{Backlog, Sessions};
use crate::session::handle::SessionHandle;
use crate::session::request_outcome::RequestOutcome;
use crate::uri;
use departures::Departures;
pub(crate) use departures::{Departed, Step};
pub(crate) use seat::Seat;
use seat::Seats;

/// A realm that is being served: a handle to publish into it.
///
/// A handler gets it injected; elsewhere it comes from [`Router::realm`](crate::Router::realm). It
/// may be used from any thread, inside a runtime or not.
///
/// ```
/// use wamp_core::{Realm, Router, Topic};
///
/// let realm = Realm::new("news").topic("headlines", Topic::open());
/// let router = Router::builder().realm(realm).handlers([]).build()?;
/// let realm = router.realm("news").expect("declared above");
/// realm.publish("headlines").arg("WAMP over actix").kwarg("page", 1).send()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Realm {
    name: Arc<str>,
    shared: Arc<SharedRealm>,
}

#[derive(Debug)]
struct SharedRealm {
    broker: Broker,
    dealer: Dealer,
    sessions: Arc<Sessions>,
    /// Sessions of single requests, of which the meta API does not tell.
    unlisted: Arc<Sessions>,
    seats: Seats,
    departures: Departures,
    /// `None` where the application asks for no metrics and has no observer.
    instruments: Option<Arc<Instruments>>,
}

impl Realm {
    /// Opens a realm with these topics for subscribers, each with its own number, and these for
    /// publishers, whose own procedures have the registration ids up to this one.
    pub(crate) fn open(
        name: &str,
        topics: Patterns<usize>,
        retention: Patterns<RetentionRule>,
        procedures: u64,
        history: &[(String, History)],
        (limits, backlog): (&Limits, &Arc<Backlog>),
        instruments: Option<Instruments>,
    ) -> Self {
        let (sessions, unlisted) = (Arc::default(), Arc::default());
        backlog.watch(&sessions);
        backlog.watch(&unlisted);
        Self {
            name: name.into(),
            shared: Arc::new(SharedRealm {
                broker: Broker::new(topics, retention, history, limits, backlog),
                dealer: Dealer::new(procedures),
                sessions,
                unlisted,
                seats: Seats::default(),
                departures: Departures::default(),
                instruments: instruments.map(Arc::new),
            }),
        }
    }

    /// Returns the same realm under the name by which a session joined it.
    pub(crate) fn named(&self, name: &str) -> Self {
        if *self.name == *name {
            self.clone()
        } else {
            Self { name: name.into(), shared: Arc::clone(&self.shared) }
        }
    }

    /// Returns the realm's name. A realm that serves any name has the one by which the session
    /// joined.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the number of open sessions.
    #[must_use]
    pub fn session_count(&self) -> usize {
        self.shared.sessions.lock().len()
    }

    /// Starts an event for the subscribers of a topic.
    pub fn publish(&self, topic: impl Into<String>) -> Publish {
        Publish {
            realm: self.clone(),
            topic: topic.into(),
            payload: PayloadBuilder::default(),
            filter: Filter::default(),
            retain: false,
            trace: None,
        }
    }

    /// Makes every session of this authid forget its authorisers' decisions, as
    /// [`Session::forget_decisions`](crate::Session::forget_decisions) does; for changed rights of
    /// a user. Takes time proportional to the number of sessions of the realm.
    ///
    /// ```
    /// use wamp_core::{Authorization, Permission, Realm, Router};
    ///
    /// # async fn is_member(_: &str) -> bool { true }
    /// let realm = Realm::new("club").authorize(|request: Authorization| async move {
    ///     Ok(Permission::when(is_member(request.session().authid()).await).remembered())
    /// });
    /// let router = Router::builder().realm(realm).handlers([]).build()?;
    /// // Joe has left the club.
    /// router.realm("club").expect("declared above").forget_decisions("joe");
    /// # Ok::<(), wamp_core::BuildError>(())
    /// ```
    pub fn forget_decisions(&self, authid: &str) {
        for sessions in [&self.shared.sessions, &self.shared.unlisted] {
            let sessions = sessions.lock();
            let of_user = sessions.values().filter(|handle| handle.identity.authid == authid);
            of_user.for_each(|handle| handle.forget_decisions());
        }
    }

    pub(crate) fn instruments(&self) -> Option<&Arc<Instruments>> {
        self.shared.instruments.as_ref()
    }

    pub(crate) fn counters(&self) -> Option<&Counters> {
        self.shared.instruments.as_ref()?.counters.as_ref()
    }

    /// Counts a publication that was accepted.
    pub(crate) fn count_published(&self, topic: &str, delivered: Delivered) {
        if let Some(counters) = self.counters() {
            counters.published(topic, RequestOutcome::Ok);
            counters.delivered(delivered);
        }
    }

    pub(crate) fn stats(&self) -> RealmStats {
        let (retained_events, retained_bytes) = self.broker().retained();
        RealmStats {
            realm: self.name.as_ref().to_owned(),
            sessions: self.session_count(),
            subscriptions: self.broker().count(),
            registrations: self.dealer().count(),
            retained_events,
            retained_bytes,
            counts: self.counters().map(Counters::read),
        }
    }

    pub(crate) fn broker(&self) -> &Broker {
        &self.shared.broker
    }

    pub(crate) fn dealer(&self) -> &Dealer {
        &self.shared.dealer
    }

    /// Returns the open sessions, by id.
    pub(crate) fn sessions(&self) -> Vec<Arc<SessionHandle>> {
        let mut sessions: Vec<_> = self.shared.sessions.lock().values().cloned().collect();
        sessions.sort_unstable_by_key(|session| session.id);
        sessions
    }

    pub(crate) fn session(&self, id: SessionId) -> Option<Arc<SessionHandle>> {
        self.shared.sessions.lock().get(&id).cloned()
    }

    /// Takes room for another session, unless `most` sessions have theirs.
    pub(crate) fn take_seat(&self, most: usize) -> Option<Seat> {
        self.shared.seats.take(most)
    }

    pub(crate) fn join(&self, session: &Arc<SessionHandle>) {
        self.sessions_beside(session).lock().insert(session.id, Arc::clone(session));
    }

    pub(crate) fn leave(&self, session: &SessionHandle) {
        self.sessions_beside(session).lock().remove(&session.id);
    }

    fn sessions_beside(&self, session: &SessionHandle) -> &Sessions {
        if session.is_listed { &self.shared.sessions } else { &self.shared.unlisted }
    }

    pub(crate) fn departures(&self) -> &Departures {
        &self.shared.departures
    }

    /// Hands the unpublished testaments over to a session that stays. Returns false if none stays.
    pub(crate) fn hand_over_departures(&self) -> bool {
        self.shared.departures.hand_over(&self.shared.sessions)
    }

    /// Asks every session to leave, with GOODBYE.
    pub(crate) fn close(&self, reason: &str) {
        for sessions in [&self.shared.sessions, &self.shared.unlisted] {
            for session in sessions.lock().values() {
                session.mailbox.close(reason.to_owned(), None);
            }
        }
    }
}

/// An event that the application publishes; [`send`](Self::send) delivers it.
#[derive(Clone, Debug)]
#[must_use = "nothing is published before `send`"]
pub struct Publish {
    realm: Realm,
    topic: String,
    payload: PayloadBuilder,
    filter: Filter,
    retain: bool,
    trace: Option<Trace>,
}

/// A reason why an event could not be published.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PublishError {
    /// The topic is not a valid URI, or it is reserved: its first component is `wamp`.
    #[error("`{0}` is not a URI to which an application can publish")]
    Topic(String),
    /// An argument could not be serialised.
    #[error(transparent)]
    Payload(#[from] EncodeError),
}

impl Publish {
    /// Appends a positional argument.
    pub fn arg(mut self, value: impl Serialize) -> Self {
        self.payload = self.payload.arg(value);
        self
    }

    /// Adds a keyword argument.
    pub fn kwarg(mut self, key: &str, value: impl Serialize) -> Self {
        self.payload = self.payload.kwarg(key, value);
        self
    }

    /// Retains the event for later subscribers that ask for it (`get_retained`), in place of the
    /// one that was retained before with the same filters; on any topic (E-02). The number of
    /// events in a realm is bounded by [`Limits::retained_events`](crate::Limits::retained_events);
    /// clients' events take none of that room.
    ///
    /// ```
    /// # use wamp_core::{Realm, Router};
    /// # let router = Router::builder().realm(Realm::new("shop")).handlers([]).build()?;
    /// # let realm = router.realm("shop").expect("declared above");
    /// realm.publish("price").arg(17).retain().send()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn retain(mut self) -> Self {
        self.retain = true;
        self
    }

    /// Sends a [trace context](Trace) with the event, in any realm: the one that a handler took, or
    /// one that the application made. Those who get the event later, retained, get none.
    pub fn trace(mut self, trace: impl Into<Option<Trace>>) -> Self {
        self.trace = trace.into();
        self
    }

    /// Excludes these sessions.
    pub fn exclude(mut self, sessions: impl IntoIterator<Item = SessionId>) -> Self {
        self.filter.exclude = Some(sessions.into_iter().map(SessionId::get).collect());
        self
    }

    /// Excludes sessions with these authids.
    pub fn exclude_authid<A: Into<String>>(mut self, authids: impl IntoIterator<Item = A>) -> Self {
        self.filter.exclude_authid = Some(authids.into_iter().map(Into::into).collect());
        self
    }

    /// Excludes sessions with these authroles.
    pub fn exclude_authrole<A: Into<String>>(
        mut self,
        authroles: impl IntoIterator<Item = A>,
    ) -> Self {
        self.filter.exclude_authrole = Some(authroles.into_iter().map(Into::into).collect());
        self
    }

    /// Sends the event to these sessions only; an empty list means none (L-04).
    pub fn eligible(mut self, sessions: impl IntoIterator<Item = SessionId>) -> Self {
        self.filter.eligible = Some(sessions.into_iter().map(SessionId::get).collect());
        self
    }

    /// Sends the event to sessions with these authids only.
    pub fn eligible_authid<A: Into<String>>(
        mut self,
        authids: impl IntoIterator<Item = A>,
    ) -> Self {
        self.filter.eligible_authid = Some(authids.into_iter().map(Into::into).collect());
        self
    }

    /// Sends the event to sessions with these authroles only.
    pub fn eligible_authrole<A: Into<String>>(
        mut self,
        authroles: impl IntoIterator<Item = A>,
    ) -> Self {
        self.filter.eligible_authrole = Some(authroles.into_iter().map(Into::into).collect());
        self
    }

    /// Puts the event into every subscriber's mailbox and returns its id. It never waits: a
    /// subscriber that does not keep up is cut off.
    ///
    /// # Errors
    /// The topic is not a URI of the application, or an argument cannot be serialised.
    pub fn send(self) -> Result<PublicationId, PublishError> {
        let Self { realm, topic, payload, filter, retain, trace } = self;
        if !uri::is_valid(&topic) || uri::is_reserved(&topic) {
            return Err(PublishError::Topic(topic));
        }
        let publication = PublicationId::random();
        let (payload, filter) = (payload.build()?, filter.sorted());
        let of_router = Event::of_router(publication, &topic, &payload, filter.as_deref());
        let retainer = retain.then_some(Retainer::Server);
        let event = Event { retainer, trace: trace.as_ref(), ..of_router };
        let delivered = realm.broker().publish(&event);
        realm.count_published(&topic, delivered);
        Ok(publication)
    }
}
