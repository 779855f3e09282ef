//! Shutting routers down when the process is asked to stop, which actix tells neither services nor bodies.

use std::cell::RefCell;

use actix_web::rt;

use crate::router::Router;

thread_local! {
    /// Routers for which this worker listens.
    static LISTENING: RefCell<Vec<Router>> = const { RefCell::new(Vec::new()) };
}

/// Shuts the router down at the first SIGTERM or SIGINT (elsewhere than on Unix: Ctrl-C). Every worker that serves the
/// router listens; all but the first to be told change nothing. With `goodbye`, sessions get GOODBYE before they are closed.
pub(crate) fn listen(router: &Router, goodbye: bool) {
    let first = LISTENING.with_borrow_mut(|listening| {
        let first = !listening.iter().any(|other| other.same_as(router));
        if first {
            listening.push(router.clone());
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

/// The first SIGTERM or SIGINT (elsewhere than on Unix: Ctrl-C), for `HttpServer::shutdown_signal`: with it SIGINT stops
/// the server as orderly as SIGTERM does. Without it actix ends at once at SIGINT, and calls at work are not
/// answered. Every later signal is without effect.
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
        tracing::warn!(%error, "cannot listen for signals: the application must stop the server and its routers");
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
