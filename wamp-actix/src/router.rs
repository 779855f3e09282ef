//! The router, as an actix application mounts and uses it.

#[cfg(feature = "actix-ws")]
mod accepted;
pub(crate) mod per_router;

use std::future::{Ready, ready};
use std::ops::Deref;
use std::sync::OnceLock;

use actix_web::error::ErrorInternalServerError;
use actix_web::{FromRequest, HttpRequest, dev};
use wamp_core::{BuildError, Context, Error, FromContext, WeakRouter};

use crate::bridge::HttpBridge;
use crate::endpoint::Endpoint;
use crate::worker::Worker;
#[cfg(feature = "actix-ws")]
pub use accepted::Accepted;

/// The declaration of a router: realms, limits, and a list of handlers in place of all that the
/// program has.
pub type RouterBuilder = wamp_core::RouterBuilder<Router>;

/// A router, shared by all workers of the process. A clone is a handle to the same router.
///
/// It is an extractor of actix, so that ordinary routes can publish, and it is injected into
/// handlers.
///
/// ```
/// use actix_web::{HttpResponse, post};
/// use wamp_actix::Router;
///
/// #[post("/news")]
/// async fn news(text: String, router: Router) -> HttpResponse {
///     let realm = router.realm("realm1").expect("the default router serves every realm");
///     match realm.publish("headlines").arg(text).send() {
///         Ok(_) => HttpResponse::NoContent().finish(),
///         Err(error) => HttpResponse::InternalServerError().body(error.to_string()),
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Router(wamp_core::Router);

impl Router {
    /// Returns a builder, for a router with realms, limits or handlers of its own.
    pub fn builder() -> RouterBuilder {
        RouterBuilder::default()
    }

    /// Returns the service that serves this router at a path:
    /// `App::service(router.endpoint("/ws"))`.
    pub fn endpoint(&self, path: &str) -> Endpoint {
        Endpoint::new(path, self.clone())
    }

    /// Returns the service that serves the procedures and topics of a realm over HTTP, for `curl`,
    /// cron jobs, webhooks and `EventSource`:
    ///
    /// - `POST {path}/{procedure}` calls. The body is JSON: a list of positional arguments, a dict
    ///   of keyword arguments, or both as `{"args": […], "kwargs": {…}}`. The answer is the result:
    ///   a single value as it is, several as `{"args": […], "kwargs": {…}}`, nothing as 204.
    /// - With `Accept: text/event-stream` the answer is a stream: `event: progress` for each
    ///   progressive result, then `event: result` or `event: error`.
    /// - `GET {path}/events/{topic}` is a stream with an `event: event` for each event of the
    ///   topic.
    ///
    /// Every request has a short session of its own: the realm's [`Http`](crate::Http) methods
    /// identify it, or it is anonymous, and `#[session]` handlers may refuse it. Roles, authorisers
    /// and limits hold as over the WebSocket. The session is not listed by the meta API.
    ///
    /// An ERROR is `{"error": uri, "args": […], "kwargs": {…}}` with a status: 400 for
    /// `wamp.error.invalid_argument`, 403 for `not_authorized`, 404 for `no_such_procedure`, 408
    /// for `timeout`, 501 for `feature_not_supported`, 503 for `unavailable` and `canceled`, 500
    /// for other errors of the router, 422 for those of the application.
    ///
    /// A call is cancelled when its client disconnects, which actix tells only with
    /// `HttpServer::h1_allow_half_closed(false)`.
    ///
    /// ```
    /// use actix_web::App;
    /// use wamp_actix::{Realm, Router};
    ///
    /// let router = Router::builder().realm(Realm::new("shop")).handlers([]).build()?;
    /// let app = App::new().service(router.endpoint("/ws")).service(router.http("/call"));
    /// # Ok::<(), wamp_actix::BuildError>(())
    /// ```
    ///
    /// ```sh
    /// curl -H 'Content-Type: application/json' -d '[2, 3]' localhost:8080/call/com.example.add
    /// ```
    pub fn http(&self, path: &str) -> HttpBridge {
        HttpBridge::new(path, self.clone())
    }
}

impl From<wamp_core::Router> for Router {
    fn from(router: wamp_core::Router) -> Self {
        Self(router)
    }
}

impl Deref for Router {
    type Target = wamp_core::Router;

    fn deref(&self) -> &wamp_core::Router {
        &self.0
    }
}

/// Returns the default router, which [`endpoint`](crate::endpoint) serves: all handlers of the
/// program, in one realm, which clients join by any name, with anonymous sessions. The first call
/// builds and checks it.
///
/// # Errors
/// The faults of the handlers.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// // Before the server listens: a fault of a handler stops the program here.
/// let router = wamp_actix::router()?;
/// # Ok(())
/// # }
/// ```
pub fn router() -> Result<Router, BuildError> {
    static DEFAULT: OnceLock<Result<Router, BuildError>> = OnceLock::new();
    DEFAULT.get_or_init(|| Router::builder().build()).clone()
}

/// Records that this worker's application serves the router, for the extractor.
pub(crate) fn mounted(router: &Router) {
    Worker::with(|worker| {
        let mut mounted = worker.mounted.borrow_mut();
        mounted.retain(|other| other.upgrade().is_some_and(|other| !other.same_as(router)));
        mounted.push(router.downgrade());
    });
}

/// Extracts the router in the application's data, or else the only one that the application mounts.
impl FromRequest for Router {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut dev::Payload) -> Self::Future {
        ready(request.app_data::<Self>().cloned().map_or_else(only_mounted, Ok))
    }
}

fn only_mounted() -> Result<Router, actix_web::Error> {
    let mounted: Vec<_> = Worker::with(|worker| {
        worker.mounted.borrow().iter().filter_map(WeakRouter::upgrade).collect()
    });
    match mounted.as_slice() {
        [only] => Ok(only.clone().into()),
        [] => Err(ErrorInternalServerError("no WAMP endpoint is mounted")),
        _ => Err(ErrorInternalServerError(
            "several WAMP routers are mounted: choose one with `.app_data(router)`",
        )),
    }
}

impl FromContext for Router {
    async fn from_context(context: &Context) -> Result<Self, Error> {
        Ok(Self(context.router().clone()))
    }
}
