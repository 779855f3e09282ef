//! The service that writes what the router counts, for Prometheus.

mod accept;
mod collector;
mod families;

use std::fmt;
use std::sync::Arc;

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::error::ErrorInternalServerError;
use actix_web::guard::{self, Guard};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use prometheus_client::registry::Registry;

use crate::router::Router;
use accept::Format;
pub use collector::Collector;

/// Returns the service that answers a GET of this path with what the router has counted, for
/// Prometheus.
///
/// **Everybody who reaches the service may read it**: how many clients there are, which procedures
/// and topics are declared, and how often each is used. It names no session, no user and no
/// address. It belongs on a listener that only the operators reach, or behind a
/// [`guard`](Metrics::guard). With a second listener on the loopback interface:
///
/// ```no_run
/// use actix_web::{App, HttpServer};
/// use wamp_actix::{Router, metrics};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let router = Router::builder().metrics(true).build()?;
/// let counted = router.clone();
/// let operations = HttpServer::new(move || App::new().service(metrics("/metrics", &counted)))
///     .workers(1)
///     .bind(("127.0.0.1", 8081))?
///     .run();
/// actix_web::rt::spawn(operations);
/// HttpServer::new(move || App::new().service(router.endpoint("/ws")))
///     .bind(("0.0.0.0", 8080))?
///     .run()
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// Whoever asks for OpenMetrics in `Accept`, as Prometheus does, gets OpenMetrics 1.0; everybody
/// else gets Prometheus' text format 0.0.4. An application that has a `prometheus_client` registry
/// registers a [`Collector`] in it instead.
///
/// # Panics
/// The router counts nothing: it was built without `.metrics(true)`.
#[track_caller]
pub fn metrics(path: &str, router: &Router) -> Metrics {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Collector::new(router)));
    Metrics { path: path.to_owned(), registry: Arc::new(registry), guards: Vec::new() }
}

/// The service that writes what the router has counted, for Prometheus: [`metrics`].
#[must_use = "a service has to be mounted: `App::service`"]
pub struct Metrics {
    path: String,
    registry: Arc<Registry>,
    guards: Vec<Box<dyn Guard>>,
}

impl Metrics {
    /// Answers only requests that satisfy this guard, too: for others there is no such resource.
    ///
    /// ```
    /// use actix_web::{App, guard};
    /// use wamp_actix::{Router, metrics};
    ///
    /// let router = Router::builder().handlers([]).metrics(true).build()?;
    /// let allowed = guard::Header("authorization", "Bearer 31c1b2e0a6d4");
    /// let app = App::new().service(metrics("/metrics", &router).guard(allowed));
    /// # Ok::<(), wamp_actix::BuildError>(())
    /// ```
    pub fn guard(mut self, guard: impl Guard + 'static) -> Self {
        self.guards.push(Box::new(guard));
        self
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").field("path", &self.path).finish_non_exhaustive()
    }
}

impl HttpServiceFactory for Metrics {
    fn register(self, config: &mut AppService) {
        let registry = self.registry;
        let answer = move |request: HttpRequest| {
            let registry = Arc::clone(&registry);
            async move { answer(&registry, Format::asked_by(&request)) }
        };
        let reads = guard::Any(guard::Get()).or(guard::Head());
        let guarded = self.guards.into_iter().fold(web::resource(self.path), |resource, guard| {
            resource.guard(guard::fn_guard(move |context| guard.check(context)))
        });
        guarded.route(web::route().guard(reads).to(answer)).register(config);
    }
}

fn answer(registry: &Registry, format: Format) -> actix_web::Result<HttpResponse> {
    let mut text = String::new();
    format.encode(&mut text, registry).map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, format.content_type()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept"))
        .body(text))
}
