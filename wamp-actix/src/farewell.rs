//! The body of a response after which we hang up.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::HttpResponse;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::web::Bytes;

use crate::hard_close::HardClose;

/// A body after which the connection ends: who is refused its upgrade may not keep a socket for longer than it takes to
/// say so. actix would wait for the client to hang up, for a second.
struct Farewell {
    body: BoxBody,
    hard_close: HardClose,
}

/// Ends the connection of a response as soon as it is sent, if there is a handle to its socket.
pub(crate) fn hanging_up(response: HttpResponse, hard_close: Option<&HardClose>) -> HttpResponse {
    match hard_close.cloned() {
        Some(hard_close) => response.map_body(|_, body| BoxBody::new(Farewell { body, hard_close })),
        None => response,
    }
}

impl MessageBody for Farewell {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        let Self { body, hard_close } = self.get_mut();
        let piece = ready!(Pin::new(body).poll_next(context));
        if piece.is_none() {
            hard_close.hang_up();
        }
        Poll::Ready(piece)
    }
}
