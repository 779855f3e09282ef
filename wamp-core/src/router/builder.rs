//! Declaring realms, topics and handlers, and checking them all before the server listens.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;
use std::sync::Arc;

use super::addresses::Declared;
use super::{Inner, Realms, Router, Served, Settings};
use crate::broker::{Backlog, History};
use crate::complaints::Complaints;
use crate::handler::{Collected, Handlers, Registration};
use crate::limits::Limits;
use crate::message::MatchPolicy;
use crate::meta::MetaApi;
use crate::pattern::Pattern;
use crate::realm::Realm;
use crate::registry::{DeclaredTopic, Registry, Topic};
use crate::router::said::Said;
use crate::router::shutdown::Stop;
use crate::uri;

/// Declares a router; [`build`](Self::build) checks and freezes it, and makes an `R` of it: hosts have routers of their own.
///
/// Nothing that was said is replaced: what can be said twice adds up, as realms do, and what cannot, as limits, is a fault of
/// `build` the second time.
#[derive(Debug)]
#[must_use = "nothing is checked before `build`"]
pub struct RouterBuilder<R = Router> {
    realms: Vec<RealmBuilder>,
    handlers: Option<Handlers>,
    limits: Limits,
    agent: Option<String>,
    pub(super) addresses: Declared,
    pub(super) said: Said,
    router: PhantomData<fn() -> R>,
}

impl<R> Default for RouterBuilder<R> {
    fn default() -> Self {
        Self {
            realms: Vec::new(),
            handlers: None,
            limits: Limits::default(),
            agent: None,
            addresses: Declared::default(),
            said: Said::default(),
            router: PhantomData,
        }
    }
}

/// Declares a realm: [`Realm::new`], [`Realm::any`]. What is said twice adds up or is a fault, as with [`RouterBuilder`].
#[derive(Debug)]
#[must_use = "a realm is served by a router: `Router::builder().realm(…)`"]
pub struct RealmBuilder {
    name: Option<String>,
    /// Where it is declared.
    at: &'static Location<'static>,
    topics: Vec<DeclaredTopic>,
    pub(super) settings: Settings,
    pub(super) said: Said,
}

impl Realm {
    /// Declares a realm for [`RouterBuilder::realm`].
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
    fn shown_name(&self) -> &str {
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
    /// topics that nobody declared (whose events may be retained), all outside `wamp.`. Handlers and declared topics go before, where their URI is the
    /// better match. By default only the application serves.
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

/// Everything that is wrong with the declarations of a router, each fault with the places that it concerns.
#[derive(Clone, thiserror::Error)]
#[error("the router cannot be built:{}", Listed(faults))]
pub struct BuildError {
    faults: Vec<String>,
}

impl BuildError {
    /// One text for each fault.
    pub fn faults(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().map(String::as_str)
    }
}

/// As `Display`: what a `main` shows that returns the error.
impl fmt::Debug for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

struct Listed<'f>(&'f [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|fault| write!(f, "\n  - {fault}"))
    }
}

impl<R: From<Router>> RouterBuilder<R> {
    /// Adds a realm. With none, the router serves one realm, whatever name a client joins by.
    pub fn realm(mut self, realm: RealmBuilder) -> Self {
        self.realms.push(realm);
        self
    }

    /// Serves these handlers instead of all that were collected. Said again, it adds to the list; a handler that is
    /// listed twice is served once.
    ///
    /// `handlers![…]` of `wamp-actix` makes such a list. A function in it that has no attribute is a fault of
    /// [`build`](Self::build).
    pub fn handlers(mut self, handlers: impl Into<Handlers>) -> Self {
        self.handlers.get_or_insert_default().append(handlers.into());
        self
    }

    /// Replaces the default limits.
    #[track_caller]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.said.once("limits(…)");
        self.limits = limits;
        self
    }

    /// What WELCOME says of the software, in place of name and version of this crate.
    #[track_caller]
    pub fn agent(mut self, agent: impl Into<String>) -> Self {
        self.said.once("agent(…)");
        self.agent = Some(agent.into());
        self
    }

    /// Checks all declarations and freezes them.
    ///
    /// # Errors
    /// All faults together: invalid URIs, two handlers for one URI, a realm that is not declared, limits with which nothing works.
    pub fn build(mut self) -> Result<R, BuildError> {
        if self.realms.is_empty() {
            self.realms.push(Realm::any());
        }
        let (handlers, mut faults) = match self.handlers {
            Some(listed) => listed.resolve(),
            None => (collected(), Vec::new()),
        };
        faults.extend(names(&self.realms));
        faults.extend(self.said.faults("the router"));
        faults.extend(self.realms.iter().flat_map(said_twice));
        faults.extend(self.realms.iter().flat_map(doubled_methods));
        faults.extend(self.limits.faults());
        faults.extend(self.realms.iter().flat_map(impossible_limits));
        let addresses = self.addresses.check(&mut faults);
        let served: Vec<_> =
            self.realms.iter().map(|realm| (realm, registry(realm, &handlers, &mut faults))).collect();
        faults.extend(handlers.iter().filter_map(|handler| undeclared(handler, &self.realms)));
        if !faults.is_empty() {
            let mut seen = HashSet::new();
            faults.retain(|fault| seen.insert(fault.clone()));
            return Err(BuildError { faults });
        }
        announce(&handlers);
        let limits = Arc::new(self.limits.capped());
        let realms = realms(served, &limits);
        let agent =
            self.agent.unwrap_or_else(|| concat!("wamp-actix/", env!("CARGO_PKG_VERSION")).to_owned());
        let complaints = Complaints::new(limits.log_lines_per_second);
        let inner = Inner { realms, limits, agent, addresses, stop: Stop::default(), complaints };
        Ok(Router(Arc::new(inner)).into())
    }
}

