//! WAMP v2 for actix-web: calls and events over one WebSocket, served by annotated async functions.
//!
//! ```no_run
//! use actix_web::{App, HttpServer};
//! use wamp_actix::{ServeWamp as _, rpc};
//!
//! #[rpc("com.example.add")]
//! async fn add(a: i64, b: i64) -> i64 {
//!     a + b
//! }
//!
//! #[actix_web::main]
//! async fn main() -> std::io::Result<()> {
//!     HttpServer::new(|| App::new().service(wamp_actix::endpoint("/ws")))
//!         .wamp()
//!         .bind(("127.0.0.1", 8080))?
//!         .run()
//!         .await
//! }
//! ```
//!
//! - Handlers: [`rpc`], [`subscribe`], [`publish`], [`session`](macro@session). The type of a
//!   parameter decides its source: injected ([`FromContext`]), captured from the URI, read from the
//!   caller's arguments, or extracted by actix.
//! - Results: any `Serialize`, [`Args`], [`Kwargs`], [`Reply`], [`Raw`]; errors: [`WampError`],
//!   [`Error`].
//! - Subscriptions: `()`, [`Events`], [`Hold`], [`Snapshot`], tuples of these.
//! - Mounting: [`endpoint`] for a first program; [`Router::builder`] for realms, open topics,
//!   limits, a list of handlers.
//! - Push: [`Realm::publish`] from handlers, from routes ([`Router`] is an extractor), from any
//!   thread.
//! - Middleware: [`RealmBuilder::around`], and `around = path` of a handler.
//! - Operation: [`Limits`] and their environment variables, [`health`](health()) for probes,
//!   [`ServeWamp`] for the settings of the server, [`stop_signal`].
//! - Tests: [`test`](mod@test), a client in the process.

mod accept;
mod admission;
mod attempt;
mod bridge;
mod endpoint;
mod health;
mod lengths;
#[cfg(feature = "metrics")]
mod metrics;
mod parameter;
pub mod prelude;
mod router;
mod serve;
mod signal;
mod status;
pub mod test;
mod websocket;
mod worker;

pub use attempt::AttemptExt;
pub use bridge::HttpBridge;
pub use endpoint::{Endpoint, endpoint};
pub use health::{Health, health};
#[cfg(feature = "metrics")]
pub use metrics::{Collector, Metrics, metrics};
#[cfg(feature = "actix-ws")]
pub use router::Accepted;
pub use router::{Router, RouterBuilder, router};
pub use serve::ServeWamp;
pub use signal::stop_signal;
pub use wamp_core::{
    Action, Anonymous, Args, Attempt, Authenticator, Authorization, Binary, BuildError, Call,
    CallStats, Cancelled, Capture, Chunks, Context, CraCredential, CredentialError, Cryptosign,
    DecodeError, Denied, Durations, EmitError, EncodeError, Error, Events, FromContext, Handlers,
    History, Hold, Http, Identity, IntoAcceptance, IntoAdmission, Invocation, Kwargs, Left, Limits,
    LimitsError, MatchPolicy, MessageStats, MetaApi, Next, ObservedCall, Observer, Passthru,
    Payload, PayloadBuilder, Permission, Progress, Progressive, Publication, PublicationId,
    PublicationStats, Publish, PublishError, Raw, Realm, RealmBuilder, RealmCounts, RealmStats,
    RegistrationId, Reply, RequestId, RequestOutcome, Scram, ScramCredential, Session, SessionData,
    SessionId, Snapshot, Stats, Stopped, Subscription, SubscriptionId, Ticket, Topic, Trace,
    WampCra, WampError, salt, uris,
};
pub use websocket::socket_handle::on_connect;

pub use wamp_macros::{WampError, publish, rpc, session, subscribe};

