//! Requests of a test client, built argument by argument and option by option.

use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::rc::Rc;

use serde::Serialize;
use serde_json::{Map, Value, json};
use wamp_core::{
    Error, MatchPolicy, Payload, PublicationId, RegistrationId, Reply, SessionId, SubscriptionId,
};

use super::callee::{Handler, Invoked, Registered, serve};
use super::client::Client;
use super::subscribed::Subscribed;

/// The URI, options and arguments of a request.
pub(super) struct Request {
    pub(super) client: Client,
    pub(super) uri: String,
    pub(super) options: Map<String, Value>,
    pub(super) args: Vec<Value>,
    pub(super) kwargs: Map<String, Value>,
}

impl Request {
    pub(super) fn new(client: Client, uri: &str) -> Self {
        Self {
            client,
            uri: uri.to_owned(),
            options: Map::new(),
            args: Vec::new(),
            kwargs: Map::new(),
        }
    }

    pub(super) fn set(&mut self, key: &str, option: impl Serialize) {
        self.options.insert(key.to_owned(), value(option));
    }

    fn message(&self, code: u64, request: u64) -> Value {
        json!([code, request, self.options, self.uri, self.args, self.kwargs])
    }
}

/// Serialises a value as handlers do, with bytes as binary. An error is a mistake in the test.
#[track_caller]
pub(super) fn value(value: impl Serialize) -> Value {
    let written = Payload::builder().arg(value).build();
    let written = written.unwrap_or_else(|error| panic!("a value cannot be written: {error}"));
    let (value,) = written.args().unwrap_or_else(|error| panic!("a value cannot be read: {error}"));
    value
}

/// Gives a request the methods that all have.
macro_rules! with_options {
    ($name:ident) => {
        impl $name {
            /// Sets an option for which there is no method of its own.
            #[track_caller]
            pub fn option(mut self, key: &str, option: impl serde::Serialize) -> Self {
                self.request.set(key, option);
                self
            }
        }
    };
}

/// Gives a request the methods of those that carry arguments.
macro_rules! with_arguments {
    ($name:ident) => {
        impl $name {
            /// Appends a positional argument.
            ///
            /// # Panics
            /// It cannot be serialised.
            #[track_caller]
            pub fn arg(mut self, argument: impl serde::Serialize) -> Self {
                self.request.args.push($crate::test::requests::value(argument));
                self
            }

            /// Adds a keyword argument.
            ///
            /// # Panics
            /// It cannot be serialised.
            #[track_caller]
            pub fn kwarg(mut self, key: &str, argument: impl serde::Serialize) -> Self {
                let argument = $crate::test::requests::value(argument);
                self.request.kwargs.insert(key.to_owned(), argument);
                self
            }

            /// Discloses the client to those who get the request.
            pub fn disclose_me(self) -> Self {
                self.option("disclose_me", true)
            }
        }
    };
}

pub(super) use {with_arguments, with_options};

/// A PUBLISH to be sent: await it for the acknowledgement, or [`send`](Self::send) it without.
///
/// ```
/// use wamp_actix::test::join;
/// use wamp_actix::{Realm, Router, Topic};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), wamp_actix::Error> {
/// let realm = Realm::new("realm1").topic("news", Topic::open());
/// let router = Router::builder().realm(realm).handlers([]).build()?;
/// let client = join(&router).await?;
/// let mut news = client.subscribe("news").await?;
/// client.publish("news").arg("for others").await?;
/// client.publish("news").arg("for me").exclude_me(false).await?;
/// assert_eq!(news.next_args::<(String,)>().await.0, "for me");
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is sent before it is awaited"]
#[allow(missing_debug_implementations, reason = "as `Client`")]
pub struct Publish {
    request: Request,
}

with_options!(Publish);
with_arguments!(Publish);

impl Publish {
    pub(super) fn new(client: Client, topic: &str) -> Self {
        Self { request: Request::new(client, topic) }
    }

    /// Sends the PUBLISH without asking for an acknowledgement.
    pub fn send(self) {
        let client = &self.request.client;
        client.send(&self.request.message(16, client.next_request()));
    }

    /// Sets whether the client's own subscription gets no event; without it, it gets none.
    pub fn exclude_me(self, exclude: bool) -> Self {
        self.option("exclude_me", exclude)
    }

    /// Retains the event for later subscribers that ask for it.
    pub fn retain(self) -> Self {
        self.option("retain", true)
    }

    /// Excludes these sessions.
    pub fn exclude(self, sessions: impl IntoIterator<Item = SessionId>) -> Self {
        self.list("exclude", sessions)
    }

