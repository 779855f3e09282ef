//! A connection to be opened: to an application, or to a router alone.

use std::any::Any;
use std::fmt::Display;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::Waker;

use actix_http::Request;
use actix_web::HttpMessage as _;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::test::TestRequest;
use serde::Serialize;
use wamp_core::{Error, Identity, Serializer};

use super::hello::Hello;
use super::login::Login;
use super::wire;
use super::{Client, Wire};
use crate::endpoint::{self, Known};
use crate::router::Router;
use crate::websocket::body::Body;
use crate::worker::clock::{Clock, ManualClock};

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

/// An application of `actix_web::test::init_service`. Functions of tests take
/// `app: &impl Application`, for requests of actix, too.
///
/// ```
/// use actix_web::test::{TestRequest, call_service, init_service};
/// use actix_web::{App, HttpResponse, web};
/// use wamp_actix::test::{Application, Client, connect};
///
/// async fn visitor(app: &impl Application) -> Client {
///     let request = TestRequest::get().uri("/").to_request();
///     assert!(call_service(app, request).await.status().is_success());
///     connect(app, "/ws").await.expect("a session")
/// }
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), wamp_actix::Error> {
/// let router = wamp_actix::Router::builder().handlers([]).build()?;
/// let app = App::new()
///     .service(router.endpoint("/ws"))
///     .route("/", web::get().to(HttpResponse::Ok));
/// let client = visitor(&init_service(app).await).await;
/// # Ok(())
/// # }
/// ```
pub trait Application:
    Service<Request, Response = ServiceResponse<Self::Body>, Error = actix_web::Error>
{
    /// The body of the application's responses.
    type Body: MessageBody + 'static;
}

impl<S, B> Application for S
where
    S: Service<Request, Response = ServiceResponse<B>, Error = actix_web::Error>,
    B: MessageBody + 'static,
{
    type Body = B;
}

/// Upgrades a request to `path` on an application of `actix_web::test::init_service` and joins
/// realm `realm1`.
pub fn connect<'a, A: Application>(app: &'a A, path: &str) -> Connect<'a, A> {
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
    Connect::new(app, request)
}

/// Joins realm `realm1` of a router, without an application around it.
pub fn join(router: &Router) -> Connect<'_, Router> {
    Connect::new(router, TestRequest::get())
}

/// A connection to be opened, by [`connect`] or [`join`]: await it for a joined client, or
/// [`wire`](Self::wire) it.
#[must_use = "nothing is sent before it is awaited"]
#[allow(missing_debug_implementations, reason = "actix's `TestRequest` has none")]
pub struct Connect<'a, T> {
    target: &'a T,
    request: TestRequest,
    hello: Hello,
    identity: Option<Identity>,
    serializer: Serializer,
}

impl<'a, T> Connect<'a, T> {
    fn new(target: &'a T, request: TestRequest) -> Self {
        let (hello, serializer) = (Hello::new(), Serializer::Json);
        Self { target, request, hello, identity: None, serializer }
    }

    /// Sets the realm that the client joins.
    pub fn realm(mut self, name: &str) -> Self {
        self.hello.realm = name.to_owned();
        self
    }

