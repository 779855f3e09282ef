//! The handlers and topics of one realm, checked and frozen when the router is built.

use std::panic::Location;

use crate::handler::entry::{Entry, HandlerEntry};
use crate::id::RegistrationId;
use crate::message::Action;
use crate::message::MatchPolicy;
use crate::realm::broker::RetentionRule;
use crate::realm::pattern::{self, Candidates, Pattern, Patterns};
use crate::timestamp::Timestamp;
use crate::uri;

/// The rights to a topic that is declared without a handler.
///
/// A client may also subscribe to a prefix or a wildcard (`match`), if one declared topic covers
/// all URIs that it can match: in the example, the prefix `files.a` and the wildcard `files..log`,
/// but not the prefix `file`. Events of topics that another, more specific declaration serves are
/// not delivered through it.
///
/// ```
/// use wamp_core::{RealmBuilder, Realm, Topic};
/// let realm: RealmBuilder = Realm::new("chat")
///     .topic("room.{name}", Topic::open())
///     .topic("files.{path..}", Topic::open());
/// ```
#[derive(Clone, Debug)]
pub struct Topic {
    read_only: bool,
    /// The most events of clients that are retained; `None` if retaining is not allowed.
    retained_up_to: Option<usize>,
}

impl Topic {
    /// Opens the topic in both directions: every session of the realm may subscribe **and
    /// publish**. For topics to which only the server publishes, use
    /// [`read_only`](Self::read_only); if a handler decides about publishers, use
    /// `#[publish("…", subscribe = true)]`.
    #[must_use]
    pub const fn open() -> Self {
        Self { read_only: false, retained_up_to: None }
    }

    /// Opens the topic to subscribers only: the server publishes, every session of the realm may
    /// subscribe, and a PUBLISH of a client is refused with `wamp.error.not_authorized`, also in a
    /// realm that routes clients.
    ///
    /// ```
    /// use wamp_core::{Realm, Router, Topic};
    ///
    /// let realm = Realm::new("news").topic("headlines", Topic::read_only());
    /// let router = Router::builder().realm(realm).handlers([]).build()?;
    /// let realm = router.realm("news").expect("declared above");
    /// realm.publish("headlines").arg("WAMP over actix").send()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub const fn read_only() -> Self {
        Self { read_only: true, retained_up_to: None }
    }

    /// Allows publishers to have their events retained (`retain`): later subscribers that ask for
    /// it (`get_retained`) are sent the most recent event that was for them, marked `retained`.
    /// Otherwise the events of clients reach only the present subscribers. The application may
    /// retain events on any topic: [`Publish::retain`](crate::Publish::retain).
    ///
    /// ```
    /// use wamp_core::{RealmBuilder, Realm, Topic};
    /// let topic = Topic::open().retained();
    /// let realm: RealmBuilder = Realm::new("house").topic("lamp.{room}", topic);
    /// ```
    #[must_use]
    pub const fn retained(self) -> Self {
        Self { retained_up_to: Some(usize::MAX), ..self }
    }

    /// Allows retaining as [`retained`](Self::retained) does, of at most so many events of clients
    /// for all topics of this declaration together. With one more, the oldest event of the client
    /// that holds most of them is forgotten. Otherwise only the bound of the realm applies, which
    /// all topics share: [`Limits::retained_events`](crate::Limits::retained_events).
    ///
    /// ```
    /// use wamp_core::{RealmBuilder, Realm, Topic};
    /// let topic = Topic::open().retained_up_to(100);
    /// let realm: RealmBuilder = Realm::new("house").topic("note.{author}", topic);
    /// ```
    #[must_use]
    pub const fn retained_up_to(self, events: usize) -> Self {
        Self { retained_up_to: Some(events), ..self }
    }
}

/// A topic that was declared with the builder, and the place in the source.
#[derive(Clone, Debug)]
pub(crate) struct DeclaredTopic {
    pub(crate) uri: String,
    pub(crate) topic: Topic,
    pub(crate) at: &'static Location<'static>,
}

/// One direction (subscribing or publishing) of a declared topic.
#[derive(Debug)]
pub(crate) enum Declared {
    /// Open to all sessions.
    Open(DeclaredTopic),
    /// Closed to all sessions, even if another declaration covers the topic.
    Closed(DeclaredTopic),
    /// Declared by a handler: it decides, or its attribute opens this direction to its roles.
    Handled(&'static HandlerEntry),
}

impl Declared {
    /// Returns whether sessions of this role may subscribe without a handler being asked.
    pub(crate) fn is_open_to_subscribers(&self, authrole: &str) -> bool {
        match self {
            Self::Open(_) => true,
            Self::Closed(_) => false,
            Self::Handled(handler) => handler.subscribe && handler.admits(authrole),
        }
    }
}

/// Everything that the application serves in one realm.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    procedures: Patterns<NumberedHandler>,
    subscriptions: Patterns<Declared>,
    publications: Patterns<Declared>,
    joins: Vec<&'static HandlerEntry>,
    /// True if a handler has layers of its own.
    pub(crate) has_layers: bool,
    /// The procedures as registrations, whose ids are their positions from 1.
    registrations: Vec<RegisteredHandler>,
}

