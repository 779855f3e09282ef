//! Closing a socket for which actix waits: for a peer that does not read, or one that waits for us in its turn.

use std::any::Any;
use std::net::Shutdown;
use std::rc::Rc;

use actix_web::dev::Extensions;
use actix_web::rt::net::TcpStream;
use socket2::{SockRef, Socket};

/// A second handle to a connection's socket.
#[derive(Clone, Debug)]
pub(crate) struct HardClose(Rc<Socket>);

impl HardClose {
    /// Shuts the socket down in both directions, whatever waits to be sent.
    pub(crate) fn close(&self) {
        self.shutdown(Shutdown::Both);
    }

    /// Lets actix see the end of the input, for which it waits when it has sent what it was handed; then it closes.
    pub(crate) fn hang_up(&self) {
        self.shutdown(Shutdown::Read);
    }

    fn shutdown(&self, how: Shutdown) {
        if let Err(error) = self.0.shutdown(how) {
            tracing::debug!(%error, "shutdown of a socket");
        }
    }
}

/// For `HttpServer::on_connect`: lets the framework close the socket of a peer that does not read, and close it as soon as
/// the closing handshake is over. Without it the session of such a peer ends all the same, but its socket stays until TCP
/// gives up; and after a closing handshake it stays for `HttpServer::client_disconnect_timeout`, a second.
///
/// It costs one more file descriptor for each connection, so half as many connections are possible: 480 where a process may
/// have 1 024 files open. Raise that limit with it (`ulimit -n`, in systemd `LimitNOFILE=`). Closing a socket takes a handle to
/// it, and actix keeps its own to itself.
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
        data.insert(HardClose(Rc::new(socket)));
    }
}
