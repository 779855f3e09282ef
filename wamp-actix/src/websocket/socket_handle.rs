//! Shutting a socket down while actix waits for its client to read, or to close the connection.

use std::any::Any;
use std::net::Shutdown;
use std::rc::Rc;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::{SockRef, Socket};
use wamp_core::__private::log;

/// A second handle to the socket of a connection, beside actix's own.
#[derive(Clone, Debug)]
pub(crate) struct SocketHandle(Rc<Socket>);

impl SocketHandle {
    /// Shuts the socket down in both directions, although output is unsent.
    pub(crate) fn abort(&self) {
        self.shutdown(Shutdown::Both);
    }

    /// Shuts the reading direction down. actix, which waits for the end of the input once all
    /// output is sent, then closes the socket.
    pub(crate) fn shutdown_read(&self) {
        self.shutdown(Shutdown::Read);
    }

    fn shutdown(&self, how: Shutdown) {
        if let Err(error) = self.0.shutdown(how) {
            tracing::debug!(target: log::SESSION, %error, "cannot shut a socket down");
        }
    }
}

/// Keeps a second handle to each socket, for `HttpServer::on_connect`. With it the framework closes
/// the socket of a client that does not read, and every socket as soon as the closing handshake is
/// over. Without it the session of such a client ends all the same, but its socket stays open until
/// TCP times out; and after a closing handshake it stays open for
/// `HttpServer::client_disconnect_timeout`, a second.
///
/// It costs one more file descriptor for each connection, so half as many connections are possible:
/// 480 where a process may have 1 024 files open. Raise that limit with it (`ulimit -n`, in systemd
/// `LimitNOFILE=`). The handle is needed because actix does not give out its own.
///
/// ```no_run
/// use actix_web::{App, HttpServer};
///
/// # #[actix_web::main]
/// # async fn main() -> std::io::Result<()> {
/// HttpServer::new(|| App::new().service(wamp_actix::endpoint("/ws")))
///     .on_connect(wamp_actix::on_connect)
///     .bind(("127.0.0.1", 8080))?
///     .run()
///     .await
/// # }
/// ```
pub fn on_connect(connection: &dyn Any, data: &mut Extensions) {
    if let Some(stream) = connection.downcast_ref::<TcpStream>()
        && let Ok(socket) = SockRef::from(stream).try_clone()
    {
        data.insert(SocketHandle(Rc::new(socket)));
    }
}