/// A handler of calls, and its position among the procedures of its realm.
#[derive(Copy, Clone, Debug)]
pub(crate) struct NumberedHandler {
    pub(crate) handler: &'static HandlerEntry,
    pub(crate) number: usize,
}

impl NumberedHandler {
    /// Returns the registration id of the handler.
    pub(crate) fn registration(self) -> Option<RegistrationId> {
        RegistrationId::new(self.number as u64 + 1)
    }
}

/// A procedure of the application.
#[derive(Debug)]
struct RegisteredHandler {
    handler: &'static HandlerEntry,
    pattern: Pattern,
    created: Timestamp,
}

impl Registry {
    /// Adds a handler. If it clashes with another, the fault names both places.
    pub(crate) fn add(&mut self, handler: &'static HandlerEntry) -> Result<(), String> {
        self.has_layers |= !handler.around.is_empty();
        let taken = match handler.entry {
            Entry::Session(_) => {
                self.joins.push(handler);
                return Ok(());
            }
            Entry::Rpc(_) => {
                let pattern = parsed(handler)?;
                let numbered = NumberedHandler { handler, number: self.registrations.len() };
                let taken = self.procedures.insert(&pattern, numbered).err();
                let taken = taken.map(|other| other.handler.to_string());
                self.registrations.push(RegisteredHandler {
                    handler,
                    pattern,
                    created: Timestamp::now(),
                });
                taken
            }
            Entry::Subscribe(_) => insert(&mut self.subscriptions, handler)?,
            Entry::Publish(_) if handler.subscribe => {
                let taken = insert(&mut self.subscriptions, handler)?;
                insert(&mut self.publications, handler)?.or(taken)
            }
            Entry::Publish(_) => insert(&mut self.publications, handler)?,
        };
        taken.map_or(Ok(()), |other| Err(format!("{handler} and {other} serve the same URI")))
    }

    /// Declares both directions of a topic without a handler.
    pub(crate) fn declare(&mut self, topic: &DeclaredTopic) -> Result<(), String> {
        let pattern = Pattern::parse(&topic.uri).map_err(|fault| format!("{topic}: {fault}"))?;
        if topic.topic.retained_up_to == Some(0) {
            return Err(format!(
                "{topic}: `retained_up_to(0)` keeps nothing, as without it: leave it out"
            ));
        }
        let publications = if topic.topic.read_only {
            Declared::Closed(topic.clone())
        } else {
            Declared::Open(topic.clone())
        };
        let subscriptions = self.subscriptions.insert(&pattern, Declared::Open(topic.clone()));
        let taken = subscriptions.err().or(self.publications.insert(&pattern, publications).err());
        taken.map_or(Ok(()), |other| Err(format!("{topic} and {other} declare the same topic")))
    }

    /// Opens all topics that are not declared, for a realm that routes clients.
    pub(crate) fn open_rest(&mut self, at: &'static Location<'static>) {
        for direction in [&mut self.subscriptions, &mut self.publications] {
            let topic = Topic::open().retained();
            direction.set_rest(Declared::Open(DeclaredTopic { uri: String::new(), topic, at }));
        }
    }

    /// Returns the handler of a procedure; none for a reserved URI, whatever patterns there are
    /// (U-08).
    pub(crate) fn procedure(&self, uri: &str) -> Option<NumberedHandler> {
        self.procedures.find(uri).copied().filter(|_| !uri::is_reserved(uri))
    }

    /// Returns the handlers that can serve a URI.
    pub(crate) fn procedures(&self, uri: &str) -> Candidates<NumberedHandler> {
        self.procedures.candidates(uri).map(|handler| *handler)
    }

    /// Returns whether a handler has exactly this pattern.
    pub(crate) fn serves(&self, procedure: &Pattern) -> bool {
        self.procedures.contains(procedure)
    }

    /// Returns the procedures of the application as registrations (K-27).
    pub(crate) fn registrations(
        &self,
    ) -> impl Iterator<Item = (RegistrationId, &Pattern, Timestamp)> {
        let numbered = (1..).filter_map(RegistrationId::new).zip(&self.registrations);
        numbered.map(|(id, RegisteredHandler { pattern, created, .. })| (id, pattern, *created))
    }