/// All handlers that `inventory` knows, in an order that does not depend on the linker.
fn collected() -> Vec<&'static Registration> {
    let mut handlers: Vec<_> =
        inventory::iter::<Collected>().flat_map(|collected| collected.registrations).collect();
    handlers.sort_by_key(|handler| (handler.file, handler.line, handler.uri));
    handlers
}

fn names(realms: &[RealmBuilder]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut seen = HashSet::new();
    for realm in realms {
        match &realm.name {
            None if realms.len() > 1 => {
                faults.push("Realm::any() must be the only realm of its router".to_owned());
            }
            None => {}
            Some(name) if !uri::is_valid(name) => faults.push(format!("realm \"{name}\" is not a valid URI")),
            Some(name) if !seen.insert(name) => faults.push(format!("realm \"{name}\" is declared twice")),
            Some(_) => {}
        }
    }
    faults
}

fn impossible_limits(realm: &RealmBuilder) -> Vec<String> {
    let faults = realm.settings.limits.iter().flat_map(Limits::faults);
    faults.map(|fault| format!("realm \"{}\": {fault}", realm.shown_name())).collect()
}

fn said_twice(realm: &RealmBuilder) -> Vec<String> {
    realm.said.faults(&format!("realm \"{}\"", realm.name.as_deref().unwrap_or("*")))
}

fn doubled_methods(realm: &RealmBuilder) -> Vec<String> {
    let (name, doubled) = (realm.shown_name(), realm.settings.authenticators.doubled());
    let fault = |method| format!("realm \"{name}\" has two methods of authentication named \"{method}\"");
    doubled.into_iter().map(fault).collect()
}

fn registry(realm: &RealmBuilder, handlers: &[&'static Registration], faults: &mut Vec<String>) -> Registry {
    let mut registry = Registry::default();
    for handler in handlers {
        if handler.realm.is_none() || handler.realm == realm.name.as_deref() {
            faults.extend(registry.add(handler).err());
        }
    }
    for topic in &realm.topics {
        faults.extend(registry.declare(topic).err());
    }
    let mut seen = HashSet::new();
    for (topic, _) in &realm.settings.history {
        let is_exact = Pattern::parse(topic).is_ok_and(|declared| declared.policy == MatchPolicy::Exact);
        if !is_exact {
            faults.push(format!("history(\"{topic}\"): not the URI of one topic of the application"));
        } else if !seen.insert(topic) {
            faults.push(format!("history(\"{topic}\") is declared twice"));
        }
    }
    if realm.settings.route_clients {
        registry.open_rest(realm.at);
    }
    registry
}

fn undeclared(handler: &Registration, realms: &[RealmBuilder]) -> Option<String> {
    let realm = handler.realm?;
    let declared = realms.iter().any(|declared| declared.name.as_deref() == Some(realm));
    (!declared).then(|| format!("{handler} is for realm \"{realm}\", which is not declared"))
}

fn realms(declared: Vec<(&RealmBuilder, Registry)>, limits: &Arc<Limits>) -> Realms {
    let (mut named, backlog) = (HashMap::new(), Backlog::new(limits));
    for (RealmBuilder { name, settings, .. }, registry) in declared {
        let limits = settings.limits.clone().map_or_else(|| Arc::clone(limits), |own| Arc::new(own.capped()));
        let realm = Realm::open(
            name.as_deref().unwrap_or_default(),
            registry.topics(),
            registry.retention(),
            registry.procedure_count(),
            &settings.history,
            &limits,
            &backlog,
        );
        let (settings, announced) = (settings.clone(), settings.announced());
        let served = Arc::new(Served { realm, registry, settings, limits, announced });
        match name {
            None => return Realms::Any(served),
            Some(name) => named.insert(name.clone(), served),
        };
    }
    Realms::Named(named)
}

/// Tells what is served, so that a handler that was not linked is missed at once.
fn announce(handlers: &[&Registration]) {
    for handler in handlers {
        tracing::info!("serving {handler}");
    }
}