    /// Excludes sessions with these authids.
    pub fn exclude_authid<A: Into<String>>(self, authids: impl IntoIterator<Item = A>) -> Self {
        self.list("exclude_authid", authids.into_iter().map(Into::into))
    }

    /// Excludes sessions with these authroles.
    pub fn exclude_authrole<A: Into<String>>(self, roles: impl IntoIterator<Item = A>) -> Self {
        self.list("exclude_authrole", roles.into_iter().map(Into::into))
    }

    /// Sends the event to these sessions only.
    pub fn eligible(self, sessions: impl IntoIterator<Item = SessionId>) -> Self {
        self.list("eligible", sessions)
    }

    /// Sends the event to sessions with these authids only.
    pub fn eligible_authid<A: Into<String>>(self, authids: impl IntoIterator<Item = A>) -> Self {
        self.list("eligible_authid", authids.into_iter().map(Into::into))
    }

    /// Sends the event to sessions with these authroles only.
    pub fn eligible_authrole<A: Into<String>>(self, roles: impl IntoIterator<Item = A>) -> Self {
        self.list("eligible_authrole", roles.into_iter().map(Into::into))
    }

    fn list<T: Serialize>(self, key: &str, items: impl IntoIterator<Item = T>) -> Self {
        let items: Vec<T> = items.into_iter().collect();
        self.option(key, items)
    }
}

impl IntoFuture for Publish {
    type Output = Result<PublicationId, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { request } = self.option("acknowledge", true);
        Box::pin(async move {
            let published = request.client.request(|id| request.message(16, id)).await?;
            id(PublicationId::new(published.number(2)))
        })
    }
}

/// A SUBSCRIBE to be sent: await it for the subscription.
#[must_use = "nothing is sent before it is awaited"]
#[allow(missing_debug_implementations, reason = "as `Client`")]
pub struct Subscribe {
    request: Request,
}

with_options!(Subscribe);

impl Subscribe {
    pub(super) fn new(client: Client, topic: &str) -> Self {
        Self { request: Request::new(client, topic) }
    }

    /// Subscribes to all topics that match: the option `match`.
    pub fn policy(self, policy: MatchPolicy) -> Self {
        self.option("match", name(policy))
    }

    /// Asks for the retained events.
    pub fn get_retained(self) -> Self {
        self.option("get_retained", true)
    }
}

impl IntoFuture for Subscribe {
    type Output = Result<Subscribed, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        let Request { client, uri, options, .. } = self.request;
        Box::pin(async move {
            let subscribed = client.request(|id| json!([32, id, options, uri])).await?;
            let subscription = id(SubscriptionId::new(subscribed.number(2)))?;
            Ok(Subscribed::new(client, subscription))
        })
    }
}

/// A REGISTER to be sent: await it for the registration.
#[must_use = "nothing is sent before it is awaited"]
#[allow(missing_debug_implementations, reason = "as `Client`")]
pub struct Register {
    request: Request,
    handler: Handler,
}

with_options!(Register);

impl Register {
    pub(super) fn new<C>(client: Client, procedure: &str, callee: C) -> Self
    where
        C: AsyncFn(Invoked) -> Result<Reply, Error> + 'static,
    {
        let callee = Rc::new(callee);
        let handler: Handler = Rc::new(move |invoked| {
            let callee = Rc::clone(&callee);
            Box::pin(async move { callee(invoked).await })
        });
        Self { request: Request::new(client, procedure), handler }
    }

    /// Registers all procedures that match: the option `match`.
    pub fn policy(self, policy: MatchPolicy) -> Self {
        self.option("match", name(policy))
    }

    /// Shares the procedure with other clients: the option `invoke`, such as `"roundrobin"`.
    pub fn invoke(self, policy: &str) -> Self {
        self.option("invoke", policy)
    }
}

impl IntoFuture for Register {
    type Output = Result<Registered, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { request: Request { client, uri, options, .. }, handler } = self;
        Box::pin(async move {
            serve(&client);
            let registered = client.request(|id| {
                client.with(|state| state.callee.expect(id, handler));
                json!([64, id, options, uri])
            });
            let registration = id(RegistrationId::new(registered.await?.number(2)))?;
            Ok(Registered::new(client, registration))
        })
    }
}

fn name(policy: MatchPolicy) -> &'static str {
    match policy {
        MatchPolicy::Exact => "exact",
        MatchPolicy::Prefix => "prefix",
        MatchPolicy::Wildcard => "wildcard",
    }
}

/// Returns the id in an answer. The server sends no other numbers.
fn id<T>(id: Option<T>) -> Result<T, Error> {
    id.ok_or_else(|| Error::new("test.error.no_id"))
}
