//! The body of a response that refuses an upgrade, and then closes the connection.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

use crate::websocket::socket_handle::SocketHandle;

/// A body after which the server closes the connection. By itself actix waits up to a second for
/// the client to close it, and refused clients could hold sockets for that time.
struct ClosingBody {
    body: BoxBody,
    socket_handle: SocketHandle,
}

/// Makes a response close its connection as soon as it is sent, if there is a handle to the socket.
pub(crate) fn closing_after(
    response: HttpResponse,
    socket_handle: Option<&SocketHandle>,
) -> HttpResponse {
    match socket_handle.cloned() {
        Some(socket_handle) => {
            response.map_body(|_, body| BoxBody::new(ClosingBody { body, socket_handle }))
        }
        None => response,
    }
}

impl MessageBody for ClosingBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Self { body, socket_handle } = self.get_mut();
        let piece = ready!(Pin::new(body).poll_next(context));
        if piece.is_none() {
            socket_handle.shutdown_read();
        }
        Poll::Ready(piece)
    }
}
