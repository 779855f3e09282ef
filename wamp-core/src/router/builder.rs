//! Declares realms, topics and handlers, and checks all of them before the server listens.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use super::addresses::Declared;
use super::{Inner, RealmBuilder, Realms, Router, ServedRealm};
use crate::handler::entry::{Collected, HandlerEntry, Handlers};
use crate::limits::Limits;
use crate::log::{self, Complaints};
use crate::message::MatchPolicy;
use crate::realm::Realm;
use crate::realm::instruments::{Counters, Instruments};
use crate::realm::observer::Observers;
use crate::realm::pattern::Pattern;
use crate::realm::tally::Tally;
use crate::router::registry::Registry;
use crate::router::said::Said;
use crate::router::shutdown::Stop;
use crate::session::backlog::Backlog;
use crate::uri;

/// Declares a router. [`build`](Self::build) checks and freezes the declarations, and converts the
/// router to an `R`, because hosts have router types of their own.
///
/// No call replaces an earlier one: some add up, such as those for realms, and a second call of the
/// others, such as `limits`, is a fault that `build` reports.
#[derive(Debug)]
#[must_use = "nothing is checked before `build`"]
pub struct RouterBuilder<R = Router> {
    realms: Vec<RealmBuilder>,
    handlers: Option<Handlers>,
    limits: Limits,
    agent: Option<String>,
    pub(super) metrics: bool,
    pub(super) observers: Observers,
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
            metrics: false,
            observers: Observers::default(),
            addresses: Declared::default(),
            said: Said::default(),
            router: PhantomData,
        }
    }
}

/// All faults in the declarations of a router, each with the places in the source that it concerns.
#[derive(Clone, thiserror::Error)]
#[error("the router cannot be built:{}", Listed(faults))]
pub struct BuildError {
    faults: Vec<String>,
}

impl BuildError {
    /// Returns one text for each fault.
    pub fn faults(&self) -> impl Iterator<Item = &str> {
        self.faults.iter().map(String::as_str)
    }
}

/// Writes the same as `Display`, which is shown when `main` returns the error.
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
    /// Adds a realm. Without any, the router serves one realm under every name.
    pub fn realm(mut self, realm: RealmBuilder) -> Self {
        self.realms.push(realm);
        self
    }

    /// Serves these handlers instead of all that were collected. A further call adds to the list; a
    /// handler that is listed twice is served once.
    ///
    /// `handlers![…]` of `wamp-actix` makes such a list. A function in it that has no attribute is
    /// a fault of [`build`](Self::build).
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

    /// Sets the `agent` of WELCOME, in place of the name and version of this crate.
    #[track_caller]
    pub fn agent(mut self, agent: impl Into<String>) -> Self {
        self.said.once("agent(…)");
        self.agent = Some(agent.into());
        self
    }

    /// Checks all declarations and freezes them.
    ///
    /// # Errors
    /// All faults together: invalid URIs, two handlers for one URI, a realm that is not declared,
    /// limits that are zero but must be positive.
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
        let served: Vec<_> = self
            .realms
            .iter()
            .map(|realm| (realm, registry(realm, &handlers, &mut faults)))
            .collect();
        faults.extend(handlers.iter().filter_map(|handler| undeclared(handler, &self.realms)));
        if !faults.is_empty() {
            let mut seen = HashSet::new();
            faults.retain(|fault| seen.insert(fault.clone()));
            return Err(BuildError { faults });
        }
        announce(&handlers, self.realms.len());
        let limits = Arc::new(self.limits.capped());
        let instruments =
            |registry: &Registry| instruments(registry, self.metrics, &self.observers);
        let realms = realms(served, &limits, instruments);
        let agent = self
            .agent
            .unwrap_or_else(|| concat!("wamp-actix/", env!("CARGO_PKG_VERSION")).to_owned());
        let complaints = Complaints::new(limits.log_lines_per_second);
        let inner = Inner {
            realms,
            limits,
            agent,
            addresses,
            stop: Stop::default(),
            complaints,
            violations: Tally::default(),
            refused: Tally::default(),
        };
        Ok(Router(Arc::new(inner)).into())
    }
}

