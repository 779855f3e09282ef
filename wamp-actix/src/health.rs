//! The service that answers a supervisor's probes: whether the process is alive, and ready.

use std::future::ready;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::dev::{AppService, HttpServiceFactory};
use actix_web::http::header::{self, ContentType};
use actix_web::{HttpResponse, Resource, guard, web};

use crate::router::Router;
use crate::worker::pulse::{BEAT, Pulse};

/// The shortest [`Health::stuck_after`]: with one beat less, a busy worker would seem stuck.
const SHORTEST: Duration = BEAT.saturating_mul(2);

/// Returns the service that answers the probes of a supervisor, such as Kubernetes, about the
/// workers that serve this router.
///
/// - `/livez` is answered 200, or 503 with the name of a worker that has been silent for 10 s
///   ([`stuck_after`](Health::stuck_after)): a handler blocks its thread, and the connections of
///   this worker wait. From then on each worker beats once a second.
/// - `/readyz` is answered 200, or 503 while the router shuts down, and before the first worker
///   serves it.
///
/// The answers say nothing about clients. A worker that is stuck does not answer requests of its
/// own, so a probe may also run into its time limit. On a server of its own, with one worker, the
/// service always answers:
///
/// ```no_run
/// use actix_web::{App, HttpServer};
/// use wamp_actix::{Router, health};
///
/// # #[actix_web::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let router = Router::builder().build()?;
/// let probed = router.clone();
/// let probes = HttpServer::new(move || App::new().service(health(&probed)))
///     .workers(1)
///     .bind(("0.0.0.0", 8081))?
///     .run();
/// actix_web::rt::spawn(probes);
/// HttpServer::new(move || App::new().service(router.endpoint("/ws")))
///     .bind(("0.0.0.0", 8080))?
///     .run()
///     .await?;
/// # Ok(())
/// # }
/// ```
pub fn health(router: &Router) -> Health {
    let pulse = Pulse::of(router);
    pulse.watch(Instant::now());
    Health { router: router.clone(), pulse, stuck_after: Duration::from_secs(10) }
}

/// The service that answers a supervisor's probes: [`health`].
#[derive(Clone, Debug)]
#[must_use = "a service has to be mounted: `App::service`"]
pub struct Health {
    router: Router,
    pulse: Arc<Pulse>,
    stuck_after: Duration,
}

impl Health {
    /// Sets the silence after which a worker counts as stuck. The default is 10 s.
    ///
    /// ```
    /// use std::time::Duration;
    /// use actix_web::App;
    /// use wamp_actix::{Router, health};
    ///
    /// let router = Router::builder().handlers([]).build()?;
    /// let app = App::new().service(health(&router).stuck_after(Duration::from_secs(30)));
    /// # Ok::<(), wamp_actix::BuildError>(())
    /// ```
    ///
    /// # Panics
    /// The time is shorter than two seconds. A worker beats once a second.
    #[track_caller]
    pub fn stuck_after(mut self, silence: Duration) -> Self {
        assert!(
            silence >= SHORTEST,
            "a worker that beats once a second is not stuck after {silence:?}"
        );
        self.stuck_after = silence;
        self
    }

    fn is_alive(&self) -> Result<(), String> {
        self.pulse.silent(Instant::now(), self.stuck_after).map_or(Ok(()), |silent| {
            Err(format!(
                "worker `{}` has been silent for {} s",
                silent.worker,
                silent.time.as_secs()
            ))
        })
    }

    fn is_ready(&self) -> Result<(), String> {
        if self.router.is_stopping() {
            return Err("the router shuts down".to_owned());
        }
        self.pulse.is_served().then_some(()).ok_or_else(|| "no worker serves the router".to_owned())
    }

    /// Makes the resource at a path that answers a GET or HEAD by this question.
    fn resource(&self, path: &str, ask: fn(&Self) -> Result<(), String>) -> Resource {
        let health = self.clone();
        let reads = guard::Any(guard::Get()).or(guard::Head());
        web::resource(path).route(web::route().guard(reads).to(move || ready(answer(ask(&health)))))
    }
}

impl HttpServiceFactory for Health {
    fn register(self, config: &mut AppService) {
        self.resource("/livez", Self::is_alive).register(config);
        self.resource("/readyz", Self::is_ready).register(config);
    }
}

fn answer(found: Result<(), String>) -> HttpResponse {
    let (mut response, text) = match found {
        Ok(()) => (HttpResponse::Ok(), "ok".to_owned()),
        Err(text) => (HttpResponse::ServiceUnavailable(), text),
    };
    response
        .insert_header(ContentType::plaintext())
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(text + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic = "is not stuck after 1s"]
    fn a_silence_of_one_beat_is_refused() {
        let router = Router::builder().handlers([]).build().unwrap();
        let _ = health(&router).stuck_after(Duration::from_secs(1));
    }
}