    /// Sets a header of the request, such as `Origin`.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.insert_header((name, value));
        self
    }

    /// Adds a cookie to the request: `.cookie("sid", "6a204bd8")`.
    pub fn cookie(mut self, name: &str, value: impl Display) -> Self {
        self.request = self.request.append_header(("Cookie", format!("{name}={value}")));
        self
    }

    /// Makes the client one that is known, whatever methods of authentication the realm has: no
    /// method is asked. `#[session]` handlers, roles and authorisers hold as for any client.
    ///
    /// ```
    /// use wamp_actix::test::join;
    /// use wamp_actix::{Attempt, Denied, Identity, Realm, Router, Session, Ticket, handlers, rpc};
    ///
    /// #[rpc("com.example.name", role = "user")]
    /// async fn name(session: Session) -> String {
    ///     session.authid().to_owned()
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), wamp_actix::Error> {
    /// let nobody = Ticket::new(|_: Attempt| async { Err(Denied::credentials()) });
    /// let realm = Realm::new("realm1").authenticate(nobody);
    /// let router = Router::builder().realm(realm).handlers(handlers![name]).build()?;
    /// let joe = join(&router).identity(Identity::new("joe", "user")).await?;
    /// let (name,): (String,) = joe.call("com.example.name").await?.args()?;
    /// assert_eq!(name, "joe");
    /// # Ok(())
    /// # }
    /// ```
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Sets the authrole of a client whose name does not matter: [`identity`](Self::identity) with
    /// an anonymous one.
    pub fn role(self, authrole: &str) -> Self {
        self.identity(Identity { authrole: authrole.to_owned(), ..Identity::anonymous() })
    }

    /// Logs the client in by a method of the realm. A refusal arrives at once, because the client
    /// advances its clock by a second while it waits.
    pub fn login(mut self, login: Login) -> Self {
        self.hello.login = Some(login);
        self
    }

    /// Sets the serializer, in place of `wamp.2.json`.
    pub fn serializer(mut self, serializer: Serializer) -> Self {
        self.serializer = serializer;
        self.header("Sec-WebSocket-Protocol", serializer.subprotocol())
    }

    /// Sets the roles and features that HELLO announces, in place of all that a [`Client`] has.
    ///
    /// ```
    /// use serde_json::json;
    /// use wamp_actix::test::join;
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> Result<(), wamp_actix::Error> {
    /// # let router = wamp_actix::Router::builder().handlers([]).build()?;
    /// let simple = join(&router).announce(json!({ "caller": {} })).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    /// The roles cannot be written as JSON.
    #[track_caller]
    pub fn announce(mut self, roles: impl Serialize) -> Self {
        let roles = serde_json::to_value(roles);
        self.hello.roles =
            Some(roles.unwrap_or_else(|error| panic!("the roles cannot be written: {error}")));
        self
    }
}

impl Connect<'_, Router> {
    /// Adds data of the application, for extractors: `.app_data(web::Data::new(db))`.
    pub fn app_data<D: Any>(mut self, data: D) -> Self {
        self.request = self.request.app_data(data);
        self
    }
}

impl<T: Target> Connect<'_, T> {
    /// Opens the connection, and returns the WebSocket before HELLO.
    ///
    /// # Errors
    /// The request was not upgraded.
    pub async fn wire(self) -> Result<Wire, JoinError> {
        let Self { target, request, identity, serializer, .. } = self;
        let clock = ManualClock::default();
        let (payload, pipe) = wire::pipe();
        let opening = Opening { request, identity, serializer, clock: clock.clone(), payload };
        Ok(Wire::new(target.open(opening).await?, pipe, clock, serializer))
    }
}

impl<'a, T: Target> IntoFuture for Connect<'a, T> {
    type Output = Result<Client, JoinError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + 'a>>;

    fn into_future(mut self) -> Self::IntoFuture {
        Box::pin(async move {
            let hello = std::mem::replace(&mut self.hello, Hello::new());
            Client::join(self.wire().await?, hello).await
        })
    }
}

/// The target of [`Connect`]: an [`Application`], or a [`Router`].
pub trait Target {
    #[doc(hidden)]
    fn open(&self, opening: Opening) -> impl Future<Output = Result<BoxBody, JoinError>>;
}

/// The request of a connection, and what goes with it.
#[doc(hidden)]
#[allow(missing_debug_implementations, reason = "actix's `TestRequest` has none")]
pub struct Opening {
    request: TestRequest,
    identity: Option<Identity>,
    serializer: Serializer,
    clock: ManualClock,
    payload: Payload,
}

impl Target for Router {
    async fn open(&self, opening: Opening) -> Result<BoxBody, JoinError> {
        let Opening { request, identity, serializer, clock, payload } = opening;
        let request = request.to_http_request();
        if identity.is_some() {
            request.extensions_mut().insert(Known);
        }
        let identity = identity.unwrap_or_else(Identity::anonymous);
        let (clock, task) = (Clock::Manual(clock), Waker::noop().clone());
        let socket = endpoint::open(self, serializer, identity, request, payload, clock, task);
        Ok(BoxBody::new(Body::new(socket, None)))
    }
}

impl<A: Application> Target for A {
    async fn open(&self, opening: Opening) -> Result<BoxBody, JoinError> {
        let Opening { request, identity, clock, payload, .. } = opening;
        let (request, _) = request.to_request().replace_payload(payload);
        request.extensions_mut().insert(Clock::Manual(clock));
        if let Some(identity) = identity {
            request.extensions_mut().insert(Known);
            request.extensions_mut().insert(identity);
        }
        let (status, body) = match self.call(request).await {
            Ok(response) => (response.status(), BoxBody::new(response.into_body())),
            Err(error) => (error.error_response().status(), error.error_response().into_body()),
        };
        if status == StatusCode::SWITCHING_PROTOCOLS {
            return Ok(body);
        }
        let bytes = actix_web::body::to_bytes(body).await.unwrap_or_default();
        Err(JoinError::Refused { status, body: String::from_utf8_lossy(&bytes).into_owned() })
    }
}
