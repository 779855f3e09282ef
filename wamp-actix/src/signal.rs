//! Shuts routers down when a signal stops the process, of which actix tells neither services nor
//! bodies.

use actix_web::rt;

use crate::router::Router;
use crate::worker::Worker;
use wamp_core::__private::log;

/// Shuts the router down at the first SIGTERM or SIGINT (elsewhere than on Unix: Ctrl-C). Every
/// worker that serves the router listens; only the first one to receive the signal has an effect.
/// With `goodbye`, sessions get GOODBYE before they are closed.
pub(crate) fn listen(router: &Router, goodbye: bool) {
    let first = Worker::with(|worker| {
        let mut routers = worker.shut_down_at_signal.borrow_mut();
        let first = !routers.iter().any(|other| other.same_as(router));
        if first {
            routers.push((**router).clone());
        }
        first
    });
    if first {
        let router = router.clone();
        rt::spawn(async move {
            stop_signal().await;
            let stopped = router.shutdown(router.limits().shutdown_grace);
            if goodbye { stopped.goodbye().await } else { stopped.await }
        });
    }
}

/// Waits for the first SIGTERM or SIGINT (elsewhere than on Unix: Ctrl-C), for
/// `HttpServer::shutdown_signal`. With it SIGINT stops the server as gracefully as SIGTERM does;
/// without it actix ends at once at SIGINT, and calls in flight are not answered. Later signals
/// have no effect.
///
/// ```no_run
/// use actix_web::{App, HttpServer};
///
/// # #[actix_web::main]
/// # async fn main() -> std::io::Result<()> {
/// HttpServer::new(|| App::new().service(wamp_actix::endpoint("/ws")))
///     .shutdown_signal(wamp_actix::stop_signal())
///     .bind(("127.0.0.1", 8080))?
///     .run()
///     .await
/// # }
/// ```
pub async fn stop_signal() {
    if let Err(error) = signalled().await {
        tracing::warn!(
            target: log::SESSION,
            %error,
            "cannot listen for signals: the application itself must stop the server and its routers"
        );
        std::future::pending::<()>().await;
    }
}

#[cfg(unix)]
async fn signalled() -> std::io::Result<()> {
    use std::pin::pin;

    use futures_util::future::select;
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    select(pin!(terminate.recv()), pin!(interrupt.recv())).await;
    Ok(())
}

#[cfg(not(unix))]
async fn signalled() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