/// Returns all handlers that `inventory` has collected, in an order that does not depend on the
/// linker.
fn collected() -> Vec<&'static HandlerEntry> {
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
            Some(name) if !uri::is_valid(name) => {
                faults.push(format!("realm \"{name}\" is not a valid URI"));
            }
            Some(name) if !seen.insert(name) => {
                faults.push(format!("realm \"{name}\" is declared twice"));
            }
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
    realm.said.faults(&format!("realm \"{}\"", realm.shown_name()))
}

fn doubled_methods(realm: &RealmBuilder) -> Vec<String> {
    let (name, doubled) = (realm.shown_name(), realm.settings.authenticators.doubled());
    let fault =
        |method| format!("realm \"{name}\" has two methods of authentication named \"{method}\"");
    doubled.into_iter().map(fault).collect()
}

fn registry(
    realm: &RealmBuilder,
    handlers: &[&'static HandlerEntry],
    faults: &mut Vec<String>,
) -> Registry {
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
        let is_exact =
            Pattern::parse(topic).is_ok_and(|declared| declared.policy == MatchPolicy::Exact);
        if !is_exact {
            faults
                .push(format!("history(\"{topic}\"): not the URI of one topic of the application"));
        } else if !seen.insert(topic) {
            faults.push(format!("history(\"{topic}\") is declared twice"));
        }
    }
    if realm.settings.route_clients {
        registry.open_rest(realm.at);
    }
    registry
}

fn undeclared(handler: &HandlerEntry, realms: &[RealmBuilder]) -> Option<String> {
    let realm = handler.realm?;
    let declared = realms.iter().any(|declared| declared.name.as_deref() == Some(realm));
    (!declared).then(|| format!("{handler} is for realm \"{realm}\", which is not declared"))
}

/// Returns the instruments of a realm, if the application asks for any.
fn instruments(registry: &Registry, metrics: bool, observers: &Observers) -> Option<Instruments> {
    let counters = metrics.then(|| {
        let (names, numbers) = (registry.procedure_names(), registry.procedure_numbers());
        Counters::new(names, &numbers, &registry.topic_labels())
    });
    (metrics || !observers.is_empty())
        .then(|| Instruments { observers: observers.clone(), counters })
}

fn realms(
    declared: Vec<(&RealmBuilder, Registry)>,
    limits: &Arc<Limits>,
    instruments: impl Fn(&Registry) -> Option<Instruments>,
) -> Realms {
    let (mut named, backlog) = (HashMap::new(), Backlog::new(limits));
    for (RealmBuilder { name, settings, .. }, registry) in declared {
        let limits = settings
            .limits
            .clone()
            .map_or_else(|| Arc::clone(limits), |own| Arc::new(own.capped()));
        let realm = Realm::open(
            name.as_deref().unwrap_or_default(),
            registry.topics(),
            registry.retention(),
            registry.procedure_count(),
            &settings.history,
            (&limits, &backlog),
            instruments(&registry),
        );
        let (settings, announced) = (settings.clone(), settings.announced());
        let is_layered = registry.has_layers || !settings.layers.is_empty();
        let served =
            Arc::new(ServedRealm { realm, registry, settings, limits, is_layered, announced });
        match name {
            None => return Realms::Any(served),
            Some(name) => named.insert(name.clone(), served),
        };
    }
    Realms::Named(named)
}

/// Logs how many handlers of each kind are served, so that one which was not linked is noticed, and
/// at DEBUG which.
fn announce(handlers: &[&HandlerEntry], realms: usize) {
    for handler in handlers {
        tracing::debug!(target: log::SESSION, "serving {handler}");
    }
    let count = |attribute| {
        handlers.iter().filter(|handler| handler.entry.attribute() == attribute).count()
    };
    let [rpc, subscribe, publish, session] = ["rpc", "subscribe", "publish", "session"].map(count);
    tracing::info!(target: log::SESSION, realms, rpc, subscribe, publish, session, "serving");
}
