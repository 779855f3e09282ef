//! A WAMP client inside the process, for tests: the real pipeline, without a port.
//!
//! [`connect`] upgrades a request on an `actix_web::test` service, through middleware, Origin
//! check, extractors, frames and handlers. [`join`] needs only a router. Time stands still until
//! [`Client::clock`] is advanced.
//!
//! ```
//! use actix_web::{App, test};
//! use wamp_actix::test::connect;
//! use wamp_actix::{Router, handlers, rpc};
//!
//! #[rpc("com.example.add")]
//! async fn add(a: i64, b: i64) -> i64 {
//!     a + b
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let router = Router::builder().handlers(handlers![add]).build()?;
//! let app = test::init_service(App::new().service(router.endpoint("/ws"))).await;
//! let client = connect(&app, "/ws").await?;
//! let sum = client.call("com.example.add").arg(20).arg(22).await.expect("a result");
//! assert_eq!(sum.args::<(i64,)>()?, (42,));
//! # Ok(())
//! # }
//! ```

mod client;
mod hello;
mod requests;
mod wire;

use std::any::Any;
use std::future::{Future, IntoFuture};
use std::pin::Pin;

use actix_http::Request;
use actix_web::HttpMessage as _;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use hello::Hello;
use serde_json::{Map, Value};
use wamp_core::{Error, Identity};

pub use crate::worker::clock::ManualClock;
pub use client::{Client, Event, Subscribed};
pub use requests::{Call, Publish};
pub use wamp_core::Serializer;
pub use wire::{Received, Wire};

use crate::endpoint;
use crate::router::Router;
use crate::websocket::body::Body;
use crate::worker::clock::Clock;

/// The reason for which a client could not join.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// The request was not upgraded.
    #[error("the upgrade was refused: {status}: {body}")]
    Refused {
        /// The status of the response.
        status: StatusCode,
        /// The text of the response.
        body: String,
    },
    /// HELLO was answered with ABORT: the error has its reason, and its message as the first
    /// argument.
    #[error("the session was refused: {0}")]
    Aborted(Error),
    /// The connection was closed before WELCOME.
    #[error("the connection was closed before WELCOME")]
    Closed,
}

/// Upgrades a request to `path` on a service of `actix_web::test::init_service` and joins realm
/// `realm1`.
pub fn connect<'a, S, B>(app: &'a S, path: &str) -> Connect<'a, S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    let upgrade = [
        ("Host", "localhost"),
        ("Connection", "upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Protocol", Serializer::Json.subprotocol()),
    ];
    let request =
        upgrade.into_iter().fold(TestRequest::get().uri(path), TestRequest::insert_header);
    Connect { app, request, hello: Hello::new(), role: None, serializer: Serializer::Json }
}

/// A connection to be opened: await it for a joined client, or [`wire`](Self::wire) it.
#[must_use = "nothing is sent before it is awaited"]
#[allow(missing_debug_implementations, reason = "actix's `TestRequest` has none")]
pub struct Connect<'a, S> {
    app: &'a S,
    request: TestRequest,
    hello: Hello,
    role: Option<String>,
    serializer: Serializer,
}

impl<S, B> Connect<'_, S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    /// Sets the realm that the client joins.
    pub fn realm(mut self, name: &str) -> Self {
        self.hello.realm = name.to_owned();
        self
    }

    /// Sets a header of the request, such as `Origin` or a cookie.
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request = self.request.insert_header((name, value));
        self
    }

    /// Sets the method and the authid of the login. `answer` makes the signature from the `Extra`
    /// of CHALLENGE; for a ticket it is the ticket. A refusal arrives at once, because the client
    /// advances its clock by a second while it waits.
    ///
    /// ```
    /// use wamp_actix::test::join;
    /// use wamp_actix::{Attempt, Denied, Identity, Realm, Router, Ticket};
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let by_ticket = Ticket::new(|attempt: Attempt| async move {
    ///     let joe = attempt.ticket_is("secret!!!").then(|| Identity::new("joe", "user"));
    ///     joe.ok_or(Denied::credentials())
    /// });
    /// let realm = Realm::new("realm1").authenticate(by_ticket);
    /// let router = Router::builder().realm(realm).handlers([]).build()?;
    /// let client = join(&router).login("ticket", "joe", |_| "secret!!!".to_owned()).await?;
    /// assert_eq!(client.welcome()["authrole"], "user");
    /// assert!(join(&router).login("ticket", "joe", |_| "guessed".to_owned()).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn login(
        mut self,
        method: &str,
        authid: &str,
        answer: impl FnOnce(&Map<String, Value>) -> String + 'static,
    ) -> Self {
        self.hello.log_in(method, authid, answer);
        self
    }

    /// Sets the authrole of the session, in a realm without methods of authentication.
    pub fn role(mut self, authrole: &str) -> Self {
        self.role = Some(authrole.to_owned());
        self
    }

    /// Sets the serializer, in place of `wamp.2.json`.
    pub fn serializer(mut self, serializer: Serializer) -> Self {
        self.serializer = serializer;
        self.header("Sec-WebSocket-Protocol", serializer.subprotocol())
    }

    /// Upgrades the request, and returns the WebSocket before HELLO.
    ///
    /// # Errors
    /// The request was not upgraded.
    pub async fn wire(self) -> Result<Wire, JoinError> {
        let clock = ManualClock::default();
        let (payload, pipe) = wire::pipe();
        let (request, _) = self.request.to_request().replace_payload(payload);
        request.extensions_mut().insert(Clock::Manual(clock.clone()));
        if let Some(authrole) = self.role {
            request.extensions_mut().insert(Identity { authrole, ..Identity::anonymous() });
        }
        let (status, body) = match self.app.call(request).await {
            Ok(response) => (response.status(), BoxBody::new(response.into_body())),
            Err(error) => (error.error_response().status(), error.error_response().into_body()),
        };
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(Wire::new(body, pipe, clock, self.serializer));
        }
        let bytes = actix_web::body::to_bytes(body).await.unwrap_or_default();
        Err(JoinError::Refused { status, body: String::from_utf8_lossy(&bytes).into_owned() })
    }
}

