//! The settings of an `HttpServer` for WAMP, in one line.

use std::any::Any;

use actix_http::Request;
use actix_service::IntoServiceFactory;
use actix_web::body::MessageBody;
use actix_web::dev::{AppConfig, Extensions, Response, Service, ServiceFactory};
use actix_web::{Error, HttpServer};

use crate::signal::stop_signal;
use crate::websocket::socket_handle::on_connect;

/// Sets an `HttpServer` up for WAMP.
///
/// ```no_run
/// use actix_web::{App, HttpServer};
/// use wamp_actix::ServeWamp as _;
///
/// # #[actix_web::main]
/// # async fn main() -> std::io::Result<()> {
/// HttpServer::new(|| App::new().service(wamp_actix::endpoint("/ws")))
///     .wamp()
///     .bind(("127.0.0.1", 8080))?
///     .run()
///     .await
/// # }
/// ```
///
/// Over TLS, where the connection is not a bare `TcpStream`, stalled peers keep their sockets: a
/// session that is cut off ends, and its socket stays open until TCP times out.
pub trait ServeWamp: Sized {
    /// Sets [`on_connect`](crate::on_connect), which lets sockets of stalled peers be closed,
    /// `shutdown_signal` with [`stop_signal`](crate::stop_signal), which makes SIGINT as orderly as
    /// SIGTERM, `tcp_nodelay(true)`, so that no small message waits for another one, and
    /// `h1_allow_half_closed(false)`, with which actix tells a request that its client has gone.
    /// Calls that follow may set them otherwise.
    ///
    /// # Panics
    /// The server is bound already: actix takes `on_connect` over in `bind` and `listen`.
    #[must_use]
    #[track_caller]
    fn wamp(self) -> Self {
        self.wamp_with(|_, _| {})
    }

    /// Does the same as [`wamp`](Self::wamp), with an `on_connect` of the application, which runs
    /// after that of WAMP: actix has room for one.
    ///
    /// ```no_run
    /// use std::any::Any;
    ///
    /// use actix_web::dev::Extensions;
    /// use actix_web::rt::net::TcpStream;
    /// use actix_web::{App, HttpServer};
    /// use wamp_actix::ServeWamp as _;
    ///
    /// struct LocalPort(u16);
    ///
    /// fn note_port(connection: &dyn Any, data: &mut Extensions) {
    ///     let stream = connection.downcast_ref::<TcpStream>();
    ///     if let Some(Ok(address)) = stream.map(TcpStream::local_addr) {
    ///         data.insert(LocalPort(address.port()));
    ///     }
    /// }
    ///
    /// # #[actix_web::main]
    /// # async fn main() -> std::io::Result<()> {
    /// HttpServer::new(|| App::new().service(wamp_actix::endpoint("/ws")))
    ///     .wamp_with(note_port)
    ///     .bind(("127.0.0.1", 8080))?
    ///     .run()
    ///     .await
    /// # }
    /// ```
    ///
    /// # Panics
    /// As [`wamp`](Self::wamp).
    #[must_use]
    #[track_caller]
    fn wamp_with<C>(self, connected: C) -> Self
    where
        C: Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static;
}

// The bounds are those of `HttpServer`'s own methods.
impl<F, I, S, B> ServeWamp for HttpServer<F, I, S, B>
where
    F: Fn() -> I + Send + Clone + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig> + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: std::fmt::Debug,
    S::Response: Into<Response<B>> + 'static,
    <S::Service as Service<Request>>::Future: 'static,
    S::Service: 'static,
    B: MessageBody + 'static,
{
    fn wamp_with<C>(self, connected: C) -> Self
    where
        C: Fn(&dyn Any, &mut Extensions) + Send + Sync + 'static,
    {
        assert!(
            self.addrs().is_empty(),
            "`.wamp()` must stand before `.bind(…)` and `.listen(…)`: actix takes `on_connect` \
             over when it binds, so this server would serve without it"
        );
        self.on_connect(move |connection, data| {
            on_connect(connection, data);
            connected(connection, data);
        })
        .shutdown_signal(stop_signal())
        .tcp_nodelay(true)
        .h1_allow_half_closed(false)
    }
}
