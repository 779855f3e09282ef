//! Declares a realm: its topics and settings.

use std::panic::Location;

use super::Settings;
use super::said::Said;
use crate::error::Error;
use crate::handler::around::{Invocation, Next};
use crate::realm::Realm;
use crate::realm::broker::History;
use crate::router::meta::MetaApi;
use crate::router::registry::{DeclaredTopic, Topic};

/// Declares a realm: [`Realm::new`], [`Realm::any`]. Repeated calls add up or are a fault, as with
/// [`RouterBuilder`](crate::RouterBuilder).
#[derive(Debug)]
#[must_use = "a realm is served by a router: `Router::builder().realm(…)`"]
pub struct RealmBuilder {
    pub(super) name: Option<String>,
    /// The place of the declaration in the source.
    pub(super) at: &'static Location<'static>,
    pub(super) topics: Vec<DeclaredTopic>,
    pub(super) settings: Settings,
    pub(super) said: Said,
}

impl Realm {
    /// Declares a realm for [`RouterBuilder::realm`](crate::RouterBuilder::realm).
    #[track_caller]
    #[expect(
        clippy::new_ret_no_self,
        reason = "the handle to a realm comes from the router that serves it"
    )]
    pub fn new(name: impl Into<String>) -> RealmBuilder {
        RealmBuilder::of(Some(name.into()))
    }

    /// Declares one realm that clients may join by any name. It must be the only realm of its
    /// router.
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

    /// Returns the realm's name for error texts; `*` for a realm with any name.
    pub(super) fn shown_name(&self) -> &str {
        self.name.as_deref().unwrap_or("*")
    }

    /// Requires request ids in the specification's order: a session whose requests are not numbered
    /// 1, 2, 3, … ends with ABORT `wamp.error.protocol_violation`. By default a client may use any
    /// id of which no request is outstanding, because many clients draw ids at random, or skip one
    /// when a value cannot be serialised.
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

    /// Sets whether a publisher may disclose its identity to the subscribers, with the option
    /// `disclose_me` of PUBLISH: events then carry its session id, authid and authrole. Allowed by
    /// default; where it is not, such a publication is refused with
    /// `wamp.error.option_disallowed.disclose_me`.
    ///
    /// ```
    /// use wamp_core::{Realm, RealmBuilder, Topic};
    /// let realm: RealmBuilder =
    ///     Realm::new("ballot").topic("votes", Topic::open()).disclosure(false);
    /// ```
    #[track_caller]
    pub fn disclosure(mut self, allowed: bool) -> Self {
        self.said.once("disclosure(…)");
        self.settings.disclosure = allowed;
        self
    }

    /// Sets whether the [trace context](crate::Trace) of clients is passed on: the options
    /// `_traceparent` and `_tracestate` of CALL and PUBLISH go into the Details of INVOCATION and
    /// EVENT, a handler may take them as a `Trace`, and the span `wamp.call` has `trace_id` and
    /// `traceparent`. By default they are dropped when the message is received: a trace id joins
    /// what a client does into one picture, which strangers should neither read nor choose.
    ///
    /// ```
    /// use wamp_core::{Realm, RealmBuilder};
    /// let realm: RealmBuilder = Realm::new("backend").route_clients(true).trace(true);
    /// ```
    #[track_caller]
    pub fn trace(mut self, passed_on: bool) -> Self {
        self.said.once("trace(…)");
        self.settings.trace = passed_on;
        self
    }

    /// Sets the trust level of a role: a number whose meaning the realm defines. Events of its
    /// publications carry it (`EVENT.Details.trustlevel`), and so do its calls that are routed to
    /// other clients (`INVOCATION.Details.trustlevel`). Once one role has a level, roles without
    /// one have 0. Events that the application itself publishes have none.
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

    /// Makes the realm a classic router: clients may register procedures for each other, and
    /// subscribe and publish to topics that the application did not declare (whose events may be
    /// retained), all outside `wamp.`. Handlers and declared topics take precedence if their URI is
    /// the better match. By default only the application serves procedures and topics.
    ///
    /// ```
    /// use wamp_core::{Realm, Router};
    /// let realm = Realm::new("devices").route_clients(true);
    /// let router = Router::builder().realm(realm).handlers([]).build()?;
    /// # Ok::<(), wamp_core::BuildError>(())
    /// ```
    #[track_caller]
    pub fn route_clients(mut self, route: bool) -> Self {
        self.said.once("route_clients(…)");
        self.settings.route_clients = route;
        self
    }

    /// Runs this layer around what clients ask for: calls, publications, subscriptions,
    /// registrations and joining, after the authorisers have allowed it, and before arguments are
    /// read. Calls of the meta API and the server's own publications have no layers.
    ///
    /// A layer sees the [`Invocation`], and goes on with [`Next::run`], which returns the error
    /// that the client would get. It can refuse by returning an error, answer a call itself with
    /// [`Invocation::reply`], replace an error, and do something before and after. If it returns
    /// `Ok`, and the request has neither succeeded nor been answered, the client gets
    /// `wamp.error.runtime_error`, and the log names the layer.
    ///
    /// Further calls add layers inside the first. A layer is dropped with the handler, when the
    /// call is cancelled or times out or its session ends; its panic is as a handler's. The future
    /// need not be `Send`.
    ///
    /// ```
    /// use std::time::Instant;
    /// use wamp_core::{Error, Invocation, Next, Realm, RealmBuilder};
    ///
    /// let realm: RealmBuilder =
    ///     Realm::new("shop").around(async move |work: Invocation, next: Next| {
    ///         let (uri, started) = (work.uri().to_owned(), Instant::now());
    ///         let outcome: Result<(), Error> = next.run(work).await;
    ///         let error = outcome.as_ref().err().map(Error::uri);
    ///         println!("{uri} took {:?}: {error:?}", started.elapsed());
    ///         outcome
    ///     });
    /// ```
    #[track_caller]
    pub fn around<L>(mut self, layer: L) -> Self
    where
        L: AsyncFn(Invocation, Next) -> Result<(), Error> + Send + Sync + 'static,
    {
        self.settings.layers.add(layer, Location::caller());
        self
    }

    /// Opens the meta API to clients: `wamp.session.*`, `wamp.registration.*` and
    /// `wamp.subscription.*`. [`MetaApi`] says to which roles, and for what. By default it is
    /// closed: its procedures do not exist, and subscriptions are refused with
    /// `wamp.error.not_authorized`.
    ///
    /// The procedures of the application are listed as registrations without callees. Subscriptions
    /// to topics under `wamp.` cause no events.
    ///
    /// ```
    /// use wamp_core::{MetaApi, Realm, RealmBuilder};
    /// let api = MetaApi::reading_for(["operator"]);
    /// let realm: RealmBuilder = Realm::new("devices").meta_api(api);
    /// ```
    #[track_caller]
    pub fn meta_api(mut self, api: MetaApi) -> Self {
        self.said.once("meta_api(…)");
        self.settings.meta_api = Some(api);
        self
    }

    /// Keeps the last events of one topic (an exact URI) for `wamp.subscription.get_events`. A
    /// session may ask for them if it holds a subscription to the topic, or could open one without
    /// a handler's decision. The procedure belongs to the [meta API](Self::meta_api), which must be
    /// granted for reading. The topic itself is not declared by this: the right to subscribe and
    /// publish is declared elsewhere.
    ///
    /// Events with `exclude` or `eligible` are not kept (E-10); the other filters apply to the
    /// session that asks. Times are those of the server's clock. A publication that has left the
    /// history counts as older than all events in it.
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