impl<'a, S, B> IntoFuture for Connect<'a, S>
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    type Output = Result<Client, JoinError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + 'a>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let hello = std::mem::replace(&mut self.hello, Hello::new());
            Client::join(self.wire().await?, hello).await
        })
    }
}

/// Joins realm `realm1` of a router, without an application around it.
pub fn join(router: &Router) -> Join {
    Join {
        router: router.clone(),
        request: TestRequest::get(),
        hello: Hello::new(),
        role: None,
        serializer: Serializer::Json,
    }
}

/// A connection to be opened: await it for a joined client, or [`wire`](Self::wire) it.
#[must_use = "nothing is sent before it is awaited"]
#[allow(missing_debug_implementations, reason = "actix's `TestRequest` has none")]
pub struct Join {
    router: Router,
    request: TestRequest,
    hello: Hello,
    role: Option<String>,
    serializer: Serializer,
}

impl Join {
    /// Sets the realm that the client joins.
    pub fn realm(mut self, name: &str) -> Self {
        self.hello.realm = name.to_owned();
        self
    }

    /// Sets the method and the authid of the login. `answer` makes the signature from the `Extra`
    /// of CHALLENGE; for a ticket it is the ticket. A refusal arrives at once, because the client
    /// advances its clock by a second while it waits.
    ///
    /// ```
    /// use wamp_actix::test::join;
    /// use wamp_actix::{Attempt, Denied, Identity, Realm, Router, Ticket};
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let by_ticket = Ticket::new(|attempt: Attempt| async move {
    ///     let joe = attempt.ticket_is("secret!!!").then(|| Identity::new("joe", "user"));
    ///     joe.ok_or(Denied::credentials())
    /// });
    /// let realm = Realm::new("realm1").authenticate(by_ticket);
    /// let router = Router::builder().realm(realm).handlers([]).build()?;
    /// let client = join(&router).login("ticket", "joe", |_| "secret!!!".to_owned()).await?;
    /// assert_eq!(client.welcome()["authrole"], "user");
    /// assert!(join(&router).login("ticket", "joe", |_| "guessed".to_owned()).await.is_err());
    /// # Ok(())
    /// # }
    /// ```
    pub fn login(
        mut self,
        method: &str,
        authid: &str,
        answer: impl FnOnce(&Map<String, Value>) -> String + 'static,
    ) -> Self {
        self.hello.log_in(method, authid, answer);
        self
    }

    /// Sets the authrole of the session, in a realm without methods of authentication.
    pub fn role(mut self, authrole: &str) -> Self {
        self.role = Some(authrole.to_owned());
        self
    }

    /// Adds data of the application, for extractors: `.app_data(web::Data::new(db))`.
    pub fn app_data<T: Any>(mut self, data: T) -> Self {
        self.request = self.request.app_data(data);
        self
    }

    /// Sets the serializer, in place of `wamp.2.json`.
    pub fn serializer(mut self, serializer: Serializer) -> Self {
        self.serializer = serializer;
        self
    }

    /// Opens the connection, and returns the WebSocket before HELLO.
    ///
    /// # Errors
    /// None at present; the signature is that of [`Connect::wire`].
    pub async fn wire(self) -> Result<Wire, JoinError> {
        let clock = ManualClock::default();
        let (payload, pipe) = wire::pipe();
        let request = self.request.to_http_request();
        let mut identity = Identity::anonymous();
        identity.authrole = self.role.unwrap_or(identity.authrole);
        let time = Clock::Manual(clock.clone());
        let socket = endpoint::open(
            &self.router,
            self.serializer,
            identity,
            request,
            payload,
            time,
            std::task::Waker::noop().clone(),
        );
        Ok(Wire::new(BoxBody::new(Body::new(socket, None)), pipe, clock, self.serializer))
    }
}

impl IntoFuture for Join {
    type Output = Result<Client, JoinError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output>>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let hello = std::mem::replace(&mut self.hello, Hello::new());
            Client::join(self.wire().await?, hello).await
        })
    }
}