/// Lists handlers by their functions, for [`RouterBuilder::handlers`].
///
/// Without a list a router serves every handler of the program. Tests and programs with several
/// routers list the handlers of each:
///
/// ```
/// use wamp_actix::{Router, handlers, rpc};
///
/// #[rpc("com.example.add")]
/// async fn add(a: i64, b: i64) -> i64 {
///     a + b
/// }
///
/// mod users {
///     #[wamp_actix::rpc("com.example.users.count")]
///     pub(crate) async fn count() -> u64 {
///         0
///     }
/// }
///
/// let router = Router::builder().handlers(handlers![add, users::count]).build()?;
/// # Ok::<(), wamp_actix::BuildError>(())
/// ```
///
/// A library returns its [`Handlers`], and the application adds them to its own:
///
/// ```
/// mod accounts {
///     #[wamp_actix::rpc("com.example.accounts.count")]
///     async fn count() -> u64 {
///         0
///     }
///
///     /// The functions themselves can stay private.
///     pub fn handlers() -> wamp_actix::Handlers {
///         wamp_actix::handlers![count]
///     }
/// }
///
/// # use wamp_actix::{Router, handlers};
/// let router = Router::builder().handlers(accounts::handlers()).handlers(handlers![]).build()?;
/// # Ok::<(), wamp_actix::BuildError>(())
/// ```
#[macro_export]
macro_rules! handlers {
    ($($handler:path),* $(,)?) => {
        $crate::Handlers::of([$($crate::__private::Listed::function(&$handler)),*])
    };
}

/// Registers hand-written implementations of [`WampError`], so that `?` into [`Error`] keeps their
/// URI and arguments.
///
/// The types must implement `std::error::Error` too. `#[derive(WampError)]` registers its type
/// itself. A handler that returns the type itself, `Result<T, OutOfStock>`, needs no `wamp_error!`.
///
/// ```
/// use wamp_actix::{Error, WampError, rpc, wamp_error};
///
/// #[derive(Debug, thiserror::Error)]
/// #[error("{left} left")]
/// struct OutOfStock { left: u32 }
///
/// impl WampError for OutOfStock {
///     fn to_error(&self) -> Error {
///         Error::new("shop.error.out_of_stock").arg(self.to_string()).kwarg("left", self.left)
///     }
/// }
///
/// wamp_error!(OutOfStock);
///
/// fn take(wanted: u32) -> Result<u32, OutOfStock> {
///     3u32.checked_sub(wanted).ok_or(OutOfStock { left: 3 })
/// }
///
/// #[rpc("shop.buy")]
/// async fn buy(count: u32) -> Result<u32, Error> {
///     Ok(take(count)?)
/// }
///
/// assert_eq!(Error::from(OutOfStock { left: 0 }).uri(), "shop.error.out_of_stock");
/// ```
#[macro_export]
macro_rules! wamp_error {
    ($($error:ty),+ $(,)?) => {$(
        $crate::__private::inventory::submit! { $crate::__private::KnownError::of::<$error>() }
    )+};
}

/// Items that the expansion of the macros names. Not public API.
#[doc(hidden)]
pub mod __private {
    pub use crate::__wamp_kind as kind_of;
    pub use crate::__wamp_kind_inside as kind_inside;
    pub use crate::parameter::*;
    pub use crate::status::{error_response, status_code};
    pub use actix_web::http::StatusCode;
    pub use actix_web::{HttpResponse, ResponseError};
    pub use serde::Serialize;
    pub use wamp_core::__private::*;
    pub use wamp_core::{Context, Error};
}

/// The entry point of the frames' fuzz target. Not public API.
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod __fuzz {
    pub use crate::websocket::frames::fuzz::read;
}

/// Compiles the programs of the README as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

/// Compiles the programs of the page about authentication as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/authentication.md")]
struct AuthenticationPage;

/// Compiles the programs of the page about HTTP as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/http.md")]
struct HttpPage;

/// Compiles the programs of the page about middleware as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/middleware.md")]
struct MiddlewarePage;

/// Compiles the programs of the page about tests as doctests.
#[cfg(doctest)]
#[doc = include_str!("../../docs/testing.md")]
struct TestingPage;

/// Compiles the programs of the page about `actix-ws` as doctests.
#[cfg(all(doctest, feature = "actix-ws"))]
#[doc = include_str!("../../docs/actix-ws.md")]
struct ActixWsPage;

/// Compiles the programs of the page about operation as doctests.
#[cfg(all(doctest, feature = "metrics"))]
#[doc = include_str!("../../docs/operations.md")]
struct OperationsPage;
