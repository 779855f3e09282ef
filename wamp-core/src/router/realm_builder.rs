//! Declaring a realm: its topics, and what it allows.

use std::panic::Location;

use super::Settings;
use super::said::Said;
use crate::realm::Realm;
use crate::realm::broker::History;
use crate::router::meta::MetaApi;
use crate::router::registry::{DeclaredTopic, Topic};

/// Declares a realm: [`Realm::new`], [`Realm::any`]. What is said twice adds up or is a fault, as with [`RouterBuilder`](crate::RouterBuilder).
#[derive(Debug)]
#[must_use = "a realm is served by a router: `Router::builder().realm(…)`"]
pub struct RealmBuilder {
    pub(super) name: Option<String>,
    /// Where it is declared.
    pub(super) at: &'static Location<'static>,
    pub(super) topics: Vec<DeclaredTopic>,
    pub(super) settings: Settings,
    pub(super) said: Said,
}

impl Realm {
    /// Declares a realm for [`RouterBuilder::realm`](crate::RouterBuilder::realm).
    #[track_caller]
    #[expect(clippy::new_ret_no_self, reason = "the handle to a realm comes from the router that serves it")]
    pub fn new(name: impl Into<String>) -> RealmBuilder {
        RealmBuilder::of(Some(name.into()))
    }

    /// Declares one realm that serves clients whatever name they join by. It must be the only one of its router.
    #[track_caller]
    pub fn any() -> RealmBuilder {
        RealmBuilder::of(None)
    }
}

impl RealmBuilder {
    #[track_caller]
    fn of(name: Option<String>) -> Self {
        let (settings, said) = (Settings::default(), Said::default());
        Self { name, at: Location::caller(), topics: Vec::new(), settings, said }
    }

    /// The realm's name for a fault; `*` for one that serves any.
    pub(super) fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or("*")
    }

    /// Demands request ids in the specification's order: a session that does not count its requests 1, 2, 3, … ends with
    /// ABORT `wamp.error.protocol_violation`. By default a client may choose any id of which no request is outstanding, because many
    /// clients in use draw ids at random, or leave one out when a value cannot be serialised.
    ///
    /// ```
    /// use wamp_core::{Realm, RealmBuilder};
    /// let realm: RealmBuilder = Realm::new("conformance").strict_request_ids(true);
    /// ```
    #[track_caller]
    pub fn strict_request_ids(mut self, strict: bool) -> Self {
        self.said.once("strict_request_ids(…)");
        self.settings.strict_request_ids = strict;
        self
    }

    /// Whether a publisher may disclose who it is to the subscribers, with the option `disclose_me` of PUBLISH: the
    /// events then show its session id, authid and authrole. By default it may; where it may not, such a publication is
    /// refused with `wamp.error.option_disallowed.disclose_me`.
    ///
    /// ```
    /// use wamp_core::{Realm, RealmBuilder, Topic};
    /// let realm: RealmBuilder = Realm::new("ballot").topic("votes", Topic::open()).disclosure(false);
    /// ```
    #[track_caller]
    pub fn disclosure(mut self, allowed: bool) -> Self {
        self.said.once("disclosure(…)");
        self.settings.disclosure = allowed;
        self
    }

    /// How far sessions of a role are trusted: a number that the realm gives a meaning to, which events of their
    /// publications then carry (`EVENT.Details.trustlevel`) and calls that are routed to other clients
    /// (`INVOCATION.Details.trustlevel`). Once one role has a level, roles without one have 0. What the application itself
    /// publishes has none.
    ///
    /// ```
    /// use wamp_core::{Realm, RealmBuilder};
    /// let realm: RealmBuilder = Realm::new("ward").trustlevel("nurse", 1).trustlevel("doctor", 2);
    /// ```
    #[track_caller]
    pub fn trustlevel(mut self, role: impl Into<String>, level: u32) -> Self {
        let role = role.into();
        self.said.once(format!("trustlevel(\"{role}\", …)"));
        self.settings.trustlevels.insert(role, level);
        self
    }

    /// Makes the realm a classic router: clients may register procedures for each other, and subscribe and publish to
    /// topics that nobody declared (whose events may be retained), all outside `wamp.`. Handlers and declared topics go
    /// before, where their URI is the better match. By default only the application serves.
    ///
    /// ```
    /// use wamp_core::{Realm, Router};
    /// let router = Router::builder().realm(Realm::new("devices").route_clients(true)).handlers([]).build()?;
    /// # Ok::<(), wamp_core::BuildError>(())
    /// ```
    #[track_caller]
    pub fn route_clients(mut self, route: bool) -> Self {
        self.said.once("route_clients(…)");
        self.settings.route_clients = route;
        self
    }

    /// Lets clients use the meta API, `wamp.session.*`, `wamp.registration.*` and `wamp.subscription.*`: whom, and for
    /// what, says [`MetaApi`]. By default nobody may: the procedures do not exist, and subscriptions are refused with
    /// `wamp.error.not_authorized`.
    ///
    /// The procedures of the application are listed as registrations without callees. Of subscriptions to what is under
    /// `wamp.` there are no events.
    ///
    /// ```
    /// use wamp_core::{MetaApi, Realm, RealmBuilder};
    /// let realm: RealmBuilder = Realm::new("devices").meta_api(MetaApi::reading_for(["operator"]));
    /// ```
    #[track_caller]
    pub fn meta_api(mut self, api: MetaApi) -> Self {
        self.said.once("meta_api(…)");
        self.settings.meta_api = Some(api);
        self
    }

    /// Keeps the last events of one topic (an exact URI), for those who ask for them with `wamp.subscription.get_events`: who holds a
    /// subscription to the topic, or may open one without asking a handler. That procedure belongs to the
    /// [meta API](Self::meta_api), which must be granted for reading. It declares nothing: who may subscribe and publish is said
    /// elsewhere.
    ///
    /// Events with `exclude` or `eligible` are not kept (E-10); the other filters count for who asks. A time is that of the
    /// server's clock. A publication that is not in the history any more counts as older than all that is.
    ///
    /// ```
    /// use wamp_core::{History, MetaApi, Realm, RealmBuilder, Topic};
    /// let realm: RealmBuilder = Realm::new("weather")
    ///     .topic("reports", Topic::open())
    ///     .history("reports", History::last(100))
    ///     .meta_api(MetaApi::reading());
    /// ```
    pub fn history(mut self, topic: impl Into<String>, history: History) -> Self {
        self.settings.history.push((topic.into(), history));
        self
    }

    /// Declares a topic without a handler: exact, `"chat.{room}"` or `"files.{path..}"`.
    #[track_caller]
    pub fn topic(mut self, uri: impl Into<String>, topic: Topic) -> Self {
        self.topics.push(DeclaredTopic { uri: uri.into(), topic, at: Location::caller() });
        self
    }
}