    pub(crate) fn procedure_count(&self) -> u64 {
        self.registrations.len() as u64
    }

    /// Returns the declaration that decides about a subscription: the one that serves the topic, or
    /// covers the pattern.
    pub(crate) fn subscription(&self, topic: &Pattern) -> Option<&Declared> {
        self.subscriptions.covering(topic.policy, &topic.uri).filter(|_| !topic.is_reserved())
    }

    /// Returns the declaration under which a URI falls, or which covers a pattern, as it was
    /// written. Clients' registrations do not count.
    pub(crate) fn declared(&self, action: Action, policy: MatchPolicy, uri: &str) -> Option<&str> {
        if pattern::is_reserved(policy, uri) {
            return None;
        }
        let declared = match action {
            Action::Call | Action::Register => {
                self.procedures.covering(policy, uri).map(|numbered| numbered.handler.uri)
            }
            Action::Subscribe => self.subscriptions.covering(policy, uri).map(Declared::uri),
            Action::Publish => self.publications.covering(policy, uri).map(Declared::uri),
            Action::Join => None,
        };
        // A realm that routes clients has an empty declaration for all URIs that the application
        // did not declare.
        declared.filter(|declared| !declared.is_empty())
    }

    /// Returns the handler that decides about a request of this kind.
    pub(crate) fn handler(
        &self,
        action: Action,
        policy: MatchPolicy,
        uri: &str,
    ) -> Option<&'static HandlerEntry> {
        let declared = match action {
            Action::Call => {
                return self.procedures.covering(policy, uri).map(|numbered| numbered.handler);
            }
            Action::Subscribe => self.subscriptions.covering(policy, uri),
            Action::Publish => self.publications.covering(policy, uri),
            Action::Register | Action::Join => None,
        };
        match declared {
            Some(Declared::Handled(handler)) => Some(handler),
            Some(Declared::Open(_) | Declared::Closed(_)) | None => None,
        }
    }

    /// Returns the procedures as they were declared, by number.
    pub(crate) fn procedure_names(&self) -> impl Iterator<Item = &'static str> {
        self.registrations.iter().map(|registered| registered.handler.uri)
    }

    pub(crate) fn procedure_numbers(&self) -> Patterns<usize> {
        self.procedures.map(|numbered| numbered.number)
    }

    /// Returns the topics as they were declared, for publishers and for subscribers.
    pub(crate) fn topic_labels(&self) -> [Patterns<String>; 2] {
        [&self.publications, &self.subscriptions]
            .map(|direction| direction.map(|declared| declared.uri().to_owned()))
    }

    /// Returns the topics that are declared for subscribers, each with its own number.
    pub(crate) fn topics(&self) -> Patterns<usize> {
        let mut count = 0;
        self.subscriptions.map(|_| {
            count += 1;
            count
        })
    }

    pub(crate) fn publication(&self, topic: &str) -> Option<&Declared> {
        self.publications.find(topic)
    }

    /// Returns the rules for retaining clients' events (E-05), by the topics that are declared for
    /// publishers.
    pub(crate) fn retention(&self) -> Patterns<RetentionRule> {
        let mut count = 0;
        self.publications.map(|declared| {
            count += 1;
            let up_to = match declared {
                Declared::Open(declared) => declared.topic.retained_up_to,
                Declared::Handled(handler) => handler.retain.then_some(usize::MAX),
                Declared::Closed(_) => None,
            };
            RetentionRule { declaration: count, up_to }
        })
    }

    pub(crate) fn joins(&self) -> &[&'static HandlerEntry] {
        &self.joins
    }
}

fn parsed(handler: &HandlerEntry) -> Result<Pattern, String> {
    Pattern::parse(handler.uri).map_err(|fault| format!("{handler}: {fault}"))
}

fn insert(
    direction: &mut Patterns<Declared>,
    handler: &'static HandlerEntry,
) -> Result<Option<String>, String> {
    let clash = direction.insert(&parsed(handler)?, Declared::Handled(handler)).err();
    Ok(clash.map(ToString::to_string))
}

impl std::fmt::Display for DeclaredTopic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { uri, at, .. } = self;
        write!(f, "topic(\"{uri}\") at {at}")
    }
}

impl Declared {
    /// Returns the topic as it was written.
    fn uri(&self) -> &str {
        match self {
            Self::Open(topic) | Self::Closed(topic) => &topic.uri,
            Self::Handled(handler) => handler.uri,
        }
    }
}

impl std::fmt::Display for Declared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Open(topic) | Self::Closed(topic) => topic.fmt(f),
            Self::Handled(handler) => handler.fmt(f),
        }
    }
}
