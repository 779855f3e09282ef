//! The router: realms with their handlers, shared by all connections of the process.

mod access;
mod addresses;
pub(crate) mod authorizer;
mod builder;
pub(crate) mod meta;
mod publishing;
mod realm_builder;
pub(crate) mod registry;
pub(crate) mod revocation;
mod said;
mod settings;
mod shutdown;
pub(crate) mod stats;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use addresses::Addresses;
pub use builder::{BuildError, RouterBuilder};
pub use realm_builder::RealmBuilder;
pub(crate) use settings::Settings;
pub(crate) use shutdown::Counted;
pub use shutdown::Stopped;
use shutdown::{Ending, Stop};

use crate::error::Error;
use crate::handler::context::{Context, FromContext};
use crate::limits::Limits;
use crate::log::Complaints;
use crate::message::RouterRoles;
use crate::realm::Realm;
use crate::realm::tally::Tally;
use crate::router::registry::Registry;

/// The router: realms with their handlers, frozen when it is built and shared by all connections of
/// the process.
///
/// A clone is a handle to the same router.
///
/// ```
/// use wamp_core::{Realm, Router, Topic};
///
/// let router = Router::builder()
///     .realm(Realm::new("customers").topic("offers", Topic::open()))
///     .handlers([])
///     .build()?;
/// assert!(router.realm("customers").is_some());
/// assert!(router.realm("staff").is_none());
/// # Ok::<(), wamp_core::BuildError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Router(Arc<Inner>);

/// A handle that does not keep its router alive: [`Router::downgrade`].
#[derive(Clone, Debug)]
pub struct WeakRouter(Weak<Inner>);

impl WeakRouter {
    /// Returns the router, if it still exists.
    #[must_use]
    pub fn upgrade(&self) -> Option<Router> {
        self.0.upgrade().map(Router)
    }
}

#[derive(Debug)]
struct Inner {
    realms: Realms,
    limits: Arc<Limits>,
    agent: String,
    addresses: Addresses,
    stop: Stop,
    complaints: Complaints,
    /// Sessions and transports that broke the protocol, by kind.
    violations: Tally,
    /// Connections that were refused, by kind.
    refused: Tally,
}

/// A realm with everything that is served in it.
#[derive(Debug)]
pub(crate) struct ServedRealm {
    pub(crate) realm: Realm,
    pub(crate) registry: Registry,
    pub(crate) settings: Settings,
    /// The limits of the realm, or else those of the router.
    pub(crate) limits: Arc<Limits>,
    /// True if any handler, or the realm, has layers: the one thing that a request without them
    /// looks at.
    pub(crate) is_layered: bool,
    /// The features that WELCOME announces.
    pub(crate) announced: RouterRoles,
}

#[derive(Debug)]
enum Realms {
    /// One realm that clients may join by any name.
    Any(Arc<ServedRealm>),
    Named(HashMap<String, Arc<ServedRealm>>),
}

impl Router {
    /// Starts to declare a router.
    pub fn builder() -> RouterBuilder {
        RouterBuilder::default()
    }

    /// Returns the realm of this name; a router without declared realms has one for every name.
    #[must_use]
    pub fn realm(&self, name: &str) -> Option<Realm> {
        self.served(name).map(|served| served.realm.named(name))
    }

    /// Returns the realm of a router that has declared just one, by its name.
    #[must_use]
    pub fn only_realm(&self) -> Option<Realm> {
        match &self.0.realms {
            Realms::Named(realms) if realms.len() == 1 => {
                realms.values().next().map(|served| served.realm.clone())
            }
            Realms::Named(_) | Realms::Any(_) => None,
        }
    }

    /// Returns whether another handle belongs to the same router.
    #[must_use]
    pub fn same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns a handle that does not keep the router alive.
    #[must_use]
    pub fn downgrade(&self) -> WeakRouter {
        WeakRouter(Arc::downgrade(&self.0))
    }

    /// Returns the router's limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Returns whether a host may write a log line now about the misbehaviour of a client at this
    /// address. A line that may not be written is counted ([`Limits::log_lines_per_second`]).
    #[must_use]
    pub fn may_log(&self, client: Option<IpAddr>, now: Instant) -> bool {
        self.0.complaints.admit(client, now)
    }

    pub(crate) fn complaints(&self) -> &Complaints {
        &self.0.complaints
    }

    pub(crate) fn shared_limits(&self) -> &Arc<Limits> {
        &self.0.limits
    }

    /// Ends every session, and prevents new ones. The transports are closed as for a restart
    /// (WebSocket close code 1012) and without GOODBYE, after which clients in browsers would not
    /// come back; to send it, call [`goodbye`](Stopped::goodbye).
    ///
    /// A session ends when it has no work left: its own calls, the calls of other callers that it
    /// has yet to answer and that are still awaited, and its publications, subscriptions and
    /// registrations that wait for a handler or an authoriser. They have `grace` to finish; then
    /// the rest is answered `wamp.error.canceled`, as is every call that arrives during the
    /// shutdown.
    ///
    /// The shutdown begins when the returned future is first polled, or dropped; it is ready when
    /// the last connection has ended.
    ///
    /// ```
    /// use std::time::Duration;
    /// use wamp_core::Router;
    ///
    /// async fn restart(router: Router) {
    ///     router.shutdown(Duration::from_secs(10)).await;
    /// }
    /// ```
    pub fn shutdown(&self, grace: Duration) -> Stopped {
        Stopped::new(self.clone(), grace)
    }

    /// Returns whether a [`shutdown`](Self::shutdown) has begun.
    #[must_use]
    pub fn is_stopping(&self) -> bool {
        self.ending().is_some()
    }

    /// Returns the shutdown that has begun, if any.
    pub(crate) fn ending(&self) -> Option<Ending> {
        self.0.stop.ending()
    }

    pub(crate) fn agent(&self) -> &str {
        &self.0.agent
    }

    pub(crate) fn served(&self, name: &str) -> Option<&Arc<ServedRealm>> {
        match &self.0.realms {
            Realms::Any(served) => Some(served),
            Realms::Named(realms) => realms.get(name),
        }
    }

    fn stop(&self) -> &Stop {
        &self.0.stop
    }
}

impl FromContext for Router {
    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(context.router().clone())
    }
}

impl Realms {
    fn each(&self, visit: impl Fn(&ServedRealm)) {
        self.map(visit);
    }

    fn map<T>(&self, visit: impl Fn(&ServedRealm) -> T) -> Vec<T> {
        match self {
            Self::Any(served) => vec![visit(served)],
            Self::Named(realms) => realms.values().map(|served| visit(served)).collect(),
        }
    }
}
